"""What is usual: the median of past weeks and the robust deviation around it, column by column.

Formula: deviation = 1.4826 x median(|x - median|), which is the standard deviation of a normal distribution; it is
never taken smaller than `floor` x median or the square root of the median (chance in a count).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class Usual:
    """Per column (C,): `median` and `spread` (NaN where nothing is known) and in how many `weeks` it is known."""

    median: Floats
    spread: Floats
    weeks: NDArray[np.int64]

    @staticmethod
    def of(past: Floats) -> Usual:
        """Return what is usual in (W, C) values, NaN where a week has none."""
        weeks = np.isfinite(past).sum(axis=0)
        median = _median(past, weeks)
        return Usual(median, NORMAL * _median(np.abs(past - median), weeks), weeks)

    def deviation(self, floor: float) -> Floats:
        """Return the deviation to judge by, (C,)."""
        least = np.maximum(floor * self.median, np.sqrt(self.median))
        deviation: Floats = np.maximum(self.spread, least)
        return deviation


def usual_of(values: list[float]) -> Usual:
    """Return what is usual for one number in some weeks."""
    return Usual.of(np.array(values, dtype=np.float64).reshape(-1, 1))


def distance(one: Floats, other: Floats) -> float:
    """Return the share of the devices that are elsewhere, 0..1, over the areas that both know; NaN without any.

    Bray and Curtis (1957): sum of |a - b| over the sum of a + b.
    """
    both = np.isfinite(one) & np.isfinite(other)
    total = float((one[both] + other[both]).sum())
    return float(np.abs(one[both] - other[both]).sum()) / total if total > 0 else float("nan")


def _median(values: Floats, known: NDArray[np.int64]) -> Floats:
    """Return the median of each column over the `known` finite values, NaN where there are none."""
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = _sorted_rows(np.where(np.isnan(values), np.inf, values))
    columns = np.arange(values.shape[1])
    low, high = ordered[np.maximum(known - 1, 0) // 2, columns], ordered[np.maximum(known, 1) // 2, columns]
    with np.errstate(invalid="ignore"):
        middle: Floats = np.where(known > 0, (low + high) / 2, np.nan)
    return middle


def _sorted_rows(values: Floats) -> Floats:
    """Sort each column of a few rows by exchanging whole rows: ten times faster than sorting columns one by one."""
    rows = list(values)
    for last in range(len(rows) - 1, 0, -1):
        for at in range(last):
            rows[at], rows[at + 1] = np.minimum(rows[at], rows[at + 1]), np.maximum(rows[at], rows[at + 1])
    return np.array(rows)
