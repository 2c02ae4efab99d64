"""From counts of source areas to people per hexagon: spread each carrier's counts, then combine the carriers.

Spreading conserves every carrier's total. Combination is by share (estimation.md section 4 with a flat prior): the
joint estimate that a later issue brings stands in the same place. Suppressed counts are censored, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import Floats, HexIds
from geo.weights import SpreadingWeights

Bools = NDArray[np.bool_]

MISSING, SUPPRESSED, ESTIMATED = 0, 1, 2
STATE_WORDS = ("missing", "suppressed", "estimated")


@dataclass(frozen=True, slots=True, eq=False)
class CarrierCounts:
    """What one carrier delivered for one time bin.

    `counts` (A,) in the order of the weights' source areas, NaN where missing or suppressed; `suppressed` (A,);
    `share` of the people present that its counts stand for; `counts_people`: the numbers are people already and
    the share only weighs them. `time_error`: relative sd of a count as one of this time bin (of an interval longer
    than it). `rounding`: counts are rounded to multiples of it; None: found from the counts. `hidden_below` (A,): below
    what a suppressed one was hidden, NaN or None where by the policy's k_min. `area_share` (A,), above 0: the share in
    each source area at this time; None where it is `share` in all of them.
    """

    weights: SpreadingWeights
    counts: Floats
    suppressed: Bools
    share: float
    counts_people: bool = False
    time_error: float = 0.0
    rounding: float | None = None
    hidden_below: Floats | None = None
    area_share: Floats | None = None

    @property
    def shares(self) -> Floats:
        """The share in each source area, (A,)."""
        return np.full(len(self.counts), self.share) if self.area_share is None else self.area_share

    def limits(self, k_min: int) -> Floats:
        """Return below what each suppressed count lies, (A,)."""
        own = np.nan if self.hidden_below is None else self.hidden_below
        return np.asarray(np.fmax(np.full(len(self.counts), float(k_min)), own))


@dataclass(frozen=True, slots=True, eq=False)
class HexagonEstimate:
    """People present per hexagon, all arrays (H,): mean, 90 % interval, state, and how far each stands on its own.

    `device_count` is what the reporting carriers would have counted there: present_population * reporting_share.
    `kernel` 0..1 is the part of an estimate that stems from the hexagon itself (averaging kernel).
    `state`: 0 missing, 1 suppressed (only suppressed areas speak for it), 2 estimated.
    """

    hexagons: HexIds
    present_population: Floats
    low: Floats
    high: Floats
    state: NDArray[np.uint8]
    device_count: Floats
    reporting_share: Floats
    kernel: Floats


def spread(weights: SpreadingWeights, counts: Floats) -> Floats:
    """Spread counts of source areas over hexagons: (A,) -> (H,) or (A, T) -> (H, T), totals conserved.

    Missing counts (NaN) spread nothing.
    """
    known = np.nan_to_num(np.asarray(counts, dtype=np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    spread_out: Floats = weights.spread.T @ known
    return spread_out


def union_of_hexagons(weights: Sequence[SpreadingWeights]) -> HexIds:
    """Give the sorted hexagons that any of the weights reaches."""
    return np.unique(np.concatenate([w.hexagons for w in weights])) if weights else np.array([], dtype=np.uint64)


def combine(
    carriers: Sequence[CarrierCounts],
    hexagons: HexIds,
    *,
    k_min: int,
    spread_relative_error: float,
    share_relative_error: float,
    z: float,
) -> HexagonEstimate:
    """Combine carriers into one estimate; a suppressed area counts as its expectation, k_min / 2.

    `hexagons` (H,) sorted, holding at least every hexagon of every carrier. x = F Σc / Σ(s f) with c the spread
    devices, f the part of the hexagon for which the carrier delivered, F the largest f, s its share. The interval
    joins Poisson noise of devices, error of spreading (1 - kernel) and of shares, is lognormal, and is widened by
    what suppressed areas may hold: 1 to k_min - 1 each.
    """
    errors = _Errors(spread_relative_error, share_relative_error, z)
    return _estimate(carriers, hexagons, k_min, errors, censored_mean=k_min / 2.0)


def combine_delivered(
    carriers: Sequence[CarrierCounts],
    hexagons: HexIds,
    *,
    k_min: int,
    spread_relative_error: float,
    share_relative_error: float,
    z: float,
) -> HexagonEstimate:
    """Combine as `combine` does, but let suppressed areas add nothing to the mean: it adds up to what was delivered.

    The interval still holds what they may hide.
    """
    errors = _Errors(spread_relative_error, share_relative_error, z)
    return _estimate(carriers, hexagons, k_min, errors, censored_mean=0.0)


class _Errors(NamedTuple):
    spread: float
    share: float
    z: float


class _Sums(NamedTuple):
    """Sums over carriers, (H,) each."""

    devices: Floats  # Σ c, delivered counts only
    hidden: Floats  # Σ spread of one device for each suppressed area
    share_cover: Floats  # Σ s f
    squared: Floats  # Σ (s f)²
    counted_cover: Floats  # Σ s f of areas with a number
    largest_cover: Floats  # F
    kernel: Floats  # Σ s f kernel


def _estimate(
    carriers: Sequence[CarrierCounts], hexagons: HexIds, k_min: int, errors: _Errors, censored_mean: float
) -> HexagonEstimate:
    sums = _sums(carriers, hexagons)
    reached = sums.share_cover > 0.0
    share_cover = np.where(reached, sums.share_cover, 1.0)
    people_per_device = np.where(reached, sums.largest_cover / share_cover, 0.0)
    kernel = np.clip(sums.kernel / share_cover, 0.0, 1.0)
    error = np.hypot(errors.spread * (1.0 - kernel), errors.share * np.sqrt(sums.squared) / share_cover)
    best = sums.devices + censored_mean * sums.hidden
    low, high = _interval(sums.devices + sums.hidden, error, errors.z)
    censored = np.flatnonzero(sums.hidden)
    most = sums.devices[censored] + (k_min - 1) * sums.hidden[censored]
    high[censored] = _interval(most, error[censored], errors.z)[1]
    people = best * people_per_device
    state = np.where(sums.counted_cover > 0.0, ESTIMATED, SUPPRESSED)
    return HexagonEstimate(
        hexagons=hexagons,
        present_population=_or_nan(people, reached),
        low=_or_nan(np.minimum(low * people_per_device, people), reached),
        high=_or_nan(np.maximum(high * people_per_device, people), reached),
        state=np.where(reached, state, MISSING).astype(np.uint8),
        device_count=_or_nan(best, reached),
        reporting_share=np.where(reached, share_cover / np.where(reached, sums.largest_cover, 1.0), 0.0),
        kernel=np.where(reached, kernel, 0.0),
    )


def _or_nan(values: Floats, known: Bools) -> Floats:
    return np.where(known, values, np.nan)


def _interval(devices: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
    """Give the lognormal interval around a mean of devices.

    A small count says little: the upper end is never below Wilson's for a Poisson count, so that 0 still admits z².
    """
    variance = np.log1p(1.0 / np.maximum(devices, 1.0) + error**2)
    half = np.exp(z * np.sqrt(variance))
    middle = devices * np.exp(-0.5 * variance)
    wilson = devices + 0.5 * z**2 + z * np.sqrt(devices + 0.25 * z**2)
    return middle / half, np.maximum(middle * half, wilson)


def _sums(carriers: Sequence[CarrierCounts], hexagons: HexIds) -> _Sums:
    sums = _Sums(*(np.zeros(len(hexagons)) for _ in _Sums._fields))
    for carrier in carriers:
        _add(sums, carrier, _places(carrier.weights.hexagons, hexagons))
    return sums


def _add(sums: _Sums, carrier: CarrierCounts, at: NDArray[np.int64] | slice) -> None:
    weights, shares = carrier.weights, carrier.shares
    counted = np.isfinite(carrier.counts) & ~carrier.suppressed
    devices_per_count = shares if carrier.counts_people else np.ones(len(shares))
    sums.devices[at] += spread(weights, devices_per_count * np.where(counted, carrier.counts, 0.0))
    delivered = counted | carrier.suppressed
    cover, kernel = _reach(weights, delivered)
    share_cover = _share_cover(carrier, delivered, cover)
    counted_cover = share_cover
    if carrier.suppressed.any():
        sums.hidden[at] += spread(weights, devices_per_count * carrier.suppressed)
        counted_cover = weights.cover.T @ (shares * counted)
    sums.share_cover[at] += share_cover
    sums.squared[at] += share_cover**2
    sums.counted_cover[at] += counted_cover
    sums.kernel[at] += share_cover * kernel
    sums.largest_cover[at] = np.maximum(sums.largest_cover[at], cover)


def _share_cover(carrier: CarrierCounts, delivered: Bools, cover: Floats) -> Floats:
    """Give the devices that one person in each hexagon (H,) would be counted as by the areas that delivered."""
    if carrier.area_share is None:
        return carrier.share * cover
    found: Floats = carrier.weights.cover.T @ (carrier.area_share * delivered)
    return found


def _places(own: HexIds, hexagons: HexIds) -> NDArray[np.int64] | slice:
    if len(own) == len(hexagons) and np.array_equal(own, hexagons):
        return slice(None)
    at = np.searchsorted(hexagons, own)
    if len(own) and (at[-1] >= len(hexagons) or not np.array_equal(hexagons[at], own)):
        raise ValueError("hexagons must hold every hexagon of every carrier")
    return at


_reach_of_last: WeakKeyDictionary[SpreadingWeights, tuple[bytes, Floats, Floats]] = WeakKeyDictionary()


def _reach(weights: SpreadingWeights, delivered: Bools) -> tuple[Floats, Floats]:
    """Give cover and kernel (H,) of the areas that delivered: kept from bin to bin, as the same areas mostly do."""
    key = np.packbits(delivered).tobytes()
    known = _reach_of_last.get(weights)
    if known is None or known[0] != key:
        there = delivered.astype(np.float64)
        cover: Floats = weights.cover.T @ there
        kernel: Floats = weights.spread.multiply(weights.cover).T @ there
        known = (key, cover, kernel)
        _reach_of_last[weights] = known
    return known[1], known[2]
