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
from ingest.city.truth import BinTruth, World, bin_number, mean_people

K_MIN = 20
BINS_OF_HOUR = 4
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


def expected_devices(carrier: Carrier, people: NDArray[np.int64] | Floats, week_bin: int) -> Floats:
    """Return the mean devices per source area, (A,), for people per hexagon (H,) in a quarter of the week."""
    work = activity_shares()[1]
    by_day = work[week_bin] / work.max()
    reach = carrier.reach
    share = by_day * reach.day + (1.0 - by_day) * reach.night
    devices = people * carrier.true_share(week_bin)
    areas = len(carrier.source_area_ids)
    return np.bincount(reach.area, share * devices[reach.hexagon], areas).astype(np.float64)


def live_counts(world: World, carrier: Carrier, truth: BinTruth) -> BinCounts:
    """Draw a carrier's counts of one live bin from its truth."""
    mean = expected_devices(carrier, truth.people, bin_of_week(truth.start))
    drawn = generator(world.seed, "count", carrier.code, bin_number(truth.start)).poisson(mean)
    return _delivered(truth.start, drawn, _on_air(carrier, truth.start))


def usual_hours(world: World, carrier: Carrier) -> Floats:
    """Return the mean devices per source area in every hour of the usual local week, (168, A)."""
    quarters = np.stack(
        [expected_devices(carrier, mean_people(world, number), number) for number in range(168 * BINS_OF_HOUR)]
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
