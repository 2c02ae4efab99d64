"""The venues of the demo city: about 2,000 over all categories, with outlines along the streets and two names each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.city.geography import district_of, geography, read_toml, to_metres
from ingest.city.hours import OPENING_HOURS
from ingest.city.names import name_of
from ingest.city.noise import Floats, generator
from ingest.city.placing import Sites, place_venues, rectangle

PARTICIPATION = {
    "member": (0.60, 40, 180),
    "leader": (0.05, 1, 13),
    "test_week": (0.04, 0, 6),
    "applied": (0.04, 0, 10),
    "left": (0.05, 5, 90),
    "not_participating": (0.22, 0, 1),
}
INDOOR_CELL_FROM = 2500
NO_OUTSIDERS = frozenset({"airport_station", "mall_market", "food_retail_large"})


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue and what only the simulator knows: `popularity` (1 is usual) and `busy`, its share of capacity at best.

    `outline` is (4, 2) longitude and latitude; `participating_days` is how long its participation has lasted;
    with an `indoor_cell` every carrier has a small radio cell of its own inside.
    """

    id: str
    name_kk: str
    name_ru: str
    category: str
    address_kk: str
    address_ru: str
    district: int
    longitude: float
    latitude: float
    outline: Floats
    seats: int | None
    area_m2: float
    licensed_capacity: int
    opening_hours: str
    business_size: str
    participation: str
    participating_days: int
    entrances: int
    indoor_cell: bool
    rhythm: str
    busy: float
    popularity: float


def build_venues(seed: int, fields: Floats) -> tuple[Venue, ...]:
    """Draw the venues: first those of the planted scenes, then the categories in the order of `categories.toml`.

    `fields` are the activity fields (6, H) that say where a category likes to be.
    """
    planted = [_planted(scene) for scene in read_toml("scenes.toml")["scenes"] if "venue" in scene]
    drawn = _drawn(seed, fields, planted)
    return tuple(replace(one, id=f"ala-{number:04d}") for number, one in enumerate([*planted, *drawn], 1))


def _drawn(seed: int, fields: Floats, planted: list[Venue]) -> list[Venue]:
    categories = read_toml("categories.toml")
    names = [name for name, kind in categories.items() for _ in range(kind["counts"])]
    rng = generator(seed, "venues")
    capacity = np.concatenate([_capacities(rng, kind) for kind in categories.values()])
    area = capacity * np.array([categories[name]["m2"] for name in names]) * rng.uniform(0.8, 1.25, len(names))
    taken = to_metres(np.array([(one.longitude, one.latitude) for one in planted]))
    sites = place_venues(rng, [categories[name]["draw"] for name in names], area, fields, taken)
    return [
        _venue(rng, name, categories[name], int(people), float(m2), sites, number)
        for number, (name, people, m2) in enumerate(zip(names, capacity, area, strict=True))
    ]


def _capacities(rng: np.random.Generator, kind: Mapping[str, Any]) -> NDArray[np.int64]:
    """Draw capacities whose logarithm is normal: many small venues, few big ones."""
    median, spread, least, most = kind["capacity"]
    drawn = np.clip(rng.lognormal(np.log(median), spread, kind["counts"]), least, most)
    step = np.where(drawn < 100, 1, 10)
    capacities: NDArray[np.int64] = (np.round(drawn / step) * step).astype(np.int64)
    return capacities


def _venue(
    rng: np.random.Generator, category: str, kind: Mapping[str, Any], capacity: int, area: float, sites: Sites, n: int
) -> Venue:
    name_kk, name_ru = name_of(rng, category, capacity)
    hours = OPENING_HOURS[_picked(rng, _hour_kinds(kind, name_kk))]
    participation, days = _participation(rng, category)
    popularity = float(np.clip(rng.lognormal(0.0, 0.35), 0.3, 2.2))
    return Venue(
        id="",
        name_kk=name_kk,
        name_ru=name_ru,
        category=category,
        address_kk=sites.address_kk[n],
        address_ru=sites.address_ru[n],
        district=int(sites.district[n]),
        longitude=float(sites.lon_lat[n, 0]),
        latitude=float(sites.lon_lat[n, 1]),
        outline=sites.outlines[n],
        seats=capacity if kind["seats"] else None,
        area_m2=round(area),
        licensed_capacity=capacity,
        opening_hours=_picked(rng, hours),
        business_size=_business_size(capacity),
        participation=participation,
        participating_days=days,
        entrances=1 + int(capacity > 150) + int(capacity > 800) + int(capacity > 3000),
        indoor_cell=capacity >= INDOOR_CELL_FROM,
        rhythm=kind["rhythm"],
        busy=kind["busy"],
        popularity=popularity,
    )


def _hour_kinds(kind: Mapping[str, Any], name_kk: str) -> list[str]:
    """A bazaar keeps a bazaar's hours, a shopping centre those of a mall."""
    if "market" not in kind["hours"]:
        return list(kind["hours"])
    return ["market"] if name_kk.endswith("базары") else ["mall"]


def _picked(rng: np.random.Generator, options: list[str] | tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _participation(rng: np.random.Generator, category: str) -> tuple[str, int]:
    """Draw a state of participation and for how many days it has held; big public places all take part."""
    shares = np.array([share for share, _, _ in PARTICIPATION.values()])
    states = list(PARTICIPATION)
    state = states[int(rng.choice(len(states), p=shares / shares.sum()))]
    if category in NO_OUTSIDERS and state in {"left", "not_participating", "applied"}:
        state = "member"
    _, least, most = PARTICIPATION[state]
    return state, int(rng.integers(least, most + 1))


def _business_size(capacity: int) -> str:
    steps = ((40, "micro"), (150, "small"), (700, "medium"))
    return next((size for most, size in steps if capacity <= most), "large")


def _planted(scene: Mapping[str, Any]) -> Venue:
    """Build the venue of a scene as it is written down."""
    raw = scene["venue"]
    kind = read_toml("categories.toml")[raw["category"]]
    place = np.array([raw["place"]])
    floors = 1 if scene["regular"] else max(1, round(raw["area_m2"] / 12_000))
    return Venue(
        id="",
        name_kk=raw["kk"],
        name_ru=raw["ru"],
        category=raw["category"],
        address_kk=raw["address"][0],
        address_ru=raw["address"][1],
        district=_district_number(raw["place"]),
        longitude=raw["place"][0],
        latitude=raw["place"][1],
        outline=rectangle(to_metres(place), np.array([raw["area_m2"] / floors]), np.array([1.6]), np.array([0.3]))[0],
        seats=raw["capacity"] if raw["seats"] else None,
        area_m2=float(raw["area_m2"]),
        licensed_capacity=raw["capacity"],
        opening_hours=raw["hours"],
        business_size=_business_size(raw["capacity"]),
        participation="member",
        participating_days=60,
        entrances=4,
        indoor_cell=True,
        rhythm=kind["rhythm"],
        busy=kind["busy"],
        popularity=1.0,
    )


def _district_number(place: list[float]) -> int:
    return int(district_of(np.array([place]))[0])


def district_names(number: int) -> tuple[str, str]:
    """Return the Kazakh and the Russian name of a district by its number."""
    district = geography().districts[number]
    return district.kk, district.ru
