"""Radio cells that stand inside a venue count its guests, whatever a model of open ground says of them.

A shopping centre, a stadium or a station often has small cells of its own. On the ground around such a cell competes
with masts and may lose; behind the walls it wins. Of the people in a venue with cells of its own, CAUGHT are taken to
be counted by these, the others as everybody in its hexagons; each carrier by itself, and only where it delivered the
cells' counts. The people around stay where the radio model has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from geo.clipping import EARTH_RADIUS_KM
from geo.hexagons import Floats
from geo.joint_layout import Ints, Layout
from geo.joint_rows import Rows

CAUGHT = 0.6  # of the people inside, a guess: the others are at windows, on another band, or out of its reach
NEAR_M = 30.0  # a position on record is as wrong as that


def inside_venues(ground: Layout, outlines: NDArray[Any] | None) -> tuple[Ints, Ints]:
    """Return pairs of a row of the layout and a venue (V `outlines`) in which, and in no other, the cell stands."""
    parts = [np.column_stack([start + one.small[:, 0], one.small[:, 1:]]) for start, one in _small(ground)]
    cells = np.concatenate([np.zeros((0, 3)), *parts])
    if outlines is None or not len(cells) or not len(outlines):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    degrees = np.degrees(NEAR_M / (EARTH_RADIUS_KM * 1000.0))
    cell, venue = shapely.STRtree(outlines).query(shapely.points(cells[:, 1:]), predicate="dwithin", distance=degrees)
    alone = np.bincount(cell, minlength=len(cells))[cell] == 1
    return cells[cell[alone], 0].astype(np.int64), venue[alone].astype(np.int64)


def seen_in(rows: Rows, held: sparse.csr_array, own: Sequence[tuple[int, int]]) -> sparse.csr_array:
    """Return the counts of one person in each venue, (N, V); `own`: pairs of a row of the layout and a venue."""
    plain = sparse.csr_array(rows.matrix @ held.T)
    place = {int(area): n for n, area in enumerate(rows.area.tolist())}
    pairs = [(place[area], venue) for area, venue in own if area in place]
    if not pairs:
        return plain
    special = np.unique([venue for _row, venue in pairs])
    dense = plain[:, special].toarray()
    mine = np.zeros(dense.shape, bool)
    mine[[row for row, _venue in pairs], np.searchsorted(special, [venue for _row, venue in pairs])] = True
    for source in np.unique(rows.source[mine.any(axis=1)]).tolist():
        of_carrier = np.flatnonzero(rows.source == source)
        dense[of_carrier] = _caught(dense[of_carrier], mine[of_carrier])
    kept = np.ones(plain.shape[1])
    kept[special] = 0.0
    into = sparse.csr_array((np.ones(len(special)), (np.arange(len(special)), special)), (len(special), len(kept)))
    return sparse.csr_array(plain @ sparse.diags_array(kept) + sparse.csr_array(dense) @ into)


def _caught(seen: Floats, own: NDArray[np.bool_]) -> Floats:
    """Give one carrier's cells (n, S) that stand in a venue their part of its people; the sum stays the same."""
    total, with_own = seen.sum(axis=0), own.any(axis=0)
    others = np.where(own, 0.0, seen)
    rest = others.sum(axis=0)
    share = np.where(rest > 0.0, (1.0 - CAUGHT) * total / np.where(rest > 0.0, rest, 1.0), 0.0)
    moved = others * share + np.where(own, CAUGHT * total / np.maximum(own.sum(axis=0), 1), 0.0)
    found: Floats = np.where(with_own, moved, seen)
    return found


def _small(ground: Layout) -> list[tuple[int, Any]]:
    return [(int(start), one) for start, one in zip(ground.starts[:-1], ground.weights, strict=True) if len(one.small)]
