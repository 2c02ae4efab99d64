"""Number the distinct texts of a column over all pieces of a file, so that each one is judged once.

Promises: numbers count up from 0 in the order of first sight, whatever the pieces; memory grows with the distinct texts
only, and they have a limit: a file with more of them than counts can need is refused.
Does not: judge texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.faults import Fault, FileRefused

# What counts may need, with room to spare; every distinct text costs some 200 bytes until the file is read.
MOST_AREAS = 150_000  # beyond the carrier's coverage: hexagons of a large country's towns
MOST_TIMES = 40_000  # a year of quarter hours
MOST_WORDS = 10_000  # statuses, revisions, what a feed sums over
_MOST_TEXT = 16 << 20
_LONGEST = 250  # no text that means anything is longer; what is longer is kept as far as a message may show it


@dataclass(frozen=True, slots=True)
class Coded:
    """Texts of some rows: `codes` (n,) int32, -1 where empty; `texts` by code (of all rows so far)."""

    codes: np.ndarray
    texts: list[str]

    def spread(self, by_text: np.ndarray, empty: int) -> np.ndarray:
        """Return the value of each row from the value of each text (`empty` where the row has none)."""
        with_empty: np.ndarray = np.append(by_text, empty).astype(by_text.dtype)
        return np.asarray(with_empty[self.codes])


class Lexicon:
    """The distinct texts of one column, or of several joined; `name` is the column's in messages."""

    def __init__(self, name: str | None, most: int) -> None:
        self.texts: list[str] = []
        self._name = name
        self._most = most
        self._size = 0
        # Categories of its own: numbered 0, 1, … by this column alone, and gone with it.
        self._kind = pl.Categorical(pl.Categories.random())
        self._kept = pl.Series([], dtype=self._kind)  # their numbers are forgotten when no column has them any more

    def coded(self, texts: pl.Series) -> Coded:
        """Return the codes of some more texts. Raises FileRefused: too-many-values."""
        empty = np.iinfo(np.uint32).max  # reads as -1 in int32
        physical = texts.cast(self._kind).to_physical().cast(pl.UInt32).fill_null(empty)
        codes = physical.to_numpy().view(np.int32)
        if len(fresh := np.flatnonzero(codes >= len(self.texts))):
            _, first = np.unique(codes[fresh], return_index=True)
            self._learn(texts.gather(fresh[first]))
        return Coded(codes, self.texts)

    def _learn(self, new: pl.Series) -> None:
        self._size += int(new.str.len_bytes().sum())
        if len(self.texts) + len(new) > self._most or self._size > _MOST_TEXT:
            raise FileRefused([Fault("too-many-values", None, self._name, {"limit": self._most})])
        if (long := new.str.len_chars() > _LONGEST).any():
            # Still no known id, time or status: the mark at the end sees to that.
            new = new.zip_with(~long, new.str.slice(0, _LONGEST) + "…")
        self.texts += new.to_list()
