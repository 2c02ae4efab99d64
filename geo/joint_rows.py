"""The counts of one time bin as rows of a linear model: what was delivered, what it stands for, how far it may err."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist

from geo.censoring import censored_moments
from geo.hexagons import Floats
from geo.joint_layout import Layout
from geo.joint_types import History, Theta
from geo.spreading import Bools, CarrierCounts

Ints = NDArray[np.int64]

_OF_ROWS = (
    *("value", "censored", "source", "number", "area", "metres", "per_device"),
    *("time_error", "rounding_sd", "censored_variance", "hidden_below"),
)
_OF_HEXAGONS = ("cover", "counted_cover", "cover_share", "reporting_share")
_ENOUGH_TO_SEE_ROUNDING = 8  # different counts: fewer may share a divisor by chance
CLUMP_LENGTH_M = 600.0  # displaced phones are displaced by about the distance of sites, and so are their neighbours


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """N counts: `value` (N,), NaN-free; `matrix` (N, H): expected count of one person in each hexagon.

    `source` (N,): which CarrierCounts, `number` (N,): which of the layout's weights; `area` (N,): row of the layout,
    `metres` (N, 2) its centre. `per_device` (N,): variance of a count over its mean; `time_error`, `rounding_sd`,
    `censored_variance` (N,); `hidden_below` (N,): what a censored one is less than. Of the hexagons (H,): `cover` by
    delivering areas, `counted_cover` by those with a number, `cover_share` 0..1 of all that could deliver,
    `reporting_share` devices counted for one person.
    """

    value: Floats
    censored: Bools
    matrix: sparse.csr_array
    source: Ints
    number: Ints
    area: Ints
    metres: Floats
    per_device: Floats
    time_error: Floats
    rounding_sd: Floats
    censored_variance: Floats
    hidden_below: Floats
    cover: Floats
    counted_cover: Floats
    cover_share: Floats
    reporting_share: Floats


def gather(ground: Layout, counts: Sequence[CarrierCounts], _theta: Theta, k_min: int) -> Rows:
    """Gather the rows of a bin; a suppressed count enters as the middle of what it may be, see `predicted`."""
    parts = [_rows_of(ground, one) for one in counts]
    areas = np.concatenate([area for area, *_ in parts]) if parts else np.zeros(0, np.int64)
    source = np.repeat(np.arange(len(counts)), [len(area) for area, *_ in parts])
    values = np.concatenate([value for _, value, _ in parts]) if parts else np.zeros(0)
    censored = np.concatenate([hidden for *_, hidden in parts]) if parts else np.zeros(0, bool)
    share = _shares(ground, counts, areas, source)
    factor = np.where(np.array([one.counts_people for one in counts], bool)[source], 1.0, share)
    plain = ground.rows[areas]
    matrix = sparse.csr_array(sparse.diags_array(factor) @ plain)
    reporting = sparse.diags_array(share) @ plain
    everything = np.asarray(ground.rows.sum(axis=0)).ravel()
    below = _limits(ground, counts, areas, source, k_min)
    cover = np.asarray(plain.sum(axis=0)).ravel()
    return Rows(
        value=np.where(censored, below / 2.0, values),
        censored=censored,
        matrix=matrix,
        source=source,
        number=np.array([ground.number_of(one) for one in counts], np.int64)[source],
        area=areas,
        metres=ground.row_metres[areas],
        per_device=np.where(factor == share, 1.0, 1.0 / share),
        time_error=np.array([one.time_error for one in counts])[source],
        rounding_sd=np.array([_rounding(one) / np.sqrt(12.0) for one in counts])[source],
        censored_variance=np.where(censored, (below - 2.0) ** 2 / 12.0, 0.0),
        hidden_below=below,
        cover=cover,
        counted_cover=np.asarray(plain[~censored].sum(axis=0)).ravel(),
        cover_share=cover / np.where(everything > 0.0, everything, 1.0),
        reporting_share=np.asarray(reporting.sum(axis=0)).ravel(),
    )


def _limits(ground: Layout, counts: Sequence[CarrierCounts], areas: Ints, source: Ints, k_min: int) -> Floats:
    """Give below what each row's count was hidden, (N,)."""
    below = np.full(len(areas), float(k_min))
    for at, one in enumerate(counts):
        own = source == at
        below[own] = one.limits(k_min)[areas[own] - ground.starts[ground.number_of(one)]]
    return below


def _shares(ground: Layout, counts: Sequence[CarrierCounts], areas: Ints, source: Ints) -> Floats:
    """Give the share in each row's source area, (N,)."""
    share = np.ones(len(areas))
    for at, one in enumerate(counts):
        own = source == at
        share[own] = one.shares[areas[own] - ground.starts[ground.number_of(one)]]
    return share


def usual_counts(counts: Sequence[CarrierCounts], history: History) -> list[CarrierCounts]:
    """Return the carriers' counts as they usually are."""
    return [
        replace(one, counts=np.asarray(usual, dtype=np.float64), suppressed=np.zeros(len(usual), bool))
        for one, usual in zip(counts, history.usual_counts, strict=True)
    ]


