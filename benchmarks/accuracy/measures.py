"""How far an estimate is from the truth. All masses are people; hexagons are sorted ids.

Misplaced mass is 1/2 sum |x - truth| / sum truth, with what lies outside the city counted in. The Kantorovich-
Wasserstein distance is exact on a graph: each hexagon is joined to its six neighbours and to the six that lie across
an edge (at sqrt 3 of their distance), so that a path is 0 to 3.6 % longer than the straight line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from benchmarks.accuracy.scenario import Bools, Ints
from geo import hexagons
from geo.hexagons import Floats, HexIds

THIRDS = ("thinnest third", "middle third", "densest third")
EVENT_SHARE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class MapOnCity:
    """An estimate on the city's hexagons (H,) and the people it puts `outside` of them."""

    people: Floats
    outside: float


def on_city(ids: HexIds, people: Floats, city: HexIds) -> MapOnCity:
    """Bring an estimate over sorted ids onto the city's hexagons; unknown (NaN) is nobody."""
    known = np.nan_to_num(people)
    at = np.minimum(np.searchsorted(city, ids), len(city) - 1)
    inside = city[at] == ids
    within = np.bincount(at[inside], known[inside], len(city)).astype(float)
    return MapOnCity(within, float(known[~inside].sum()))


def misplaced(found: MapOnCity, truth: Floats) -> float:
    """Return the misplaced mass as a share of everybody."""
    return float(0.5 * (np.abs(found.people - truth).sum() + found.outside) / truth.sum())


def correlation(found: MapOnCity, truth: Floats) -> float:
    """Return Pearson's r over the city's hexagons."""
    if found.people.std() == 0.0:
        return 0.0
    return float(np.corrcoef(found.people, truth)[0, 1])


def bias(found: MapOnCity, truth: Floats) -> float:
    """Return the error of the total, relative."""
    return float((found.people.sum() + found.outside) / truth.sum() - 1.0)


def coarser(city: HexIds, found: MapOnCity, truth: Floats) -> tuple[MapOnCity, Floats]:
    """Add up to hexagons of the next resolution (8)."""
    parents, of = np.unique(hexagons.parents(city, 8), return_inverse=True)
    people, true = (np.bincount(of, values, len(parents)).astype(float) for values in (found.people, truth))
    return MapOnCity(people, found.outside), true


def wasserstein_m(city: HexIds, found: MapOnCity, truth: Floats) -> float:
    """Return the mean metres that a person would have to move; totals are made equal, the outside is left out."""
    arcs, metres = _arcs(city.tobytes())
    surplus = found.people / found.people.sum() - truth / truth.sum()
    result = linprog(metres, A_eq=arcs, b_eq=surplus, bounds=(0, None), method="highs-ds")
    return float(result.fun) if result.status == 0 else float("nan")


@lru_cache(maxsize=4)
def _arcs(packed: bytes) -> tuple[sparse.csr_array, Floats]:
    """Give the incidence matrix (H, arcs) and lengths; lone parts of the city are joined to the nearest hexagon."""
    city = np.frombuffer(packed, dtype=np.uint64)
    metres = plane_m(city)
    start, end = _neighbours(city, metres)
    start, end = _joined(metres, start, end)
    number = np.arange(len(start))
    ones = np.ones(len(start))
    shape = (len(city), len(start))
    arcs = sparse.csr_array((ones, (start, number)), shape) - sparse.csr_array((ones, (end, number)), shape)
    return arcs, np.linalg.norm(metres[start] - metres[end], axis=1)


def plane_m(city: HexIds) -> Floats:
    """Give the centres in metres around the city's middle, (H, 2)."""
    lon_lat = hexagons.centres(city)
    middle = lon_lat.mean(axis=0)
    plane: Floats = (lon_lat - middle) * [np.cos(np.radians(middle[1])) * 111_195.0, 111_195.0]
    return plane


def _neighbours(city: HexIds, metres: Floats) -> tuple[Ints, Ints]:
    """Give pairs within two rings but not straight behind a neighbour."""
    starts, ends = [], []
    for row, one in enumerate(city.tolist()):
        near = hexagons.disc(one, 2)
        at = np.minimum(np.searchsorted(city, near), len(city) - 1)
        at = at[(city[at] == near) & (at != row)]
        distance = np.linalg.norm(metres[at] - metres[row], axis=1)
        at = at[distance < 1.87 * _spacing(one)]
        starts.append(np.full(len(at), row))
        ends.append(at)
    return np.concatenate(starts), np.concatenate(ends)


@lru_cache(maxsize=20_000)
def _spacing(one: int) -> float:
    """Give the distance of neighbours in metres from the hexagon's area."""
    return float(1000.0 * np.sqrt(hexagons.area_km2(np.array([one], dtype=np.uint64))[0] * 2.0 / np.sqrt(3.0)))


def _joined(metres: Floats, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    while True:
        pairs = sparse.csr_array((np.ones(len(start)), (start, end)), (len(metres), len(metres)))
        parts, of = sparse.csgraph.connected_components(pairs, directed=False)
        if parts == 1:
            return start, end
        lone = np.flatnonzero(of != np.bincount(of).argmax())[0]
        others = np.flatnonzero(of != of[lone])
        nearest = others[np.linalg.norm(metres[others] - metres[lone], axis=1).argmin()]
        start, end = np.r_[start, lone, nearest], np.r_[end, nearest, lone]


def relative_errors(found: MapOnCity, truth: Floats, where: Ints) -> Floats:
    """Return |x - truth| / truth of some hexagons."""
    errors: Floats = np.abs(found.people[where] - truth[where]) / np.maximum(truth[where], 1.0)
    return errors


def held(low: Floats, high: Floats, truth: Floats) -> Bools:
    """Tell which truths lie in their interval."""
    return (low <= truth) & (truth <= high)


def thirds(density: Floats) -> Ints:
    """Number hexagons 0, 1, 2 by true density, a third each."""
    return np.searchsorted(np.quantile(density, [1 / 3, 2 / 3]), density, side="right").astype(np.int64)
