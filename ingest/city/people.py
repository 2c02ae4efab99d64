"""Where the people of the city live, work, learn, trade, rest and are on the way: six fields over H3 hexagons.

Each field is a share of all who do that (sums to 1). Nobody is in the mountains; nobody lives in a park.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import centres, disc, hexagon_at
from ingest.city.geography import distance_to_line, district_of, geography, in_parks, to_metres
from ingest.city.noise import Floats, generator, smooth_field
from ingest.city.rhythms import ACTIVITIES

RESOLUTION = 9


@dataclass(frozen=True, slots=True)
class Ground:
    """The city's hexagons: sorted `ids` (H,), centres in degrees and metres (H, 2), `district` (H,) or -1: nobody."""

    ids: NDArray[np.uint64]
    lon_lat: Floats
    metres: Floats
    district: NDArray[np.intp]


@cache
def ground() -> Ground:
    """Return every res-9 hexagon whose centre lies within the city's bounds."""
    west, south, east, north = geography().bounds
    around = disc(hexagon_at((west + east) / 2, (south + north) / 2, RESOLUTION), 64)
    lon_lat = centres(around)
    within = ((lon_lat > [west, south]) & (lon_lat < [east, north])).all(axis=1)
    ids, first = np.unique(around[within], return_index=True)
    lon_lat = lon_lat[within][first]
    return Ground(ids, lon_lat, to_metres(lon_lat), district_of(lon_lat))


def hexagon_index(lon_lat: Floats) -> NDArray[np.intp]:
    """Return the index in `ground().ids` of the hexagon that holds each point (N, 2) within the city."""
    ids = [hexagon_at(float(x), float(y), RESOLUTION) for x, y in lon_lat]
    return np.searchsorted(ground().ids, np.array(ids, dtype=np.uint64))


def activity_fields(seed: int) -> Floats:
    """Draw the fields of ACTIVITIES over the hexagons, (6, H); rows sum to 1."""
    homes = _homes(seed)
    streets = _streets()
    drawn = {
        "home": homes,
        "work": 0.70 * _crowds("work") + 0.15 * streets + 0.15 * homes,
        "study": 0.62 * _crowds("study") + 0.38 * homes,
        "trade": 0.50 * _crowds("trade") + 0.30 * streets + 0.20 * homes,
        "leisure": 0.45 * _crowds("leisure") + 0.15 * _parks() + 0.25 * streets + 0.15 * homes,
        "street": 0.65 * streets + 0.35 * homes,
    }
    return np.vstack([_normalised(drawn[name] * _texture(seed, name)) for name in ACTIVITIES])


def _homes(seed: int) -> Floats:
    """Place each district's residents around its settlements, thinner between them, with an uneven texture."""
    here = ground()
    field = np.zeros(len(here.ids))
    texture = np.exp(0.45 * smooth_field(generator(seed, "homes"), here.metres, 450.0))
    for number, share in enumerate(geography().residents_share):
        cores = to_metres(geography().settlements[number])
        height = sum(_bump(here.metres, core, 900.0) for core in cores) + 0.16
        lived_in = (here.district == number) & ~in_parks(here.lon_lat)
        field += share * _normalised(np.where(lived_in, height * texture, 0.0))
    return field


def _crowds(kind: str) -> Floats:
    """Gather people around the attractions of a kind; the weight counts people, not people per area."""
    places = geography().attractions[kind]
    cores = to_metres(places[:, :2])
    bumps = [
        weight * _normalised(_on_land(_bump(ground().metres, core, width)))
        for core, width, weight in zip(cores, places[:, 2], places[:, 3], strict=True)
    ]
    return _normalised(np.sum(bumps, axis=0))


def _streets() -> Floats:
    """Line the main streets, within some 150 m, by how lively they are."""
    lively = [
        street.weight * np.exp(-distance_to_line(ground().metres, to_metres(street.points)) / 150.0)
        for street in geography().streets
    ]
    return _normalised(_on_land(np.sum(lively, axis=0)))


def _parks() -> Floats:
    middles = [to_metres(park.points).mean(axis=0) for park in geography().parks]
    return _normalised(_on_land(np.sum([_bump(ground().metres, one, 350.0) for one in middles], axis=0)))


def _texture(seed: int, name: str) -> Floats:
    if name == "home":
        return np.ones(len(ground().ids))
    return np.exp(0.35 * smooth_field(generator(seed, "texture", name), ground().metres, 400.0))


def _bump(points_m: Floats, core_m: Floats, width_m: float) -> Floats:
    bump: Floats = np.exp(-((points_m - core_m) ** 2).sum(axis=1) / (2 * width_m**2))
    return bump


def _on_land(field: Floats) -> Floats:
    return np.where(ground().district >= 0, field, 0.0)


def _normalised(field: Floats) -> Floats:
    normalised: Floats = field / field.sum()
    return normalised