def predicted(rows: Rows, theta: Theta, expected: Floats) -> Rows:
    """Give suppressed counts their expectation and variance around what is expected (N,)."""
    hidden = rows.censored
    if not hidden.any():
        return rows
    mean, variance = censored_moments(expected[hidden], relative_error(rows, theta)[hidden], rows.hidden_below[hidden])
    value, spread = rows.value.copy(), rows.censored_variance.copy()
    value[hidden], spread[hidden] = mean, variance
    return replace(rows, value=value, censored_variance=spread)


def taken(rows: Rows, at: Ints, hexagons: Ints) -> Rows:
    """Give some of the rows (N',) over some of the hexagons (H',)."""
    of_rows = {name: getattr(rows, name)[at] for name in _OF_ROWS}
    of_hexagons = {name: getattr(rows, name)[hexagons] for name in _OF_HEXAGONS}
    return replace(rows, matrix=sparse.csr_array(rows.matrix[at][:, hexagons]), **of_rows, **of_hexagons)


def _rounding(counts: CarrierCounts) -> float:
    """Give what counts are rounded to: told, or the greatest number that divides enough of them all."""
    if counts.rounding is not None:
        return counts.rounding
    known = counts.counts[np.isfinite(counts.counts) & (counts.counts > 0.0)]
    whole = np.unique(np.round(known))
    if len(whole) < _ENOUGH_TO_SEE_ROUNDING or not np.array_equal(whole, np.unique(known)):
        return 0.0
    return float(np.gcd.reduce(whole.astype(np.int64)))


def _rows_of(ground: Layout, counts: CarrierCounts) -> tuple[Ints, Floats, Bools]:
    """Give the layout's row, value and censoring of each source area that delivered and reaches a hexagon."""
    start = ground.starts[ground.number_of(counts)]
    there = np.isfinite(counts.counts) | counts.suppressed
    reaches = np.diff(ground.rows.indptr)[start : start + len(there)] > 0
    chosen = np.flatnonzero(there & reaches)
    hidden = counts.suppressed[chosen]
    return start + chosen, np.where(hidden, 0.0, counts.counts[chosen]), hidden


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """What errors of counts have in common: relative (K, K) for each carrier's rows `at` (K,).

    `claimed_twice` (N,) relative, of all carriers together: where shares add up to more than everybody, people are
    fewer than claimed shares say, or counted with several devices, and nobody can tell which.
    """

    blocks: tuple[tuple[Ints, Floats], ...]
    claimed_twice: Floats


def alike(rows: Rows, theta: Theta) -> Alike:
    """Give what neighbours' model errors and a carrier's shares have in common; it does not depend on counts."""
    blocks = []
    for number in np.unique(rows.number).tolist():
        errors = theta.errors(number)
        at = np.flatnonzero(rows.number == number)
        apart = cdist(rows.metres[at], rows.metres[at])
        common = errors.share_error**2 * (0.5 + 0.5 * np.exp(-apart / theta.share_length_m))
        if errors.clumped_error > 0.0:
            common += errors.clumped_error**2 * np.exp(-apart / CLUMP_LENGTH_M)
        blocks.append((at, common))
    return Alike(tuple(blocks), _claimed_twice(rows))


def _claimed_twice(rows: Rows) -> Floats:
    """Give which part of what is claimed is above everybody, (N,)."""
    above = np.round(1.0 - 1.0 / np.maximum(rows.reporting_share, 1.0), 6)
    total = np.asarray(rows.matrix.sum(axis=1)).ravel()
    return np.asarray((rows.matrix @ above) / np.where(total > 0.0, total, 1.0))


def noise(rows: Rows, theta: Theta, expected: Floats, common: Alike | None = None) -> Floats:
    """Return the covariance of the counts' errors, (N, N), around what is expected (N,).

    Chance of each device; model errors, part of them alike between neighbours; the share, alike over
    `theta.share_length_m`, part of it everywhere; shares that are claimed twice; rounding; of censored counts what they
    may be.
    """
    expected = np.maximum(expected, 0.0)
    relative = np.hypot(_errors(rows, theta)[:, 0], rows.time_error)
    own = expected * rows.per_device + (relative * expected) ** 2 + rows.rounding_sd**2 + rows.censored_variance + 0.25
    covariance = np.zeros((len(expected), len(expected)))
    common = common or alike(rows, theta)
    for at, block in common.blocks:
        covariance[np.ix_(at, at)] = block * np.outer(expected[at], expected[at])
    if common.claimed_twice.any():
        covariance += np.outer(common.claimed_twice * expected, common.claimed_twice * expected)
    covariance[np.diag_indices(len(expected))] += own
    return covariance


def relative_error(rows: Rows, theta: Theta) -> Floats:
    """Return the relative sd (N,) of a count around what the people there let expect, but for chance."""
    return np.asarray(np.sqrt(np.square(_errors(rows, theta)).sum(axis=1)))


def _errors(rows: Rows, theta: Theta) -> Floats:
    """Give model, clumped and share error of each row, (N, 3)."""
    known = [theta.errors(number) for number in range(int(rows.number.max(initial=0)) + 1)]
    table = np.array([(one.model_error, one.clumped_error, one.share_error) for one in known])
    return np.asarray(table[rows.number])
