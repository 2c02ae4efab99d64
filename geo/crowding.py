"""People at venues from people in hexagons: honest bounds, and a best guess where one can be had.

Says how many, never how crowded: levels are the rules' business. S is the set of hexagons that a venue touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from geo import hexagons
from geo.area_weights import overlaps_of_shapes
from geo.clipping import EARTH_RADIUS_KM
from geo.hexagons import Floats, HexIds
from geo.release import Released
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED

Place = bytes | tuple[float, float]

_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class VenuePeople:
    """People at each venue, arrays (V,): bounds, best guess (NaN where none can be made), state, other venues in S.

    `state`: 0 missing (a hexagon of S is missing, or S reaches beyond the list), 1 suppressed (one is), 2 estimated.
    """

    low: Floats
    best: Floats
    high: Floats
    state: NDArray[np.uint8]
    neighbours: NDArray[np.int64]


def venue_membership(places: Sequence[Place], hexagon_ids: HexIds) -> sparse.csr_array:
    """Give the share of each venue's area in each hexagon, (V, H); a point belongs to its hexagon whole.

    `places` are outlines (WKB, longitude and latitude) or points (longitude, latitude); `hexagon_ids` are sorted. Rows
    sum to 1, less what lies outside the list.
    """
    shape = (len(places), len(hexagon_ids))
    if not len(places) or not len(hexagon_ids):
        return sparse.csr_array(shape, dtype=np.float64)
    resolution = int(hexagons.resolutions(hexagon_ids[:1])[0])
    row, ids, share = _shares(_shapes(places), resolution)
    column = np.minimum(np.searchsorted(hexagon_ids, ids), shape[1] - 1)
    known = hexagon_ids[column] == ids
    return sparse.csr_array((share[known], (row[known], column[known])), shape=shape)


def outline_m2(places: Sequence[Place]) -> Floats:
    """Give the ground area of each outline, (V,) in square metres; 0 for a point."""
    shapes = _shapes(places)
    bounds = shapely.bounds(shapes)
    latitude = np.radians((bounds[:, 1] + bounds[:, 3]) / 2.0)
    metres_a_degree = np.radians(EARTH_RADIUS_KM * 1000.0)
    area: Floats = shapely.area(shapes) * metres_a_degree**2 * np.cos(latitude)
    return area


def _shapes(places: Sequence[Place]) -> NDArray[Any]:
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


def venue_people(
    membership: sparse.csr_array,
    released: Released,
    capacity_open: Floats,
    residents: Floats,
    residents_margin: float,
) -> VenuePeople:
    """Bound the people at each venue by what its hexagons hold and who else could be there.

    `capacity_open` (V,): NaN unknown, 0 closed now; `residents` (H,): NaN unknown. low = people(S) at least, less
    residents(S) * `residents_margin`, less what the other open venues in S can hold; 0 where either is unknown.
    high = people(S) at most. best = people(S) * own / (own + others + residents).
    """
    inside = sparse.csr_array(membership > 0.0, dtype=np.float64)
    state = _states(membership, inside, released.state)
    own = np.nan_to_num(capacity_open)
    others = np.maximum(inside @ (membership.T @ own) - own * np.asarray(membership.sum(axis=1)).ravel(), 0.0)
    homes = inside @ residents
    crowd_low, crowd, crowd_high = (
        inside @ np.nan_to_num(v) for v in (released.low, released.present_population, released.high)
    )
    low = np.maximum(crowd_low - homes * residents_margin - others, 0.0)
    low = np.where(_unknown_others(inside, capacity_open) | np.isnan(homes), 0.0, low)
    rivals = np.where(np.isnan(capacity_open), np.nan, own) + others + homes
    best = crowd * np.divide(own, rivals, out=np.zeros(len(own)), where=rivals != 0.0)
    best = np.clip(np.where(state == ESTIMATED, best, np.nan), low, crowd_high)
    known = state != MISSING
    return VenuePeople(
        low=np.where(known, low, np.nan),
        best=best,
        high=np.where(known, crowd_high, np.nan),
        state=state,
        neighbours=_open_neighbours(inside, capacity_open),
    )


def _states(membership: sparse.csr_array, inside: sparse.csr_array, state: NDArray[np.uint8]) -> NDArray[np.uint8]:
    missing = (inside @ (state == MISSING).astype(np.float64) > 0.0) | (membership.sum(axis=1) < _WHOLE)
    hidden = inside @ (state == SUPPRESSED).astype(np.float64) > 0.0
    return np.where(missing, MISSING, np.where(hidden, SUPPRESSED, ESTIMATED)).astype(np.uint8)


def _unknown_others(inside: sparse.csr_array, capacity_open: Floats) -> NDArray[np.bool_]:
    """Mark venues that share a hexagon with another one of unknown capacity: it may hold anybody."""
    unknown = np.isnan(capacity_open).astype(np.float64)
    own_hexagons = np.diff(inside.indptr)
    sharers = inside @ (inside.T @ unknown) - unknown * own_hexagons
    marked: NDArray[np.bool_] = sharers > 0.5
    return marked


def _open_neighbours(inside: sparse.csr_array, capacity_open: Floats) -> NDArray[np.int64]:
    """Count the other venues in S that are not closed."""
    may_be_open = (capacity_open != 0.0).astype(np.int64)
    shared = sparse.csr_array(inside @ inside.T > 0.0, dtype=np.int64)
    touches_any = (np.diff(inside.indptr) > 0).astype(np.int64)
    neighbours: NDArray[np.int64] = shared @ may_be_open - may_be_open * touches_any
    return neighbours
