"""Collect what is wrong with the rows of one file, without a Python object per row.

Promises: every faulty row is counted and marked; the first LISTED faults of the file are kept in words, in the
file's order. Unknown source areas are marked apart, because a feed may let just those go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.faults import Fault
from ingest.reading.tables import Place

LISTED = 1000

Params = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Coded:
    """A text column with each distinct text once: `codes` (n,) int32, -1 where empty; `texts` by code."""

    codes: np.ndarray
    texts: list[str]

    def spread(self, by_text: np.ndarray, empty: int) -> np.ndarray:
        """Return the value of each row from the value of each text (`empty` where the row has none)."""
        with_empty: np.ndarray = np.append(by_text, empty).astype(by_text.dtype)
        return np.asarray(with_empty[self.codes])


class Findings:
    """Faulty rows of one file. `faulty` (n,) bool: any fault but an unknown source area, which is in `unknown`."""

    def __init__(self, lines: np.ndarray, place: Place) -> None:
        self.lines = lines
        self.faulty = np.zeros(len(lines), dtype=bool)
        self.unknown = np.zeros(len(lines), dtype=bool)
        self.count = 0
        self.codes: set[str] = set()
        self._place = place
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
        for row in rows[:LISTED].tolist():
            line, where = self._place(int(self.lines[row]), column)
            fault = Fault(code, line, where, params(row) if params else {})
            self._kept.append((int(self.lines[row]), len(self._kept), fault))

    def add_texts(
        self,
        codes: Sequence[str | None],
        coded: Coded,
        column: str | None,
        params: Callable[[str], Params],
    ) -> None:
        """Mark the rows of every text that has a code."""
        for code in sorted({code for code in codes if code}):
            bad_text = np.array([one == code for one in codes], dtype=bool)
            rows = np.flatnonzero(coded.spread(bad_text, 0))
            self.add(code, rows, column, lambda row: params(coded.texts[coded.codes[row]]))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The first faults in the file's order."""
        return tuple(fault for _, _, fault in sorted(self._kept, key=lambda kept: kept[:2])[:LISTED])
