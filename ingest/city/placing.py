"""Where a venue stands: near what draws it, along a main street or inside a quarter, never on top of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.city.geography import district_of, geography, in_parks, read_toml, to_degrees, to_metres
from ingest.city.noise import Floats
from ingest.city.people import ground
from ingest.city.rhythms import ACTIVITIES

DRAWS = {"homes": "home", "streets": "street"}
STREET_REACH_M = 550.0
FLOOR_M2 = 6000.0
PLANTED_ALONE_M = 420.0


@dataclass(frozen=True, slots=True)
class Sites:
    """Places of N venues: `lon_lat` (N, 2), `outlines` (N, 4, 2) in degrees, district numbers and addresses."""

    lon_lat: Floats
    outlines: Floats
    district: NDArray[np.intp]
    address_kk: list[str]
    address_ru: list[str]


@dataclass(frozen=True, slots=True)
class _Spots:
    metres: Floats
    bearing: Floats
    street: NDArray[np.intp]
    along_m: Floats
    side: Floats


def place_venues(rng: np.random.Generator, draws: list[str], area_m2: Floats, fields: Floats, taken_m: Floats) -> Sites:
    """Place one venue for each draw (an attraction, "homes" or "streets") and area; keep off `taken_m` (K, 2)."""
    footprint = area_m2 / np.ceil(area_m2 / FLOOR_M2)
    spots = _spots(rng, draws, footprint, fields)
    for _ in range(8):
        bad = _colliding(spots.metres, footprint, taken_m)
        if not bad.any():
            break
        _redraw(rng, spots, bad, draws, footprint, fields)
    aspect = rng.uniform(1.0, 2.2, len(draws))
    lon_lat = to_degrees(spots.metres)
    district = district_of(lon_lat)
    kk, ru = _addresses(rng, spots, district)
    return Sites(lon_lat, rectangle(spots.metres, footprint, aspect, spots.bearing), district, kk, ru)


def rectangle(centres_m: Floats, area_m2: Floats, aspect: Floats, bearing: Floats) -> Floats:
    """Return rectangles (N, 4, 2) in degrees with given centres, areas, aspects and directions (radians from east)."""
    length = np.sqrt(area_m2 * aspect) / 2
    width = np.sqrt(area_m2 / aspect) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    x, y = corners[:, 0] * length[:, None], corners[:, 1] * width[:, None]
    cos, sin = np.cos(bearing)[:, None], np.sin(bearing)[:, None]
    turned = np.stack([x * cos - y * sin, x * sin + y * cos], axis=2) + centres_m[:, None, :]
    return to_degrees(turned.reshape(-1, 2)).reshape(-1, 4, 2)


def _spots(rng: np.random.Generator, draws: list[str], footprint: Floats, fields: Floats) -> _Spots:
    """Draw a hexagon by the field of what draws the venue, jitter within it, and move most to the nearest street."""
    wanted = np.array([ACTIVITIES.index(DRAWS.get(draw, draw)) for draw in draws])
    mixed = 0.75 * fields + 0.25 * fields[ACTIVITIES.index("home")]
    cumulative = np.cumsum(mixed, axis=1)
    hexagon = [np.searchsorted(cumulative[row], rng.random() * cumulative[row, -1]) for row in wanted]
    points = ground().metres[hexagon] + rng.uniform(-150, 150, (len(draws), 2))
    return _to_streets(rng, points, footprint)


def _to_streets(rng: np.random.Generator, points: Floats, footprint: Floats) -> _Spots:
    starts, ends, owner, offset = _segments()
    steps = ends - starts
    gap = points[:, None, :] - starts
    along = np.clip((gap * steps).sum(axis=2) / (steps**2).sum(axis=1), 0.02, 0.98)
    foot = starts + along[..., None] * steps
    distance = np.linalg.norm(points[:, None, :] - foot, axis=2)
    best = distance.argmin(axis=1)
    rows = np.arange(len(points))
    length = np.linalg.norm(steps, axis=1)
    side = rng.choice([-1.0, 1.0], len(points))
    normal = np.stack([-steps[best, 1], steps[best, 0]], axis=1) / length[best, None]
    setback = 18 + np.sqrt(footprint) / 2 + rng.exponential(10, len(points))
    at_street = foot[rows, best] + normal * (side * setback)[:, None]
    moved = (distance[rows, best] < STREET_REACH_M) & (rng.random(len(points)) < 0.8)
    bearing = np.arctan2(steps[best, 1], steps[best, 0])
    return _Spots(
        metres=np.where(moved[:, None], at_street, points),
        bearing=np.where(moved, bearing, rng.uniform(0, np.pi, len(points))),
        street=np.where(moved, owner[best], -1),
        along_m=offset[best] + along[rows, best] * length[best],
        side=side,
    )


def _segments() -> tuple[Floats, Floats, NDArray[np.intp], Floats]:
    """Return starts, ends, owner street and distance from the street's beginning of all segments, in metres."""
    lines = [to_metres(street.points) for street in geography().streets]
    lengths = [np.linalg.norm(np.diff(line, axis=0), axis=1) for line in lines]
    return (
        np.concatenate([line[:-1] for line in lines]),
        np.concatenate([line[1:] for line in lines]),
        np.concatenate([np.full(len(one), number) for number, one in enumerate(lengths)]),
        np.concatenate([np.cumsum(one) - one for one in lengths]),
    )


def _colliding(metres: Floats, footprint: Floats, taken_m: Floats) -> NDArray[np.bool_]:
    """Tell which venues stand on an earlier or a taken place, in a park, on the mountains or outside the city."""
    radius = 0.62 * np.sqrt(footprint)
    earlier = np.tril(_squared(metres, metres) < (radius[:, None] + radius) ** 2, -1).any(axis=1)
    planted = (_squared(metres, taken_m) < PLANTED_ALONE_M**2).any(axis=1)
    lon_lat = to_degrees(metres)
    bad: NDArray[np.bool_] = earlier | planted | (district_of(lon_lat) < 0) | in_parks(lon_lat)
    return bad


def _squared(points_m: Floats, others_m: Floats) -> Floats:
    """Return the squared distances (N, M)."""
    east, north = (points_m[:, None, axis] - others_m[:, axis] for axis in (0, 1))
    squared: Floats = east * east + north * north
    return squared


def _redraw(
    rng: np.random.Generator, spots: _Spots, bad: NDArray[np.bool_], draws: list[str], footprint: Floats, fields: Floats
) -> None:
    fresh = _spots(rng, [draw for draw, again in zip(draws, bad, strict=True) if again], footprint[bad], fields)
    for name in ("metres", "bearing", "street", "along_m", "side"):
        getattr(spots, name)[bad] = getattr(fresh, name)


def _addresses(rng: np.random.Generator, spots: _Spots, district: NDArray[np.intp]) -> tuple[list[str], list[str]]:
    quarters = read_toml("names.toml")["quarters"]
    kk, ru = [], []
    for street, along, side, number in zip(spots.street, spots.along_m, spots.side, district, strict=True):
        if street >= 0:
            house = 2 * int(along / 40) + (1 if side > 0 else 2)
            names = [geography().streets[street].kk, geography().streets[street].ru]
        else:
            options = quarters[geography().districts[number].id]
            house = int(rng.integers(1, 90))
            names = options[int(rng.integers(len(options)))]
        kk.append(f"{names[0]}, {house}")
        ru.append(f"{names[1]}, {house}")
    return kk, ru
