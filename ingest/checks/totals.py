"""A carrier's total of one interval beside the same hour of past weeks, its share among the carriers, its pattern.

Promises: like is compared with like: only areas that are known now and in the past, a week's missing areas filled with
their median; a correction of a few areas is judged together with what it corrects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.checks.past import Floats, Past
from ingest.checks.seen import Seen
from ingest.checks.weeks import distance, usual_of


@dataclass(frozen=True, slots=True)
class Totals:
    """`total` now, `median` and `deviation` of `weeks` past weeks. `apart`: by how many deviations the pattern of the
    areas is farther from the usual one than past weeks are."""

    total: float
    median: float
    deviation: float
    apart: float
    weeks: int

    @property
    def sigmas(self) -> float:
        """How far the total is from the usual one, in deviations, with its sign."""
        return (self.total - self.median) / self.deviation

    @property
    def percent(self) -> int:
        """The total in percent of the usual one."""
        return round(100 * self.total / self.median)


def totals_of(seen: Seen, left_out: NDArray[np.bool_]) -> Totals | None:
    """Return the totals of one interval without the areas `left_out` (C,); None where nothing can be compared."""
    delivery = seen.subject.past.policy.delivery
    together, weeks = seen.together, seen.weeks
    if len(weeks) < delivery.hold_min_weeks:
        return None
    known = np.isfinite(together) & (seen.usual.weeks > 0) & ~left_out
    usual_areas = float(np.median(np.isfinite(weeks).sum(axis=1)))
    if not known.any() or known.sum() < delivery.coverage_share_min * (usual_areas - left_out.sum()):
        return None
    rows = _complete(weeks[:, known], seen.usual.median[known], delivery.coverage_share_min)
    past = usual_of(rows.sum(axis=1).tolist())
    if len(rows) < delivery.hold_min_weeks or past.median[0] <= 0:
        return None
    deviation = float(past.deviation(delivery.hold_total_floor)[0])
    apart = _apart(together[known], rows, seen.usual.median[known], delivery.hold_total_floor)
    return Totals(float(together[known].sum()), float(past.median[0]), deviation, apart, len(rows))


def share_sigmas(seen: Seen, past: Past) -> float | None:
    """Return how far the carrier's share among the carriers is from its usual one, in deviations; None: not known."""
    now = _share(past, seen, 0, None)
    if now is None:
        return None
    who, share = now
    delivery = past.policy.delivery
    before = [_share(past, seen, week, who) for week in range(1, delivery.hold_max_weeks + 1)]
    known = [one[1] for one in before if one is not None]
    if len(known) < delivery.hold_min_weeks:
        return None
    usual = usual_of(known)
    deviation = max(float(usual.spread[0]), delivery.hold_total_floor * float(usual.median[0]))
    return (share - float(usual.median[0])) / deviation if deviation > 0 else None


def _share(past: Past, seen: Seen, week: int, who: frozenset[int] | None) -> tuple[frozenset[int], float] | None:
    """Return which others delivered and the carrier's share beside them; with `who`, beside exactly those."""
    width = seen.one.end - seen.one.start
    start = past.weeks_before(seen.one.start, week)
    span = (start, start + width)
    own = float(np.nansum(seen.together)) if week == 0 else past.total_in(past.carrier.id, span)
    others = {one.id: past.total_in(one.id, span) for one in past.others if who is None or one.id in who}
    there = {carrier_id: total for carrier_id, total in others.items() if total is not None}
    if own is None or not there or (who is not None and there.keys() != who):
        return None
    everybody = own + sum(there.values())
    return (frozenset(there), own / everybody) if everybody > 0 else None


def _complete(weeks: Floats, median: Floats, least: float) -> Floats:
    """Return the weeks that know at least that share of the areas, their holes filled with the median."""
    enough = np.isfinite(weeks).mean(axis=1) >= least
    filled: Floats = np.where(np.isnan(weeks), median, weeks)[enough]
    return filled


def _apart(now: Floats, weeks: Floats, median: Floats, floor: float) -> float:
    """Return by how many deviations the pattern of the areas is farther from the usual one than past weeks are."""
    past = usual_of([distance(one, median) for one in weeks])
    away = distance(now, median)
    return (away - float(past.median[0])) / max(float(past.spread[0]), floor)
