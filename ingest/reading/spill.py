"""Good rows on their way through the disk: written piece by piece, read back interval by interval.

Promises: a piece is written in the order of its combinations (interval and revision), rows of one combination in the
order of the file; memory grows with the number of pieces, at most `_MARKS` places of each.
Does not: understand rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO

import numpy as np

from ingest.reading.findings import room_for

_MARKS = 4096
_COLUMNS = (
    ("value", "<f8"),
    ("area", "<u4"),
    ("line", "<u4"),
    ("state", "u1"),
    ("part", "<u4"),
    ("combination", "<u4"),
)


@dataclass(frozen=True, slots=True)
class SpilledRows:
    """Arrays of equal length. `combination`, `area`, `part`: numbers; `line` in the file; `value`, `state`.

    `part` is empty where counts have no parts.
    """

    combination: np.ndarray
    area: np.ndarray
    part: np.ndarray
    line: np.ndarray
    value: np.ndarray
    state: np.ndarray

    def chosen(self, rows: np.ndarray) -> SpilledRows:
        """Return some of the rows."""
        columns = (getattr(self, name) for name in self.__slots__)
        return SpilledRows(*(column[rows] if len(column) else column for column in columns))


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece on disk: where each column begins, its rows, where each of some `combinations` begins (`first` row),
    and the `last` of all.

    Where all of them are marked, the column of combinations is not written: the marks tell it.
    """

    offsets: dict[str, int]
    size: int
    combinations: np.ndarray
    first: np.ndarray
    last: int


class Spill:
    """The good rows of a file. `sizes`: rows of each combination."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reading = Lock()
        self._runs: list[_Run] = []
        self._sizes = np.zeros(64, dtype=np.int64)
        self._combinations = 0

    @property
    def sizes(self) -> np.ndarray:
        """How many rows each combination has."""
        return self._sizes[: self._combinations]

    def add(self, rows: SpilledRows) -> None:
        """Write the good rows of the next piece."""
        if not len(rows.line):
            return
        if np.any(rows.combination[1:] < rows.combination[:-1]):
            rows = rows.chosen(np.argsort(rows.combination, kind="stable"))
        counted = np.bincount(rows.combination)
        self._combinations = max(self._combinations, len(counted))
        self._sizes = room_for(self._sizes, len(counted))
        self._sizes[: len(counted)] += counted
        begins = np.flatnonzero(np.append(True, rows.combination[1:] != rows.combination[:-1]))
        marked = begins[:: -(-len(begins) // _MARKS)]
        left_out = {"combination"} if len(marked) == len(begins) else set()
        left_out |= {"part"} if not len(rows.part) else set()
        offsets = {name: self._written(getattr(rows, name), kind) for name, kind in _COLUMNS if name not in left_out}
        run = _Run(
            offsets, len(rows.line), rows.combination[marked], marked.astype(np.int32), int(rows.combination[-1])
        )
        self._runs.append(run)

    def _written(self, column: np.ndarray, kind: str) -> int:
        offset = self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(column, dtype=kind).data)
        return offset

    def load(self, first: int, last: int) -> Iterator[SpilledRows]:
        """Yield the rows of the combinations `first` .. `last` (excluded), piece by piece."""
        for run in self._runs:
            if run.combinations[0] < last and run.last >= first:
                start = max(0, int(np.searchsorted(run.combinations, first, side="right")) - 1)
                stop = int(np.searchsorted(run.combinations, last, side="left"))
                end = int(run.first[stop]) if stop < len(run.first) else run.size
                rows = self._read(run, int(run.first[start]), end)
                inside = (rows.combination >= first) & (rows.combination < last)
                if inside.any():
                    yield rows if inside.all() else rows.chosen(inside)

    def _read(self, run: _Run, first: int, last: int) -> SpilledRows:
        kinds = dict(_COLUMNS)
        found = {name: self._column(offset, kinds[name], first, last) for name, offset in run.offsets.items()}
        found.setdefault("part", np.zeros(0, dtype=np.uint32))
        if "combination" not in found:
            begins = np.append(run.first, run.size).clip(first, last)
            found["combination"] = np.repeat(run.combinations, np.diff(begins))
        return SpilledRows(**found)

    def _column(self, offset: int, kind: str, first: int, last: int) -> np.ndarray:
        dtype = np.dtype(kind)
        with self._reading:
            self._file.seek(offset + first * dtype.itemsize)
            return np.frombuffer(self._file.read((last - first) * dtype.itemsize), dtype)


def joined(parts: list[SpilledRows]) -> SpilledRows | None:
    """Return the rows of several parts, one behind the other; None without any."""
    if len(parts) < 2:
        return parts[0] if parts else None
    names = SpilledRows.__slots__
    return SpilledRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
