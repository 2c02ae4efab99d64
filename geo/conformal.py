"""Make intervals mean what they say: a factor on their half-widths, learnt from head counts (conformal prediction).

Promises: with pairs that are exchangeable with what comes after, intervals whose half-widths are multiplied by the
factor hold the truth at least as often as asked, whatever the errors look like (Vovk, Gammerman, Shafer 2005; Lei et
al. 2018): it is the ceil((n + 1) x coverage)-th smallest distance of a truth from its best value, in half-widths. It
may be below 1: an interval that is too wide lies as well. Venues whose estimate stems from counts err in another way
than those of which mostly the registry is known, and large ones in another way than small ones: the two kinds never
share a factor, and bands of capacity share one only where one of them has too few pairs. Errors of one venue are alike,
and so are those of one moment: a venue weighs no more than a few pairs, and one moment alone teaches nothing.
Does not: call anything calibrated with too few pairs, or with a factor beyond the bounds that are passed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import Floats

Bools = NDArray[np.bool_]

LEAST_HALF_WIDTH = 1.0  # people: a released interval may be rounded to nothing, and nobody counts finer
HELD_OUT_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked: `coverage` 0..1 of an interval, at least `pairs_min` pairs a factor, `factor_min`..`factor_max`.

    All pairs of one venue weigh no more than `venue_pairs_max`; pairs are of at least `bins_min` time bins.
    `kernel_edge`: from this averaging kernel on, an estimate stems from counts. `band_edges`: capacities (people,
    rising) between small and large venues; an edge belongs to the band above it.
    """

    coverage: float
    pairs_min: int
    factor_min: float
    factor_max: float
    kernel_edge: float
    band_edges: tuple[float, ...]
    venue_pairs_max: float
    bins_min: int


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Head counts beside the released estimates of the same moment, arrays (n,).

    `truth`, `best`: people; `low`, `high`: the interval before any calibration; `kernel` 0..1; `capacity`: people, NaN
    unknown; `group`: pairs of one venue share a number, so that a held-out check never judges a venue by itself;
    `time_bin`: those of one moment share another.
    """

    truth: Floats
    best: Floats
    low: Floats
    high: Floats
    kernel: Floats
    capacity: Floats
    group: NDArray[np.int64]
    time_bin: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def only(self, chosen: Bools) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(
            self.truth[chosen],
            self.best[chosen],
            self.low[chosen],
            self.high[chosen],
            self.kernel[chosen],
            self.capacity[chosen],
            self.group[chosen],
            self.time_bin[chosen],
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Factors on the half-widths of venues' intervals, by band of capacity; None: these venues stay uncalibrated.

    `told`: of venues whose kernel is at least `kernel_edge`; `untold`: of the others. `levels`: of told venues where a
    level is judged, at least as large; () where they are as `told`.
    """

    pairs: int
    kernel_edge: float
    band_edges: tuple[float, ...]
    untold: tuple[float | None, ...]
    told: tuple[float | None, ...]
    levels: tuple[float | None, ...] = ()

    def factors(self, capacity: Floats, kernel: Floats, guess: float) -> Floats:
        """Return the factor of each venue (V,) by capacity (V,) and kernel (V,); `guess` for uncalibrated ones."""
        found = self._found(capacity, kernel)
        return np.where(np.isfinite(found), found, guess)

    def level_factors(self, capacity: Floats, kernel: Floats, guess: float) -> Floats:
        """Return by what each venue's interval (V,) is widened before a level is said."""
        stricter = replace(self, told=self.levels or self.told)
        return stricter.factors(capacity, kernel, guess)

    def holds(self, capacity: Floats, kernel: Floats) -> Bools:
        """Tell for each venue (V,) whether its interval may be called calibrated."""
        return np.isfinite(self._found(capacity, kernel))

    def _found(self, capacity: Floats, kernel: Floats) -> Floats:
        table = np.array([self.untold, self.told], np.float64)  # None becomes NaN
        found: Floats = table[is_told(kernel, self.kernel_edge).astype(np.int64), bands_of(capacity, self.band_edges)]
        return found


def calibrate(pairs: Pairs, terms: Terms) -> Calibration | None:
    """Return the factors that `pairs` ask for; None where no venue can be called calibrated by them."""
    told = is_told(pairs.kernel, terms.kernel_edge)
    untold_factors, told_factors = (_factors(pairs.only(chosen), terms, _two_sided) for chosen in (~told, told))
    if not any(one is not None for one in (*untold_factors, *told_factors)):
        return None
    tails = _factors(pairs.only(told), replace(terms, factor_max=math.inf), _each_side)
    levels = tuple(
        None if one is None or other is None else min(max(one, other), terms.factor_max)
        for one, other in zip(told_factors, tails, strict=True)
    )
    return Calibration(len(pairs), terms.kernel_edge, terms.band_edges, untold_factors, told_factors, levels)


def conformal_factor(scores: Floats, coverage: float, weights: Floats | None = None) -> float:
    """Return the ceil((n + 1) x coverage)-th smallest score; infinity where there are too few to promise anything.

    With `weights` (n,) a score counts for as many.
    """
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum((np.ones(len(scores)) if weights is None else weights)[order])
    asked = (float(reached[-1]) + 1.0) * coverage - 1e-9 if len(scores) else math.inf
    at = int(np.searchsorted(reached, asked))  # 10 x 0.9 is 9.000000000000002 on some machines
    return math.inf if at >= len(scores) else float(scores[order][at])


