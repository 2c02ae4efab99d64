"""The truth of the demo city: how many people are in every hexagon and venue in every quarter of an hour.

A time bin's truth depends on the seed and the bin alone, so any span gives the same numbers. The usual week (means) has
no chance in it; a live bin has drifting crowds, chance, and the planted scenes. Counts are whole people and conserved:
hexagons add up to `present`, and the people inside venues and scenes are among the hexagons' people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ingest.city.hours import open_week
from ingest.city.noise import Floats, generator
from ingest.city.people import ground, hexagon_index
from ingest.city.rhythms import BIN_MINUTES, TIMEZONE, activity_shares, bin_of_week, present_share, venue_curve
from ingest.city.scenes import Scene
from ingest.city.venues import Venue

Counts = NDArray[np.int64]
BIN = timedelta(minutes=BIN_MINUTES)
DRIFT_BINS = 8
CROWD_CV = 0.12
VENUE_DAY_CV = 0.2
GRID = np.array([(u, v) for u in (0.125, 0.375, 0.625, 0.875) for v in (0.125, 0.375, 0.625, 0.875)])


@dataclass(frozen=True, slots=True)
class BinTruth:
    """One live bin: `people` (H,) per hexagon with all that is in venues and scenes, `venue_people` (V,)."""

    start: datetime
    people: Counts
    venue_people: Counts


@dataclass(frozen=True, slots=True)
class Truth:
    """A span of live bins: `hexagons` (H,) uint64, `people` (T, H), `venue_people` (T, V), `residents` (H,).

    `starts` are the T bin starts, aware UTC; venues are in the order of `venue_ids`.
    """

    hexagons: NDArray[np.uint64]
    starts: tuple[datetime, ...]
    people: Counts
    venue_ids: tuple[str, ...]
    venue_people: Counts
    residents: Counts


@dataclass(frozen=True, slots=True)
class World:
    """What the truth is drawn from.

    `fields` (6, H) where the activities are; `usual` (V, 672) people in each venue in its usual week; `part_venue`,
    `part_hexagon` and `part_share` how much of each venue lies in which hexagon, venue by venue, shares cumulated.
    """

    seed: int
    residents_total: int
    fields: Floats
    usual: Floats
    capacity: Floats
    part_venue: NDArray[np.intp]
    part_hexagon: NDArray[np.intp]
    part_share: Floats
    scenes: tuple[Scene, ...]
    scene_venue: tuple[int | None, ...]
    scene_hexagon: tuple[int, ...]


def build_world(seed: int, people: int, fields: Floats, venues: tuple[Venue, ...], scenes: tuple[Scene, ...]) -> World:
    """Put together what the truth is drawn from; `people` are the city's residents."""
    numbers = {venue.id: number for number, venue in enumerate(venues)}
    part_venue, part_hexagon, part_share = _venue_parts(venues)
    return World(
        seed=seed,
        residents_total=people,
        fields=fields,
        usual=_usual_weeks(venues, scenes),
        capacity=np.array([venue.licensed_capacity for venue in venues], dtype=float),
        part_venue=part_venue,
        part_hexagon=part_hexagon,
        part_share=part_share,
        scenes=scenes,
        scene_venue=tuple(numbers[scene.venue_id] if scene.venue_id else None for scene in scenes),
        scene_hexagon=tuple(int(np.searchsorted(ground().ids, np.uint64(scene.hexagon))) for scene in scenes),
    )


def bin_number(start: datetime) -> int:
    """Return the number of a base bin since 1970; raise ValueError for a moment that starts none or has no offset."""
    if start.tzinfo is None:
        raise ValueError("A time bin needs a time with an offset from UTC.")
    seconds = start.timestamp()
    if seconds % (BIN_MINUTES * 60):
        raise ValueError(f"{start.isoformat()} is not the start of a {BIN_MINUTES}-minute time bin.")
    return int(seconds) // (BIN_MINUTES * 60)


def bin_starts(start: datetime, end: datetime) -> list[datetime]:
    """Return the starts of the bins in the half-open span."""
    return [start + n * BIN for n in range(bin_number(end) - bin_number(start))]


def mean_people(world: World, week_bin: int) -> Floats:
    """Return the usual people per hexagon, (H,), in a quarter of the week, venues included, no chance."""
    venue_people = world.usual[:, week_bin]
    background = world.residents_total * present_share()[week_bin] - venue_people.sum()
    people = background * (activity_shares()[:, week_bin] @ world.fields)
    whole = np.zeros(len(people))
    np.add.at(whole, world.part_hexagon, part_sizes(world, venue_people))
    mean: Floats = people + whole
    return mean


