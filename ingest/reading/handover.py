"""Hand a reading from the process that parsed a stranger's file to the one that asked: JSON and one raw file of arrays.

Never pickle: what comes back is checked as if the stranger had written it. Promises: `taken_over` returns a reading
whose every part has its type and size, or raises ValueError. Nothing is left on disk: the files are opened and removed
at once, so they go with the last process that reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from ingest.faults import Fault, FileRefused, catalogue
from ingest.feeds import CountKind
from ingest.reading.counts import CountGroup, CountsFile, CountsReading, GridKind, Point

SAID, COUNTS = "said.json", "counts.bin"
_LARGEST_SAID = 256 << 20
_LONGEST_TEXT = 4096
_NUMBERS = ("rows_in", "rows_accepted", "rows_rejected", "rows_suppressed", "fault_count")


def hand_over(reading: CountsReading, folder: Path) -> None:
    """Write what a reading says into `folder`; its arrays are there already, as COUNTS."""
    said = {name: getattr(reading, name) for name in _NUMBERS}
    said |= {"kind": reading.kind, "grid": reading.grid, "area_ids": reading.area_ids}
    said |= {"groups": [[one.spans, one.precision, one.revision, one.offset, one.size] for one in reading.groups]}
    said |= {"points": [[one.source_area_id, one.longitude, one.latitude, one.radius_m] for one in reading.points]}
    said |= {"faults": faults_said(reading.faults), "notes": faults_said(reading.notes)}
    said |= {"thresholded_at": reading.thresholded_at, "rank": reading.counts.rank_said()}
    (folder / SAID).write_text(json.dumps(said), encoding="utf-8")


def taken_over(folder: Path) -> CountsReading:
    """Return the reading that another process left in `folder`, and remove its files. Raises ValueError, OSError."""
    path = folder / SAID
    if path.stat().st_size > _LARGEST_SAID:
        raise ValueError("a reading says too much")
    said = _mapping(json.loads(path.read_text(encoding="utf-8")))
    path.unlink()
    rank = said.pop("rank", None)
    file = (folder / COUNTS).open("rb")
    try:
        (folder / COUNTS).unlink()
        size = file.seek(0, 2)
        ranks = None if rank is None else np.array(_whole_numbers(rank), dtype=np.uint32)
        return _reading(said, CountsFile(file, ranks), size)
    except BaseException:
        file.close()
        raise


def _reading(said: Mapping[str, Any], counts: CountsFile, size: int) -> CountsReading:
    numbers = dict(zip(_NUMBERS, _whole_numbers([said.get(name) for name in _NUMBERS]), strict=True))
    if numbers["rows_in"] != numbers["rows_accepted"] + numbers["rows_rejected"]:
        raise ValueError("rows are neither accepted nor rejected")
    threshold = said.get("thresholded_at")
    return CountsReading(
        kind=cast("CountKind", _one_of(get_args(CountKind), said.get("kind"))),
        grid=cast("GridKind", _one_of(get_args(GridKind), said.get("grid"))),
        area_ids=tuple(_text(one) for one in _listed(said.get("area_ids"))),
        groups=tuple(_group(one, size) for one in _listed(said.get("groups"))),
        counts=counts,
        faults=faults_of(said.get("faults")),
        notes=faults_of(said.get("notes")),
        points=tuple(_point(one) for one in _listed(said.get("points"))),
        thresholded_at=None if threshold is None else _number(threshold),
        **numbers,
    )


def refusal_said(refused: FileRefused) -> dict[str, Any]:
    """Return a refusal as JSON can say it."""
    return {"faults": faults_said(refused.faults), "rows_in": refused.rows_in, "fault_count": refused.fault_count}


def refusal_of(said: object, file: str) -> FileRefused:
    """Return the refusal that `refusal_said` said. Raises ValueError."""
    given = _mapping(said)
    rows, count = _whole_numbers([given.get("rows_in"), given.get("fault_count")])
    if not (faults := faults_of(given.get("faults"))):
        raise ValueError("a refusal without a reason")
    return FileRefused(faults, file, rows, count)


def faults_said(faults: Iterable[Fault]) -> list[list[Any]]:
    """Return faults as JSON can say them."""
    return [[one.code, one.line, one.column, dict(one.params)] for one in faults]


def faults_of(said: object) -> tuple[Fault, ...]:
    """Return the faults that `faults_said` said. Raises ValueError."""
    return tuple(_fault(*_exactly(4, one)) for one in _listed(said))


def _fault(code: object, line: object, column: object, params: object) -> Fault:
    if code not in catalogue():
        raise ValueError("a fault that no catalogue knows")
    given = {_text(name): value if isinstance(value, int) else _word(value) for name, value in _mapping(params).items()}
    place = None if line is None else _whole_numbers([line])[0]
    return Fault(str(code), place, None if column is None else _text(column), given)


def _word(value: object) -> str | float:
    return _number(value) if isinstance(value, float) else _text(value)


def _group(said: object, size: int) -> CountGroup:
    spans, *numbers = _exactly(5, said)
    precision, revision, offset, length = _whole_numbers(numbers)
    times = tuple(cast("tuple[int, int]", tuple(_times(_exactly(2, span)))) for span in _listed(spans))
    if any(end <= start for start, end in times) or offset + length * CountsFile.ROW_BYTES > size:
        raise ValueError("a group of counts that cannot be")
    return CountGroup(times, precision, revision, offset, length)


def _point(said: object) -> Point:
    one, longitude, latitude, radius = _exactly(4, said)
    return Point(_text(one), _number(longitude), _number(latitude), None if radius is None else _number(radius))


def _times(values: list[object]) -> list[int]:
    if not all(isinstance(one, int) and abs(one) < 1 << 62 for one in values):
        raise ValueError("no time")
    return cast("list[int]", values)


def _whole_numbers(values: object) -> list[int]:
    numbers = _listed(values)
    if not all(type(one) is int and 0 <= one < 1 << 62 for one in numbers):
        raise ValueError("no whole number")
    return cast("list[int]", numbers)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError("no text")
    return value


def _one_of(allowed: tuple[str, ...], value: object) -> str:
    if value not in allowed:
        raise ValueError("not among what is allowed")
    return str(value)


def _exactly(size: int, value: object) -> list[object]:
    if len(found := _listed(value)) != size:
        raise ValueError("not as many as there must be")
    return found


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no mapping")
    return value
