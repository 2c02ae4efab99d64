"""What is usual at an hour of the week: the robust centre of what the weeks before say.

That is the median of each source area's own counts, and of the system's own plain estimates where source areas were
others then. Plain estimates, not full ones: they depend on the counts of their own bin alone, so that history never
feeds on history and an estimate stays a function of the set of accepted counts (docs/adr/0014). A week that is
missing, a holiday or erased is a gap: it is named and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geo.joint import History
from geo.spreading import CarrierCounts
from ingest.bin_inputs import Delivered, Gap, Group
from ingest.memory import Arrays
from ingest.ordinary_weeks import OrdinaryWeeks
from rules.policy import Policy

Key = tuple[int, str, str]
MOST = 0.5  # of the source areas; geo.joint takes the hexagons' own past where fewer have theirs


def ordinary_weeks(policy: Policy) -> OrdinaryWeeks:
    """Return the weeks that a policy looks back on."""
    numbers = policy.estimation
    return OrdinaryWeeks(numbers.history_weeks, numbers.holidays, policy.timezone)


def sort_past(
    weeks: OrdinaryWeeks, start: datetime, known: Mapping[datetime, Delivered | None]
) -> tuple[list[Delivered], list[Gap]]:
    """Return the past bins that can be used for the bin at `start`, newest first, and the gaps between them."""
    usable, gaps = [], []
    for one in weeks.before(start):
        delivered = known.get(one)
        if weeks.is_holiday(one):
            gaps.append(Gap(one, "holiday"))
        elif delivered is None:
            gaps.append(Gap(one, "missing"))
        elif delivered.is_erased:
            gaps.append(Gap(one, "erased"))
        else:
            usable.append(delivered)
    return usable, gaps


def make_history(
    own: Delivered,
    groups: Sequence[Group],
    counts: Sequence[CarrierCounts],
    past: Sequence[Delivered],
    counts_then: Sequence[Arrays],
    plain_of: Callable[[Delivered], Arrays],
) -> History:
    """Put what past bins say into the places of a bin's own source areas and hexagons.

    `groups`: those of the bin and `silent_groups`, whose `counts` these are. `counts_then`: the counts of each past
    bin, group by group. Where the coverage was another one then, a source area enters without its past; where that is
    so of most, the plain estimates (`plain_of`) of the past bins say what is usual in the hexagons.
    """
    then = [_by_key(one, made) for one, made in zip(past, counts_then, strict=True)]
    usual = [_usual(group, [some[_key(group)] for some in then if _key(group) in some]) for group in groups]
    mean = np.full(len(own.area.hexagons), np.nan)
    if _known_share(counts, usual) < MOST:
        mean = centre([_over(own.area.hexagons, one.area.hexagons, plain_of(one)[0]) for one in past])
    return History(mean, usual, len(past))


def silent_groups(own: Delivered, past: Sequence[Delivered]) -> list[Group]:
    """Return the groups that could have delivered for a bin as they did for past ones, and did not: without slices."""
    there = {_key(group) for group in own.groups}
    grounds = {(one.carrier.id, one.coverage_digest): one for one in own.grounds}
    were = sorted({_key(group) for one in past for group in one.groups} - there)
    return [(grounds[key[:2]], key[2], ()) for key in were if key[:2] in grounds]


def _known_share(counts: Sequence[CarrierCounts], usual: Sequence[NDArray[np.float64]]) -> float:
    """Return of how many of the source areas that delivered the past is known."""
    delivered = np.concatenate([np.isfinite(one.counts) | one.suppressed for one in counts])
    known = np.isfinite(np.concatenate(usual)) & delivered
    return float(known.sum() / max(int(delivered.sum()), 1))


def centre(weeks: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the median over some weeks of arrays of one length, ignoring NaN; NaN where there is nothing else."""
    ordered = np.sort(np.stack(weeks).astype(np.float64), axis=0)  # NaN come last
    known = np.isfinite(ordered).sum(axis=0)
    column = np.arange(ordered.shape[1])
    low, high = ordered[np.maximum(known - 1, 0) // 2, column], ordered[known // 2, column]
    return np.where(known > 0, 0.5 * (low + high), np.nan)


def _usual(group: Group, weeks: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    return centre(weeks) if weeks else np.full(len(group[0].weights.source_area_ids), np.nan)


def _by_key(delivered: Delivered, made: Arrays) -> dict[Key, NDArray[np.float32]]:
    return {_key(group): counts for group, counts in zip(delivered.groups, made, strict=True)}


def _key(group: Group) -> Key:
    reporting, kind, _slices = group
    return (reporting.carrier.id, reporting.coverage_digest, kind)


def _over(hexagons: NDArray[np.uint64], own: NDArray[np.uint64], people: NDArray[np.float32]) -> NDArray[np.float32]:
    if own is hexagons or np.array_equal(own, hexagons):
        return people
    found = np.full(len(hexagons), np.nan, np.float32)
    at = np.searchsorted(hexagons, own)
    there = (at < len(hexagons)) & (hexagons[np.minimum(at, len(hexagons) - 1)] == own)
    found[at[there]] = people[there]
    return found
