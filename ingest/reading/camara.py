"""Read the response of CAMARA Population Density Data: geohash tiles with people per km2 and hour.

Source of the shape: the API's `PopulationDensityResponse` (estimation.md section 2). `LOW_DENSITY` is suppressed,
`NO_DATA` is not covered. The estimate is called `pplDensity` or, in earlier versions, `populationDensityData`.
Does not: keep minPplDensity and maxPplDensity, whose meaning the standard leaves to the algorithm.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import polars as pl

from ingest.faults import Fault, FileRefused, quoted
from ingest.reading.findings import Place
from ingest.reading.lexicons import MOST_TIMES
from ingest.reading.pieces import PieceSize
from ingest.reading.sources import Source
from ingest.reading.tables import LINE, TOO_MANY, Piece, Table
from ingest.reading.walking import Walk

LARGEST_JSON = 16 << 20  # more than a hundred thousand tiles; whoever sends more has CSV and Parquet
_MOST_KEYS = 100
_INTERVALS, _TILES = "timedPopulationDensityData", "cellPopulationDensityData"
_VALUES = ("pplDensity", "populationDensityData")
_STATES = {"DENSITY_ESTIMATION": None, "LOW_DENSITY": "suppressed", "NO_DATA": "no_coverage"}
_NAMES = ("geohash", "startTime", "endTime", "dataType", "pplDensity")

Text = str | None
Tile = Mapping[str, object]
Times = tuple[Text, Text]


@dataclass(frozen=True, slots=True)
class _IntervalEnd:
    """What an interval says besides its tiles."""

    said: Mapping[str, object]


def camara_table(source: Source, size: PieceSize) -> Table:
    """Return one row per tile and interval; messages name the place as a JSON path instead of a line.

    The file is walked once for its shape and the times of its intervals, which may stand behind their tiles.
    Raises FileRefused: json-broken, json-not-camara, file-too-large, too-many-values.
    """
    if source.size > LARGEST_JSON:
        raise FileRefused([Fault("file-too-large", params={"limit_mb": LARGEST_JSON >> 20})])
    times: list[Times] = []
    ends: list[int] = []
    tiles = 0
    for one in _walked(source):
        if isinstance(one, _IntervalEnd):
            times.append((_text(one.said, "startTime"), _text(one.said, "endTime")))
            ends.append(tiles)
        else:
            tiles += 1
        if len(times) > MOST_TIMES:
            raise FileRefused([Fault("too-many-values", None, _INTERVALS, {"limit": MOST_TIMES})])
    return Table(_NAMES, lambda: _pieces(source, times, tiles, size.rows_of(len(_NAMES))), _place(ends))


def _pieces(source: Source, times: list[Times], tiles: int, most: int) -> Iterator[Piece]:
    rows, done = _rows(source, times), 0
    too_many = pl.lit(value=False).alias(TOO_MANY)
    while entries := list(islice(rows, most)):
        texts = {f"c{i}": pl.Series([row[i] for row in entries], dtype=pl.String) for i in range(len(_NAMES))}
        line = pl.int_range(done + 1, done + 1 + len(entries), dtype=pl.UInt32, eager=True).alias(LINE)
        done += len(entries)
        yield Piece(pl.DataFrame(texts).with_columns(line, too_many), done / max(1, tiles))


def _rows(source: Source, times: list[Times]) -> Iterator[tuple[Text, ...]]:
    number = 0
    for one in _walked(source):
        if isinstance(one, _IntervalEnd):
            number += 1
        else:
            yield _text(one, "geohash"), *times[number], *_state_and_value(one)


def _walked(source: Source) -> Iterator[Tile | _IntervalEnd]:
    """Yield each tile, and after the tiles of an interval what else the interval says."""
    with source.path.open("rb") as file:
        walk = Walk(file)
        if walk.peek() != "{":
            raise _not_camara("", "[…]")
        seen: list[str] = []
        for key in walk.members():
            _limit(seen, key, "")
            if key != _INTERVALS:
                walk.value()
            elif walk.peek() != "[":
                raise _not_camara("", key)
            else:
                for number in walk.items():
                    yield from _interval(walk, f"{_INTERVALS}[{number}]")
        if _INTERVALS not in seen:
            raise _not_camara("", ", ".join(quoted(key) for key in seen[:10]) or "{}")
        walk.end()


def _interval(walk: Walk, where: str) -> Iterator[Tile | _IntervalEnd]:
    said: dict[str, object] = {}
    seen: list[str] = []
    if walk.peek() != "{":
        raise _not_camara(where, _TILES)
    for key in walk.members():
        _limit(seen, key, where)
        if key != _TILES:
            said[key] = walk.value()
        elif walk.peek() != "[":
            raise _not_camara(where, _TILES)
        else:
            for at, tile in enumerate(walk.values()):
                if not isinstance(tile, dict):
                    raise _not_camara(f"{where}.{_TILES}[{at}]", "geohash")
                yield tile
    if _TILES not in seen:
        raise _not_camara(where, _TILES)
    yield _IntervalEnd(said)


def _limit(seen: list[str], key: str, where: str) -> None:
    """Note a key; refuse one that is there twice, and objects that are no part of a response."""
    if key in seen or len(seen) >= _MOST_KEYS:
        raise _not_camara(where, quoted(key))
    seen.append(key)


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
