"""Coverages in CSV: radio cells (multimno's or OpenCelliD's columns), points with a radius, outlines as WKT, bare ids.

The columns decide which. Rows are checked one by one and all faults are told with their line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import grids, projections
from geo.coverage import Coverage, CoverageReading, RadioParameters, coverage_of_geohashes, coverage_of_hexagons
from geo.coverage_columns import (
    CELL_IDENTITY,
    ID_NAMES,
    PLACE_NAMES,
    RADIO_NAMES,
    WEAK_ID_NAMES,
    find_column,
    get_column,
    id_text,
    listed,
)
from geo.errors import CoverageError, CoverageNote, all_or_first
from geo.hexagons import Floats
from geo.radio_weights import LONGEST_RANGE_M

_DELIMITERS = ",;\t|"
_MOST_ERRORS = 1000
_BOUNDS = {"range": (0.0, 1e6), "azimuth": (-360.0, 360.0), "beam_width": (0.0, 360.0), "power": (0.0, 1e6)}
_MICRO = {"range": 1_000.0, "power": 5.0, "height": 8.0}  # multimno's defaults for microcells


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file by columns: names, rows of text, the physical line on which each row ends."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    decimal_comma: bool

    def texts(self, column: str) -> list[str]:
        """Give one column's texts without surrounding blanks."""
        at = self.columns.index(column)
        return [row[at].strip() for row in self.rows]


def read_positions(text: str, name: str, id_column: str | None) -> CoverageReading:
    """Read a coverage from CSV text; raise CoverageError naming line and column of every fault."""
    table = _table(text, name)
    found = {what: find_column(table.columns, names) for what, names in PLACE_NAMES.items()}
    if found["outline"]:
        return _of_outlines(table, found["outline"], id_column, name)
    if found["longitude"] is None or found["latitude"] is None:
        return _of_ids_alone(table, id_column)
    ids, notes, kept = _ids(table, id_column)
    faults: list[CoverageError] = []
    longitude = _numbers(table, found["longitude"], faults, required=True)
    latitude = _numbers(table, found["latitude"], faults, required=True)
    faults += _impossible_places(table, longitude, latitude)
    measures = {
        what: _numbers(table, found[what], faults, required=False)
        for what in ("radius", "range", "azimuth", "beam_width", "power", "height", "directionality")
    }
    _refuse(faults)
    measures |= {"longitude": longitude, "latitude": latitude}
    measures = {what: values[kept] for what, values in measures.items()}
    order = np.argsort(np.array(ids, dtype=object), kind="stable")
    measures = {what: values[order] for what, values in measures.items()}
    names = tuple(ids[n] for n in order.tolist())
    if found["radius"] and not found["range"]:
        return _of_discs(names, measures, notes)
    return _of_radio_cells(names, measures, _micro(table, found["cell_type"])[kept][order], notes)


def _refuse(faults: list[CoverageError]) -> None:
    if faults:
        raise all_or_first(sorted(faults, key=lambda fault: fault.line or 0))


def _table(text: str, name: str) -> Table:
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [column.strip() for column in next(reader)]
        numbered = [(row, reader.line_num) for row in reader if any(row)]
    except csv.Error as broken:
        raise CoverageError("coverage-csv-broken", {"file": name}, line=reader.line_num) from broken
    if not numbered:
        raise CoverageError("coverage-empty", {"file": name})
    ragged = [(len(row), line) for row, line in numbered if len(row) != len(columns)][:_MOST_ERRORS]
    expected = len(columns)
    _refuse([CoverageError("coverage-ragged-line", {"expected": expected, "found": n}, line=at) for n, at in ragged])
    rows, lines = [row for row, _ in numbered], [line for _, line in numbered]
    return Table(columns, rows, lines, decimal_comma=delimiter != ",")


def _numbers(table: Table, column: str | None, faults: list[CoverageError], *, required: bool) -> Floats:
    """Read one column of numbers, NaN where it is silent; faults go to the list."""
    values = np.full(len(table.rows), np.nan)
    if column is None:
        return values
    for n, text in enumerate(table.texts(column)):
        number = _number(text.replace(",", ".") if table.decimal_comma else text)
        if number is None or (required and number != number):  # noqa: PLR0124 - NaN differs from itself
            params = {"column": column, "value": text[:40]}
            faults.append(CoverageError("coverage-not-a-number", params, line=table.lines[n], column=column))
        else:
            values[n] = number
    return values


