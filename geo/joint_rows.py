"""The counts of one time bin as rows of a linear model: what was delivered, what it stands for, how far it may err."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist

from geo.hexagons import Floats
from geo.joint_layout import Layout
from geo.joint_types import Theta
from geo.spreading import Bools, CarrierCounts

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """N counts: `value` (N,), NaN-free; `matrix` (N, H): expected count of one person in each hexagon.

    `source` (N,): which CarrierCounts, `number` (N,): which of the layout's weights; `area` (N,): row of the layout.
    `per_device` (N,): variance of a count over its mean; `time_error`, `rounding_sd` (N,). Of the hexagons (H,):
    `cover` by delivering areas, `counted_cover` by those with a number, `cover_share` 0..1 of all that could deliver,
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
    cover: Floats
    counted_cover: Floats
    cover_share: Floats
    reporting_share: Floats


def gather(ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, k_min: int) -> Rows:
    """Gather the rows of a bin; a suppressed count enters as the middle of what it may be."""
    parts = [_rows_of(ground, one) for one in counts]
    areas = np.concatenate([area for area, *_ in parts]) if parts else np.zeros(0, np.int64)
    source = np.repeat(np.arange(len(counts)), [len(area) for area, *_ in parts])
    values = np.concatenate([value for _, value, _ in parts]) if parts else np.zeros(0)
    censored = np.concatenate([hidden for *_, hidden in parts]) if parts else np.zeros(0, bool)
    factor = np.array([1.0 if one.counts_people else one.share for one in counts])[source]
    share = np.array([one.share for one in counts])[source]
    plain = ground.rows[areas]
    matrix = sparse.csr_array(sparse.diags_array(factor) @ plain)
    reporting = sparse.diags_array(share) @ plain
    everything = np.asarray(ground.rows.sum(axis=0)).ravel()
    cover = np.asarray(plain.sum(axis=0)).ravel()
    return Rows(
        value=np.where(censored, k_min / 2.0, values),
        censored=censored,
        matrix=matrix,
        source=source,
        number=np.array([ground.number_of(one) for one in counts], np.int64)[source],
        area=areas,
        metres=ground.row_metres[areas],
        per_device=np.where(factor == share, 1.0, 1.0 / share),
        time_error=np.array([one.time_error for one in counts])[source],
        rounding_sd=np.array([(one.rounding or 0.0) / np.sqrt(12.0) for one in counts])[source],
        cover=cover,
        counted_cover=np.asarray(plain[~censored].sum(axis=0)).ravel(),
        cover_share=cover / np.where(everything > 0.0, everything, 1.0),
        reporting_share=np.asarray(reporting.sum(axis=0)).ravel(),
    )


def _rows_of(ground: Layout, counts: CarrierCounts) -> tuple[Ints, Floats, Bools]:
    """Give the layout's row, value and censoring of each source area that delivered and reaches a hexagon."""
    start = ground.starts[ground.number_of(counts)]
    there = np.isfinite(counts.counts) | counts.suppressed
    reaches = np.diff(ground.rows.indptr)[start : start + len(there)] > 0
    chosen = np.flatnonzero(there & reaches)
    hidden = counts.suppressed[chosen]
    return start + chosen, np.where(hidden, 0.0, counts.counts[chosen]), hidden


def prior_mean(ground: Layout, rows: Rows, layer: Floats | None) -> tuple[Floats, Floats]:
    """Give the prior's mean and scale (H,): the same density everywhere, or the layer's, as many as were counted."""
    base = ground.ground_km2
    if layer is not None:
        known = np.isfinite(layer) & (layer >= 0.0)
        base = np.where(known, layer, 0.0) + 0.1 * ground.ground_km2 * layer[known].sum() / ground.ground_km2.sum()
    expected = float((rows.matrix @ base).sum())
    scale = rows.value.sum() / expected if expected > 0.0 else 0.0
    mean: Floats = base * max(scale, 1e-9)
    return mean, mean


def noise(rows: Rows, theta: Theta, expected: Floats) -> Floats:
    """Return the covariance of the counts' errors, (N, N): chance, model, share (nearby areas alike), rounding."""
    errors = [theta.errors(number) for number in rows.number.tolist()]
    model = np.array([one.model_error for one in errors])
    share = np.array([one.share_error for one in errors])
    expected = np.maximum(expected, 0.0)
    relative = np.hypot(model, rows.time_error)
    own = expected * rows.per_device + (relative * expected) ** 2 + rows.rounding_sd**2 + 0.25
    alike = 0.5 + 0.5 * np.exp(-cdist(rows.metres, rows.metres) / theta.share_length_m)
    same = rows.number[:, None] == rows.number
    joint = np.where(same, alike, 0.0) * np.outer(share * expected, share * expected)
    covariance: Floats = joint + np.diag(own + np.where(rows.censored, 30.0, 0.0))
    return covariance
