"""Source areas from files: recognise, read, name, place, repair. Nothing is guessed in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import file_bytes, projections
from geo.coverage import Coverage, CoverageReading
from geo.coverage_columns import PLACE_NAMES, IdChoice, choose_id, find_column, id_text, listed
from geo.errors import CoverageError, CoverageNote, all_or_first
from geo.feature_files import Features, features_of_gdal, features_of_json, features_of_zip
from geo.position_files import read_positions

Shapes = NDArray[Any]

_MOST_IDS_IN_A_NOTE = 200


def read_file(path: Path, id_column: str | None) -> CoverageReading:
    """Read a coverage file of any known format."""
    content = file_bytes.unpacked(path)
    kind = file_bytes.kind_of(content, path.name)
    if kind == "csv":
        return read_positions(file_bytes.text_of(content, path.name), path.name, id_column)
    if kind == "json":
        features = features_of_json(file_bytes.text_of(content, path.name), path.name)
    else:
        features = _packed_features(path, content, kind)
    return coverage_of_features(features, id_column, path.name)


def _packed_features(path: Path, content: bytes, kind: str) -> Features:
    with path.open("rb") as source:
        if source.read(4) != content[:4]:
            raise CoverageError("coverage-packed-twice", {"file": path.name})
    return features_of_zip(path) if kind == "zip" else features_of_gdal(str(path), path.name)


def coverage_of_features(features: Features, id_column: str | None, name: str) -> CoverageReading:
    """Make a coverage of features: ids chosen, shapes in longitude and latitude, repaired where invalid."""
    if not len(features.shapes):
        raise CoverageError("coverage-empty", {"file": name})
    choice = choose_id(features.properties, features.feature_ids, id_column)
    ids = _ids(features, choice)
    _refuse(_without_shape(features.shapes, ids))
    shapes = projections.to_longitude_latitude(features.shapes, ids, features.crs)
    shapes = _discs_where_points(shapes, features.properties)
    _refuse(_not_areas(shapes, ids))
    shapes, repaired = _repaired(shapes, ids)
    order = np.argsort(np.array(ids, dtype=object), kind="stable")
    coverage = Coverage("area", tuple(ids[n] for n in order.tolist()), shapes[order])
    return CoverageReading(coverage, features.notes + _id_notes(choice) + repaired)


def _refuse(errors: list[CoverageError]) -> None:
    if errors:
        raise all_or_first(errors)


def _ids(features: Features, choice: IdChoice) -> list[str]:
    if choice.column is None:
        ids = [id_text(value) for value in features.feature_ids]
    else:
        ids = [id_text(row.get(choice.column)) for row in features.properties]
    column = choice.column or "id"
    _refuse([_id_missing(n, column) for n, text in enumerate(ids) if not text])
    _refuse(repeated_ids(ids))
    return ids


def _id_missing(row: int, column: str) -> CoverageError:
    return CoverageError("coverage-id-missing", {"feature": row + 1, "column": column}, column=column)


def repeated_ids(ids: Sequence[str]) -> list[CoverageError]:
    """Name each id that stands for more than one feature, with the features."""
    repeated = [text for text, times in Counter(ids).items() if times > 1]
    places = {text: [n + 1 for n, own in enumerate(ids) if own == text] for text in repeated[:100]}
    return [
        CoverageError("coverage-id-repeated", {"id": text, "features": listed([str(n) for n in rows], 10)})
        for text, rows in places.items()
    ]


def _id_notes(choice: IdChoice) -> tuple[CoverageNote, ...]:
    return (CoverageNote("coverage-id-guessed", {"column": choice.column or "id"}),) if choice.guessed else ()


def _without_shape(shapes: Shapes, ids: Sequence[str]) -> list[CoverageError]:
    empty = np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes)).tolist()
    return [CoverageError("coverage-geometry-missing", {"feature": n + 1, "id": ids[n]}) for n in empty]


def _discs_where_points(shapes: Shapes, properties: Sequence[dict[str, Any]]) -> Shapes:
    """Turn points that have a radius into discs; leave all else, so that a bare point is refused by name."""
    rows = [n for n in np.flatnonzero(shapely.get_type_id(shapes) == 0).tolist() if _radius(properties[n]) > 0.0]
    if not rows:
        return shapes
    shapes = shapes.copy()
    longitude, latitude = shapely.get_coordinates(shapes[rows]).T
    shapes[rows] = projections.discs(longitude, latitude, np.array([_radius(properties[n]) for n in rows]))
    return shapes


def _radius(row: dict[str, Any]) -> float:
    column = find_column(list(row), PLACE_NAMES["radius"])
    try:
        return float(row[column]) if column else 0.0
    except (TypeError, ValueError):
        return 0.0


def _not_areas(shapes: Shapes, ids: Sequence[str]) -> list[CoverageError]:
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6, 7))).tolist()
    return [
        CoverageError("coverage-geometry-not-an-area", {"feature": n + 1, "id": ids[n], "type": shapes[n].geom_type})
        for n in wrong
    ]


def _repaired(shapes: Shapes, ids: Sequence[str]) -> tuple[Shapes, tuple[CoverageNote, ...]]:
    """Mend invalid polygons, keep what is polygonal, and say which; raise CoverageError where no area is left."""
    shapes = shapes.copy()
    invalid = np.flatnonzero(~shapely.is_valid(shapes))
    shapes[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    for n in np.flatnonzero(shapely.get_type_id(shapes) == 7).tolist():
        shapes[n] = _polygonal_part(shapes[n])
    lost = np.flatnonzero(~(shapely.area(shapes) > 0.0)).tolist()
    _refuse([CoverageError("coverage-geometry-without-area", {"feature": n + 1, "id": ids[n]}) for n in lost])
    if not len(invalid):
        return shapes, ()
    names = listed([ids[n] for n in invalid.tolist()], _MOST_IDS_IN_A_NOTE)
    return shapes, (CoverageNote("coverage-polygons-repaired", {"count": len(invalid), "ids": names}),)


def _polygonal_part(collection: Any) -> Any:
    parts = shapely.get_parts(shapely.get_parts(collection))
    return shapely.union_all(parts[np.isin(shapely.get_type_id(parts), (3, 6))])
