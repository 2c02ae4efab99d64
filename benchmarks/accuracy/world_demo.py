"""The demo city's simulator as a world of the benchmark: its truth, its radio, its records; crowds planted on top.

Networks, seeds and forms of delivery are varied; constants of the simulator are not touched.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely

from benchmarks.accuracy import geohash
from benchmarks.accuracy.planting import PLANTED, PLANTED_IN_THE_PAST, draw_gatherings, plant_events, plant_states
from benchmarks.accuracy.scenario import (
    K_MIN,
    Bools,
    Counted,
    Moment,
    Registration,
    Scenario,
    hidden_below,
    sorted_like,
)
from geo import hexagons
from geo.coverage import coverage_of_geohashes, read_coverage
from geo.hexagons import Floats
from ingest.city import City, Venue, build_city
from ingest.city.carriers import Carrier, Plan, Reach, build_carrier
from ingest.city.city import BUSY_BIN, QUIET_BIN
from ingest.city.counting import expected_devices
from ingest.city.coverage_files import write_coverage
from ingest.city.geography import to_degrees
from ingest.city.hours import open_week
from ingest.city.noise import generator
from ingest.city.people import ground
from ingest.city.radio import RING, draw_serving
from ingest.city.rhythms import bin_of_week
from ingest.city.truth import World, bin_number, bin_truth, mean_people, part_sizes
from store.records import VenueDraft

RESIDENTS = 1_200_000
MOMENTS = (
    ("night", datetime(2026, 11, 17, 22, 0, tzinfo=UTC)),
    ("noon", datetime(2026, 11, 18, 8, 0, tzinfo=UTC)),
    ("evening", datetime(2026, 11, 18, 14, 30, tzinfo=UTC)),
    ("event", datetime(2026, 11, 21, 15, 0, tzinfo=UTC)),
)
WEEKS = 4
LOCATION_ERROR_M = 150.0


@dataclass(frozen=True, slots=True)
class Network:
    """One shape of the carriers' networks. `absent`: carriers that were there in the past and do not deliver now.

    `k_min`: smaller counts are hidden; `compare_hiding`: the scenario brings the same counts unhidden along.
    """

    name: str
    plans: tuple[Plan, ...]
    weeks: int = WEEKS
    gatherings: bool = True
    absent: tuple[str, ...] = ()
    residents: int = RESIDENTS
    to_the_end: bool = False
    k_min: int = K_MIN
    compare_hiding: bool = False


def plans(delivery: tuple[str, str, str], sites: tuple[int, int, int]) -> tuple[Plan, ...]:
    """Give the demo's three carriers other networks and forms of delivery."""
    return (
        Plan("tulpar", "A", 0.42, delivery[0], sites[0], 0.10),
        Plan("jusan", "B", 0.33, delivery[1], sites[1], 0.16),
        Plan("samal", "C", 0.20, delivery[2], sites[2], -0.05),
    )


@lru_cache(maxsize=1)
def _whole_city(seed: int) -> City:
    return build_city(seed, RESIDENTS)


def _city(seed: int, residents: int) -> City:
    """Build the city; a small town is the same city with fewer people, in its venues too."""
    city = _whole_city(seed)
    if residents == RESIDENTS:
        return city
    scale = residents / RESIDENTS
    world = replace(city.world, residents_total=residents, usual=city.world.usual * scale, scenes=(), scene_venue=())
    return replace(city, world=replace(world, scene_hexagon=()))


def build(network: Network, seed: int, moments: tuple[tuple[str, datetime], ...] = MOMENTS) -> Scenario:
    """Build the scenario of a network and a seed."""
    city = _city(seed, network.residents)
    carriers = [_carrier(city, plan) for plan in network.plans]
    registrations = tuple(_registration(one, plan) for one, plan in zip(carriers, network.plans, strict=True))
    counting = _Counting(city, network, carriers, registrations)
    now = tuple(counting.moment(label, start, 0) for label, start in moments)
    past = tuple(
        tuple(counting.moment(label, start - timedelta(weeks=week), week) for week in range(1, network.weeks + 1))
        for label, start in moments
    )
    land = ground().district >= 0
    ids = ground().ids[land]
    bare = replace(network, k_min=1, compare_hiding=False)
    return Scenario(
        world="simulator",
        name=network.name,
        seed=seed,
        registrations=registrations,
        hexagons=ids,
        boundary=shapely.union_all(hexagons.polygons(ids)),
        venues=tuple(_draft(one) for one in city.venues),
        capacity=city.world.capacity * network.residents / RESIDENTS,
        moments=now,
        past=past if network.weeks else (),
        to_the_end=network.to_the_end,
        unhidden=build(bare, seed, moments) if network.compare_hiding else None,
    )


