"""Tell a file of counts from a file in which each row is a device (contract.md A6), by a column that nothing needs.

Such a column that says something else and something long in nearly every row is the mark of a device, whatever it is
called and however it was hashed. What describes an area has at most as many values as there are areas; times, decimals
and keys made of the row's own area are no marks.

The number of different values is estimated from those whose hash is small: the limit is halved whenever too many are
kept, so memory is fixed and the pieces of a file change nothing.
Does not: see devices without a mark. Those show by many rows that count one device of the same area (`merging`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

LONG = 10  # row numbers of the longest file are shorter
NEARLY = 0.9
FROM_ROWS = 1000  # what is different in fewer rows may be different by chance: names, remarks
_KEPT = 1 << 16  # a standard error of 0.4 % of the estimate
_HARMLESS = r"^-?[0-9]+[.,][0-9]+$|^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]+(?:Z|[+-][0-9:]{4,6})?$"


class Marks:
    """The values of one column, seen piece by piece."""

    def __init__(self) -> None:
        self._long = 0
        self._limit = np.uint64(np.iinfo(np.uint64).max)
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._rows = np.zeros(0, dtype=np.int64)

    def see(self, texts: pl.Series, areas: pl.Series | None) -> None:
        """Look at some more values, beside the areas of their rows (None: the rows name no area)."""
        long = texts.filter((texts.str.len_chars() >= LONG) & ~texts.str.contains(_HARMLESS) & ~_made_of(areas, texts))
        self._long += len(long)
        hashes, rows = np.unique(long.hash(seed=1).to_numpy(), return_counts=True)
        small = hashes <= self._limit
        merged, at = np.unique(np.concatenate([self._hashes, hashes[small]]), return_inverse=True)
        self._rows = np.bincount(at, np.concatenate([self._rows, rows[small]]), len(merged)).astype(np.int64)
        self._hashes = merged
        while len(self._hashes) > _KEPT:
            self._limit = np.uint64(self._limit // np.uint64(2))
            small = self._hashes <= self._limit
            self._hashes, self._rows = self._hashes[small], self._rows[small]

    def are_devices(self, rows: int, areas: int) -> bool:
        """Return whether nearly every one of a file's `rows` has a value of its own, and more than `areas` need."""
        if rows < FROM_ROWS or self._long < NEARLY * rows or not len(self._rows):
            return False
        share = len(self._rows) / int(self._rows.sum())
        return share >= NEARLY and share * self._long > 2 * areas


def _made_of(areas: pl.Series | None, texts: pl.Series) -> pl.Series:
    """Return which texts have their row's area in them."""
    if areas is None:
        return pl.repeat(value=False, n=len(texts), eager=True)
    frame = pl.DataFrame({"text": texts, "area": areas.fill_null("\x1f")})
    return frame.select(pl.col("text").str.contains(pl.col("area"), literal=True).fill_null(value=False)).to_series()


def long_columns(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of some columns in which anything is long; all are looked at at once."""
    if not names:
        return []
    found = rows.select((pl.col(name).str.len_bytes() >= LONG).any() for name in names)
    return [name for name in names if found[name][0]]
