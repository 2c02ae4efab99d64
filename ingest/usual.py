"""The usual week: mean people by hour of the week and hexagon, from the last four weeks of released bins.

Means only. Hours are local. What was suppressed enters as the middle of what it may hide, what is missing not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
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


def usual_week(
    bins: Sequence[datetime], released_at: Callable[[datetime], Released], hexagon_count: int, timezone: str
) -> UsualWeek:
    """Average released bins over the hours of the week, one hour after the other.

    Args:
        bins: starts of the released bins; `released_at` gives the H = `hexagon_count` released hexagons of each.
    """
    zone = ZoneInfo(timezone)
    local = sorted((one.astimezone(zone) for one in bins), key=_hour_of_week)
    means = np.full((WEEK_HOURS if local else 0, hexagon_count), np.nan, np.float32)
    for hour, some in groupby(local, key=_hour_of_week):
        means[hour] = _mean([_middle(released_at(one.astimezone(UTC))) for one in some])
    return UsualWeek(means, len({one.isocalendar()[:2] for one in local}))


def _hour_of_week(local: datetime) -> int:
    return local.weekday() * 24 + local.hour


def _mean(people: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    known = np.sum([np.isfinite(one) for one in people], axis=0)
    total = np.sum([np.nan_to_num(one) for one in people], axis=0)
    means: NDArray[np.float64] = np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0)
    return means


def history_span(newest_end: datetime, timezone: str) -> tuple[datetime, datetime]:
    """Return the span that the usual week is taken from: four weeks of whole local days before the live day.

    Whole days, so that the usual week is made anew once a day and not with every bin.
    """
    day_before = (newest_end - timedelta(days=1)).astimezone(ZoneInfo(timezone))
    end = day_before.replace(hour=0, minute=0, second=0, microsecond=0)
    return (end - timedelta(weeks=WEEKS)).astimezone(UTC), end.astimezone(UTC)


def _middle(released: Released) -> NDArray[np.float64]:
    hidden = np.isnan(released.present_population) & np.isfinite(released.high)
    return np.where(hidden, released.high / 2, released.present_population)