class _Counting:
    """Draws the truth of a moment, plants crowds in it, and lets the carriers count."""

    def __init__(self, city: City, network: Network, carriers: list[Carrier], registered: tuple[Registration, ...]):
        self._city, self._network, self._carriers = city, network, carriers
        self._order = [
            sorted_like(one.coverage, carrier.source_area_ids)
            for one, carrier in zip(registered, carriers, strict=True)
        ]
        self._registered = registered
        self._land = ground().district >= 0
        self._quiet = self._land & ~_touched(city.world)

    def moment(self, label: str, start: datetime, week: int) -> Moment:
        """Return one bin: `week` 0 is the one that is judged, with all that is planted."""
        world = self._city.world
        truth = bin_truth(world, start)
        rng = generator(world.seed, "accuracy", label, week)
        venue_people, events = self._planted(rng, truth.venue_people.astype(np.float64), label, start, week)
        people = truth.people + _parts(world, venue_people) - _parts(world, truth.venue_people.astype(np.float64))
        gatherings = np.array([], dtype=np.int64)
        if self._network.gatherings and not week:
            gatherings, crowd = draw_gatherings(rng, self._quiet)
            people[gatherings] += crowd * self._network.residents / RESIDENTS
        counted = tuple(self._counted(n, start, week, people, venue_people) for n in range(len(self._carriers)))
        renumbered = np.searchsorted(np.flatnonzero(self._land), gatherings)
        bound = (people * self._share_error(start, week))[self._land]
        return Moment(label, start, counted, people[self._land], venue_people, events, renumbered, bound)

    def _share_error(self, start: datetime, week: int) -> Floats:
        """Give the true over the claimed share of the delivering carriers together, (H,)."""
        delivering = [one for one in self._carriers if week or one.code not in self._network.absent]
        true = sum(one.true_share(bin_of_week(start)) for one in delivering)
        return np.asarray(true / sum(one.share for one in delivering))

    def _planted(
        self, rng: np.random.Generator, venue_people: Floats, label: str, start: datetime, week: int
    ) -> tuple[Floats, np.ndarray]:
        capacity = self._city.world.capacity
        scale = self._network.residents / RESIDENTS
        open_now = np.array([open_week(one.opening_hours)[bin_of_week(start)] for one in self._city.venues])
        many = PLANTED_IN_THE_PAST if week else PLANTED
        planted = plant_states(rng, venue_people, capacity, open_now, many) if scale == 1.0 else venue_people
        if label == "event" and not week and scale == 1.0:
            return plant_events(rng, planted, capacity)
        return planted, np.array([], dtype=np.int64)

    def _counted(self, n: int, start: datetime, week: int, people: Floats, venue_people: Floats) -> Counted | None:
        carrier, registered = self._carriers[n], self._registered[n]
        if carrier.code in self._network.absent and not week:
            return None
        mean = expected_devices(self._city.world, carrier, people, venue_people, bin_of_week(start))
        rng = generator(self._city.world.seed, "accuracy-count", carrier.code, bin_number(start))
        counted = hidden_below(rng.poisson(mean)[self._order[n]].astype(np.float64), self._network.k_min)
        return _as_camara(counted, registered) if registered.counts_people else counted


def _as_camara(counted: Counted, registered: Registration) -> Counted:
    """Deliver what CAMARA's densities come to: whole people per km², extrapolated by the carrier's own share."""
    area = geohash.areas_km2(registered.coverage.source_area_ids)
    density = np.round(counted.counts / registered.share / area)
    return Counted(density * area, counted.suppressed)


def _carrier(city: City, plan: Plan) -> Carrier:
    busy, quiet = mean_people(city.world, BUSY_BIN), mean_people(city.world, QUIET_BIN)
    if plan.delivery != "geohashes":
        return build_carrier(city.seed, plan, busy, quiet, city.venues)
    sectors = build_carrier(city.seed, replace(plan, delivery="multimno"), busy, quiet, city.venues)
    return _in_geohashes(city.seed, sectors, busy, quiet)


def _in_geohashes(seed: int, carrier: Carrier, busy: Floats, quiet: Floats) -> Carrier:
    """Let a carrier locate its phones, off by chance and drawn to the site, and count them in geohashes."""
    serving = draw_serving(seed, carrier.code, carrier.network, busy, quiet)
    rng = generator(seed, "accuracy-location", carrier.code)
    points = (ground().metres[serving.rows][:, None, :] + RING)[:, :, None, :]
    error = rng.normal(0.0, LOCATION_ERROR_M, (*serving.day.shape, 2))
    site = carrier.network.site_m[carrier.network.sector_site[serving.day]]
    believed = points + 0.3 * (site - points) + error
    places = np.concatenate([to_degrees(believed.reshape(-1, 2)), to_degrees(carrier.indoor_m)])
    ids, area = np.unique(geohash.encode(places), return_inverse=True)
    draws = area[: serving.day.size].reshape(len(serving.rows), -1)
    keys, count = np.unique(serving.rows[:, None] * len(ids) + draws, return_counts=True)
    share = count / draws.shape[1]
    reach = Reach(keys // len(ids), keys % len(ids), share, share)
    indoor = area[serving.day.size :].astype(np.intp)
    return replace(carrier, source_area_ids=tuple(ids.tolist()), reach=reach, indoor_area=indoor, delivery="geohashes")


def _registration(carrier: Carrier, plan: Plan) -> Registration:
    if plan.delivery == "geohashes":
        coverage = coverage_of_geohashes(carrier.source_area_ids)
        return Registration(carrier.code, carrier.share, coverage, "geohashes", counts_people=True)
    with tempfile.TemporaryDirectory() as folder:
        coverage = read_coverage(write_coverage(carrier, Path(folder))).coverage
    return Registration(carrier.code, carrier.share, coverage, "squares" if plan.delivery == "squares" else "sectors")


def _parts(world: World, venue_people: Floats) -> Floats:
    """Give the people of venues by hexagon, (H,)."""
    return np.bincount(world.part_hexagon, part_sizes(world, venue_people), world.fields.shape[1]).astype(float)


def _touched(world: World) -> Bools:
    touched = np.zeros(world.fields.shape[1], dtype=bool)
    touched[world.part_hexagon] = True
    return touched


def _draft(venue: Venue) -> VenueDraft:
    return VenueDraft(
        source="demo",
        source_id=venue.id,
        name=venue.name_ru,
        category=venue.category,
        region="ALA",
        longitude=venue.longitude,
        latitude=venue.latitude,
        outline_wkb=shapely.to_wkb(shapely.Polygon(venue.outline)),
        seats=venue.seats,
        area_m2=venue.area_m2,
        licensed_capacity=venue.licensed_capacity,
        opening_hours=venue.opening_hours,
        participation="member",
    )
