"""The usual week: mean people by hour of the week and hexagon, from the last four weeks of released bins.

Means only. Hours are local. What was suppressed enters as the middle of what it may hide, what is missing not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import zstandard
from numpy.typing import NDArray

from geo.release import Released

WEEK_HOURS = 168
WEEKS = 4
NIGHT_HOURS = (2, 3, 4)  # when those at home are all that is there


@dataclass(frozen=True, slots=True)
class UsualWeek:
    """Mean people, float32 (168, H), hour 0 = Monday 00:00 local; NaN where nothing was ever released."""

    means: NDArray[np.float32]
    weeks: int

    def residents(self) -> NDArray[np.float64]:
        """Return people at home per hexagon: the mean over the nights; NaN where unknown."""
        hours = [day * 24 + hour for day in range(7) for hour in NIGHT_HOURS]
        nights = self.means[hours].astype(np.float64)
        known = np.isfinite(nights)
        total = np.where(known, nights, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)

    def to_bytes(self) -> bytes:
        """Return the week as compressed bytes."""
        return zstandard.ZstdCompressor(level=3).compress(self.means.astype("<f4").tobytes())

    @staticmethod
    def from_bytes(data: bytes, weeks: int) -> UsualWeek:
        """Return what `to_bytes` packed."""
        raw = np.frombuffer(zstandard.ZstdDecompressor().decompress(data), "<f4")
        return UsualWeek(raw.reshape(WEEK_HOURS, -1), weeks)


def usual_week(releases: Iterable[tuple[datetime, Released]], hexagon_count: int, timezone: str) -> UsualWeek:
    """Average releases (start of the bin, released hexagons) over the hours of the week."""
    zone = ZoneInfo(timezone)
    total = np.zeros((WEEK_HOURS, hexagon_count))
    seen = np.zeros((WEEK_HOURS, hexagon_count), np.int32)
    weeks = set()
    for start, released in releases:
        local = start.astimezone(zone)
        hour = local.weekday() * 24 + local.hour
        people = _middle(released)
        known = np.isfinite(people)
        total[hour] += np.where(known, people, 0.0)
        seen[hour] += known
        weeks.add(local.isocalendar()[:2])
    means = np.divide(total, seen, out=np.full(total.shape, np.nan), where=seen > 0)
    return UsualWeek(means.astype(np.float32), len(weeks))


def history_span(newest_end: datetime) -> tuple[datetime, datetime]:
    """Return the span that the usual week is taken from: four weeks before the live day."""
    end = newest_end - timedelta(days=1)
    return end - timedelta(weeks=WEEKS), end


def _middle(released: Released) -> NDArray[np.float64]:
    hidden = np.isnan(released.present_population) & np.isfinite(released.high)
    return np.where(hidden, released.high / 2, released.present_population)
