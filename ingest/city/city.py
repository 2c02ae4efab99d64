"""The demo city as one value: build it once, ask it for the truth and for what its carriers would deliver.

It knows no clock, setting or database: seed, sizes and dates are arguments. The same seed gives the same bytes, and a
live bin is the same in whatever span it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ingest.city import count_files, coverage_files, geography, registry
from ingest.city.carriers import PLANS, Carrier, build_carrier
from ingest.city.counting import BinCounts, history_counts, live_counts, usual_hours
from ingest.city.people import activity_fields, ground
from ingest.city.scenes import Scene, build_scenes
from ingest.city.truth import BIN, Truth, World, bin_starts, bin_truth, build_world, mean_people
from ingest.city.venues import Venue, build_venues
from ingest.progress import Progress, silent

BUSY_BIN = (2 * 24 + 13) * 4
QUIET_BIN = (2 * 24 + 3) * 4
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
DOUBTFUL = 3  # times the true counts


@dataclass(frozen=True)
class City:
    """The built city. `world` is what the truth is drawn from; `residents` (H,) live in `world`'s hexagons."""

    seed: int
    carriers: tuple[Carrier, ...]
    venues: tuple[Venue, ...]
    scenes: tuple[Scene, ...]
    world: World

    @cached_property
    def residents(self) -> np.ndarray:
        """Return the residents of each hexagon, (H,), whole people that add up to the city's."""
        upto = np.round(np.cumsum(self.world.fields[0]) * self.world.residents_total)
        return np.diff(upto, prepend=0.0).astype(np.int64)

    def carrier(self, code: str) -> Carrier:
        """Return a carrier by its code; raise KeyError where there is none."""
        return {carrier.code: carrier for carrier in self.carriers}[code]

    def truth(self, start: datetime, end: datetime) -> Truth:
        """Return the people in every hexagon and venue for the base bins of a half-open span of aware moments."""
        starts = bin_starts(start, end)
        bins = [bin_truth(self.world, one) for one in starts]
        return Truth(
            hexagons=ground().ids,
            starts=tuple(starts),
            people=np.array([one.people for one in bins]).reshape(len(bins), -1),
            venue_ids=tuple(venue.id for venue in self.venues),
            venue_people=np.array([one.venue_people for one in bins]).reshape(len(bins), -1),
            residents=self.residents,
        )

    def base_map(self) -> dict[str, Any]:
        """Return the project's own base map, see `geography.base_map`."""
        return geography.base_map()

    def write_registry(self, path: Path, on: date = registry.DEFAULT_DAY) -> Path:
        """Write the venue registry as it stands on a day, GeoJSON."""
        return registry.write_registry(self.venues, path, on)

    def write_zones(self, path: Path, start: date, end: date) -> Path:
        """Write the epidemic zone of every day of the half-open span, CSV."""
        return registry.write_zones(path, start, end)

    def write_coverage(self, carrier: Carrier, folder: Path) -> Path:
        """Write a carrier's source areas and return the file."""
        return coverage_files.write_coverage(carrier, folder)

    def write_feed(self, carrier: Carrier, folder: Path) -> Path | None:
        """Write how to read a carrier's files, where their columns do not say it; else return None."""
        return count_files.write_feed(carrier, folder)

    def write_history(
        self, carrier: Carrier, folder: Path, weeks_ending: datetime, weeks: int = 4, progress: Progress = silent
    ) -> list[Path]:
        """Write hourly mean counts of the weeks before `weeks_ending` (a full hour), one file a week, oldest first.

        The history knows the usual week only: no planted scene but the regular ones.
        """
        hours = usual_hours(self.world, carrier)
        paths = []
        for week in range(weeks, 0, -1):
            start = weeks_ending - week * WEEK
            bins = [history_counts(self.world, carrier, hours, start + n * HOUR) for n in range(7 * 24)]
            name = count_files.file_name(carrier, start, start + WEEK, "-hourly-means")
            paths.append(count_files.write_counts(carrier, folder, name, bins, HOUR))
            progress(1 - (week - 1) / weeks, "history")
        return paths

    def write_live(
        self,
        carrier: Carrier,
        folder: Path,
        start: datetime,
        end: datetime,
        progress: Progress = silent,
        hours_per_file: int = 4,
    ) -> list[Path]:
        """Write what a carrier delivers in the half-open span of base bins, in order of delivery.

        Files are cut at multiples of `hours_per_file` hours in UTC. The late hour of a day comes in a file of its own,
        last, when the span holds its delivery (90 minutes after the hour), although the span may begin after it.
        """
        prompt = [one for one in bin_starts(start, end) if not count_files.is_late(carrier, one)]
        files = _cut(prompt, hours_per_file)
        paths = []
        for number, starts in enumerate(files, 1):
            paths.append(self._write_bins(carrier, folder, starts, ""))
            progress(number / len(files), "live")
        late = [self._write_bins(carrier, folder, starts, "-late") for starts in _late_hours(carrier, start, end)]
        return paths + late

    def write_doubtful(self, carrier: Carrier, folder: Path, start: datetime, end: datetime) -> Path:
        """Write live bins a second time, each count `DOUBTFUL` times too high, so that somebody has to look."""
        true = [self.live_counts(carrier, one) for one in bin_starts(start, end)]
        bins = [replace(one, device_count=one.device_count * DOUBTFUL) for one in true]
        return count_files.write_counts(
            carrier, folder, count_files.file_name(carrier, start, end, "-again"), bins, BIN
        )

    def live_counts(self, carrier: Carrier, start: datetime) -> BinCounts:
        """Return a carrier's counts of one live bin."""
        return live_counts(self.world, carrier, bin_truth(self.world, start))

    def _write_bins(self, carrier: Carrier, folder: Path, starts: list[datetime], note: str) -> Path:
        bins = [self.live_counts(carrier, one) for one in starts]
        name = count_files.file_name(carrier, starts[0], starts[-1] + BIN, note)
        return count_files.write_counts(carrier, folder, name, bins, BIN)


def build_city(seed: int = 1, people: int = 1_200_000, progress: Progress = silent) -> City:
    """Build the city of `people` residents; everything in it follows from the seed."""
    fields = activity_fields(seed)
    venues = build_venues(seed, fields)
    progress(0.5, "venues")
    scenes = build_scenes(venues, fields[0] * people)
    world = build_world(seed, people, fields, venues, scenes)
    busy, quiet = mean_people(world, BUSY_BIN), mean_people(world, QUIET_BIN)
    carriers = []
    for number, plan in enumerate(PLANS, 1):
        carriers.append(build_carrier(seed, plan, busy, quiet, venues))
        progress(0.5 + 0.5 * number / len(PLANS), "carriers")
    return City(seed, tuple(carriers), venues, scenes, world)


def _cut(starts: list[datetime], hours: int) -> list[list[datetime]]:
    """Cut bin starts at multiples of some hours in UTC, keeping their order."""
    pieces: dict[int, list[datetime]] = {}
    for start in starts:
        pieces.setdefault(int(start.timestamp()) // (hours * 3600), []).append(start)
    return list(pieces.values())


def _late_hours(carrier: Carrier, start: datetime, end: datetime) -> list[list[datetime]]:
    """Return the bins of each late hour whose delivery falls into the span."""
    back = count_files.LATE_BY + HOUR
    candidates = [one for one in bin_starts(start - back, end) if count_files.is_late(carrier, one)]
    hours = _cut(candidates, 1)
    return [hour for hour in hours if start < hour[-1] + BIN + count_files.LATE_BY <= end and len(hour) == 4]
