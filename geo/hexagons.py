"""H3 hexagons as numpy arrays: the only module that knows h3's (latitude, longitude) order.

Ids are uint64 inside and hexadecimal text at the borders (they exceed 2^53, so JSON numbers would lose digits).
Areas are true areas: a res-9 hexagon is between 0.61 and 1.21 of the published average. Distortion vertices, where a
hexagon crosses an edge of the icosahedron, are left out on both sides of the edge alike, so neighbours still tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h3.api.basic_int as h3
import h3.api.numpy_int as h3_numpy
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import HexagonError

HexIds = NDArray[np.uint64]
Floats = NDArray[np.float64]

MEAN_AREA_KM2 = [h3.average_hexagon_area(resolution) for resolution in range(16)]
_AT_ONCE = 50_000  # tuples of floats take ten times the room of arrays
_RESOLUTION_SHIFT = np.uint64(52)
_RESOLUTION_MASK = np.uint64(0xF << 52)


def hexagon_text(ids: HexIds) -> list[str]:
    """Write ids as the hexadecimal text that H3 and JSON use."""
    return [f"{i:x}" for i in ids.tolist()]


def hexagon_ids(texts: Sequence[str]) -> HexIds:
    """Read hexadecimal texts; raise HexagonError naming the first that is no H3 hexagon."""
    ids = np.fromiter((_id_or_zero(text) for text in texts), dtype=np.uint64, count=len(texts))
    if not ids.all():
        row = int(np.flatnonzero(ids == 0)[0])
        raise HexagonError("hexagon-unknown", {"hexagon": str(texts[row])[:40], "row": row + 1})
    return ids


def _id_or_zero(text: str) -> int:
    try:
        value = int(text, 16)
        return value if h3.is_valid_cell(value) else 0
    except (ValueError, TypeError, OverflowError):
        return 0


def is_hexagon(text: str) -> bool:
    """Tell whether a text is the id of an H3 hexagon."""
    return len(text) == 15 and _id_or_zero(text) != 0


def resolutions(ids: HexIds) -> NDArray[np.int64]:
    """Read the resolution of each id, (n,)."""
    return ((ids >> _RESOLUTION_SHIFT) & np.uint64(15)).astype(np.int64)


def centres(ids: HexIds) -> Floats:
    """Give the centres as (n, 2) longitude, latitude in degrees."""
    pairs = np.array([h3.cell_to_latlng(i) for i in ids.tolist()], dtype=np.float64)
    return np.ascontiguousarray(pairs.reshape(-1, 2)[:, ::-1])


def boundaries(ids: HexIds) -> Floats:
    """Give six vertices each as (n, 6, 2) longitude, latitude, anticlockwise; pentagons repeat their last."""
    parts = [_boundaries(ids[n : n + _AT_ONCE]) for n in range(0, len(ids), _AT_ONCE)]
    return _unwrapped(np.concatenate(parts)) if parts else np.empty((0, 6, 2))


def _boundaries(ids: HexIds) -> Floats:
    rings = [h3.cell_to_boundary(i) for i in ids.tolist()]
    irregular = [n for n, ring in enumerate(rings) if len(ring) != 6]
    for n in irregular:
        rings[n] = _six_vertices(int(ids[n]))
    return np.array(rings, dtype=np.float64)[:, :, ::-1]


def _six_vertices(hexagon: int) -> tuple[tuple[float, float], ...]:
    ring = [h3.vertex_to_latlng(v) for v in h3.cell_to_vertexes(hexagon)]
    return tuple(ring + [ring[-1]] * (6 - len(ring)))


def _unwrapped(vertices: Floats) -> Floats:
    """Keep a hexagon on the antimeridian in one piece: its longitudes may pass 180."""
    vertices = np.ascontiguousarray(vertices)
    longitude = vertices[:, :, 0]
    longitude -= 360.0 * np.round((longitude - longitude[:, :1]) / 360.0)
    return vertices


def polygons(ids: HexIds) -> NDArray[Any]:
    """Give the hexagons as an (n,) array of shapely polygons, longitude and latitude."""
    return np.asarray(shapely.polygons(boundaries(ids)), dtype=object)


def area_km2(ids: HexIds) -> Floats:
    """Give the true areas in km², (n,)."""
    return np.array([h3.cell_area(i, unit="km^2") for i in ids.tolist()], dtype=np.float64)


def parents(ids: HexIds, resolution: int) -> HexIds:
    """Give each hexagon's ancestor at a resolution no finer than its own, (n,), by setting bits."""
    if len(ids) and resolution > resolutions(ids).min():
        raise HexagonError("hexagon-too-coarse", {"resolution": resolution})
    unused_digits = np.uint64((1 << (3 * (15 - resolution))) - 1)
    cleared = ids & ~_RESOLUTION_MASK
    return (cleared | np.uint64(resolution << 52)) | unused_digits


def children(hexagon: int, resolution: int) -> HexIds:
    """Give the descendants of one hexagon at a finer resolution."""
    return np.asarray(h3_numpy.cell_to_children(hexagon, resolution), dtype=np.uint64)


def hexagon_at(longitude: float, latitude: float, resolution: int) -> int:
    """Name the hexagon that holds a point."""
    return int(h3.latlng_to_cell(latitude, longitude, resolution))


def disc(hexagon: int, rings: int) -> HexIds:
    """Give all hexagons within a number of rings around one."""
    return np.asarray(h3_numpy.grid_disk(hexagon, rings), dtype=np.uint64)


def hexagons_over(shape: Any, resolution: int) -> HexIds:
    """Give all hexagons that overlap a polygon or multipolygon (longitude, latitude), sorted."""
    parts = [_overlapping(polygon, resolution) for polygon in shapely.get_parts(shape)]
    return np.unique(np.concatenate(parts)) if parts else np.array([], dtype=np.uint64)


def _overlapping(polygon: Any, resolution: int) -> HexIds:
    outer, *holes = [_latitude_first(ring) for ring in shapely.get_rings(polygon)]
    found = h3_numpy.h3shape_to_cells_experimental(h3.LatLngPoly(outer, *holes), resolution, "overlap")
    return np.asarray(found, dtype=np.uint64)


def _latitude_first(ring: Any) -> list[list[float]]:
    pairs: list[list[float]] = shapely.get_coordinates(ring)[:-1, ::-1].tolist()
    return pairs


def holes(ids: HexIds) -> HexIds:
    """Give the hexagons of one resolution that hexagons (n,) enclose without holding them, sorted."""
    if not len(ids):
        return ids
    shape = h3.cells_to_h3shape(ids.tolist())
    polygons_ = getattr(shape, "polys", None) or [shape]
    resolution = int(resolutions(ids[:1])[0])
    rings = [h3.LatLngPoly(hole) for one in polygons_ for hole in one.holes]
    inside = [np.asarray(h3_numpy.h3shape_to_cells(ring, resolution), dtype=np.uint64) for ring in rings]
    found: HexIds = np.setdiff1d(np.concatenate(inside), ids) if inside else ids[:0]
    return found
