"""The second world: another city (canyon_city), another radio (canyon_radio), other records (canyon_carriers).

Shares differ by district and hour, cells have lasting quirks, counts scatter more than Poisson's. The truth of a bin is
drawn first; carriers only ever count it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import shapely

from benchmarks.accuracy import geohash
from benchmarks.accuracy.canyon_carriers import Carrier, Plan, Points, build_carrier
from benchmarks.accuracy.canyon_city import CENTRES, HOURS, Form, cell_of, crowd, draw_form, drift_of, raster_metres
from benchmarks.accuracy.canyon_venues import Venues, draw_venues, hexagon_shares
from benchmarks.accuracy.planting import PLANTED, PLANTED_IN_THE_PAST, draw_gatherings, plant_events, plant_states
from benchmarks.accuracy.scenario import K_MIN, Counted, Moment, Scenario, hidden_below
from geo import hexagons
from geo.hexagons import Floats

RESIDENTS = 420_000
POINTS_OF_HEXAGON, POINTS_OF_VENUE = 12, 5
WEEKS = 4
HOUR_SHARE_CV, OVERDISPERSION = 0.035, 0.04
MOMENTS = (
    ("night", datetime(2026, 9, 15, 21, 30, tzinfo=UTC)),
    ("noon", datetime(2026, 9, 16, 8, 15, tzinfo=UTC)),
    ("evening", datetime(2026, 9, 16, 14, 0, tzinfo=UTC)),
    ("event", datetime(2026, 9, 19, 15, 30, tzinfo=UTC)),
)


@dataclass(frozen=True, slots=True)
class Network:
    """One shape of the carriers' networks, see `world_demo.Network`."""

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
    """Give the three carriers their networks and forms of delivery."""
    shares, swings = (0.46, 0.30, 0.17), (0.06, -0.09, 0.12)
    return tuple(map(Plan, "xyz", shares, sites, delivery, swings))


@dataclass(frozen=True, slots=True, eq=False)
class _City:
    seed: int
    form: Form
    venues: Venues
    venue_shares: Floats
    points: tuple[Points, Points]
    day: Floats


@lru_cache(maxsize=1)
def _city(seed: int) -> _City:
    form = draw_form(seed)
    venues = draw_venues(seed, form)
    still = np.ones(form.height_m.shape)
    day = crowd(form, RESIDENTS, "noon", still)
    rng = np.random.default_rng([seed, 75])
    return _City(seed, form, venues, hexagon_shares(form, venues), _points(rng, form, venues, day), day)


def _points(rng: np.random.Generator, form: Form, venues: Venues, day: Floats) -> tuple[Points, Points]:
    """Draw raster cells of each hexagon where people are, and places inside the venues."""
    usual = (day + crowd(form, RESIDENTS, "night", np.ones(day.shape))) / 2 + 1e-3
    flat = form.hexagon.ravel()
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(len(form.hexagons) + 1))
    chosen = []
    for first, last in pairwise(starts):
        weight = usual.ravel()[order[first:last]]
        chosen.append(rng.choice(order[first:last], POINTS_OF_HEXAGON, p=weight / weight.sum()))
    cells = np.concatenate(chosen)
    owner = np.repeat(np.arange(len(form.hexagons)), POINTS_OF_HEXAGON)
    people = form.by_hexagon(day)[owner] / POINTS_OF_HEXAGON
    metres = raster_metres().reshape(-1, 2)[cells]
    outside = Points(metres, owner, form.district.ravel()[cells], people)
    inner = venues.points(rng, POINTS_OF_VENUE).reshape(-1, 2)
    of_venue = np.repeat(np.arange(len(venues.capacity)), POINTS_OF_VENUE)
    there = 0.3 * venues.capacity[of_venue] / POINTS_OF_VENUE
    return outside, Points(inner, of_venue, form.district[cell_of(inner)], there)


@lru_cache(maxsize=3)
def _carrier(seed: int, plan: Plan) -> Carrier:
    city = _city(seed)
    return build_carrier(seed, plan, city.form, city.venues, city.points, city.day)


