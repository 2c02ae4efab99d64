"""Where registered venues lie in the hexagons, and how much ground they cover.

Says nothing of people: these are the joint estimate's business (`geo.joint`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from geo import hexagons
from geo.area_weights import overlaps_of_shapes
from geo.clipping import EARTH_RADIUS_KM
from geo.hexagons import Floats, HexIds

Place = bytes | tuple[float, float]


def venue_membership(places: Sequence[Place], hexagon_ids: HexIds) -> sparse.csr_array:
    """Give the share of each venue's area in each hexagon, (V, H); a point belongs to its hexagon whole.

    `places` are outlines (WKB, longitude and latitude) or points (longitude, latitude); `hexagon_ids` are sorted. Rows
    sum to 1, less what lies outside the list.
    """
    shape = (len(places), len(hexagon_ids))
    if not len(places) or not len(hexagon_ids):
        return sparse.csr_array(shape, dtype=np.float64)
    resolution = int(hexagons.resolutions(hexagon_ids[:1])[0])
    row, ids, share = _shares(outlines_of(places), resolution)
    column = np.minimum(np.searchsorted(hexagon_ids, ids), shape[1] - 1)
    known = hexagon_ids[column] == ids
    return sparse.csr_array((share[known], (row[known], column[known])), shape=shape)


def outline_m2(places: Sequence[Place]) -> Floats:
    """Give the ground area of each outline, (V,) in square metres; 0 for a point."""
    shapes = outlines_of(places)
    bounds = shapely.bounds(shapes)
    latitude = np.radians((bounds[:, 1] + bounds[:, 3]) / 2.0)
    metres_a_degree = np.radians(EARTH_RADIUS_KM * 1000.0)
    area: Floats = shapely.area(shapes) * metres_a_degree**2 * np.cos(latitude)
    return area


def outlines_of(places: Sequence[Place]) -> NDArray[Any]:
    """Give the shapes of places, (V,)."""
    shapes = [shapely.from_wkb(p) if isinstance(p, bytes) else shapely.Point(p) for p in places]
    return np.array(shapes, dtype=object)


def _shares(shapes: NDArray[Any], resolution: int) -> tuple[NDArray[np.int64], HexIds, Floats]:
    """Give row, hexagon and share of every pair, outlines cut and points placed."""
    flat = shapely.area(shapes) == 0.0
    outlines, points = np.flatnonzero(~flat), np.flatnonzero(flat)
    places = shapely.get_coordinates(shapely.centroid(shapes[points])).tolist()
    own = np.array([hexagons.hexagon_at(x, y, resolution) for x, y in places], dtype=np.uint64)
    if not len(outlines):
        return points, own, np.ones(len(points))
    cut = overlaps_of_shapes(shapes[outlines], resolution)
    total = np.bincount(cut.row, weights=cut.area_km2, minlength=len(outlines))
    share = np.r_[cut.area_km2 / total[cut.row], np.ones(len(points))]
    return np.r_[outlines[cut.row], points], np.r_[cut.hexagons[cut.column], own], share
