"""Cut a country into regions that are solved one after the other: at most so many source areas each, with a margin.

A region owns hexagons and looks beyond them: neighbours' hexagons within the margin are solved along and thrown away,
so that nothing shows where regions meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.hexagons import Floats

Ints = NDArray[np.int64]

MOST_ROWS = 2000  # a Cholesky factor of it takes a tenth of a second
_MOSTLY = 0.5
_SMALLEST = 64  # hexagons: below, a region is not cut further, however many areas lie in it


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """`own` hexagons, `hexagons` with the margin (own among them), and `rows` that mostly lie in these: indexes."""

    own: Ints
    hexagons: Ints
    rows: Ints


def cut(metres: Floats, rows: sparse.csr_array, margin_m: float, most_rows: int = MOST_ROWS) -> list[Region]:
    """Cut hexagons (H, 2), seen by `rows` (N, H), until no region has more than `most_rows` rows.

    A row belongs to every region that holds most of it; one too wide for any belongs to those it touches.
    """
    waiting, done = [np.arange(len(metres))], []
    while waiting:
        own = waiting.pop()
        region = _around(own, metres, rows, margin_m)
        if len(region.rows) <= most_rows or len(own) <= _SMALLEST:
            done.append(region)
            continue
        order = own[np.argsort(metres[own, int(np.ptp(metres[own], axis=0).argmax())], kind="stable")]
        waiting += [order[len(order) // 2 :], order[: len(order) // 2]]
    return done


def rows_within(rows: sparse.csr_array, hexagons: Ints) -> Ints:
    """Return which of the rows (N, H) lie mostly in some hexagons."""
    inside = np.zeros(rows.shape[1])
    inside[hexagons] = 1.0
    return np.flatnonzero(rows @ inside > _MOSTLY * np.asarray(rows.sum(axis=1)).ravel())


def _around(own: Ints, metres: Floats, rows: sparse.csr_array, margin_m: float) -> Region:
    if len(own) == len(metres):
        return Region(own, own, np.arange(rows.shape[0]))
    low, high = metres[own].min(axis=0) - margin_m, metres[own].max(axis=0) + margin_m
    near = np.flatnonzero(((metres >= low) & (metres <= high)).all(axis=1))
    return Region(own, near, rows_within(rows, near))
