"""The one released table: what anybody may see of an estimate, at res 9 and its parents, hidden and rounded.

A parent is summed from its released children, never from the raw estimate, so that it tells nothing they do not.
Contract C2 (hiding) and C4 (rounding).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo import hexagons
from geo.errors import PackedBytesError
from geo.hexagons import Floats, HexIds
from geo.packing import pack_arrays, unpack_arrays
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED, HexagonEstimate

_KIND = "oryn-release-1"
_NONE = 0xFFFF
_TABLE_HALVES = 1 << 18
_FINE = 20  # the code of 100 on the ladder


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """What is released of one time bin at one resolution, all arrays (H,): rounded people and state.

    `state`: 0 missing (all NaN), 2 estimated, 1 suppressed: then `present_population` is NaN, `low` 0 and `high` the
    most that may be hidden there, which follows from k_min and the reporting shares alone, never from the count.
    """

    hexagons: HexIds
    present_population: Floats
    low: Floats
    high: Floats
    state: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Pack without the ids, as two-byte codes of the rounding ladder: exact for rounded numbers, as these are."""
        codes = np.stack([ladder_codes(v) for v in (self.present_population, self.low, self.high)])
        return pack_arrays(_KIND, {}, {"people": codes, "state": self.state})

    @staticmethod
    def from_bytes(packed: bytes, hexagons: HexIds) -> Released:
        """Unpack what `to_bytes` made for these hexagons; raise PackedBytesError on anything else."""
        _, arrays = unpack_arrays(_KIND, packed)
        if len(arrays["state"]) != len(hexagons):
            raise PackedBytesError("packed-bytes-unknown", {"expected": _KIND})
        best, low, high = ladder_values(arrays["people"])
        return Released(hexagons, best, low, high, arrays["state"])


def people_in(packed: bytes) -> float:
    """Return the people in a release as `Released.to_bytes` packs it, a suppressed hexagon as half of its most."""
    _, arrays = unpack_arrays(_KIND, packed)
    best, _low, high = ladder_values(arrays["people"])
    return float(np.nansum(np.where(arrays["state"] == SUPPRESSED, high / 2, best)))


def rounded(values: Floats) -> Floats:
    """Round people: to 5 below 100, to 10 below 1,000, then to two significant digits; halves go up, NaN stays."""
    return ladder_values(ladder_codes(values))


def ladder_codes(values: Floats) -> NDArray[np.uint16]:
    """Number the nearest step of the rounding ladder: 0, 5 .. 100, 110 .. 1,000, 1,100 .. 10,000, 11,000 ..

    NaN has a code of its own. Each decade above 100 has 90 steps. Below 2^17 a table answers: every edge between two
    steps is a multiple of one half there, so the half that a value lies in decides.
    """
    known = np.isfinite(values)
    people = np.maximum(np.where(known, values, 0.0), 0.0)
    if people.size and people.max() >= _TABLE_HALVES / 2:
        codes = _steps(people)
    else:
        codes = _code_of_halves()[(people * 2.0).astype(np.int64)]
    return np.where(known, codes, np.uint16(_NONE))


def ladder_values(codes: NDArray[Any]) -> Floats:
    """Give the people of each step of the ladder, NaN for the code of none."""
    return _people_of_code()[np.asarray(codes).astype(np.uint16)]


def _steps(people: Floats) -> NDArray[np.uint16]:
    decade = np.floor(np.log10(np.maximum(people, 100.0)) + 1e-12).astype(np.int64)
    step = 10.0 ** (decade - 1)
    coarse = _FINE + 90 * (decade - 2) + np.floor(people / step + 0.5).astype(np.int64) - 10
    fine = np.floor(people / 5.0 + 0.5).astype(np.int64)
    return np.where(people < 100.0, fine, coarse).astype(np.uint16)


@cache
def _code_of_halves() -> NDArray[np.uint16]:
    return _steps(np.arange(_TABLE_HALVES) / 2.0)


@cache
def _people_of_code() -> Floats:
    codes = np.arange(_NONE + 1)
    decade, within = np.divmod(np.maximum(codes - _FINE, 0), 90)
    coarse = (within + 10) * 10.0 ** np.minimum(decade + 1, 300)
    return np.where(codes == _NONE, np.nan, np.where(codes < _FINE, codes * 5.0, coarse))


