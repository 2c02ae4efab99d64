"""Prior layers from files: residents or built volume by hexagon (CSV), or by polygon, brought to res-9 hexagons.

Promises: totals are conserved (polygons are spread by area, coarse hexagons over their children, fine ones summed);
what is wrong is named with line or feature and column, all of it at once; nothing is guessed in silence.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import area_weights, file_bytes, hexagons, projections
from geo.coverage_columns import find_column, listed
from geo.errors import CoverageNote, Param, PriorError
from geo.feature_files import Features, features_of_gdal, features_of_json, features_of_zip
from geo.hexagons import Floats, HexIds

RESOLUTION = 9
COARSEST = 5  # 2,401 children each: coarser says nothing of a city
HEXAGON_NAMES = ("hexagon", "h3", "h3_index", "h3index", "hex_id", "hexid", "h3_id", "cell", "id")
VALUE_NAMES = {
    "residents": ("residents", "population", "people", "pop", "value"),
    "built_volume": ("built_volume", "volume", "built", "volume_m3", "value"),
}
_MOST_ERRORS = 100
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True, eq=False)
class PriorReading:
    """A prior layer: `values` (N,) by hexagon (res 9, sorted ids), from which column, from how many rows."""

    hexagons: HexIds
    values: Floats
    column: str
    rows: int
    notes: tuple[CoverageNote, ...] = ()


def read_prior(path: Path, kind: str, column: str | None) -> PriorReading:
    """Read a layer of a kind of `VALUE_NAMES`; raise GeoError with every fault of the file."""
    content = file_bytes.unpacked(path)
    form = file_bytes.kind_of(content, path.name)
    if form == "csv":
        return _of_table(file_bytes.text_of(content, path.name), path.name, kind, column)
    if form == "json":
        features = features_of_json(file_bytes.text_of(content, path.name), path.name)
    else:
        features = features_of_zip(path) if form == "zip" else features_of_gdal(str(path), path.name)
    return _of_features(features, path.name, kind, column)


def _of_table(text: str, name: str, kind: str, wanted: str | None) -> PriorReading:
    delimiter = max(_DELIMITERS, key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [one.strip() for one in next(reader)]
        rows = [(row, reader.line_num) for row in reader if any(one.strip() for one in row)]
    except csv.Error as broken:
        raise PriorError("prior-csv-broken", {"file": name}, line=reader.line_num) from broken
    if not rows:
        raise PriorError("prior-empty", {"file": name})
    _refuse(
        [PriorError("prior-ragged-line", _lengths(row, columns), at) for row, at in rows if len(row) != len(columns)]
    )
    where = _hexagon_column(columns)
    column = _value_column([one for one in columns if one != where], kind, wanted)
    at, of = columns.index(where), columns.index(column)
    faults: list[PriorError] = []
    ids = np.array([_hexagon(row[at].strip(), line, where, faults) for row, line in rows], np.uint64)
    comma = delimiter != ","
    values = np.array([_number(row[of].strip(), line, column, faults, comma=comma) for row, line in rows])
    faults += _not_told_apart(ids, [line for _row, line in rows], where)
    _refuse(faults)
    return _gathered(ids, values, column, len(rows))


def _lengths(row: Sequence[str], columns: Sequence[str]) -> dict[str, Param]:
    return {"found": len(row), "expected": len(columns)}


def _hexagon_column(columns: Sequence[str]) -> str:
    found = find_column(columns, HEXAGON_NAMES)
    if found is None:
        raise PriorError("prior-missing-hexagons", {"present": listed(columns), "known": ", ".join(HEXAGON_NAMES)})
    return found


def _value_column(columns: Sequence[str], kind: str, wanted: str | None) -> str:
    """Choose the named column, a known name of the kind, or the only one there is."""
    names = VALUE_NAMES[kind] if wanted is None else (wanted.strip().lower(),)
    found = find_column(columns, names)
    if found is None and wanted is None and len(columns) == 1:
        found = columns[0]
    if found is None:
        params = {"column": wanted or ", ".join(names), "present": listed(columns)}
        raise PriorError("prior-missing-column", params, column=wanted)
    return found


def _hexagon(text: str, line: int, column: str, faults: list[PriorError]) -> int:
    if not hexagons.is_hexagon(text):
        faults.append(PriorError("prior-not-a-hexagon", {"value": text[:40]}, line, column))
        return 0
    own = int(text, 16)
    if hexagons.resolutions(np.array([own], np.uint64))[0] < COARSEST:
        faults.append(PriorError("prior-hexagon-too-coarse", {"value": text, "coarsest": COARSEST}, line, column))
    return own


def _number(text: str, line: int | None, column: str, faults: list[PriorError], *, comma: bool = False) -> float:
    try:
        number = float(text.replace(",", ".") if comma else text)
    except ValueError:
        number = math.nan
    if math.isfinite(number) and number >= 0.0:
        return number
    code = "prior-negative" if math.isfinite(number) else "prior-not-a-number"
    faults.append(PriorError(code, {"value": text[:40]}, line, column))
    return 0.0


def _not_told_apart(ids: HexIds, lines: Sequence[int], column: str) -> list[PriorError]:
    """Name hexagons that stand twice, and mixed resolutions, of which one would hold the other."""
    known = ids[ids > 0]
    found = np.unique(hexagons.resolutions(known)) if len(known) else np.zeros(0, np.int64)
    if len(found) > 1:
        return [PriorError("prior-mixed-resolutions", {"found": ", ".join(map(str, found.tolist()))}, column=column)]
    first: dict[int, int] = {}
    twice = []
    for own, line in zip(ids.tolist(), lines, strict=True):
        if own and first.setdefault(own, line) != line:
            params: dict[str, Param] = {"value": f"{own:x}", "first_line": first[own]}
            twice.append(PriorError("prior-hexagon-repeated", params, line, column))
    return twice


def _gathered(ids: HexIds, values: Floats, column: str, rows: int) -> PriorReading:
    own = int(hexagons.resolutions(ids[:1])[0])
    if own >= RESOLUTION:
        target = hexagons.parents(ids, RESOLUTION)
    else:
        inside = [hexagons.children(one, RESOLUTION) for one in ids.tolist()]
        sizes = np.array([len(one) for one in inside])
        target, values = np.concatenate(inside), np.repeat(values / sizes, sizes)
    unique, at = np.unique(target, return_inverse=True)
    total = np.bincount(at, weights=values, minlength=len(unique)).astype(np.float64)
    return PriorReading(unique, total, column, rows)


def _of_features(features: Features, name: str, kind: str, wanted: str | None) -> PriorReading:
    if not len(features.shapes):
        raise PriorError("prior-empty", {"file": name})
    columns = list(dict.fromkeys(key for row in features.properties for key in row))
    column = _value_column(columns, kind, wanted)
    _refuse([PriorError("prior-not-an-area", {"feature": number}) for number in _without_area(features.shapes)])
    faults: list[PriorError] = []
    values = np.array([_property(row, number, column, faults) for number, row in enumerate(features.properties, 1)])
    _refuse(faults)
    shapes = projections.to_longitude_latitude(
        features.shapes, [str(number) for number in range(1, len(values) + 1)], features.crs
    )
    found = area_weights.overlaps_of_shapes(shapely.make_valid(shapes), RESOLUTION)
    whole = np.bincount(found.row, weights=found.area_km2, minlength=len(values))
    parts = values[found.row] * found.area_km2 / whole[found.row]
    spread = np.bincount(found.column, weights=parts, minlength=len(found.hexagons)).astype(np.float64)
    return PriorReading(found.hexagons, spread, column, len(values), features.notes)


def _without_area(shapes: NDArray[Any]) -> list[int]:
    nothing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    wrong = nothing | ~np.isin(shapely.get_type_id(shapes), (3, 6)) | ~(shapely.area(shapes) > 0.0)
    return [number + 1 for number in np.flatnonzero(wrong).tolist()]


def _property(row: dict[str, Any], feature: int, column: str, faults: list[PriorError]) -> float:
    here: list[PriorError] = []
    value = row.get(column)
    number = _number("" if value is None or isinstance(value, bool) else str(value), None, column, here)
    of_feature: dict[str, Param] = {"feature": feature}
    faults += [PriorError(f"{one.code}-feature", of_feature | one.params, column=column) for one in here]
    return number


def _refuse(faults: list[PriorError]) -> None:
    if faults:
        first, *rest = sorted(faults, key=lambda one: one.line or 0)[:_MOST_ERRORS]
        first.others = tuple(rest)
        raise first
