"""From people to what a carrier counts: devices per source area, in a live bin or as the mean of a usual hour.

Counts below `K_MIN` are hidden at the source. The count of an area and bin depends on the seed, carrier and bin alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ingest.city.carriers import Carrier
from ingest.city.noise import Floats, generator
from ingest.city.rhythms import TIMEZONE, activity_shares, bin_of_week
from ingest.city.truth import BinTruth, World, bin_number, mean_people, part_sizes

K_MIN = 20
BINS_OF_HOUR = 4
INDOOR_CATCH, INDOOR_LEAK = 0.85, 0.3
DAY_CV = 0.03
CARRIER_DAY_CV = 0.015
# One sector of tulpar is off air for two hours a day, so that a rolling day always shows it.
OFF_AIR_CARRIER, OFF_AIR_AREA, OFF_AIR_HOURS = "tulpar", 100, (13, 15)

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BinCounts:
    """What a carrier delivers for one interval: `device_count` (A,), `suppressed` (A,) and `on_air` (A,)."""

    start: datetime
    device_count: Counts
    suppressed: NDArray[np.bool_]
    on_air: NDArray[np.bool_]


def expected_devices(
    world: World,
    carrier: Carrier,
    people: NDArray[np.int64] | Floats,
    venue_people: NDArray[np.int64] | Floats,
    week_bin: int,
) -> Floats:
    """Return the mean devices per source area, (A,), in a quarter of the week.

    For the people of each hexagon (H,), of whom `venue_people` (V,) are in venues. Indoor cells catch most of the
    phones of their venue and some of those that pass by.
    """
    share = carrier.true_share(week_bin)
    caught = np.zeros(len(venue_people))
    caught[carrier.indoor_venue] = INDOOR_CATCH * venue_people[carrier.indoor_venue]
    caught_parts = part_sizes(world, caught)
    outside = (people - np.bincount(world.part_hexagon, caught_parts, len(people))) * share
    inside = np.bincount(world.part_venue, caught_parts * share[world.part_hexagon], len(venue_people))
    passing = INDOOR_LEAK * outside[carrier.indoor_hexagon] / _neighbours(carrier)
    np.subtract.at(outside, carrier.indoor_hexagon, passing)
    served = _daytime_share(week_bin) * (carrier.reach.day - carrier.reach.night) + carrier.reach.night
    areas = len(carrier.source_area_ids)
    mean = np.bincount(carrier.reach.area, served * outside[carrier.reach.hexagon], areas).astype(np.float64)
    mean += np.bincount(carrier.indoor_area, inside[carrier.indoor_venue] + passing, areas)
    return np.maximum(mean, 0.0)


def _daytime_share(week_bin: int) -> float:
    """Return how far the network is balanced for the day, 0..1, by how many are at work."""
    work = activity_shares()[1]
    return float(work[week_bin] / work.max())


def _neighbours(carrier: Carrier) -> NDArray[np.intp]:
    """Return how many indoor cells share the hexagon of each, itself included."""
    return np.bincount(carrier.indoor_hexagon)[carrier.indoor_hexagon]


def live_counts(world: World, carrier: Carrier, truth: BinTruth) -> BinCounts:
    """Draw a carrier's counts of one live bin from its truth."""
    mean = expected_devices(world, carrier, truth.people, truth.venue_people, bin_of_week(truth.start))
    drawn = generator(world.seed, "count", carrier.code, bin_number(truth.start)).poisson(mean)
    return _delivered(truth.start, drawn, _on_air(carrier, truth.start))


def usual_hours(world: World, carrier: Carrier) -> Floats:
    """Return the mean devices per source area in every hour of the usual local week, (168, A)."""
    quarters = np.stack(
        [
            expected_devices(world, carrier, mean_people(world, number), world.usual[:, number], number)
            for number in range(168 * BINS_OF_HOUR)
        ]
    )
    hours: Floats = quarters.reshape(168, BINS_OF_HOUR, -1).mean(axis=1)
    return hours


def history_counts(world: World, carrier: Carrier, hours: Floats, start: datetime) -> BinCounts:
    """Draw the hourly mean count of a past hour from the usual week: better and worse days, then chance."""
    day = start.astimezone(TIMEZONE).date().toordinal()
    city = generator(world.seed, "past-day", day).normal(0.0, DAY_CV)
    own = generator(world.seed, "past-day", carrier.code, day).normal(0.0, CARRIER_DAY_CV)
    mean = hours[bin_of_week(start) // BINS_OF_HOUR] * np.exp(city + own)
    drawn = generator(world.seed, "past", carrier.code, bin_number(start)).poisson(mean)
    return _delivered(start, drawn, np.ones(len(drawn), dtype=bool))


def _delivered(start: datetime, drawn: Counts, on_air: NDArray[np.bool_]) -> BinCounts:
    suppressed = (drawn > 0) & (drawn < K_MIN)
    return BinCounts(start, np.where(suppressed, 0, drawn), suppressed, on_air)


def _on_air(carrier: Carrier, start: datetime) -> NDArray[np.bool_]:
    on_air = np.ones(len(carrier.source_area_ids), dtype=bool)
    first, last = OFF_AIR_HOURS
    if carrier.code == OFF_AIR_CARRIER and first <= start.astimezone(TIMEZONE).hour < last:
        on_air[OFF_AIR_AREA] = False
    return on_air