def weights_of(pairs: Pairs, terms: Terms) -> Floats:
    """Return for how many pairs each pair (n,) counts: 1, or less where a venue has more than it may weigh."""
    _venues, of_venue, counts = np.unique(pairs.group, return_inverse=True, return_counts=True)
    weights: Floats = np.minimum(1.0, terms.venue_pairs_max / counts)[of_venue]
    return weights


def effective_pairs(pairs: Pairs, terms: Terms) -> float:
    """Return how many pairs they are worth: none where they are of too few time bins."""
    if len(np.unique(pairs.time_bin)) < terms.bins_min:
        return 0.0
    return float(weights_of(pairs, terms).sum())


def scores_of(pairs: Pairs) -> Floats:
    """Return how far each truth lies from the best value, in half-widths of its interval on that side, (n,)."""
    above = pairs.truth > pairs.best
    half_width = np.where(above, pairs.high - pairs.best, pairs.best - pairs.low)
    return np.abs(pairs.truth - pairs.best) / np.maximum(half_width, LEAST_HALF_WIDTH)


def held_share(pairs: Pairs, factors: Floats) -> float | None:
    """Return the share of truths within their intervals widened by `factors` (n,); None without pairs."""
    return float(np.mean(scores_of(pairs) <= factors)) if len(pairs) else None


def held_out_share(pairs: Pairs, terms: Terms, guess: float) -> float | None:
    """Return the share of truths held by intervals whose factors came from other venues only; None where too few.

    The venues are split in five by their number; each fifth is judged by the factors of the other four, and by `guess`
    where these leave a venue uncalibrated.
    """
    held, judged = 0.0, 0
    for chosen in _folds(pairs):
        learnt = calibrate(pairs.only(~chosen), terms)
        if learnt is None:
            return None
        left_out = pairs.only(chosen)
        factors = learnt.factors(left_out.capacity, left_out.kernel, guess)
        held += (held_share(left_out, factors) or 0.0) * len(left_out)
        judged += len(left_out)
    return held / judged if judged else None


def median_error_share(pairs: Pairs) -> float | None:
    """Return the median of |truth - best| / capacity over the pairs whose capacity is known; None without any."""
    known = np.isfinite(pairs.capacity) & (pairs.capacity > 0)
    if not known.any():
        return None
    return float(np.median(np.abs(pairs.truth - pairs.best)[known] / pairs.capacity[known]))


def bands_of(capacity: Floats, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Return the number of the band of each capacity: 0 below the first edge and where unknown; at an edge, above."""
    return np.searchsorted(np.array(edges, np.float64), np.nan_to_num(capacity, nan=0.0), side="right").astype(np.int64)


def is_told(kernel: Floats, edge: float) -> Bools:
    """Tell whether each estimate stems from counts; not where the kernel is unknown."""
    return np.nan_to_num(kernel, nan=0.0) >= edge


def _two_sided(pairs: Pairs, terms: Terms) -> float:
    return conformal_factor(scores_of(pairs), terms.coverage, weights_of(pairs, terms))


def _each_side(pairs: Pairs, terms: Terms) -> float:
    """Return a factor with which either end is passed by no more than half of what both may be passed by.

    Where crowds are counted beside a hall, errors lie on one side; a level is right only where both ends can be
    believed.
    """
    above, scores, weights = pairs.truth > pairs.best, scores_of(pairs), weights_of(pairs, terms)
    one_sided = 1.0 - (1.0 - terms.coverage) / 2.0
    return max(conformal_factor(np.where(side, scores, -scores), one_sided, weights) for side in (above, ~above))


def _factors(pairs: Pairs, terms: Terms, factor_of: Callable[[Pairs, Terms], float]) -> tuple[float | None, ...]:
    """Return the factor of each band, shared by neighbouring bands until there are pairs enough for each factor."""
    bands = bands_of(pairs.capacity, terms.band_edges)
    count = len(terms.band_edges) + 1

    def worth(group: Sequence[int]) -> float:
        return effective_pairs(pairs.only(np.isin(bands, group)), terms)

    found: dict[int, float | None] = {}
    for group in _merged(count, worth, terms.pairs_min):
        factor = _bounded(factor_of(pairs.only(np.isin(bands, group)), terms), worth(group), terms)
        found |= dict.fromkeys(group, factor)
    return tuple(found[band] for band in range(count))


def _merged(count: int, worth: Callable[[Sequence[int]], float], least: int) -> list[list[int]]:
    """Join the smallest group of bands with its smaller neighbour until each is worth `least` pairs, or one is left."""
    groups = [[band] for band in range(count)]
    while len(groups) > 1:
        sizes = [worth(group) for group in groups]
        at = sizes.index(min(sizes))
        if sizes[at] >= least - 1e-9:
            break
        other = min((one for one in (at - 1, at + 1) if 0 <= one < len(groups)), key=lambda one: sizes[one])
        groups[min(at, other)] = sorted(groups[at] + groups[other])
        del groups[max(at, other)]
    return groups


def _bounded(factor: float, pairs: float, terms: Terms) -> float | None:
    """Return the factor within its bounds; None where it stands on too few pairs or would have to be larger."""
    if pairs < terms.pairs_min - 1e-9 or factor > terms.factor_max:
        return None
    return max(factor, terms.factor_min)


def _folds(pairs: Pairs) -> Iterator[Bools]:
    order = np.unique(pairs.group, return_inverse=True)[1] % HELD_OUT_FOLDS
    for fold in range(HELD_OUT_FOLDS):
        chosen = order == fold
        if chosen.any():
            yield chosen