def release(estimate: HexagonEstimate, k_min: int, resolutions: Sequence[int] = (9, 8, 7)) -> dict[int, Released]:
    """Release an estimate at its own resolution, the finest of `resolutions`, and at coarser ones.

    A hexagon is suppressed when only suppressed areas speak for it, or when its estimated device count is above 0 and
    below `k_min`.
    """
    finest, *others = sorted(resolutions, reverse=True)
    released = _hidden(estimate, k_min)
    return {finest: released} | {resolution: coarser(released, resolution) for resolution in others}


def _hidden(estimate: HexagonEstimate, k_min: int) -> Released:
    small = (estimate.device_count > 0.0) & (estimate.device_count < k_min)
    state = np.where((estimate.state == ESTIMATED) & small, SUPPRESSED, estimate.state).astype(np.uint8)
    best, low, high = (rounded(v) for v in (estimate.present_population, estimate.low, estimate.high))
    hidden, missing = np.flatnonzero(state == SUPPRESSED), np.flatnonzero(state == MISSING)
    best[hidden], low[hidden] = np.nan, 0.0
    high[hidden] = _rounded_up((k_min - 1) / estimate.reporting_share[hidden])
    for values in (best, low, high):
        values[missing] = np.nan
    return Released(estimate.hexagons, best, low, high, state)


def _rounded_up(values: Floats) -> Floats:
    """Give the next step of the ladder that is not below the value."""
    codes = ladder_codes(values).astype(np.int64)
    short = ladder_values(codes) < values
    return ladder_values(codes + short)


def coarser(released: Released, resolution: int) -> Released:
    """Sum released hexagons to their parents, as anybody could.

    A suppressed child adds nothing to the mean and what it may hide to `high`. A parent of missing children only is
    missing; one with a suppressed but no estimated child is suppressed.
    """
    ids, parent = _parents(released.hexagons, resolution)
    state = np.full(len(ids), MISSING, dtype=np.uint8)
    np.maximum.at(state, parent, released.state)

    def total(values: Floats) -> Floats:
        return np.bincount(parent, weights=np.nan_to_num(values), minlength=len(ids)).astype(np.float64)

    best, low, high = (rounded(total(v)) for v in (released.present_population, released.low, released.high))
    return _with_state(ids, best, low, high, state)


_parents_of_last: list[tuple[HexIds, int, HexIds, NDArray[np.intp]]] = []


def _parents(ids: HexIds, resolution: int) -> tuple[HexIds, NDArray[np.intp]]:
    """Give the parents and the place of each child's parent: kept from bin to bin, as the ids are mostly the same."""
    for known, of_resolution, parent_ids, parent in _parents_of_last:
        if known is ids and of_resolution == resolution:
            return parent_ids, parent
    parent_ids, parent = np.unique(hexagons.parents(ids, resolution), return_inverse=True)
    _parents_of_last[:] = [(ids, resolution, parent_ids, parent)]
    return parent_ids, parent


def _with_state(ids: HexIds, best: Floats, low: Floats, high: Floats, state: NDArray[np.uint8]) -> Released:
    """Blank what a state does not tell."""
    best = np.where(state == ESTIMATED, best, np.nan)
    low = np.where(state == SUPPRESSED, 0.0, np.where(state == MISSING, np.nan, low))
    return Released(ids, best, low, np.where(state == MISSING, np.nan, high), state)


def mean_of_releases(releases: Sequence[Released]) -> Released:
    """Average releases of one resolution over the base bins in which a hexagon is not missing, for the public hour.

    A hexagon is suppressed when it is suppressed in any bin: the mean of the others could be set against theirs.
    Raises ValueError unless all releases hold the same hexagons and there is at least one.
    """
    if not releases or any(not np.array_equal(r.hexagons, releases[0].hexagons) for r in releases):
        raise ValueError("releases of the same hexagons are needed, at least one")
    states = np.stack([r.state for r in releases])
    there = np.maximum((states != MISSING).sum(axis=0), 1)
    state = np.where((states == SUPPRESSED).any(axis=0), SUPPRESSED, states.max(axis=0)).astype(np.uint8)
    best, low, high = (
        rounded(np.nansum([getattr(r, name) for r in releases], axis=0) / there)
        for name in ("present_population", "low", "high")
    )
    return _with_state(releases[0].hexagons, best, low, high, state)
