"""Outlines of regions with codes and names: read from files, laid over source areas, compared with each other.

Promises: invalid polygons are mended and named, projections are heeded, every fault names feature and column; shapes
leave as WKB of WGS 84 longitude and latitude. Where regions overlap, the smaller one holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geo import file_bytes, hexagons
from geo.coverage_columns import find_column, id_text, listed
from geo.coverage_files import coverage_of_features, repeated_ids
from geo.errors import CoverageNote, Param, RegionError
from geo.feature_files import Features, features_of_gdal, features_of_json, features_of_zip
from geo.hexagons import Floats
from geo.weights import SpreadingWeights

Ints = NDArray[np.int64]

CODE_NAMES = ("code", "region_code", "region", "region_id", "kato", "iso_3166_2", "ref", "id")
NAME_NAMES = ("name", "region_name", "title", "name_en", "name_ru", "name_kk")
LONGEST = {"code": 40, "name": 300}  # as registries of venues and announced zones have them
NOWHERE = -1
_SLIVER = 0.001  # of the smaller region: borders that were drawn twice never lie on each other exactly
_MOST_ERRORS = 100
_EARTH = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Outline:
    """One region: its code and name as the file has them, its polygon as WKB."""

    code: str
    name: str
    wkb: bytes


@dataclass(frozen=True, slots=True)
class OutlinesReading:
    """The regions of a file, sorted by code, with what was mended or assumed on the way."""

    outlines: tuple[Outline, ...]
    notes: tuple[CoverageNote, ...]


def read_outlines(path: Path, code_column: str | None = None, name_column: str | None = None) -> OutlinesReading:
    """Read regions from GeoJSON, TopoJSON, GeoPackage or Shapefile; raise GeoError with every fault of the file."""
    features = _features(path)
    if not len(features.shapes):
        raise RegionError("regions-empty", {"file": path.name})
    columns = list(dict.fromkeys(key for row in features.properties for key in row))
    code = _column(columns, CODE_NAMES, code_column, "--code-column")
    name = _column(columns, NAME_NAMES, name_column, "--name-column")
    codes, names = _texts(features, code, "code"), _texts(features, name, "name")
    _refuse([*_wrong(codes, code, "code"), *_wrong(names, name, "name"), *_repeated(codes, code)])
    reading = coverage_of_features(features, code, path.name)
    by_code = dict(zip(codes, names, strict=True))
    shapes = shapely.to_wkb(reading.coverage.shapes, byte_order=1)
    pairs = zip(reading.coverage.source_area_ids, shapes, strict=True)
    return OutlinesReading(tuple(Outline(one, by_code[one], bytes(wkb)) for one, wkb in pairs), reading.notes)


def _features(path: Path) -> Features:
    content = file_bytes.unpacked(path)
    form = file_bytes.kind_of(content, path.name)
    if form == "csv":
        raise RegionError("regions-not-polygons", {"file": path.name})
    if form == "json":
        return features_of_json(file_bytes.text_of(content, path.name), path.name)
    return features_of_zip(path) if form == "zip" else features_of_gdal(str(path), path.name)


def _column(columns: Sequence[str], names: Sequence[str], wanted: str | None, option: str) -> str:
    found = find_column(columns, names if wanted is None else (wanted.strip().lower(),))
    if found is None:
        params: dict[str, Param] = {
            "column": wanted or ", ".join(names),
            "present": listed(columns),
            "option": option,
        }
        raise RegionError("regions-missing-column", params, column=wanted)
    return found


def _texts(features: Features, column: str, what: str) -> list[str]:
    if what == "code":
        return [id_text(row.get(column)) for row in features.properties]
    texts = (id_text(row.get(column)) for row in features.properties)
    return [" ".join("".join(c if c.isprintable() else " " for c in text).split()) for text in texts]


def _wrong(texts: Sequence[str], column: str, what: str) -> list[RegionError]:
    found = []
    for feature, text in enumerate(texts, 1):
        params: dict[str, Param] = {"feature": feature, "column": column}
        if not text:
            found.append(RegionError("regions-missing-value", params, column=column))
        elif len(text) > LONGEST[what]:
            more: dict[str, Param] = {"length": len(text), "most": LONGEST[what]}
            found.append(RegionError("regions-text-too-long", params | more, column=column))
        elif not text.isprintable():
            found.append(RegionError("regions-code-unprintable", params, column=column))
    return found


def _repeated(codes: Sequence[str], column: str) -> list[RegionError]:
    known = [one.params for one in repeated_ids(codes) if one.params["id"]]
    return [RegionError("regions-code-repeated", params, column=column) for params in known]


def _refuse(faults: list[RegionError]) -> None:
    if faults:
        first, *rest = faults[:_MOST_ERRORS]
        first.others = tuple(rest)
        raise first


def containing(outlines: Sequence[bytes], points: Floats) -> Ints:
    """Return which outline (WKB) holds each point, (N, 2) longitude and latitude; NOWHERE where none does."""
    found = np.full(len(points), NOWHERE, np.int64)
    if not len(outlines):
        return found
    shapes = shapely.from_wkb(np.array(outlines, dtype=object))
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    point, shape = shapely.STRtree(shapes).query(shapely.points(points[known]), predicate="intersects")
    for at in np.lexsort((-shape, -shapely.area(shapes)[shape])):  # the smallest comes last and holds
        found[known[point[at]]] = shape[at]
    return found


def overlapping(outlines: Sequence[bytes]) -> list[tuple[int, int, float]]:
    """Return pairs of outlines (WKB, by number, ascending) that have ground in common, with its km²."""
    if not len(outlines):
        return []
    shapes = shapely.from_wkb(np.array(outlines, dtype=object))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = sorted((a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True) if a < b)
    common = [(a, b, shapely.intersection(shapes[a], shapes[b])) for a, b in pairs]
    least = {(a, b): _SLIVER * min(shapely.area(shapes[a]), shapely.area(shapes[b])) for a, b in pairs}
    return [(a, b, _km2(shape)) for a, b, shape in common if shapely.area(shape) > least[a, b]]


def area_km2(outline: bytes) -> float:
    """Return the true area of an outline (WKB)."""
    return _km2(shapely.from_wkb(outline))


def _km2(shape: shapely.Geometry) -> float:
    return float(abs(_EARTH.geometry_area_perimeter(shapely.orient_polygons(shape))[0]) / 1e6)


def area_centres(weights: SpreadingWeights) -> Floats:
    """Return longitude and latitude (A, 2) of the middle of what each source area covers; NaN where it is nothing."""
    if not len(weights.hexagons):
        return np.full((len(weights.source_area_ids), 2), np.nan)
    lon_lat = hexagons.centres(weights.hexagons)
    first = lon_lat[0, 0]
    east = (lon_lat[:, 0] - first + 180.0) % 360.0 - 180.0
    total = np.asarray(weights.cover.sum(axis=1)).ravel()
    middle = (weights.cover @ np.column_stack([east, lon_lat[:, 1]])) / np.where(total > 0.0, total, np.nan)[:, None]
    longitude = (middle[:, 0] + first + 180.0) % 360.0 - 180.0
    return np.column_stack([longitude, middle[:, 1]])
