"""Venues: what the product would say of each, before and after head counts, beside what is true.

Only venues for 200 people or more that are open are scored; the level is judged by the product's own rules against the
registered capacity (no epidemic zone is in force in these worlds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from benchmarks.accuracy.ours import Ours
from benchmarks.accuracy.scenario import Bools, Ints, Scenario
from geo.conformal import Calibration, Pairs, calibrate, held_share
from geo.hexagons import Floats
from ingest.calibrating import terms_of
from rules.crowding import VenueFigures, crowding_level, unresolvable
from rules.hours import is_open, parse_hours
from rules.policy import Policy

ZONE = "Asia/Almaty"
SMALLEST = 200
BANDS = ((200, 500), (500, 1500), (1500, 8000))
HEAD_COUNTS = 200
HALF_FULL = 0.5
OVER_HALF_LEVEL = 3
LEAST_KERNEL, WIDEST_HALF, LEAST_REACH = 0.5, 0.35, 0.8  # estimation.md, section 4


@dataclass(frozen=True, slots=True, eq=False)
class VenueRows:
    """Open venues of all moments of a scenario, arrays (n,)."""

    truth: Floats
    best: Floats
    sd: Floats
    low: Floats
    high: Floats
    kernel: Floats
    reach: Floats
    capacity: Floats
    venue: Ints
    moment: Ints

    def only(self, chosen: Bools) -> VenueRows:
        """Return the chosen rows."""
        return VenueRows(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What was said of rows (n,): `level`..`level_high` 0 where none; `resolvable` by the policy's numbers."""

    level: Ints
    level_high: Ints
    resolvable: Bools


def venue_rows(scenario: Scenario, mine: Ours) -> VenueRows:
    """Collect the venues of a scenario that are big enough and open."""
    parts = []
    big = scenario.capacity >= SMALLEST
    for number, moment in enumerate(scenario.moments):
        venues = mine.estimates[number].venues
        opened = np.array([_is_open(one.opening_hours, moment.start) for one in scenario.venues])
        here = np.flatnonzero(big & opened & np.isfinite(venues.mean))
        fields = (moment.venue_people, venues.mean, venues.sd, venues.low, venues.high, venues.kernel, venues.reach)
        columns = [one[here] for one in fields]
        parts.append([*columns, scenario.capacity[here], here, np.full(len(here), number)])
    return VenueRows(*(np.concatenate(one) for one in zip(*parts, strict=True)))


def _is_open(hours: str | None, start: datetime) -> bool:
    return hours is None or bool(is_open(parse_hours(hours), start, ZONE))