def _number(text: str) -> float | None:
    if text.lower() in {"", "na", "nan", "null", "none"}:
        return float("nan")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _impossible_places(table: Table, longitude: Floats, latitude: Floats) -> list[CoverageError]:
    wrong = np.flatnonzero((np.abs(longitude) > 180.0) | (np.abs(latitude) > 90.0)).tolist()[:_MOST_ERRORS]
    return [_impossible_place(float(longitude[n]), float(latitude[n]), table.lines[n]) for n in wrong]


def _impossible_place(x: float, y: float, line: int) -> CoverageError:
    swapped = abs(x) <= 90.0 < abs(y) <= 180.0
    code = "coverage-position-swapped" if swapped else "coverage-position-out-of-range"
    return CoverageError(code, {"longitude": x, "latitude": y}, line=line)


Ids = tuple[list[str], tuple[CoverageNote, ...], NDArray[np.int64]]


def _ids(table: Table, wanted: str | None) -> Ids:
    """Name the rows: by the named column, a known one, or the worldwide name of a radio cell; which rows are kept."""
    if wanted is not None:
        return _ids_of_column(table, get_column(table.columns, wanted))
    strong = find_column(table.columns, ID_NAMES)
    parts = [find_column(table.columns, names) for names in CELL_IDENTITY]
    if strong is None and parts[0] and parts[1] and parts[3]:
        return _ids_of_identity(table, [part for part in parts if part])
    column = strong or find_column(table.columns, WEAK_ID_NAMES)
    if column is None:
        raise CoverageError("coverage-id-column-unclear", {"present": listed(table.columns)}, line=1)
    return _ids_of_column(table, column)


def _ids_of_column(table: Table, column: str) -> Ids:
    ids = table.texts(column)
    lines = table.lines
    _refuse([_id_missing(lines[n], column) for n, text in enumerate(ids) if not text][:_MOST_ERRORS])
    first: dict[str, int] = {}
    for n, text in enumerate(ids):
        first.setdefault(text, n)
    again = [n for n, text in enumerate(ids) if first[text] != n][:_MOST_ERRORS]
    _refuse([_id_repeated(ids[n], lines[first[ids[n]]], lines[n], column) for n in again])
    return ids, (), np.arange(len(ids))


def _id_missing(line: int, column: str) -> CoverageError:
    return CoverageError("coverage-id-missing-on-line", {"column": column}, line=line, column=column)


def _id_repeated(text: str, first: int, line: int, column: str) -> CoverageError:
    return CoverageError("coverage-id-repeated-on-line", {"id": text, "first": first}, line=line, column=column)


def _ids_of_identity(table: Table, parts: list[str]) -> Ids:
    """Build mcc-mnc-tac-cell; with the radio technology where that alone is not unique; the first of repeats stays."""
    columns = [table.texts(part) for part in parts]
    ids = ["-".join(map(id_text, row)) for row in zip(*columns, strict=True)]
    radio = find_column(table.columns, RADIO_NAMES)
    if len(set(ids)) < len(ids) and radio:
        ids = [f"{kind}-{text}" for kind, text in zip(table.texts(radio), ids, strict=True)]
    unique, kept = np.unique(np.array(ids, dtype=object).astype(str), return_index=True)
    kept = np.sort(kept)
    left_out = len(ids) - len(unique)
    built = CoverageNote("coverage-id-built", {"columns": listed(parts)})
    repeats = (CoverageNote("coverage-radio-cells-repeated", {"count": left_out}),) if left_out else ()
    return [ids[n] for n in kept.tolist()], (built, *repeats), kept


def _micro(table: Table, column: str | None) -> NDArray[np.bool_]:
    if column is None:
        return np.zeros(len(table.rows), dtype=bool)
    return np.array([text.lower() in {"microcell", "picocell", "femtocell"} for text in table.texts(column)])


