"""Read the response of CAMARA Population Density Data: geohash tiles with people per km2 and hour.

Source of the shape: the API's `PopulationDensityResponse` (estimation.md section 2). `LOW_DENSITY` is suppressed,
`NO_DATA` is not covered. The estimate is called `pplDensity` or, in earlier versions, `populationDensityData`.
Does not: keep minPplDensity and maxPplDensity, whose meaning the standard leaves to the algorithm.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from ingest.faults import Fault, FileRefused, quoted
from ingest.reading.sources import Source
from ingest.reading.tables import LINE, TOO_MANY, Place, Table

LARGEST_JSON = 64 << 20  # half a million tiles; as objects they take twenty times that
_INTERVALS, _TILES = "timedPopulationDensityData", "cellPopulationDensityData"
_VALUES = ("pplDensity", "populationDensityData")
_STATES = {"DENSITY_ESTIMATION": None, "LOW_DENSITY": "suppressed", "NO_DATA": "no_coverage"}
_NAMES = ("geohash", "startTime", "endTime", "dataType", "pplDensity")

Entry = tuple[str | None, str | None, str | None, str | None, str | None]


def camara_table(source: Source) -> Table:
    """Return one row per tile and interval; messages name the place as a JSON path instead of a line.

    Raises FileRefused: json-broken, json-not-camara, file-too-large.
    """
    response = _parsed(source)
    intervals = response.get(_INTERVALS) if isinstance(response, dict) else None
    if not isinstance(intervals, list):
        keys = ", ".join(quoted(key) for key in list(response)[:10]) if isinstance(response, dict) else "[…]"
        raise _not_camara("", f"{keys or '{}'}")
    entries: list[Entry] = []
    ends: list[int] = []
    for number, interval in enumerate(intervals):
        entries += _entries(number, interval)
        ends.append(len(entries))
    columns = {f"c{i}": pl.Series([entry[i] for entry in entries], dtype=pl.String) for i in range(len(_NAMES))}
    rows = pl.DataFrame(columns).lazy().with_row_index(LINE, offset=1)
    too_many = pl.lit(value=False).alias(TOO_MANY)
    return Table(_NAMES, rows.with_columns(pl.col(LINE).cast(pl.UInt32), too_many), _place(ends))


def _parsed(source: Source) -> Any:
    if source.size > LARGEST_JSON:
        raise FileRefused([Fault("file-too-large", params={"limit_mb": LARGEST_JSON >> 20})])
    data = source.path.read_bytes()
    if _INTERVALS.encode() not in data:  # refused before anything of another shape is built
        first_key = re.match(rb'\s*\{\s*"([A-Za-z_]{1,40})"', data)
        raise _not_camara("", first_key.group(1).decode() if first_key else "[…]")
    try:
        text = data.decode("utf-8-sig")
        # Numbers stay text: they go through the same grammar as those of a CSV file.
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except UnicodeDecodeError as error:
        raise FileRefused([Fault("text-not-utf8")]) from error
    except json.JSONDecodeError as error:
        raise FileRefused([Fault("json-broken", error.lineno, params={"reason": error.msg})]) from error
    except RecursionError as error:
        raise FileRefused([Fault("json-broken", params={"reason": "too deep"})]) from error


def _entries(number: int, interval: object) -> Iterator[Entry]:
    where = f"{_INTERVALS}[{number}]"
    tiles = interval.get(_TILES) if isinstance(interval, dict) else None
    if not isinstance(interval, dict) or not isinstance(tiles, list):
        raise _not_camara(where, _TILES)
    start, end = _text(interval, "startTime"), _text(interval, "endTime")
    for at, tile in enumerate(tiles):
        if not isinstance(tile, dict):
            raise _not_camara(f"{where}.{_TILES}[{at}]", "geohash")
        yield _text(tile, "geohash"), start, end, *_state_and_value(tile)


def _state_and_value(tile: Mapping[str, object]) -> tuple[str | None, str | None]:
    data_type = _text(tile, "dataType")
    state = _STATES.get(data_type or "DENSITY_ESTIMATION", data_type)
    value = next((_text(tile, name) for name in _VALUES if tile.get(name) is not None), None)
    return state, None if state else value


def _text(given: Mapping[str, object], key: str) -> str | None:
    value = given.get(key)
    return None if value is None or value == "" else str(value)


def _place(ends: list[int]) -> Place:
    """Return what turns a row's number (from 1) into the path of its tile."""

    def place(line: int, column: str | None) -> tuple[int | None, str | None]:
        interval = bisect_right(ends, line - 1)
        tile = line - 1 - (ends[interval - 1] if interval else 0)
        path = f"{_INTERVALS}[{interval}]"
        whole = column in ("startTime", "endTime")
        return None, f"{path}.{column}" if whole else f"{path}.{_TILES}[{tile}]" + (f".{column}" if column else "")

    return place


def _not_camara(where: str, wanted: str) -> FileRefused:
    return FileRefused([Fault("json-not-camara", column=where or None, params={"present": wanted})])
