"""What is said of a venue apart from how full it is: an unusual hour, and people after hours.

Promises: unusual means far from the same hour of the week in past releases (holidays are left out by who picks them),
of the venue only where it is resolvable, and of the hexagons that it touches; nothing is ever said of a hexagon without
a registered venue, so that no home is pointed at (contract C7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.release import Released, rounded
from geo.unusual import Usual, most_unusual, no_usual, robust_z, usual_of
from ingest.venue_figures import BinFigures, ReleasedBin
from ingest.venue_states import VenueStates
from rules.after_hours import after_hours_probability, gathering_in, high_with_gathering
from rules.policy import Policy
from store.records import ZoneAnnouncement

Floats = NDArray[np.float64]

Z_DIGITS, PROBABILITY_DIGITS = 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class UsualHour:
    """What is usual in one hour of the week, of each venue and of the hexagons that it touches."""

    venues: Usual
    areas: Usual


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals of one venue, None where nothing can be said: see `store.records.VenueCrowding`."""

    unusual_z: float | None
    unusual_most: float | None
    area_unusual_z: float | None
    after_hours: float | None


class VenueSignals:
    """Signals of all venues of `states`. `residents` (H,): people at home in each hexagon, NaN unknown."""

    def __init__(self, policy: Policy, states: VenueStates, residents: Floats) -> None:
        self._policy = policy
        self._states = states
        self._touched = (states.membership > 0.0).astype(np.float64)
        self._residents = (self._touched @ residents).tolist()

    def usual_hour(self, past: Sequence[tuple[int, ReleasedBin, BinFigures]]) -> UsualHour:
        """Return what is usual from past bins of the same hour of the week, each with the number of its week."""
        if not past:
            return UsualHour(no_usual(len(self._residents)), no_usual(len(self._residents)))
        weeks = [week for week, _told, _figures in past]
        people = [self._resolvable(figures) for _week, _told, figures in past]
        areas = [self._area_people(told.hexagons) for _week, told, _figures in past]
        least = self._policy.crowding.unusual.weeks_min
        return UsualHour(usual_of(people, weeks, least), usual_of(areas, weeks, least))

    def of(
        self, told: ReleasedBin, figures: BinFigures, usual: UsualHour, zones: Sequence[ZoneAnnouncement]
    ) -> list[Signals]:
        """Return the signals of every venue in a released bin."""
        own = robust_z(self._resolvable(figures), figures.sd, usual.venues)
        rule = self._policy.crowding.unusual
        farthest = most_unusual(figures.low, figures.high, usual.venues, rule.as_usual_share / rule.from_z)
        most = np.where(np.isfinite(own), farthest, np.nan)
        around = robust_z(self._area_people(told.hexagons), figures.rows.area_sd, usual.areas)
        late = self._after_hours(told, figures, zones)
        return [Signals(*one) for one in zip(_plain(own), _plain(most), _plain(around), late, strict=True)]

    def highs(self, told: ReleasedBin, figures: BinFigures, zones: Sequence[ZoneAnnouncement]) -> Floats:
        """Return the upper ends of the intervals (V,): those of closed venues allow for a gathering."""
        sd = self._states.prior_at(told.start, zones).sd.tolist()
        sizes = self._sizes(figures)
        high = figures.high.copy()
        seen = figures.each()
        for row in np.flatnonzero(self._states.closed_at(told.start, zones)).tolist():
            found = gathering_in(seen[row], sd[row], sizes[row], self._policy.crowding)
            if found is not None:
                z = self._policy.estimation.interval_z
                high[row] = high_with_gathering(seen[row], found, float(figures.factor[row]), z)
        return np.maximum(figures.high, rounded(high))

    def _sizes(self, figures: BinFigures) -> list[float]:
        """Return the capacities, NaN also where a band hides how many people there are: nothing follows of it."""
        sizes: list[float] = np.where(figures.rows.few, np.nan, self._states.capacity).tolist()
        return sizes

    def _resolvable(self, figures: BinFigures) -> Floats:
        rows = figures.rows
        return np.where(rows.kernel >= self._policy.crowding.resolvable_kernel, rows.best, np.nan)

    def _area_people(self, hexagons: Released) -> Floats:
        """Return the people of all hexagons that each venue touches, (V,); NaN where one of them is not told."""
        known = np.isfinite(hexagons.present_population)
        people: Floats = self._touched @ np.where(known, hexagons.present_population, 0.0)
        return np.where(self._touched @ (~known).astype(np.float64) > 0.0, np.nan, people)

    def _after_hours(
        self, told: ReleasedBin, figures: BinFigures, zones: Sequence[ZoneAnnouncement]
    ) -> list[float | None]:
        closed = self._states.closed_minutes_at(told.start)
        if all(minutes is None for minutes in closed):
            return [None] * len(closed)
        sd = self._states.prior_at(told.start, zones).sd.tolist()
        return [
            _digits(after_hours_probability(*facts, self._policy.crowding), PROBABILITY_DIGITS)
            for facts in zip(figures.each(), sd, self._sizes(figures), self._residents, closed, strict=True)
        ]


def _plain(values: Floats) -> list[float | None]:
    return [round(value, Z_DIGITS) if value == value else None for value in values.tolist()]  # noqa: PLR0124 - NaN


def _digits(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
