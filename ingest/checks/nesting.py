"""Which tiles of a file lie inside other tiles of it: geohashes by their letters, H3 hexagons by their parents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import hexagon_ids, parents, resolutions

PARTS_OF_GEOHASH, PARTS_OF_HEXAGON = 32, 7


@dataclass(frozen=True, slots=True, eq=False)
class Nesting:
    """`whole` (A,): index of the smallest tile around each tile, -1 where there is none; `parts` (A,): how many tiles
    of the size of its largest part would fill a tile, 0 without parts."""

    whole: NDArray[np.int64]
    parts: NDArray[np.int64]


def nesting_of(area_ids: Sequence[str], grid: str) -> Nesting | None:
    """Return how the tiles of a file lie inside each other; None where none does."""
    if grid == "geohash":
        levels, ancestors = _geohashes(area_ids)
        base = PARTS_OF_GEOHASH
    elif grid == "h3":
        levels, ancestors = _hexagons(area_ids)
        base = PARTS_OF_HEXAGON
    else:
        return None
    if len(np.unique(levels)) < 2:
        return None
    index = {one: at for at, one in enumerate(area_ids)}
    whole = np.array([next((index[up] for up in ups if up in index), -1) for ups in ancestors], np.int64)
    parts = np.zeros(len(area_ids), np.int64)
    for at in np.flatnonzero(whole >= 0):
        steps = base ** int(levels[at] - levels[whole[at]])
        parts[whole[at]] = max(parts[whole[at]], steps)
    return Nesting(whole, parts) if (whole >= 0).any() else None


def _geohashes(ids: Sequence[str]) -> tuple[NDArray[np.int64], list[list[str]]]:
    levels = np.array([len(one) for one in ids], np.int64)
    return levels, [[one[:length] for length in range(len(one) - 1, 0, -1)] for one in ids]


def _hexagons(texts: Sequence[str]) -> tuple[NDArray[np.int64], list[list[str]]]:
    ids = hexagon_ids(texts)
    levels = resolutions(ids)
    ancestors: list[list[str]] = [[] for _ in texts]
    for coarser in sorted(set(levels.tolist()), reverse=True)[1:]:
        rows = np.flatnonzero(levels > coarser)
        for row, up in zip(rows.tolist(), parents(ids[rows], coarser).tolist(), strict=True):
            ancestors[row].append(f"{up:x}")
    return levels, ancestors
