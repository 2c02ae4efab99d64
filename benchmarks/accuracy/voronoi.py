"""Area weighting by tobler: tower cells as Voronoi polygons, squares and geohashes as they are.

Towers are merged to their sites, as nobody draws polygons of sectors without a radio model. The polygons are cut to the
city's boundary, which this baseline is told and the product is not.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from tobler.area_weighted import area_interpolate

from benchmarks.accuracy.scenario import Registration, Scenario
from geo import hexagons
from geo.hexagons import Floats, HexIds

Shapes = NDArray[np.object_]

NEAR_DEGREES = 1e-5


def estimate_bins(scenario: Scenario, registration: Registration, counts: Floats) -> Floats:
    """Give devices by hexagon, (H, T), from counts (A, T); suppressed and missing count as nobody."""
    delivered = np.nan_to_num(counts)
    shapes = registration.coverage.shapes
    if registration.coverage.radio is not None:
        shapes, of_site = tower_cells(registration, scenario.boundary)
        delivered = np.array([np.bincount(of_site, one, len(shapes)) for one in delivered.T]).T
    names = [f"t{n}" for n in range(delivered.shape[1])]
    local = local_crs(scenario.boundary)
    source = gpd.GeoDataFrame(dict(zip(names, delivered.T, strict=True)), geometry=list(shapes), crs=4326).to_crs(local)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = area_interpolate(
            source,
            _target(scenario.hexagons.tobytes(), local),
            extensive_variables=names,
            allocate_total=True,
            n_jobs=1,
        )
    people: Floats = found[names].to_numpy()
    return people


@lru_cache(maxsize=2)
def _target(packed: bytes, local: str) -> gpd.GeoDataFrame:
    ids: HexIds = np.frombuffer(packed, dtype=np.uint64)
    return gpd.GeoDataFrame(geometry=list(hexagons.polygons(ids)), crs=4326).to_crs(local)


def tower_cells(registration: Registration, boundary: BaseGeometry) -> tuple[Shapes, NDArray[np.int64]]:
    """Give a polygon for each distinct place of a tower within the boundary, and the polygon of each sector.

    Nearest in metres: Voronoi cells of degrees would be drawn out from north to south.
    """
    radio = registration.coverage.radio
    assert radio is not None
    places = np.stack([radio.longitude, radio.latitude], axis=1)
    sites, of_site = np.unique(np.round(places / NEAR_DEGREES).astype(np.int64), axis=0, return_inverse=True)
    across = float(np.cos(np.radians(places[:, 1].mean())))
    points = np.asarray(shapely.points(sites * NEAR_DEGREES * [across, 1.0]))
    around = shapely.transform(shapely.buffer(boundary, 0.2), lambda xy: xy * [across, 1.0])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=around))
    inside, cell = shapely.STRtree(cells).query(points, predicate="intersects")
    first = np.zeros(len(points), dtype=np.int64)
    first[inside] = cell
    return _cut(_unstretched(cells[first], across), _unstretched(points, across), boundary), of_site.ravel()


def _unstretched(shapes: Shapes, across: float) -> Shapes:
    return np.asarray(shapely.transform(shapes, lambda xy: xy / [across, 1.0]))


def _cut(cells: Shapes, points: Shapes, boundary: BaseGeometry) -> Shapes:
    """Cut to the boundary; a tower whose cell lies outside keeps a spot at the nearest place of the city."""
    cut = shapely.intersection(cells, boundary)
    lost = shapely.area(cut) == 0.0
    spots = shapely.get_point(shapely.shortest_line(boundary, points[lost]), 0)
    cut[lost] = shapely.intersection(shapely.buffer(spots, 1e-3), boundary)
    return np.asarray(cut, dtype=object)


def local_crs(boundary: BaseGeometry) -> str:
    """Name an equal-area plane around the city."""
    west, south, east, north = shapely.bounds(boundary)
    return f"+proj=laea +lat_0={(south + north) / 2:.3f} +lon_0={(west + east) / 2:.3f} +R=6371007.18"
