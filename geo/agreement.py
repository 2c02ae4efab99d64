"""Whose counts can be believed: an operator that tells of far more or fewer people than all the others is set aside.

A feed that fell to zeros, hides every number or was multiplied is no matter of shares; taken as it is, it would halve a
city. Set aside, it is as if it had not delivered: the interval is wider, the middle stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.hexagons import Floats
from geo.joint_layout import Layout
from geo.spreading import Bools, CarrierCounts

ENOUGH_DEVICES = 500.0  # expected by another carrier over common ground: below, chance may explain much
_MOSTLY = 0.5  # of a hexagon's cover that has to have delivered, and of a carrier's hexagons to be common


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What one carrier alone says of the layout's hexagons (H,): at least and at most how many people, and where."""

    least: Floats
    most: Floats
    delivered: Bools
    share: float
    counts_anybody: bool


def out_of_line(ground: Layout, counts: Sequence[CarrierCounts], *, k_min: int, believed_within: float) -> Bools:
    """Tell of each of `counts` (C,) whether it contradicts all others that deliver for the same hexagons.

    Two contradict each other where their totals over common ground, hidden counts being anything that may be hidden,
    differ more than `believed_within` times. One is out of line where it contradicts all it can be compared with, and
    these, at least two, do not contradict each other; or where it counts nobody at all and any other contradicts it.
    """
    if len(counts) < 2 or not np.isfinite(believed_within):
        return np.zeros(len(counts), bool)
    told = [_told(ground, one, k_min) for one in counts]
    apart = np.array([[_apart(one, other) for other in told] for one in told])  # NaN: nothing in common
    against = apart > np.log(believed_within)
    return np.array([_is_out(at, against, np.isfinite(apart), told) for at in range(len(told))])


def without(counts: Sequence[CarrierCounts], left_out: Bools) -> list[CarrierCounts]:
    """Return the counts, those that are left out as not delivered."""
    return [_nothing(one) if out else one for one, out in zip(counts, left_out, strict=True)]


def _nothing(counts: CarrierCounts) -> CarrierCounts:
    size = len(counts.counts)
    return replace(counts, counts=np.full(size, np.nan), suppressed=np.zeros(size, bool))


def _is_out(at: int, against: Bools, compared: Bools, told: Sequence[_Told]) -> bool:
    others = np.flatnonzero(compared[at])
    if not len(others):
        return False
    if not told[at].counts_anybody:
        return bool(against[at, others].any())
    agree = not against[np.ix_(others, others)].any()
    return len(others) > 1 and agree and bool(against[at, others].all())


def _told(ground: Layout, counts: CarrierCounts, k_min: int) -> _Told:
    start = ground.starts[ground.number_of(counts)]
    rows = ground.rows[start : start + len(counts.counts)]
    cover = np.asarray(rows.sum(axis=0)).ravel()
    hidden, known = counts.suppressed, np.nan_to_num(counts.counts, nan=0.0)
    delivered = rows.T @ (hidden | np.isfinite(counts.counts)).astype(np.float64)
    share = 1.0 if counts.counts_people else counts.share
    reach = np.asarray(rows.sum(axis=1)).ravel()
    ends = _ends(known, hidden, counts.limits(k_min)) / np.where(reach > 0.0, reach, 1.0)[:, None]
    spread = rows.T @ ends / share
    return _Told(
        least=spread[:, 0],
        most=spread[:, 1],
        delivered=(cover > 0.0) & (delivered > _MOSTLY * cover),
        share=counts.share,
        counts_anybody=bool((known > 0.0).any()),
    )


def _ends(known: Floats, hidden: Bools, below: Floats) -> Floats:
    return np.column_stack([np.where(hidden, 1.0, known), np.where(hidden, below - 1.0, known)])


def _apart(one: _Told, other: _Told) -> float:
    """Return the logarithm of how many times two totals differ at least; NaN where they have too little in common."""
    common = one.delivered & other.delivered
    ends = [(told.least[common].sum(), told.most[common].sum()) for told in (one, other)]
    largest = max(ends[0][0], ends[1][0])
    few = largest * min(one.share, other.share) < ENOUGH_DEVICES
    if one is other or few or common.sum() < _MOSTLY * one.delivered.sum():
        return float("nan")
    gaps = [np.log(np.maximum(a[0], 1e-9) / np.maximum(b[1], 1e-9)) for a, b in (ends, ends[::-1])]
    return float(max(*gaps, 0.0))