def build(network: Network, seed: int, moments: tuple[tuple[str, datetime], ...] = MOMENTS) -> Scenario:
    """Build the scenario of a network and a seed."""
    city = _city(seed)
    carriers = tuple(_carrier(seed, plan) for plan in network.plans)
    now = tuple(_moment(city, network, carriers, label, start, 0) for label, start in moments)
    weeks = range(1, network.weeks + 1)
    past = tuple(
        tuple(_moment(city, network, carriers, label, start - timedelta(weeks=week), week) for week in weeks)
        for label, start in moments
    )
    bare = replace(network, k_min=1, compare_hiding=False)
    return Scenario(
        world="second world",
        name=network.name,
        seed=seed,
        registrations=tuple(one.registration for one in carriers),
        hexagons=city.form.hexagons,
        boundary=shapely.union_all(hexagons.polygons(city.form.hexagons)),
        venues=city.venues.drafts,
        capacity=city.venues.capacity * network.residents / RESIDENTS,
        moments=now,
        past=past if network.weeks else (),
        to_the_end=network.to_the_end,
        unhidden=build(bare, seed, moments) if network.compare_hiding else None,
    )


def _moment(
    city: _City, network: Network, carriers: tuple[Carrier, ...], label: str, start: datetime, week: int
) -> Moment:
    """Draw one bin: `week` 0 is the one that is judged, with all that is planted."""
    key = list(HOURS).index(label) * 100 + week
    rng = np.random.default_rng([city.seed, 76, key])
    whole = network.residents == RESIDENTS
    venue_people, events = _venue_people(rng, city, label, week, whole)
    venue_people = np.round(venue_people * network.residents / RESIDENTS)
    raster = crowd(city.form, network.residents, label, drift_of(city.seed, key))
    expected = city.form.by_hexagon(raster)
    background = rng.multinomial(network.residents, expected / expected.sum()).astype(np.float64)
    gatherings = np.array([], dtype=np.int64)
    if network.gatherings and not week:
        free = (city.venue_shares.sum(axis=0) == 0.0) & (expected > 20.0 * network.residents / RESIDENTS)
        gatherings, crowds = draw_gatherings(rng, free)
        background[gatherings] += np.round(crowds * network.residents / RESIDENTS)
    counted = tuple(
        None
        if one.plan.code in network.absent and not week
        else _counted(rng, city, one, label, raster, background, venue_people, network.k_min)
        for one in carriers
    )
    people = background + venue_people @ city.venue_shares
    return Moment(label, start, counted, people, venue_people, events, gatherings)


def _venue_people(
    rng: np.random.Generator, city: _City, label: str, week: int, whole: bool
) -> tuple[Floats, np.ndarray]:
    venues = city.venues
    people = venues.usual(rng, label).astype(np.float64)
    if not whole:
        return people, np.array([], dtype=np.int64)
    people = plant_states(rng, people, venues.capacity, venues.open_at(label), PLANTED_IN_THE_PAST if week else PLANTED)
    if label == "event" and not week:
        return plant_events(rng, people, venues.capacity)
    return people, np.array([], dtype=np.int64)


def _counted(
    rng: np.random.Generator,
    city: _City,
    carrier: Carrier,
    label: str,
    raster: Floats,
    background: Floats,
    venue_people: Floats,
    k_min: int,
) -> Counted:
    outer, inner = city.points
    weight = raster[cell_of(outer.metres)]
    by_owner = np.bincount(outer.owner, weight, len(background))
    there = np.divide(
        weight * background[outer.owner],
        by_owner[outer.owner],
        out=np.zeros(len(weight)),
        where=by_owner[outer.owner] > 0,
    )
    hour = rng.lognormal(0.0, HOUR_SHARE_CV) * (1.0 + carrier.plan.swing * (HOURS[label][2] / 0.18 - 0.5))
    share = carrier.plan.share * hour * carrier.district_share
    mean = carrier.outside.T @ (there * share[outer.district])
    mean = mean + carrier.inside.T @ (venue_people[inner.owner] / _each(inner) * share[inner.district])
    mean = mean * carrier.persistent
    unrest = rng.gamma(1.0 / OVERDISPERSION**2, OVERDISPERSION**2, len(mean))
    counted = hidden_below(rng.poisson(mean * unrest).astype(np.float64), k_min)
    registered = carrier.registration
    if not registered.counts_people:
        return counted
    area = geohash.areas_km2(registered.coverage.source_area_ids)
    return Counted(np.round(counted.counts / registered.share / area) * area, counted.suppressed)


def _each(points: Points) -> float:
    return len(points.owner) / len(np.unique(points.owner))


__all__ = ["CENTRES", "MOMENTS", "Network", "build", "plans"]
