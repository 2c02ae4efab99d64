"""Where a venue is: its outline and a point inside it, from what a registry delivers.

Promises: longitudes and latitudes of WGS 84; an invalid outline is repaired and marked so; a venue without a place
stays one without a place. Nothing is dropped: every feature comes back as a place, as None, or as an error.
Does not: guess a floor area from an outline, which says nothing about storeys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.errors import CoverageError, CoverageNote, GeoError
from geo.feature_files import Features, features_of_gdal, features_of_json, features_of_zip
from geo.projections import to_longitude_latitude

_POINT, _MULTIPOINT, _COLLECTION = 0, 4, 7
_AREAS = (3, 6)


class VenueShapeError(GeoError):
    """A geometry that is no place of a venue: broken, a line, out of range."""


@dataclass(frozen=True, slots=True)
class VenuePlace:
    """A place: a point in degrees and, where it is known, the outline as WKB. `repaired`: the outline was invalid."""

    longitude: float
    latitude: float
    outline_wkb: bytes | None = None
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class VenueFeatures:
    """Features of a registry file, all of one length. `places`: None where a feature has no geometry."""

    properties: tuple[Mapping[str, Any], ...]
    feature_ids: tuple[Any, ...]
    places: tuple[VenuePlace | VenueShapeError | None, ...]
    notes: tuple[CoverageNote, ...] = ()


def venues_of_json(text: str, name: str) -> VenueFeatures:
    """Read GeoJSON or TopoJSON; raise GeoError (a `crs` member is heeded, a wrong one refused)."""
    return _venues(features_of_json(text, name))


def venues_of_file(path: Path, kind: str) -> VenueFeatures:
    """Read a GeoPackage, Shapefile or zip of one (`kind` as `geo.file_bytes.kind_of` names it); raise GeoError."""
    return _venues(features_of_zip(path) if kind == "zip" else features_of_gdal(str(path), path.name))


def place_of_point(longitude: float, latitude: float) -> VenuePlace | None:
    """Return the place at a longitude and latitude; None at 0, 0, which registries write for "unknown".

    Raises VenueShapeError when they cannot be degrees, or look swapped.
    """
    if longitude == latitude == 0:
        return None
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):  # also where one is NaN
        swapped = abs(longitude) <= 90 and abs(latitude) <= 180
        code = "venues-coordinates-swapped" if swapped else "venues-coordinates-out-of-range"
        raise VenueShapeError(code, {"longitude": longitude, "latitude": latitude})
    return VenuePlace(longitude, latitude)


def place_of_wkt(text: str) -> VenuePlace | None:
    """Return the place of a WKT point or polygon in degrees; raise VenueShapeError when it is none."""
    try:
        shape = shapely.force_2d(shapely.from_wkt(text))
    except (shapely.GEOSException, TypeError, ValueError) as broken:
        raise VenueShapeError("venues-wkt-broken", {"text": text[:60]}) from broken
    place = _place(shape)
    if isinstance(place, VenueShapeError):
        raise place
    if place is not None:
        _refuse_impossible(shape)
    return place


def _refuse_impossible(shape: Any) -> None:
    west, south, east, north = (float(edge) for edge in shapely.bounds(shape))
    for longitude, latitude in ((west, south), (east, north)):
        place_of_point(longitude, latitude)


def _venues(features: Features) -> VenueFeatures:
    shapes = _in_degrees(features)
    return VenueFeatures(
        properties=tuple(features.properties),
        feature_ids=tuple(features.feature_ids),
        places=tuple(_place(shape) for shape in shapes),
        notes=features.notes,
    )


def _in_degrees(features: Features) -> Sequence[Any]:
    """Return the shapes in WGS 84; features without one stay None. Errors name the feature's number in the file."""
    shapes = np.array([None if _is_nothing(shape) else shape for shape in features.shapes], dtype=object)
    rows = np.flatnonzero([shape is not None for shape in shapes])
    if len(rows):
        ids = [str(features.feature_ids[row]) for row in rows]
        try:
            shapes[rows] = to_longitude_latitude(shapes[rows], ids, features.crs)
        except CoverageError as error:
            for one in (error, *error.others):
                one.params["feature"] = int(rows[int(one.params.get("feature", 1)) - 1]) + 1
            raise
    return list(shapes)


def _is_nothing(shape: Any) -> bool:
    return shape is None or bool(shapely.is_empty(shape))


def _place(shape: Any) -> VenuePlace | VenueShapeError | None:
    if _is_nothing(shape):
        return None
    kind = int(shapely.get_type_id(shape))
    if kind == _MULTIPOINT and shapely.get_num_geometries(shape) == 1:
        shape, kind = shapely.get_geometry(shape, 0), _POINT
    if kind == _POINT:
        return _point(shape)
    return _outline(shape, kind)


def _point(shape: Any) -> VenuePlace | VenueShapeError | None:
    try:
        return place_of_point(float(shape.x), float(shape.y))
    except VenueShapeError as error:
        return error


def _outline(shape: Any, kind: int) -> VenuePlace | VenueShapeError:
    was_valid = bool(shapely.is_valid(shape))
    sound = shape if was_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if int(shapely.get_type_id(sound)) == _COLLECTION:
        sound = _polygonal_part(sound)
    if int(shapely.get_type_id(sound)) not in _AREAS or not shapely.area(sound) > 0:
        code = "venues-outline-without-area" if kind in (*_AREAS, _COLLECTION) else "venues-geometry-kind"
        return VenueShapeError(code, {"kind": str(shape.geom_type)})
    inside = shapely.point_on_surface(sound)
    return VenuePlace(float(inside.x), float(inside.y), shapely.to_wkb(sound), repaired=not was_valid)


def _polygonal_part(collection: Any) -> Any:
    parts = shapely.get_parts(collection)
    return shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _AREAS)])