def _out_of_bounds(ids: tuple[str, ...], measures: dict[str, Floats]) -> list[CoverageError]:
    """List radio cells with a number that no antenna has; nothing (NaN) is no number."""
    wrong = [
        (int(row), what)
        for what, (least, most) in _BOUNDS.items()
        for row in np.flatnonzero((measures[what] < least) | (measures[what] > most))
    ]
    return [
        CoverageError(
            "coverage-number-out-of-bounds",
            {"id": ids[row], "value": float(measures[what][row]), "least": _BOUNDS[what][0], "most": _BOUNDS[what][1]},
            column=what,
        )
        for row, what in sorted(wrong)[:_MOST_ERRORS]
    ]


def _of_radio_cells(
    ids: tuple[str, ...], measures: dict[str, Floats], micro: NDArray[np.bool_], notes: tuple[CoverageNote, ...]
) -> CoverageReading:
    for what, default in _MICRO.items():
        measures[what] = np.where(micro & ~(measures[what] > 0.0), default, measures[what])
    _refuse(_out_of_bounds(ids, measures))
    silent = int((~(measures["range"] > 0.0)).sum())
    far = int((measures["range"] > LONGEST_RANGE_M).sum())
    assumed = (CoverageNote("coverage-ranges-assumed", {"count": silent}),) if silent else ()
    shortened = {"count": far, "kilometres": int(LONGEST_RANGE_M / 1000)}
    capped = (CoverageNote("coverage-ranges-shortened", shortened),) if far else ()
    around = int((np.isnan(measures["azimuth"]) & (measures["directionality"] != 0.0) & ~micro).sum())
    undirected = (CoverageNote("coverage-azimuths-assumed", {"count": around}),) if around else ()
    radio = RadioParameters(
        longitude=measures["longitude"],
        latitude=measures["latitude"],
        range_m=measures["range"],
        azimuth=np.where(measures["directionality"] == 0.0, np.nan, measures["azimuth"]),
        beam_width=measures["beam_width"],
        power_w=measures["power"],
        height_m=measures["height"],
    )
    shapes = np.asarray(shapely.points(radio.longitude, radio.latitude), dtype=object)
    return CoverageReading(Coverage("radio_cell", ids, shapes, radio), notes + assumed + capped + undirected)


def _of_discs(ids: tuple[str, ...], measures: dict[str, Floats], notes: tuple[CoverageNote, ...]) -> CoverageReading:
    without = np.flatnonzero(~(measures["radius"] > 0.0)).tolist()[:_MOST_ERRORS]
    _refuse([CoverageError("coverage-radius-missing", {"id": ids[n]}, column="radius") for n in without])
    shapes = projections.discs(measures["longitude"], measures["latitude"], measures["radius"])
    return CoverageReading(Coverage("area", ids, shapes), notes)


def _of_outlines(table: Table, column: str, id_column: str | None, name: str) -> CoverageReading:
    from geo.coverage_files import coverage_of_features
    from geo.feature_files import Features

    shapes = np.asarray(shapely.from_wkt(table.texts(column), on_invalid="ignore"), dtype=object)
    broken = np.flatnonzero(shapely.is_missing(shapes)).tolist()[:_MOST_ERRORS]
    _refuse([CoverageError("coverage-outline-broken", {"column": column}, table.lines[n], column) for n in broken])
    others = [other for other in table.columns if other != column]
    properties = [dict(zip(others, values, strict=True)) for values in zip(*map(table.texts, others), strict=True)]
    features = Features(list(properties), shapely.force_2d(shapes), [None] * len(shapes), None)
    return coverage_of_features(features, id_column, name)


_OF_GRID: dict[str, Callable[[Sequence[str]], Coverage]] = {
    "h3": coverage_of_hexagons,
    "geohash": coverage_of_geohashes,
}


def _of_ids_alone(table: Table, id_column: str | None) -> CoverageReading:
    """Take a list of H3 or geohash ids, which need no places; anything else lacks its positions."""
    column = get_column(table.columns, id_column) if id_column else find_column(table.columns, ID_NAMES)
    grid = grids.looks_like(table.texts(column)) if column else None
    if column is None or grid is None:
        params = {"column": "longitude, latitude", "present": listed(table.columns)}
        raise CoverageError("coverage-missing-column", params, line=1)
    return CoverageReading(_OF_GRID[grid](table.texts(column)))
