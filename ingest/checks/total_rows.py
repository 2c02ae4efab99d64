"""A row that is the sum of all others: with it, what hides among the others can be computed.

Promises: an area is taken for a total only if it is the largest of every interval and fits as a sum in each of them.
"""

from __future__ import annotations

import numpy as np

from ingest.reading import COUNTED, SUPPRESSED, CountSlice

FEWEST_PARTS = 3  # of two areas the larger is "the sum of the other" too easily


class TotalRow:
    """Watches the largest area of every slice; `most`: the largest value that a hidden count can have."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._area: int | None = None
        self._is_sum = True
        self._narrowed = 0

    def see(self, one: CountSlice) -> None:
        """Ask whether the largest count can be the sum of the others, and how narrowly it bounds the hidden ones."""
        counted = one.state == COUNTED
        if not self._is_sum or len(one.state) <= FEWEST_PARTS or not counted.any():
            return
        largest = int(np.nanargmax(one.value))
        area, whole = int(one.area_index[largest]), float(one.value[largest])
        hidden = int((one.state == SUPPRESSED).sum())
        rest = whole - (float(one.value[counted].sum()) - whole)
        fits = hidden <= rest <= hidden * self._most if hidden else rest == 0
        self._is_sum = fits and whole > 0 and self._area in {None, area}
        self._area = area
        if hidden:
            high = min(self._most, rest - (hidden - 1))
            low = max(1, rest - (hidden - 1) * self._most)
            self._narrowed += hidden if high - low + 1 < self._most else 0

    def found(self) -> tuple[int, int] | None:
        """Return (how many hidden counts it bounds, the index of the total's area), None where there is none."""
        if not self._is_sum or not self._narrowed or self._area is None:
            return None
        return self._narrowed, self._area