def bin_truth(world: World, start: datetime) -> BinTruth:
    """Draw the truth of one live bin."""
    number, week_bin = bin_number(start), bin_of_week(start)
    rng = generator(world.seed, "bin", number)
    venue_people = _live_venues(world, rng, start, week_bin)
    people = np.zeros(world.fields.shape[1], dtype=np.int64)
    _add_scenes(world, start, venue_people, people)
    np.add.at(people, world.part_hexagon, _whole_parts(world, venue_people))
    total = round(world.residents_total * float(present_share()[week_bin])) - int(people.sum())
    crowd = (activity_shares()[:, week_bin] @ world.fields) * _drift(world.seed, number, len(people))
    return BinTruth(start, people + rng.multinomial(total, crowd / crowd.sum()), venue_people)


def _live_venues(world: World, rng: np.random.Generator, start: datetime, week_bin: int) -> Counts:
    """Draw the people in venues: each has good and bad days (a day turns at five in the morning), then chance."""
    day = (start.astimezone(TIMEZONE) - timedelta(hours=5)).date().toordinal()
    mood = generator(world.seed, "day", day).normal(-(VENUE_DAY_CV**2) / 2, VENUE_DAY_CV, len(world.capacity))
    drawn = rng.poisson(world.usual[:, week_bin] * np.exp(mood))
    return np.minimum(drawn, world.capacity.astype(np.int64))


def _add_scenes(world: World, start: datetime, venue_people: Counts, people: Counts) -> None:
    """Put the planted scenes in place: a venue's scene replaces its usual guests when it is the greater crowd."""
    local = start.astimezone(TIMEZONE)
    minute = local.hour * 60 + local.minute
    for scene, venue, hexagon in zip(world.scenes, world.scene_venue, world.scene_hexagon, strict=True):
        there = round(scene.people * scene.share_at(minute))
        if venue is None:
            people[hexagon] += there
        elif not scene.regular:
            venue_people[venue] = max(int(venue_people[venue]), there)


def _drift(seed: int, number: int, size: int) -> Floats:
    """Return factors around 1 that wander over about two hours: two keyed draws, blended."""
    block, into = divmod(number, DRIFT_BINS)
    angle = np.pi / 2 * into / DRIFT_BINS
    before = generator(seed, "drift", block).standard_normal(size)
    after = generator(seed, "drift", block + 1).standard_normal(size)
    wander = np.cos(angle) * before + np.sin(angle) * after
    factors: Floats = np.exp(CROWD_CV * wander - CROWD_CV**2 / 2)
    return factors


def _usual_weeks(venues: tuple[Venue, ...], scenes: tuple[Scene, ...]) -> Floats:
    weeks = np.vstack([_usual_week(venue) for venue in venues])
    numbers = {venue.id: number for number, venue in enumerate(venues)}
    for scene in scenes:
        if scene.regular and scene.venue_id:
            weeks[numbers[scene.venue_id]] = [
                scene.people * scene.share_at(quarter * BIN_MINUTES % 1440) for quarter in range(weeks.shape[1])
            ]
    return weeks


def _usual_week(venue: Venue) -> Floats:
    share = np.minimum(venue.busy * venue.popularity, 0.95)
    week: Floats = venue.licensed_capacity * share * venue_curve(venue.rhythm) * open_week(venue.opening_hours)
    return week


def _venue_parts(venues: tuple[Venue, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Share each venue among the hexagons its outline touches, by 16 points of it; shares are cumulated per venue."""
    outlines = np.stack([venue.outline for venue in venues])
    origin, east, north = outlines[:, 0], outlines[:, 1] - outlines[:, 0], outlines[:, 3] - outlines[:, 0]
    points = origin[:, None] + GRID[:, :1] * east[:, None] + GRID[:, 1:] * north[:, None]
    hexagon = hexagon_index(points.reshape(-1, 2)).reshape(len(venues), -1)
    owner = np.repeat(np.arange(len(venues)), len(GRID))
    pairs, counts = np.unique(np.stack([owner, hexagon.ravel()]), axis=1, return_counts=True)
    running = np.cumsum(counts / len(GRID)) - pairs[0]
    return pairs[0].astype(np.intp), pairs[1].astype(np.intp), np.clip(running, 0.0, 1.0)


def part_sizes(world: World, venue_people: Floats) -> Floats:
    """Return the people of each part of a venue, (P,), from the cumulated shares."""
    upto = venue_people[world.part_venue] * world.part_share
    return _steps(world, upto)


def _whole_parts(world: World, venue_people: Counts) -> Counts:
    """Like `part_sizes` in whole people: rounding the running sums keeps each venue's total."""
    upto = np.round(venue_people[world.part_venue] * world.part_share)
    return _steps(world, upto).astype(np.int64)


def _steps(world: World, upto: Floats) -> Floats:
    first = np.diff(world.part_venue, prepend=-1) > 0
    before: Floats = np.where(first, 0.0, np.roll(upto, 1))
    sizes: Floats = upto - before
    return sizes
