"""Good rows on their way through the disk: written piece by piece, read back interval by interval.

Promises: a piece is written in the order of its combinations (interval and revision), rows of one combination in the
order of the file; memory grows with the number of pieces, at most `_MARKS` places of each.
Does not: understand rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from ingest.reading.findings import room_for

_MARKS = 4096
_COLUMNS = (
    ("value", "<f8"),
    ("combination", "<u4"),
    ("area", "<u4"),
    ("line", "<u4"),
    ("part", "<u4"),
    ("state", "u1"),
)


@dataclass(frozen=True, slots=True)
class SpilledRows:
    """Rows of equal length arrays. `combination`, `area`, `part`: numbers; `line` in the file; `value`, `state`."""

    combination: np.ndarray
    area: np.ndarray
    part: np.ndarray
    line: np.ndarray
    value: np.ndarray
    state: np.ndarray

    def chosen(self, rows: np.ndarray) -> SpilledRows:
        """Return some of the rows."""
        return SpilledRows(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece on disk: where it begins, its rows, and where each of some `combinations` begins (`first` row)."""

    offset: int
    size: int
    combinations: np.ndarray
    first: np.ndarray


class Spill:
    """The good rows of a file. `sizes`: rows of each combination."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
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
        begins = begins[:: -(-len(begins) // _MARKS)]
        offset = self._file.seek(0, 2)
        self._runs.append(_Run(offset, len(rows.line), rows.combination[begins].copy(), begins.astype(np.int32)))
        for name, kind in _COLUMNS:
            self._file.write(getattr(rows, name).astype(kind, copy=False).tobytes())

    def load(self, first: int, last: int) -> Iterator[SpilledRows]:
        """Yield the rows of the combinations `first` .. `last` (excluded), piece by piece."""
        for run in self._runs:
            start = max(0, int(np.searchsorted(run.combinations, first, side="right")) - 1)
            stop = int(np.searchsorted(run.combinations, last, side="left"))
            if stop > start:
                end = int(run.first[stop]) if stop < len(run.first) else run.size
                rows = self._read(run, int(run.first[start]), end)
                inside = (rows.combination >= first) & (rows.combination < last)
                if inside.any():
                    yield rows if inside.all() else rows.chosen(inside)

    def _read(self, run: _Run, first: int, last: int) -> SpilledRows:
        found, offset = {}, run.offset
        for name, kind in _COLUMNS:
            dtype = np.dtype(kind)
            self._file.seek(offset + first * dtype.itemsize)
            found[name] = np.frombuffer(self._file.read((last - first) * dtype.itemsize), dtype)
            offset += run.size * dtype.itemsize
        return SpilledRows(**found)


def joined(parts: list[SpilledRows]) -> SpilledRows:
    """Return the rows of several parts, one behind the other; there is at least one."""
    if len(parts) == 1:
        return parts[0]
    names = SpilledRows.__slots__
    return SpilledRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
