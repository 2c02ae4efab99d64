"""The released rows of a bin in the order of the registered venues, with intervals as wide as head counts ask.

Promises: reads a release and nothing finer; a venue that the release does not name has no figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from geo.conformal import Calibration
from geo.release import Released, rounded
from geo.venue_release import ReleasedVenues
from rules.crowding import CountState, VenueFigures

Floats = NDArray[np.float64]

COUNT_STATES: tuple[CountState, ...] = ("missing", "suppressed", "estimated")
SUREST = 0.995  # that a venue holds most of the people around it: released in hundredths, a 1 may be no more
HALF_STEP = 2.5  # people: half a step of the rounding ladder, which a released standard deviation may have lost


@dataclass(frozen=True, slots=True, eq=False)
class ReleasedBin:
    """What is released of one base bin: its hexagons, and venues by id; None where no venues were released."""

    start: datetime
    hexagons: Released
    venue_ids: tuple[str, ...]
    venues: ReleasedVenues | None


@dataclass(frozen=True, slots=True, eq=False)
class BinFigures:
    """One bin in the order of the registered venues (V,); `named`: whether its release has the venue.

    `rows` are as released; `sd`, `low`, `high` (people) and `own_probability` with the factors on them, which head
    counts stand behind where `calibrated`: never behind the band of few people, with which no head count is compared;
    `factor` (V,) is what widened them; `doubt` (V,): by how much wider an interval is taken where a level is judged;
    `neighbours`: ids of the venues that each cannot be told apart from.
    """

    named: list[bool]
    rows: ReleasedVenues
    sd: Floats
    low: Floats
    high: Floats
    own_probability: Floats
    calibrated: list[bool]
    factor: Floats
    doubt: Floats
    neighbours: list[tuple[str, ...]]

    def each(self) -> list[VenueFigures]:
        """Return the figures venue by venue, for the rules."""
        rows = self.rows
        columns = [one.tolist() for one in (self.low, rows.best, self.high, self.sd, rows.kernel, rows.reach)]
        states = [COUNT_STATES[one] for one in rows.state.tolist()]
        return [
            VenueFigures(low, best, high, sd, kernel, reach, state)
            for low, best, high, sd, kernel, reach, state in zip(*columns, states, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Widening:
    """How wide intervals are: what head counts ask by `capacity` (V,) and kernel; `guess` where nobody has counted."""

    capacity: Floats
    guess: float
    calibration: Calibration | None

    def of(self, kernel: Floats) -> tuple[Floats, list[bool]]:
        """Return the factor of each venue (V,) with such a kernel (V,), and whether head counts stand behind it."""
        if self.calibration is None:
            return np.full(len(kernel), self.guess), [False] * len(kernel)
        holds = self.calibration.holds(self.capacity, kernel).tolist()
        return self.calibration.factors(self.capacity, kernel, self.guess), holds

    def doubt(self, kernel: Floats) -> Floats:
        """Return how much wider than that an interval is taken where a level is judged (V,)."""
        if self.calibration is None:
            return np.ones(len(kernel))
        wide = self.calibration.level_factors(self.capacity, kernel, self.guess)
        return np.asarray(wide / self.calibration.factors(self.capacity, kernel, self.guess))


def figures_of(told: ReleasedBin, venue_ids: Sequence[str], widening: Widening) -> BinFigures:
    """Put a release into the order of `venue_ids`; `widening` multiplies each half of an interval and each sd."""
    place = {venue_id: at for at, venue_id in enumerate(venue_ids)}
    places = np.array([place.get(one, -1) for one in told.venue_ids], np.int64)
    rows = ReleasedVenues.missing(len(venue_ids))
    named = np.zeros(len(venue_ids), bool)
    if told.venues is not None:
        rows = told.venues.placed(places, len(venue_ids))
        named[places[places >= 0]] = True
    factor, calibrated = widening.of(rows.kernel)
    low = np.where(rows.few, 0.0, np.maximum(rows.best - factor * (rows.best - rows.low), 0.0))
    high = rows.best + factor * (rows.high - rows.best)
    return BinFigures(
        named=named.tolist(),
        rows=rows,
        sd=np.hypot(factor * rows.sd, HALF_STEP),
        low=rounded(low),
        high=rounded(np.where(rows.few, np.maximum(high, rows.high), high)),
        own_probability=_as_unsure(rows.own_probability, factor),
        calibrated=[holds and not few for holds, few in zip(calibrated, rows.few.tolist(), strict=True)],
        factor=factor,
        doubt=widening.doubt(rows.kernel),
        neighbours=_neighbours(rows, venue_ids),
    )


def _as_unsure(probability: Floats, factor: Floats) -> Floats:
    """Give probabilities of a normal distribution as they are where it is `factor` times as wide, but never surer."""
    bounded = np.clip(probability, 1.0 - SUREST, SUREST)
    return np.asarray(ndtr(ndtri(bounded) / np.maximum(factor, 1.0)))


def _neighbours(rows: ReleasedVenues, venue_ids: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[list[str]] = [[] for _ in venue_ids]
    for one, other in rows.rivals.tolist():
        found[one].append(venue_ids[other])
        found[other].append(venue_ids[one])
    return [tuple(some) for some in found]
