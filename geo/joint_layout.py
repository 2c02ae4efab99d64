"""What the joint estimate knows of the ground before any count: hexagons, who covers them, how far apart they are.

Computed once for a set of coverages and kept; correlations are computed once for each length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from geo import hexagons as hexes
from geo.clipping import EARTH_RADIUS_KM
from geo.hexagons import Floats, HexIds
from geo.joint_field import REACH_IN_LENGTHS, Field, field_of, resemblance
from geo.spreading import CarrierCounts
from geo.weights import SpreadingWeights

Ints = NDArray[np.int64]

_LENGTHS_KEPT = 4
_FIELDS_KEPT = 6  # of a region of 5,000 hexagons 100 MB each
_REACHED = 0.3  # of a hexagon: less is the rim of a coverage
_SMALLEST_KM2 = 0.01
_EVEN = 1e-3  # a trait that differs less is the same everywhere
_NEAREST_MASTS = (2, 7)  # of each carrier: the nearest one tells of itself more than of the people
_CLOSEST_M = 100.0  # nearer to a mast is no sign of more people


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """`weights` in the order of the theta's carriers; all else in the order of `hexagons` (H,).

    `metres` (H, 2) in a local plane; `ground_km2` (H,): area of the part that any coverage stands for, `covered` 0..1
    of it; `rows` (A, H): of the people of that part of a hexagon, how many each source area sees, all weights' areas
    one after the other from `starts` on; `row_metres` (A, 2) their centres. `traits` (H, T): what goes with people
    before any count, each scaled to sd 1: how near the masts stand, how small other areas are cut, how many coverages
    reach there.
    """

    weights: tuple[SpreadingWeights, ...]
    hexagons: HexIds
    metres: Floats
    covered: Floats
    ground_km2: Floats
    rows: sparse.csr_array
    starts: Ints
    row_metres: Floats
    traits: Floats
    correlations: dict[float, sparse.csr_array] = field(default_factory=dict, repr=False)
    fields: dict[tuple[float, bytes], Field] = field(default_factory=dict, repr=False)
    usuals: dict[bytes, Any] = field(default_factory=dict, repr=False)  # of geo.joint_bin

    def number_of(self, counts: CarrierCounts) -> int:
        """Return which of the weights a carrier's counts are of; raise ValueError where of none."""
        for number, weights in enumerate(self.weights):
            if weights is counts.weights:
                return number
        raise ValueError("the layout holds other weights than the counts")

    def correlation(self, length_m: float) -> sparse.csr_array:
        """Return the correlation of the hexagons (H, H), 0 beyond three lengths, computed once for each length."""
        known = self.correlations.get(length_m)
        if known is None:
            known = correlation(self.metres, length_m)
            while len(self.correlations) >= _LENGTHS_KEPT:
                self.correlations.pop(next(iter(self.correlations)))
            self.correlations[length_m] = known
        return known

    def field(self, hexagons: Ints, length_m: float) -> Field:
        """Return how much alike some of the hexagons are for a correlation length; the last few are kept."""
        key = length_m, hexagons.tobytes()
        known = self.fields.get(key)
        if known is None:
            known = field_of(self.hexagons[hexagons], self.metres[hexagons], length_m)
            while len(self.fields) >= _FIELDS_KEPT:
                self.fields.pop(next(iter(self.fields)), None)
            self.fields[key] = known
        return known


def layout(weights: Sequence[SpreadingWeights], hexagons: HexIds) -> Layout:
    """Lay out the coverages over `hexagons` (H,), sorted, which hold at least every hexagon of every weights."""
    parts = [_over(one, hexagons) for one in weights]
    rows = sparse.vstack(parts, format="csr")
    covers = [np.asarray(one.sum(axis=0)).ravel() for one in parts]
    covered = np.clip(np.max(covers, axis=0), 0.0, 1.0) if covers else np.zeros(len(hexagons))
    safe = np.where(covered > 0.0, covered, 1.0)
    lon_lat = hexes.centres(hexagons)
    metres = local_metres(lon_lat)
    per_person = sparse.csr_array(rows @ sparse.diags_array(1.0 / safe))
    starts = np.cumsum([0, *(len(one.source_area_ids) for one in weights)])
    area = hexes.area_km2(hexagons)
    return Layout(
        weights=tuple(weights),
        hexagons=hexagons,
        metres=metres,
        covered=covered,
        ground_km2=area * covered,
        rows=per_person,
        starts=starts,
        row_metres=_centres(per_person, metres),
        traits=_traits(weights, parts, covers, lon_lat),
    )


