"""The list of hexagons over which people are estimated, and what follows from it: geometry packs and true areas.

All of it is made once per list, when a coverage is loaded, and kept under the digest of the ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geo.geometry_pack import geometry_pack
from geo.hexagons import area_km2, parents
from store import releases
from store.database import Connection

FINEST, COARSER = 9, (8, 7)


@dataclass(frozen=True, slots=True)
class Area:
    """The hexagons (res 9, sorted ids) over which people are estimated, and the digest that names the list."""

    digest: str
    hexagons: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class KeptArea:
    """An area as it is kept: ids and true areas (H,), the latter in km²."""

    hexagons: NDArray[np.uint64]
    area_km2: NDArray[np.float64]


def make_area(lists: Sequence[NDArray[np.uint64]]) -> Area:
    """Return the union of lists of hexagons."""
    hexagons = lists[0] if len(lists) == 1 else np.unique(np.concatenate(lists))
    return Area(hashlib.sha256(hexagons.astype("<u8").tobytes()).hexdigest(), hexagons)


def keep_area(connection: Connection, area: Area, now: datetime) -> None:
    """Keep an area with its geometry at every resolution, unless it is kept already."""
    if releases.area_exists(connection, area.digest):
        return
    ids = {FINEST: area.hexagons} | {one: np.unique(parents(area.hexagons, one)) for one in COARSER}
    packs = {resolution: geometry_pack(some) for resolution, some in ids.items()}
    data = area.hexagons.astype("<u8").tobytes() + area_km2(area.hexagons).astype("<f8").tobytes()
    releases.save_area(connection, area.digest, data, len(area.hexagons), packs, now)


def read_area(connection: Connection, digest: str) -> KeptArea:
    """Return a kept area; raise store.errors.NotFound."""
    data = releases.area_bytes(connection, digest)
    count = len(data) // 16
    return KeptArea(np.frombuffer(data, "<u8", count), np.frombuffer(data, "<f8", count, offset=8 * count))
