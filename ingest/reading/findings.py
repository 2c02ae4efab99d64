"""Collect what is wrong with the rows of one file, without a Python object per row.

Promises: every faulty row is counted; the first LISTED faults of the file are kept in words, in the file's order,
whatever the pieces in which it is read. Unknown source areas are counted apart, because a feed may let just those go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ingest.faults import Fault, FileRefused
from ingest.feeds import Feed
from ingest.reading.lexicons import Coded

LISTED = 1000

Params = Mapping[str, str | int | float]
Place = Callable[[int, str | None], tuple[int | None, str | None]]


class Verdicts:
    """The fault of each distinct text of a column, by its code; they grow with the lexicon."""

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self._marks = np.zeros(64, dtype=np.uint8)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def learn(self, codes: Sequence[str | None]) -> None:
        """Add the verdicts on the next texts: the code of a fault, or None."""
        marks = [0 if code is None else self._mark(code) for code in codes]
        self._marks = room_for(self._marks, self._size + len(marks))
        self._marks[self._size : self._size + len(marks)] = marks
        self._size += len(marks)

    def _mark(self, code: str) -> int:
        if code not in self.names:
            self.names.append(code)
        return self.names.index(code)

    def of(self, codes: np.ndarray) -> np.ndarray:
        """Return (n,) uint8: each row's index into `names`, 0 where nothing is wrong or nothing is there."""
        marks = self._marks[np.maximum(codes, 0)]
        marks[codes < 0] = 0
        return np.asarray(marks)


def room_for(array: np.ndarray, size: int) -> np.ndarray:
    """Return `array`, or a copy with room for at least `size` values."""
    if size <= len(array):
        return array
    grown = np.zeros(max(size, 2 * len(array)), dtype=array.dtype)
    grown[: len(array)] = array
    return grown


class Findings:
    """Faulty rows of one piece. `faulty` (n,) bool: any fault but an unknown source area, which is in `unknown`."""

    def __init__(self, lines: np.ndarray, place: Place, room: int = LISTED) -> None:
        self.lines = lines
        self.faulty = np.zeros(len(lines), dtype=bool)
        self.unknown = np.zeros(len(lines), dtype=bool)
        self.count = 0
        self.codes: set[str] = set()
        self._place = place
        self._room = room
        self._kept: list[tuple[int, int, Fault]] = []

    def add(
        self, code: str, rows: np.ndarray, column: str | None = None, params: Callable[[int], Params] | None = None
    ) -> None:
        """Mark `rows` (indices) as faulty. `params` gives the sentence's parameters of one row."""
        if not len(rows):
            return
        (self.unknown if code == "source-area-unknown" else self.faulty)[rows] = True
        self.count += len(rows)
        self.codes.add(code)
        for row in rows[: self._room].tolist():
            line, where = self._place(int(self.lines[row]), column)
            fault = Fault(code, line, where, params(row) if params else {})
            self._kept.append((int(self.lines[row]), len(self._kept), fault))

    def add_texts(
        self, verdicts: Verdicts, coded: Coded, column: str | None, params: Callable[[str], Params]
    ) -> np.ndarray:
        """Mark the rows of every text that has a fault; return (n,) uint8, 0 where there is none."""
        marks = verdicts.of(coded.codes)
        if marks.any():
            for code in sorted({verdicts.names[mark] for mark in np.unique(marks)} - {""}):
                rows = np.flatnonzero(marks == verdicts.names.index(code))
                self.add(code, rows, column, lambda row: params(coded.texts[coded.codes[row]]))
        return marks

    @property
    def bad(self) -> np.ndarray:
        """Whether each row is rejected, for whatever reason; (n,) bool."""
        return np.asarray(self.faulty | self.unknown)

    def in_order(self) -> list[tuple[int, int, Fault]]:
        """Return the first faults as (line, order, fault)."""
        return sorted(self._kept, key=lambda kept: kept[:2])[: self._room]


class Ledger:
    """What is wrong with a file so far: the findings of its pieces, in the order of the file."""

    def __init__(self) -> None:
        self.rows_in = 0
        self.rows_rejected = 0
        self.count = 0
        self.codes: set[str] = set()
        self._faulty = self._unknown = False
        self._kept: list[tuple[int, int, Fault]] = []

    @property
    def room(self) -> int:
        """How many more faults are put into words."""
        return max(0, LISTED - len(self._kept))

    def take(self, findings: Findings) -> None:
        """Add the findings of the next piece."""
        self.rows_in += len(findings.lines)
        self.rows_rejected += int(findings.bad.sum())
        self.count += findings.count
        self.codes |= findings.codes
        self._faulty = self._faulty or bool(findings.faulty.any())
        self._unknown = self._unknown or bool(findings.unknown.any())
        self._kept += findings.in_order()

    def take_late(self, code: str, rows: int, first: Sequence[tuple[int, Fault]]) -> None:
        """Add what came out only when all rows were there: `rows` of them, the `first` of which with their lines."""
        if not rows:
            return
        self.rows_rejected += rows
        self.count += rows
        self.codes.add(code)
        self._faulty = True
        late = [(line, LISTED + order, fault) for order, (line, fault) in enumerate(first)]
        self._kept = sorted((*self._kept, *late), key=lambda kept: kept[:2])[:LISTED]

    def take_whole(self, fault: Fault) -> None:
        """Add what is wrong with the file as a whole; it is said first."""
        self.count += 1
        self.codes.add(fault.code)
        self._kept = [(0, self.count, fault), *self._kept][:LISTED]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The first faults in the file's order."""
        return tuple(fault for _, _, fault in self._kept)

    def refused(self) -> FileRefused:
        """Return the refusal of the whole file."""
        return FileRefused(self.faults, rows_in=self.rows_in, fault_count=self.count)

    def refuse_if_due(self, feed: Feed) -> None:
        """Refuse a file that identifies somebody, has faults that its feed does not let go, or has nothing else."""
        refuses = (
            any(code.startswith("identifier-") for code in self.codes),
            feed.faulty_rows == "refuse" and self._faulty,
            feed.unknown_source_areas == "refuse" and self._unknown,
            self.rows_rejected >= self.rows_in,
        )
        if any(refuses):
            raise self.refused()