def local_metres(lon_lat: Floats) -> Floats:
    """Project longitude and latitude (H, 2) to metres in a plane around their middle; enough within a region."""
    if not len(lon_lat):
        return np.zeros((0, 2))
    longitude = np.unwrap(np.append(lon_lat[0, 0], lon_lat[:, 0]), period=360.0)[1:]
    latitude = lon_lat[:, 1]
    middle = 0.5 * (latitude.min() + latitude.max())
    per_degree = np.radians(1.0) * EARTH_RADIUS_KM * 1000.0
    east = (longitude - longitude.mean()) * np.cos(np.radians(middle))
    metres: Floats = per_degree * np.stack([east, latitude - middle], axis=1)
    return metres


def correlation(metres: Floats, length_m: float) -> sparse.csr_array:
    """Return exp(-d / length) tapered to 0 at three lengths (Wendland), so that it stays positive definite.

    Source of the taper: Furrer, Genton and Nychka 2006, Wendland's function of smoothness 1 for the plane.
    """
    reach = REACH_IN_LENGTHS * length_m
    tree = KDTree(metres)
    pairs = tree.query_pairs(reach, output_type="ndarray")
    apart = np.linalg.norm(metres[pairs[:, 0]] - metres[pairs[:, 1]], axis=1)
    value = resemblance(apart, length_m)
    size = len(metres)
    upper = sparse.coo_array((value, (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    return sparse.csr_array(upper + upper.T + sparse.eye_array(size))


def _over(weights: SpreadingWeights, hexagons: HexIds) -> sparse.csr_array:
    """Give the cover of weights over other hexagons: the same rows, columns moved."""
    at = np.searchsorted(hexagons, weights.hexagons)
    if len(at) and (at[-1] >= len(hexagons) or not np.array_equal(hexagons[at], weights.hexagons)):
        raise ValueError("hexagons must hold every hexagon of every carrier")
    cover = weights.cover
    return sparse.csr_array((cover.data, at[cover.indices], cover.indptr), shape=(cover.shape[0], len(hexagons)))


def _traits(
    weights: Sequence[SpreadingWeights],
    parts: Sequence[sparse.csr_array],
    covers: Sequence[Floats],
    lon_lat: Floats,
) -> Floats:
    """Give the traits (H, T) that differ from place to place."""
    size = len(lon_lat)
    reached = [cover > _REACHED for cover in covers]
    coverages = np.sum(reached, axis=0) / max(len(reached), 1) if reached else np.zeros(size)
    cut = [n for n, one in enumerate(weights) if not len(one.masts)]
    density = _cut_density([weights[n] for n in cut], [parts[n] for n in cut], [covers[n] for n in cut], size)
    traits = [scaled(one) for one in (_near_masts(weights, lon_lat), density, coverages)]
    return np.column_stack([np.zeros((size, 0)), *(one for one in traits if one.any())])


def _near_masts(weights: Sequence[SpreadingWeights], lon_lat: Floats) -> Floats:
    """Give how near masts stand (H,), as the logarithm of a density: operators build where people are."""
    masts = [one.masts for one in weights if len(one.masts)]
    if not masts:
        return np.zeros(len(lon_lat))
    metres = local_metres(np.vstack([lon_lat, *masts]))
    first, last = (len(masts) * one for one in _NEAREST_MASTS)
    most = len(metres) - len(lon_lat)
    wanted = np.arange(min(first, most), min(last, most) + 1)
    apart = KDTree(metres[len(lon_lat) :]).query(metres[: len(lon_lat)], k=wanted)[0]
    near: Floats = -np.log(np.maximum(apart, _CLOSEST_M)).mean(axis=1)
    return near


def _cut_density(
    weights: Sequence[SpreadingWeights],
    parts: Sequence[sparse.csr_array],
    covers: Sequence[Floats],
    size: int,
) -> Floats:
    """Give the logarithm of how many areas there are to a km² (H,), of coverages that are cut into areas."""
    density, coverages = np.zeros(size), np.zeros(size)
    for one, part, cover in zip(weights, parts, covers, strict=True):
        there = cover > _REACHED
        if there.any():
            smaller = 1.0 / np.maximum(one.area_km2, _SMALLEST_KM2)
            logarithm = np.log(np.maximum((part.T @ smaller)[there] / cover[there], 1e-12))
            density[there] += logarithm - logarithm.mean()
            coverages += there
    return density / np.maximum(coverages, 1.0)


def scaled(trait: Floats) -> Floats:
    """Return a trait (H,) with mean 0 and standard deviation 1; zeros where it is the same everywhere."""
    spread = trait.std() if len(trait) else 0.0
    return np.asarray((trait - trait.mean()) / spread) if spread > _EVEN else np.zeros(len(trait))


def _centres(rows: sparse.csr_array, metres: Floats) -> Floats:
    total = np.asarray(rows.sum(axis=1)).ravel()
    centres: Floats = (rows @ metres) / np.where(total > 0.0, total, 1.0)[:, None]
    return centres
