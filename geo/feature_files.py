"""Features of GeoJSON, TopoJSON, GeoPackage and Shapefile, as the file has them: properties, shapes, declared CRS."""

from __future__ import annotations

import json
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
import shapely.geometry
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from geo.errors import CoverageError, CoverageNote, all_or_first
from geo.topojson import features_of_topology

_MOST_UNPACKED = 1 << 30


@dataclass(frozen=True, slots=True)
class Features:
    """Rows of a feature file: properties, shapes (None where there is none), feature ids, what CRS is declared."""

    properties: list[dict[str, Any]]
    shapes: NDArray[Any]
    feature_ids: list[Any]
    crs: object
    notes: tuple[CoverageNote, ...] = ()


def features_of_json(text: str, name: str) -> Features:
    """Read GeoJSON (a crs member is heeded) or TopoJSON; raise CoverageError with line and column, or feature."""
    document = _parsed(text, name)
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Topology":
        return _features(features_of_topology(document), None)
    if kind == "Feature":
        return _features([document], _declared(document))
    if kind != "FeatureCollection" or not isinstance(document.get("features"), list):
        raise CoverageError("coverage-not-features", {"file": name, "type": str(kind)[:40]})
    return _features(document["features"], _declared(document))


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as broken:
        cut_off = not text[broken.pos :].strip() or broken.msg.startswith("Unterminated")
        code = "coverage-truncated" if cut_off else "coverage-json-broken"
        raise CoverageError(code, {"file": name, "position": broken.colno}, line=broken.lineno) from broken
    except RecursionError as deep:
        raise CoverageError("coverage-json-broken", {"file": name, "position": 1}, line=1) from deep


def _declared(document: dict[str, Any]) -> object:
    crs = document.get("crs")
    if crs is None:
        return None
    try:
        return crs["properties"]["name"]
    except (KeyError, TypeError) as unusable:
        raise CoverageError("coverage-crs-unknown", {"crs": str(crs)[:80]}) from unusable


def _features(features: list[Any], crs: object) -> Features:
    errors: list[CoverageError] = []
    shapes = np.empty(len(features), dtype=object)
    for n, feature in enumerate(features):
        try:
            shapes[n] = _shape(feature)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, shapely.GEOSException):
            errors.append(CoverageError("coverage-geometry-broken", {"feature": n + 1}))
    if errors:
        raise all_or_first(errors)
    properties = [feature.get("properties") or {} for feature in features]
    return Features(properties, shapely.force_2d(shapes), [feature.get("id") for feature in features], crs)


def _shape(feature: dict[str, Any]) -> Any:
    geometry = feature.get("geometry")
    if not isinstance(feature.get("properties") or {}, dict):
        raise TypeError("properties")
    return None if geometry is None else shapely.geometry.shape(geometry)


def features_of_zip(path: Path) -> Features:
    """Read the one Shapefile, GeoPackage or GeoJSON inside a zip archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as broken:
        raise CoverageError("coverage-archive-broken", {"file": path.name}) from broken
    if sum(member.file_size for member in members) > _MOST_UNPACKED:
        raise CoverageError("coverage-too-large", {"file": path.name, "megabytes": _MOST_UNPACKED >> 20})
    names = [m.filename for m in members if m.filename.lower().endswith((".shp", ".gpkg", ".geojson", ".json"))]
    names = [name for name in names if not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise CoverageError("coverage-archive-content", {"file": path.name, "found": ", ".join(names) or "-"})
    return features_of_gdal(f"/vsizip/{path.resolve()}/{names[0]}", path.name)


def features_of_gdal(source: str, name: str) -> Features:
    """Read a GeoPackage or Shapefile; of several layers the first that has areas is taken, and noted."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL grumbles; what matters comes as an error
            layers = [layer for layer, kind in pyogrio.list_layers(source).tolist() if kind]
            if not layers:
                raise CoverageError("coverage-not-features", {"file": name, "type": "-"})
            frame_gdf = pyogrio.read_dataframe(source, layer=layers[0])
    except (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError) as broken:
        raise CoverageError("coverage-archive-broken", {"file": name}) from broken
    shapes = np.asarray(frame_gdf.geometry.values, dtype=object)
    properties = frame_gdf.drop(columns=frame_gdf.geometry.name).to_dict("records")
    notes = _layer_notes(layers) + (() if frame_gdf.crs else (CoverageNote("coverage-crs-assumed"),))
    return Features(properties, shapely.force_2d(shapes), [None] * len(shapes), frame_gdf.crs, notes)


def _layer_notes(layers: list[str]) -> tuple[CoverageNote, ...]:
    if len(layers) == 1:
        return ()
    return (CoverageNote("coverage-layer-chosen", {"layer": layers[0], "layers": ", ".join(layers)}),)
