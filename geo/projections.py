"""From whatever a file declares to longitude and latitude, and the checks that notice a wrong or missing CRS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from geo.errors import CoverageError, Param, all_or_first
from geo.hexagons import Floats

Shapes = NDArray[Any]


def to_longitude_latitude(shapes: Shapes, ids: Sequence[str], crs: object) -> Shapes:
    """Reproject shapes to WGS 84 longitude, latitude; `crs` is what the file declares, None where it is silent.

    Raises CoverageError naming the first feature whose coordinates cannot be degrees, or are not what was declared.
    """
    known = _crs(crs)
    name = _name(known)
    if known is not None and not _is_wgs84(known):
        _refuse_degrees_called_metres(shapes, known, name)
        shapes = _reprojected(shapes, known, name)
    _refuse_impossible(shapes, ids, name)
    return shapes


def _crs(declared: object) -> pyproj.CRS | None:
    if declared is None:
        return None
    try:
        return pyproj.CRS.from_user_input(declared)
    except (CRSError, TypeError, ValueError) as unknown:
        raise CoverageError("coverage-crs-unknown", {"crs": str(declared)[:80]}) from unknown


def _name(crs: pyproj.CRS | None) -> str:
    if crs is None:
        return "-"
    authority = crs.to_authority()
    return ":".join(authority) if authority else crs.name


def _is_wgs84(crs: pyproj.CRS) -> bool:
    return _name(crs) in {"EPSG:4326", "OGC:CRS84"}


def _refuse_degrees_called_metres(shapes: Shapes, crs: pyproj.CRS, name: str) -> None:
    west, south, east, north = shapely.total_bounds(shapes)
    small = max(abs(west), abs(east)) <= 180.0 and max(abs(south), abs(north)) <= 90.0
    if crs.is_projected and small:
        params: dict[str, Param] = {"crs": name, "feature": 1, "x": round(west, 5), "y": round(south, 5)}
        raise CoverageError("coverage-crs-contradicted", params)


def _reprojected(shapes: Shapes, crs: pyproj.CRS, name: str) -> Shapes:
    try:
        transformer = pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
        return np.asarray(shapely.transform(shapes, lambda xy: np.stack(transformer.transform(*xy.T), axis=1)))
    except ProjError as impossible:
        raise CoverageError("coverage-crs-unknown", {"crs": name}) from impossible


def _refuse_impossible(shapes: Shapes, ids: Sequence[str], crs: str) -> None:
    bounds = shapely.bounds(shapes)
    far = ~(np.abs(bounds[:, [0, 2]]).max(axis=1) <= 180.0) | ~(np.abs(bounds[:, [1, 3]]).max(axis=1) <= 90.0)
    wide = bounds[:, 2] - bounds[:, 0] > 180.0
    errors = [_impossible(bounds[n], n, ids[n], crs) for n in np.flatnonzero(far | wide).tolist()]
    if errors:
        raise all_or_first(errors)


def _impossible(bounds: Floats, row: int, name: str, crs: str) -> CoverageError:
    x, y = (float(max(bounds[axis], bounds[axis + 2], key=abs)) for axis in (0, 1))
    params: dict[str, Param] = {"feature": row + 1, "id": name, "x": round(x, 5), "y": round(y, 5), "crs": crs}
    return CoverageError(_code_of_impossible(x, y, crs), params)


def _code_of_impossible(x: float, y: float, crs: str) -> str:
    if not (np.isfinite(x) and np.isfinite(y)):
        return "coverage-coordinates-unusable"
    if abs(x) <= 180.0 and abs(y) <= 90.0:
        return "coverage-crosses-antimeridian"
    if max(abs(x), abs(y)) > 400.0:
        return "coverage-crs-undeclared" if crs == "-" else "coverage-crs-contradicted"
    if abs(x) <= 90.0 and abs(y) <= 180.0:
        return "coverage-coordinates-swapped"
    return "coverage-coordinates-out-of-range"


def discs(longitude: Floats, latitude: Floats, radius_m: Floats) -> Shapes:
    """Give 48-cornered polygons of the same area as circles of these radii (metres) around the points."""
    corners = 48
    angle = np.arange(corners) * 2.0 * np.pi / corners
    scale = np.sqrt(2.0 * np.pi / (corners * np.sin(2.0 * np.pi / corners)))
    north = np.degrees(scale * radius_m / 6_371_007.181)[:, None] * np.sin(angle)
    east = np.degrees(scale * radius_m / 6_371_007.181)[:, None] * np.cos(angle)
    x = longitude[:, None] + east / np.cos(np.radians(latitude))[:, None]
    return np.asarray(shapely.polygons(np.stack([x, latitude[:, None] + north], axis=2)), dtype=object)
