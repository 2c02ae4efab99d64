"""The ground of the demo city: districts, streets, parks, mountains, all drawn by hand (`places.toml`).

Distances are metres in a local plane around the city's centre; nothing here is fit for surveying.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.city.noise import Floats

METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Outline:
    """A named shape of the base map: `points` (N, 2) longitude and latitude, not closed."""

    id: str
    kk: str
    ru: str
    en: str
    points: Floats


@dataclass(frozen=True, slots=True)
class Street:
    """A main street: `points` (N, 2) longitude and latitude along it; `weight` says how lively it is."""

    kk: str
    ru: str
    en: str
    points: Floats
    weight: float


@dataclass(frozen=True, slots=True)
class Geography:
    """All that stays: `bounds` are west, south, east, north."""

    bounds: tuple[float, float, float, float]
    centre: tuple[float, float]
    districts: tuple[Outline, ...]
    residents_share: Floats
    settlements: tuple[Floats, ...]
    streets: tuple[Street, ...]
    parks: tuple[Outline, ...]
    mountains: Outline
    attractions: Mapping[str, Floats]


@cache
def read_toml(name: str) -> dict[str, Any]:
    """Read a data file of this package."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


@cache
def geography() -> Geography:
    """Return the ground, read once."""
    raw = read_toml("places.toml")
    west, south, east, north = raw["bounds"]
    longitude, latitude = raw["centre"]
    return Geography(
        bounds=(west, south, east, north),
        centre=(longitude, latitude),
        districts=tuple(_outline(one["id"], one) for one in raw["districts"]),
        residents_share=np.array([one["residents_share"] for one in raw["districts"]]),
        settlements=tuple(np.array(one["settlements"]) for one in raw["districts"]),
        streets=tuple(_street(one) for one in raw["streets"]),
        parks=tuple(_outline(f"park-{number}", one) for number, one in enumerate(raw["parks"], 1)),
        mountains=_outline("mountains", raw["mountains"]),
        attractions={one["kind"]: np.array(one["places"]) for one in raw["attractions"]},
    )


def to_metres(lon_lat: Floats) -> Floats:
    """Convert (N, 2) longitude and latitude to metres east and north of the city's centre."""
    longitude, latitude = geography().centre
    scale = np.array([np.cos(np.radians(latitude)), 1.0]) * METRES_PER_DEGREE
    metres: Floats = (np.asarray(lon_lat, dtype=float) - [longitude, latitude]) * scale
    return metres


def to_degrees(metres: Floats) -> Floats:
    """Convert (N, 2) metres east and north of the centre to longitude and latitude; inverse of `to_metres`."""
    longitude, latitude = geography().centre
    scale = np.array([np.cos(np.radians(latitude)), 1.0]) * METRES_PER_DEGREE
    return np.asarray(metres / scale + [longitude, latitude])


def inside(points: Floats, outline: Floats) -> NDArray[np.bool_]:
    """Tell which points (N, 2) lie inside an outline (M, 2), by counting crossings of a ray to the east."""
    x, y = points[:, :1], points[:, 1:]
    x0, y0 = outline[:, 0], outline[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    straddles = (y0 > y) != (y1 > y)
    rise = np.where(y1 == y0, 1.0, y1 - y0)
    crossing = x0 + (y - y0) / rise * (x1 - x0)
    inside_mask: NDArray[np.bool_] = (straddles & (x < crossing)).sum(axis=1) % 2 == 1
    return inside_mask


def district_of(lon_lat: Floats) -> NDArray[np.intp]:
    """Return the number of the district of each point (N, 2); -1 outside the city and in the mountains."""
    numbers = np.full(len(lon_lat), -1, dtype=np.intp)
    for number, district in enumerate(geography().districts):
        numbers[inside(lon_lat, district.points)] = number
    numbers[inside(lon_lat, geography().mountains.points)] = -1
    return numbers


def in_parks(lon_lat: Floats) -> NDArray[np.bool_]:
    """Tell which points (N, 2) lie in a park or lake."""
    in_any: NDArray[np.bool_] = np.any([inside(lon_lat, park.points) for park in geography().parks], axis=0)
    return in_any


def distance_to_line(points_m: Floats, line_m: Floats) -> Floats:
    """Return the distance in metres of each point (N, 2) from a line (M, 2) in metres."""
    starts, steps = line_m[:-1], np.diff(line_m, axis=0)
    offsets = points_m[:, None, :] - starts
    along = np.clip((offsets * steps).sum(axis=2) / (steps**2).sum(axis=1), 0.0, 1.0)
    nearest = np.linalg.norm(offsets - along[..., None] * steps, axis=2)
    distance: Floats = nearest.min(axis=1)
    return distance


def nearest(points_m: Floats, candidates_m: Floats) -> NDArray[np.intp]:
    """Return for each point (N, 2) the index of the nearest candidate (M, 2), both in metres."""
    squared = (candidates_m**2).sum(axis=1)
    chunks = [points_m[i : i + 4096] for i in range(0, max(len(points_m), 1), 4096)]
    return np.concatenate([np.argmin(squared - 2 * chunk @ candidates_m.T, axis=1) for chunk in chunks])


def base_map() -> dict[str, Any]:
    """Return the project's own base map as a GeoJSON FeatureCollection.

    Properties: `kind` (`district`, `street`, `park`, `mountains`), `id`, `name_kk`, `name_ru`, `name_en`.
    """
    ground = geography()
    features = [_polygon("mountains", ground.mountains)]
    features += [_polygon("district", district) for district in ground.districts]
    features += [_polygon("park", park) for park in ground.parks]
    features += [_line(f"street-{number}", street) for number, street in enumerate(ground.streets, 1)]
    return {"type": "FeatureCollection", "features": features}


def closed_ring(points: Floats) -> list[list[float]]:
    """Return an outline as a closed GeoJSON ring with six decimals (a decimetre)."""
    return [[round(float(x), 6), round(float(y), 6)] for x, y in [*points, points[0]]]


def _outline(name: str, raw: Mapping[str, Any]) -> Outline:
    return Outline(name, raw["kk"], raw["ru"], raw["en"], np.array(raw["outline"]))


def _street(raw: Mapping[str, Any]) -> Street:
    return Street(raw["kk"], raw["ru"], raw["en"], np.array(raw["line"]), raw["weight"])


def _names(of: Outline | Street) -> dict[str, str]:
    return {"name_kk": of.kk, "name_ru": of.ru, "name_en": of.en}


def _polygon(kind: str, outline: Outline) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [closed_ring(outline.points)]}
    properties = {"kind": kind, "id": outline.id, **_names(outline)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _line(name: str, street: Street) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": street.points.tolist()}
    properties = {"kind": "street", "id": name, **_names(street)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