def split(rows: VenueRows, seed: int) -> tuple[VenueRows, VenueRows]:
    """Draw 200 head counts, and return them and the rows of other venues than any that was counted, if there are any.

    Half of the venues are open to inspectors, the other half are for the test.
    """
    rng = np.random.default_rng([seed, 90])
    venues = np.unique(rows.venue)
    visited = np.isin(rows.venue, rng.permutation(venues)[: len(venues) // 2])
    counted = np.zeros(len(rows.venue), dtype=bool)
    candidates = np.flatnonzero(visited)
    counted[rng.choice(candidates, min(HEAD_COUNTS, len(candidates)), replace=False)] = True
    return rows.only(counted), rows.only(~visited)


def joined(parts: Sequence[VenueRows]) -> VenueRows:
    """Return the rows of several as one."""
    return VenueRows(
        *(np.concatenate([getattr(one, name) for one in parts]) for name in VenueRows.__dataclass_fields__)
    )


def learn(counted: VenueRows, rules: Policy) -> Calibration | None:
    """Calibrate as the product does."""
    return calibrate(_pairs(counted), terms_of(rules))


def factors_of(calibration: Calibration | None, rows: VenueRows, rules: Policy) -> Floats:
    """Return what the product would widen each interval by, with or without a calibration."""
    guess = rules.crowding.uncalibrated_factor
    if calibration is None:
        return np.full(len(rows.truth), guess)
    return calibration.factors(rows.capacity, rows.kernel, guess)


def level_factors_of(calibration: Calibration | None, rows: VenueRows, rules: Policy) -> Floats:
    """Return what the product would widen each interval by before it says a level."""
    guess = rules.crowding.uncalibrated_factor
    if calibration is None:
        return np.full(len(rows.truth), guess)
    return calibration.level_factors(rows.capacity, rows.kernel, guess)


def held_by(rows: VenueRows, factors: Floats) -> float:
    """Return the share of truths in their intervals, widened."""
    share = held_share(_pairs(rows), factors)
    return float("nan") if share is None else share


def _pairs(rows: VenueRows) -> Pairs:
    figures = (rows.truth, rows.best, rows.low, rows.high, rows.kernel, rows.capacity)
    return Pairs(*figures, rows.venue, rows.moment)


def say(rows: VenueRows, factors: Floats, rules: Policy) -> Said:
    """Judge every row by the product's rules."""
    level, level_high, resolvable = (np.zeros(len(rows.truth), dtype=np.int64) for _ in range(3))
    for n in range(len(rows.truth)):
        low, best, high = float(rows.low[n]), float(rows.best[n]), float(rows.high[n])
        sd, kernel, reach = float(rows.sd[n]), float(rows.kernel[n]), float(rows.reach[n])
        figures = VenueFigures(low, best, high, sd, kernel, reach, "estimated").widened(float(factors[n]))
        capacity = int(rows.capacity[n])
        said = crowding_level(figures, capacity, rules.crowding, is_open=True)
        level[n], level_high[n] = said.level or 0, said.level_high or 0
        resolvable[n] = unresolvable(figures, capacity, rules.crowding) is None
    return Said(level, level_high, resolvable.astype(bool))


def level_measures(
    rows: VenueRows, said: Said, factors: Floats, rules: Policy, draws: int = 1
) -> list[tuple[str, float]]:
    """Count how often a shown level is true, and what share of the venues can be judged at all.

    `draws`: how many times the venues were drawn; numbers of levels are those of one draw, on average.
    """
    shown, over = said.level > 0, rows.truth >= HALF_FULL * rows.capacity
    alarmed = said.level >= OVER_HALF_LEVEL
    true = np.searchsorted([0.0, *rules.crowding.level_edges], rows.truth / rows.capacity, side="right")
    error = (np.abs(rows.truth - rows.best) / rows.capacity)[said.resolvable]
    return [
        ("resolvable", _mean(said.resolvable)),
        *((f"resolvable, {a}-{b}", _mean(said.resolvable[_band(rows, a, b)])) for a, b in BANDS),
        ("levels shown", float(shown.sum()) / draws),
        ("levels shown where not resolvable", float((shown & ~_resolvable_again(rows, factors)).sum()) / draws),
        ("level true, of shown", _mean(((said.level <= true) & (true <= said.level_high))[shown])),
        ("over half full: said", float(alarmed.sum()) / draws),
        ("over half full: precision", _mean(over[alarmed])),
        ("over half full: recall of resolvable", _mean(alarmed[over & said.resolvable])),
        ("over half full: recall of all", _mean(alarmed[over])),
        ("median error of capacity, resolvable", float(np.median(error)) if len(error) else float("nan")),
    ]


def _resolvable_again(rows: VenueRows, factors: Floats) -> Bools:
    """Tell once more, from estimation.md's rule and not by the product's code, which venues can be judged."""
    low = np.maximum(rows.best - factors * (rows.best - rows.low), 0.0)
    half = np.maximum(factors * (rows.high - rows.best), rows.best - low)
    narrow = (half <= WIDEST_HALF * rows.capacity) | (low >= rows.capacity)
    resolvable: Bools = narrow & (rows.kernel >= LEAST_KERNEL) & (rows.reach >= LEAST_REACH)
    return resolvable


def _band(rows: VenueRows, least: int, most: int) -> Bools:
    return (rows.capacity >= least) & (rows.capacity < most)


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
