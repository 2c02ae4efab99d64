"""What is released of venues: the rows beside the released hexagons of the same estimate, hidden and rounded.

A venue is hidden where a hexagon that it touches is, and missing where one is missing or off the map, so that it never
tells what its hexagons do not (contract C2). Fewer people than `k_min` phones stand for are released as one band.
People on the rounding ladder (C4), shares in hundredths or thousandths. A public hour is a mean of released rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.errors import PackedBytesError
from geo.hexagons import Floats
from geo.joint_types import JointEstimate, VenueEstimate
from geo.packing import pack_arrays, unpack_arrays
from geo.release import Released, ladder_codes, ladder_values, rounded
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED

Bools = NDArray[np.bool_]
Pairs = NDArray[np.int32]

_KIND = "oryn-venues-1"
_PEOPLE = ("best", "low", "high", "sd", "area_sd")
_SHARES = {"kernel": 1000.0, "own_probability": 100.0, "reach": 100.0}
_NONE = 0xFFFF
_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ReleasedVenues:
    """What is released of the venues of one time bin, arrays (V,): rounded people, shares 0..1, NaN where not told.

    `state`: 0 missing, 1 suppressed, 2 estimated. `sd` and the 90 % interval `low`..`high` are those of the estimate,
    before any calibration. `few`: people for fewer than k_min phones, released as one band. `area_sd`: of the people of
    all hexagons that the venue touches. `rivals` (P, 2): pairs of venues, by place in the arrays, whose people cannot
    be told apart.
    """

    state: NDArray[np.uint8]
    best: Floats
    low: Floats
    high: Floats
    sd: Floats
    few: Bools
    kernel: Floats
    own_probability: Floats
    reach: Floats
    area_sd: Floats
    rivals: Pairs

    def __len__(self) -> int:
        return len(self.state)

    def placed(self, places: NDArray[np.int64], count: int) -> ReleasedVenues:
        """Put each venue into its place among `count` others, of which nothing is told; one at -1 is left out."""
        whole, kept = ReleasedVenues.missing(count), places >= 0
        for name in ("state", "few", *_PEOPLE, *_SHARES):
            getattr(whole, name)[places[kept]] = getattr(self, name)[kept]
        there = kept[self.rivals].all(axis=1) if len(self.rivals) else np.zeros(0, bool)
        return replace(whole, rivals=places[self.rivals[there]].astype(np.int32).reshape(-1, 2))

    def to_bytes(self) -> bytes:
        """Pack as codes of the ladder and whole numbers: exact for what is released."""
        people = np.stack([ladder_codes(getattr(self, name)) for name in _PEOPLE])
        shares = np.stack([_share_codes(getattr(self, name), parts) for name, parts in _SHARES.items()])
        few = self.few.astype(np.uint8)
        columns: dict[str, NDArray[Any]] = {
            "state": self.state,
            "people": people,
            "shares": shares,
            "few": few,
            "rivals": self.rivals,
        }
        return pack_arrays(_KIND, {}, columns)

    @staticmethod
    def missing(count: int) -> ReleasedVenues:
        """Return the release of `count` venues of which nothing is known."""
        nothing = {name: np.full(count, np.nan) for name in (*_PEOPLE, *_SHARES)}
        state = np.full(count, MISSING, np.uint8)
        return ReleasedVenues(state=state, few=np.zeros(count, bool), rivals=np.zeros((0, 2), np.int32), **nothing)

    @staticmethod
    def from_bytes(packed: bytes) -> ReleasedVenues:
        """Unpack what `to_bytes` made; raise PackedBytesError on anything else."""
        _, arrays = unpack_arrays(_KIND, packed)
        if arrays["people"].shape != (len(_PEOPLE), len(arrays["state"])):
            raise PackedBytesError("packed-bytes-unknown", {"expected": _KIND})
        people = dict(zip(_PEOPLE, ladder_values(arrays["people"]), strict=True))
        shares = {
            name: np.where(codes == _NONE, np.nan, codes / parts)
            for (name, parts), codes in zip(_SHARES.items(), arrays["shares"], strict=True)
        }
        few = arrays["few"].astype(bool)
        return ReleasedVenues(state=arrays["state"], few=few, rivals=arrays["rivals"], **people, **shares)


def release_venues(
    estimate: JointEstimate,
    membership: sparse.csr_array,
    released: Released,
    k_min: int,
    *,
    rival_correlation: float,
    rivals_most: int,
) -> ReleasedVenues:
    """Release the venues of an estimate whose hexagons are `released`.

    `membership` (V, H) as the venues were estimated. Venues whose errors correlate below -`rival_correlation` are
    rivals, the strongest first, at most `rivals_most` a venue.
    """
    venues = estimate.venues
    state = _states(membership, released.state, venues.mean)
    told = state == ESTIMATED
    share = _reporting_share(membership, estimate.hexagons.reporting_share)
    few = told & (venues.mean > 0.0) & (venues.mean * share < k_min)
    most = np.divide(k_min, share, out=np.zeros(len(few)), where=few)
    best, low, high, sd = _banded(venues, few, most)
    columns = {"best": best, "low": low, "high": high, "sd": sd, "area_sd": venues.area_sd}
    people = {name: np.where(told, rounded(values), np.nan) for name, values in columns.items()}
    shares = {name: _rounded_share(getattr(venues, name), parts, told) for name, parts in _SHARES.items()}
    pairs = strongest_rivals(venues.rivals, rival_correlation, rivals_most, told)
    return ReleasedVenues(state=state, few=few, rivals=pairs, **people, **shares)


def strongest_rivals(correlation: sparse.csr_array, threshold: float, most: int, told: Bools) -> Pairs:
    """Give the pairs (P, 2) of venues that correlate below -`threshold`, at most `most` a venue, the strongest first.

    A pair holds both ways; of equal ones the first in the arrays.
    """
    upper = sparse.coo_array(sparse.triu(correlation, k=1))
    first, second = upper.coords
    kept = (upper.data < -threshold) & told[first] & told[second]
    order = np.lexsort((second[kept], first[kept], upper.data[kept]))
    pairs: list[tuple[int, int]] = []
    named = np.zeros(correlation.shape[0], np.int64)
    for one, other in zip(first[kept][order].tolist(), second[kept][order].tolist(), strict=True):
        if max(named[one], named[other]) < most:
            pairs.append((one, other))
            named[[one, other]] += 1
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)


def mean_of_venue_releases(releases: Sequence[ReleasedVenues]) -> ReleasedVenues:
    """Average releases of the same venues over the bins in which they are estimated, for the public hour.

    A venue that is suppressed in any bin is suppressed: the mean of the others could be set against theirs. Standard
    deviations are averaged too, as the errors of neighbouring bins are the same. Raises ValueError without any release.
    """
    if not releases or any(len(one) != len(releases[0]) for one in releases):
        raise ValueError("releases of the same venues are needed, at least one")
    states = np.stack([one.state for one in releases])
    state = np.where((states == SUPPRESSED).any(axis=0), SUPPRESSED, states.max(axis=0)).astype(np.uint8)
    told = state == ESTIMATED
    there = np.maximum((states == ESTIMATED).sum(axis=0), 1)

    def mean(name: str) -> Floats:
        total = np.nansum([getattr(one, name) for one in releases], axis=0)
        return np.where(told, total / there, np.nan)

    people = {name: rounded(mean(name)) for name in _PEOPLE}
    shares = {name: _rounded_share(mean(name), parts, told) for name, parts in _SHARES.items()}
    pairs = np.unique(np.concatenate([one.rivals for one in releases]), axis=0)
    few = np.stack([one.few for one in releases]).any(axis=0) & told
    return ReleasedVenues(state=state, few=few, rivals=pairs, **people, **shares)


def _states(membership: sparse.csr_array, hexagons: NDArray[np.uint8], mean: Floats) -> NDArray[np.uint8]:
    inside = sparse.csr_array(membership > 0.0, dtype=np.float64)
    off_the_map = np.asarray(membership.sum(axis=1)).ravel() < _WHOLE
    missing = (inside @ (hexagons == MISSING).astype(np.float64) > 0.0) | off_the_map
    hidden = inside @ (hexagons == SUPPRESSED).astype(np.float64) > 0.0
    told = np.where(hidden, SUPPRESSED, np.where(np.isfinite(mean), ESTIMATED, MISSING))
    return np.where(missing, MISSING, told).astype(np.uint8)


def _reporting_share(membership: sparse.csr_array, share: Floats) -> Floats:
    total = np.asarray(membership.sum(axis=1)).ravel()
    found: Floats = (membership @ share) / np.where(total > 0.0, total, 1.0)
    return found


def _banded(venues: VenueEstimate, few: Bools, most: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Give best, low, high and sd, where `few` the same for 0 < people < `most`, whatever their number."""
    return (
        np.where(few, most / 2.0, venues.mean),
        np.where(few, 0.0, venues.low),
        np.where(few, most + venues.high - venues.mean, venues.high),
        np.where(few, np.maximum(most / 2.0, venues.sd), venues.sd),
    )


def _rounded_share(values: Floats, parts: float, told: Bools) -> Floats:
    return np.where(told, np.round(np.clip(values, 0.0, 1.0) * parts) / parts, np.nan)


def _share_codes(values: Floats, parts: float) -> NDArray[np.uint16]:
    known = np.isfinite(values)
    return np.where(known, np.round(np.where(known, values, 0.0) * parts), _NONE).astype(np.uint16)
