"""Rows of results, asked for means by any of their columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

Row = tuple[str, str, int, str, str, str, float]
COLUMNS = ("world", "network", "seed", "moment", "method", "measure")


class Table:
    """All rows; a mean leaves out what is not a number."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def mean(self, **chosen: object) -> float:
        """Return the mean over the rows with these columns; NaN without any."""
        known = [one for one in self.values(**chosen) if not math.isnan(one)]
        return sum(known) / len(known) if known else math.nan

    def values(self, **chosen: object) -> list[float]:
        """Return the values of the rows with these columns."""
        at = {COLUMNS.index(name): value for name, value in chosen.items()}
        return [row[-1] for row in self._rows if all(row[column] == value for column, value in at.items())]

    def has(self, **chosen: object) -> bool:
        """Tell whether there is any such row."""
        return bool(self.values(**chosen))

    def networks(self, world: str) -> list[str]:
        """Return the networks of a world, dense ones first."""
        found = {row[1] for row in self._rows if row[0] == world}
        return sorted(found, key=lambda name: (name.startswith("town"), not name.startswith("dense"), name))


def number(value: float, form: str) -> str:
    """Write a number, or a dash where there is none."""
    return "–" if math.isnan(value) else format(value, form)
