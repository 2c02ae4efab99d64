"""How far a number of people lies from what is usual in its hour of the week, in robust standard deviations.

z = (people - median) / sqrt((1.4826 MAD)² + sd²), as in estimation.md section 4: median and spread of past weeks,
and the uncertainty of the number itself, so that what is not known well is never called unusual. Nor is it
called usual: that is said only where the whole interval lies near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import Floats

MAD_TO_SD = 1.4826  # of a normal distribution
LEAST_SD = 2.5  # people: half a step of the rounding ladder


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """Median and robust standard deviation of people, (V,), NaN where too few weeks tell."""

    centre: Floats
    spread: Floats


def usual_of(people: Sequence[Floats], weeks: Sequence[int], weeks_min: int) -> Usual:
    """Return what is usual from people (N, V) in N past bins, NaN where not told; `weeks` (N,) numbers their weeks."""
    told = np.stack(people)
    known = np.isfinite(told)
    of_week = np.array(weeks)
    counted = np.sum([known[of_week == week].any(axis=0) for week in sorted(set(weeks))], axis=0)
    enough = np.flatnonzero(counted >= weeks_min)
    centre, spread = np.full(told.shape[1], np.nan), np.full(told.shape[1], np.nan)
    centre[enough] = np.nanmedian(told[:, enough], axis=0)
    spread[enough] = MAD_TO_SD * np.nanmedian(np.abs(told[:, enough] - centre[enough]), axis=0)
    return Usual(centre, spread)


def most_unusual(low: Floats, high: Floats, usual: Usual, within: float) -> Floats:
    """Return the largest distance from usual within an interval of people (V,), in spreads; NaN where not told.

    A spread is no less than `within` of what is usual: past weeks may be alike to a person, and nobody can tell that.

    The uncertainty of the number is the interval itself: a wide one leaves an unusual hour possible, however near to
    the usual its middle lies.
    """
    farthest = np.maximum(np.abs(high - usual.centre), np.abs(low - usual.centre))
    distance: Floats = farthest / np.maximum(np.maximum(usual.spread, within * usual.centre), LEAST_SD)
    return distance


def no_usual(count: int) -> Usual:
    """Return that nothing is usual in `count` places."""
    return Usual(np.full(count, np.nan), np.full(count, np.nan))


def robust_z(people: Floats, sd: Floats, usual: Usual) -> NDArray[np.float64]:
    """Return z (V,), NaN where people or what is usual is not told."""
    error = np.sqrt(usual.spread**2 + np.maximum(sd, LEAST_SD) ** 2)
    z: NDArray[np.float64] = (people - usual.centre) / error
    return z
