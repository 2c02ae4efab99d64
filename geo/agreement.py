"""Whose counts can be believed: an operator that tells of far more or fewer people than all the others is set aside.

A feed that fell to zeros, hides every number or was multiplied is no matter of shares; taken as it is, it would halve a
city. Set aside, it is as if it had not delivered: the interval is wider, the middle stays. Where operators differ by
less than that, but by more than their shares are known to err, shares are doubted, and every interval is wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from geo.hexagons import Floats
from geo.joint_layout import Layout
from geo.joint_rows import usual_counts
from geo.joint_types import CarrierErrors, History, Innovation, Theta
from geo.spreading import Bools, CarrierCounts

Errors = TypeVar("Errors", CarrierErrors, Innovation)

ENOUGH_DEVICES = 500.0  # expected by another carrier over common ground: below, chance may explain much
MORE_THAN_USUAL = 2.0  # times the error that shares are expected to have: below, a few operators may differ by chance
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
    apart = _differences(told)
    against = np.abs(apart) > np.log(believed_within)
    return np.array([_is_out(at, against, np.isfinite(apart), told) for at in range(len(told))])


def doubted(
    ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, history: History | None, k_min: int
) -> Theta:
    """Return `theta` with larger errors of shares where carriers differ more than those let expect.

    Errors of shares follow from how far carriers lie apart now; errors of their change from how far they have moved
    apart since what is usual.
    """
    now = _differences([_told(ground, one, k_min) for one in counts])
    found = replace(theta, carriers=tuple(_doubted(theta.errors(n), now) for n in range(len(ground.weights))))
    if history is None:
        return found
    past = _differences([_told(ground, one, k_min) for one in usual_counts(counts, history)])
    return replace(found, innovation=_doubted(theta.innovation, now - past))


def _doubted(errors: Errors, differences: Floats) -> Errors:
    known = differences[np.isfinite(differences)]
    share_error = float(np.sqrt(0.5 * np.mean(known**2))) if len(known) else 0.0
    return replace(errors, share_error=share_error) if share_error > MORE_THAN_USUAL * errors.share_error else errors


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
    shares = counts.shares
    reach = np.asarray(rows.sum(axis=1)).ravel()
    per_person = np.where(reach > 0.0, reach, 1.0) * (1.0 if counts.counts_people else shares)
    spread = rows.T @ (_ends(known, hidden, counts.limits(k_min)) / per_person[:, None])
    return _Told(
        least=spread[:, 0],
        most=spread[:, 1],
        delivered=(cover > 0.0) & (delivered > _MOSTLY * cover),
        share=float(shares.mean()) if len(shares) else counts.share,
        counts_anybody=bool((known > 0.0).any()),
    )


def _ends(known: Floats, hidden: Bools, below: Floats) -> Floats:
    return np.column_stack([np.where(hidden, 1.0, known), np.where(hidden, below - 1.0, known)])


def _differences(told: Sequence[_Told]) -> Floats:
    """Return by which logarithm each is above each other at least (C, C); NaN where they have too little in common."""
    return np.array([[_above(one, other) for other in told] for one in told]).reshape(len(told), len(told))


def _above(one: _Told, other: _Told) -> float:
    common = one.delivered & other.delivered
    ends = [(told.least[common].sum(), told.most[common].sum()) for told in (one, other)]
    largest = max(ends[0][0], ends[1][0])
    few = largest * min(one.share, other.share) < ENOUGH_DEVICES
    if one is other or few or common.sum() < _MOSTLY * one.delivered.sum():
        return float("nan")
    more, less = [np.log(np.maximum(a[0], 1e-9) / np.maximum(b[1], 1e-9)) for a, b in (ends, ends[::-1])]
    return float(max(more, 0.0) - max(less, 0.0))
