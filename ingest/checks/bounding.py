"""How narrowly a hidden count can be bounded when a whole and its counted parts stand in the same file.

Formula: whole = sum of weight x part. A hidden part lies in 1..most; what the whole leaves, less the least (most) that
the other hidden parts can be, is the most (least) that this one can be. No number leaves this module but how many
values are left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SLACK = 1e-6  # sums of floats


@dataclass(frozen=True, slots=True, eq=False)
class Wholes:
    """Wholes (P,) that lie between `low` and `high`, the weighted sum `counted` of their counted parts, the weight
    `hidden` of their hidden ones, and whether no part is missing (`complete`)."""

    low: Floats
    high: Floats
    counted: Floats
    hidden: Floats
    complete: Bools


def values_left(wholes: Wholes, weight: float, most: int) -> NDArray[np.int64]:
    """Return how many values a hidden part of that weight can still have, (P,); `most` where it is not narrowed.

    0 where whole and parts contradict each other: then the whole is no sum of these parts.
    """
    others = wholes.hidden - weight
    with np.errstate(invalid="ignore"):
        high = (wholes.high - wholes.counted - others * 1) / weight
        low = np.where(wholes.complete, (wholes.low - wholes.counted - others * most) / weight, -np.inf)
    high = np.floor(np.clip(high, 0, most) + SLACK)
    low = np.ceil(np.clip(low, 1, most + 1) - SLACK)
    left: NDArray[np.int64] = np.maximum(high - low + 1, 0).astype(np.int64)
    return left


def known_wholes(wholes: Wholes, most: int) -> Bools:
    """Return which hidden wholes (P,) are told by their parts: all counted, none missing."""
    told: Bools = wholes.complete & (wholes.hidden < SLACK) & (wholes.counted >= 1 - SLACK)
    return told & (wholes.counted <= most + SLACK)
