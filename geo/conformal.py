"""Make intervals mean what they say: a factor on their half-widths, learnt from head counts (conformal prediction).

Promises: with pairs that are exchangeable with what comes after, intervals whose half-widths are multiplied by the
factor hold the truth at least as often as asked, whatever the errors look like (Vovk, Gammerman, Shafer 2005; Lei et
al. 2018): it is the ceil((n + 1) x coverage)-th smallest distance of a truth from its best value, in half-widths.
Venues of one band of capacity have a factor of their own where they have pairs enough. It may be below 1: an interval
that is too wide lies as well.
Does not: call anything calibrated with too few pairs, or with a factor beyond the bounds that are passed in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import Floats

LEAST_HALF_WIDTH = 1.0  # people: a released interval may be rounded to nothing, and nobody counts finer
HELD_OUT_FOLDS = 5
MEDIAN = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked: `coverage` 0..1 of an interval, at least `pairs_min` pairs a factor, `factor_min`..`factor_max`.

    `band_edges`: capacities (people, rising) between the kinds of venue; an edge belongs to the band above it.
    """

    coverage: float
    pairs_min: int
    factor_min: float
    factor_max: float
    band_edges: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Head counts beside the released estimates of the same moment, arrays (n,).

    `truth`, `best`: people; `low`, `high`: the interval before any calibration; `capacity`: people, NaN unknown;
    `group`: pairs of one venue share a number, so that a held-out check never judges a venue by itself.
    """

    truth: Floats
    best: Floats
    low: Floats
    high: Floats
    capacity: Floats
    group: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def only(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(
            self.truth[chosen],
            self.best[chosen],
            self.low[chosen],
            self.high[chosen],
            self.capacity[chosen],
            self.group[chosen],
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Factors on the half-widths of venues' intervals: `factor` for all, `band_factors` by capacity where not None.

    `open_bands`: numbers of the bands whose errors no permitted factor covers; their venues stay uncalibrated.
    """

    factor: float
    pairs: int
    band_edges: tuple[float, ...] = ()
    band_factors: tuple[float | None, ...] = (None,)
    open_bands: tuple[int, ...] = ()

    def factors(self, capacity: Floats) -> Floats:
        """Return the factor of each venue (V,) by its capacity (V,), NaN for an unknown one."""
        by_band = np.array([self.factor if one is None else one for one in self.band_factors], np.float64)
        return np.where(np.isfinite(capacity), by_band[bands_of(capacity, self.band_edges)], self.factor)

    def holds(self, capacity: Floats) -> NDArray[np.bool_]:
        """Tell for each venue (V,) by its capacity (V,) whether its interval may be called calibrated."""
        is_open = np.isin(bands_of(capacity, self.band_edges), self.open_bands)
        return ~(is_open & np.isfinite(capacity))


def calibrate(pairs: Pairs, terms: Terms) -> Calibration | None:
    """Return the factors that `pairs` ask for; None where they are too few or ask for more than may be."""
    scores = scores_of(pairs)
    if len(pairs) < terms.pairs_min or conformal_factor(scores, terms.coverage) > terms.factor_max:
        return None
    bands = _known_bands(pairs, terms)
    asked = [_of_band(scores[bands == band], terms) for band in range(len(terms.band_edges) + 1)]
    return Calibration(
        factor=_bounded(conformal_factor(scores, terms.coverage), terms),
        pairs=len(pairs),
        band_edges=terms.band_edges,
        band_factors=tuple(None if one is None else _bounded(one, terms) for one in asked),
        open_bands=tuple(band for band, one in enumerate(asked) if one is not None and one > terms.factor_max),
    )


def conformal_factor(scores: Floats, coverage: float) -> float:
    """Return the ceil((n + 1) x coverage)-th smallest score; infinity where there are too few to promise anything."""
    rank = math.ceil((len(scores) + 1) * coverage - 1e-9)  # 10 x 0.9 is 9.000000000000002 on some machines
    return math.inf if rank > len(scores) else float(np.sort(scores)[max(rank, 1) - 1])


def scores_of(pairs: Pairs) -> Floats:
    """Return how far each truth lies from the best value, in half-widths of its interval on that side, (n,)."""
    above = pairs.truth > pairs.best
    half_width = np.where(above, pairs.high - pairs.best, pairs.best - pairs.low)
    return np.abs(pairs.truth - pairs.best) / np.maximum(half_width, LEAST_HALF_WIDTH)


def held_share(pairs: Pairs, factors: Floats) -> float | None:
    """Return the share of truths within their intervals widened by `factors` (n,); None without pairs."""
    return float(np.mean(scores_of(pairs) <= factors)) if len(pairs) else None


def held_out_share(pairs: Pairs, terms: Terms) -> float | None:
    """Return the share of truths held by intervals whose factors came from other venues only; None where too few.

    The venues are split in five by their number; each fifth is judged by the factors of the other four.
    """
    held, judged = 0.0, 0
    for chosen in _folds(pairs):
        learnt = calibrate(pairs.only(~chosen), terms)
        if learnt is None:
            return None
        left_out = pairs.only(chosen)
        held += (held_share(left_out, learnt.factors(left_out.capacity)) or 0.0) * len(left_out)
        judged += len(left_out)
    return held / judged if judged else None


def median_error_share(pairs: Pairs) -> float | None:
    """Return the median of |truth - best| / capacity over the pairs whose capacity is known; None without any."""
    known = np.isfinite(pairs.capacity) & (pairs.capacity > 0)
    if not known.any():
        return None
    return float(np.median(np.abs(pairs.truth - pairs.best)[known] / pairs.capacity[known]))


def bands_of(capacity: Floats, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Return the number of the band of each capacity: 0 below the first edge; at an edge, the band above it."""
    return np.searchsorted(np.array(edges, np.float64), np.nan_to_num(capacity, nan=0.0), side="right").astype(np.int64)


def _known_bands(pairs: Pairs, terms: Terms) -> NDArray[np.int64]:
    return np.where(np.isfinite(pairs.capacity), bands_of(pairs.capacity, terms.band_edges), -1)


def _of_band(scores: Floats, terms: Terms) -> float | None:
    """Return the factor that a band asks for; None where it has too few pairs, so that the factor of all holds."""
    return None if len(scores) < terms.pairs_min else conformal_factor(scores, terms.coverage)


def _bounded(factor: float, terms: Terms) -> float:
    return min(max(factor, terms.factor_min), terms.factor_max)


def _folds(pairs: Pairs) -> Iterator[NDArray[np.bool_]]:
    order = np.unique(pairs.group, return_inverse=True)[1] % HELD_OUT_FOLDS
    for fold in range(HELD_OUT_FOLDS):
        chosen = order == fold
        if chosen.any():
            yield chosen
