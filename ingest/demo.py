"""The demo city in the database: its carriers' files taken in through the same path as real ones.

The live day is the last 24 hours (docs/adr/0005): it is replayed onto today whenever the demo is started, and goes on
while the demo serves.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ingest.city import City, Scene, build_city
from ingest.coverage import load_coverage
from ingest.demo_record import DemoRecord
from ingest.intake import Intake, take_in
from ingest.pipeline import Workplace, process_dirty_bins, process_live_bins, process_newest_bins
from ingest.progress import Progress, part, silent
from ingest.venues import read_venues
from ingest.zones import read_zones
from store import carriers, uploads, venues, zones

HISTORY_WEEKS = 4
BASE_MAP = "base-map.geojson"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOUBTFUL_AGO = timedelta(hours=5)
ZONE_DAYS = timedelta(weeks=6)
WAIT_AFTER_BIN = timedelta(seconds=20)  # a carrier needs a moment after a bin has ended
PATIENCE_SECONDS = 15
FIRST_BINS = 8  # two hours, so that the page is soon there


@dataclass(frozen=True, slots=True)
class DemoCity:
    """A demo city in a workplace; its files lie in `folder`."""

    place: Workplace
    intake: Intake
    folder: Path
    seed: int
    live: timedelta

    def build(self, now: datetime, progress: Progress = silent) -> None:
        """Build the city and draw the whole live day; the weeks of history are left to `fill_in` or a worker."""
        self.build_live(now, part(progress, 0.0, 0.4))
        process_live_bins(self.place, now, part(progress, 0.4, 1.0))

    def fill_in(self, now: datetime, progress: Progress = silent) -> None:
        """Draw what is left to draw: the day, then the weeks of history."""
        process_dirty_bins(self.place, now, progress)

    def build_live(self, now: datetime, progress: Progress = silent) -> None:
        """Build the city, but draw the last hours alone: the day and weeks of history follow while it is served."""
        city = build_city(self.seed)
        progress(0.1, "city")
        self._register(city, now, part(progress, 0.1, 0.3))
        live_from = (self._bin_start(now) - self.live).replace(minute=0)
        self._take_in_history(city, live_from, now, part(progress, 0.3, 0.5))
        self._take_in_live(city, live_from, now, part(progress, 0.5, 0.6))
        self._take_in_doubtful(city, now)
        process_newest_bins(self.place, now, part(progress, 0.6, 1.0), FIRST_BINS)
        (self.folder.parent / BASE_MAP).write_text(json.dumps(city.base_map(), ensure_ascii=False), encoding="utf-8")
        DemoRecord(self.folder).write(self.seed, [_scene(one) for one in city.scenes])

    def catch_up(self, now: datetime, progress: Progress = silent) -> int:
        """Take in what has happened since the last bin that is known, at most the live days; return how many bins."""
        start = max(self._known_until() or now - self.live, self._bin_start(now) - self.live)
        if start >= self._bin_start(now):
            return 0
        self._take_in_live(build_city(self.seed), start, now, part(progress, 0.0, 0.5))
        return process_live_bins(self.place, now, part(progress, 0.5, 1.0))

    def keep_live(self, clock: Callable[[], datetime]) -> None:
        """Take in each bin as it ends, until stopped."""
        while True:
            self.catch_up(clock() - WAIT_AFTER_BIN)
            time.sleep(PATIENCE_SECONDS)

    def _register(self, city: City, now: datetime, progress: Progress) -> None:
        folder = _emptied(self.folder / "registry")
        self._register_venues(city, folder, now)
        for number, carrier in enumerate(city.carriers):
            with self.place.database.begin() as connection:
                if carriers.find_carrier(connection, carrier.code) is None:
                    known = carriers.add_carrier(connection, carrier.code, carrier.name, carrier.share, now)
                    feed = city.write_feed(carrier, folder)
                    if feed is not None:
                        carriers.save_feed(connection, known.id, feed.read_text(encoding="utf-8"), now)
            done = part(progress, number / len(city.carriers), (number + 1) / len(city.carriers))
            load_coverage(self.place, carrier.code, city.write_coverage(carrier, folder), None, None, now, done)

    def _register_venues(self, city: City, folder: Path, now: datetime) -> None:
        registry = read_venues(city.write_registry(folder / "venues.geojson", now.date()), silent)
        first, last = (now - ZONE_DAYS).date(), (now + DAY).date()
        announced, _faults = read_zones(city.write_zones(folder / "zones.csv", first, last))
        with self.place.database.begin() as connection:
            venues.upsert_venues(connection, registry.venues, now)
            zones.save_announcements(connection, announced)

    def _take_in_history(self, city: City, ends: datetime, now: datetime, progress: Progress) -> None:
        for number, carrier in enumerate(city.carriers):
            files = city.write_history(carrier, _emptied(self.folder / "history"), ends, HISTORY_WEEKS)
            self._take_in(carrier.code, files, now)
            progress((number + 1) / len(city.carriers), "history")

    def _take_in_live(self, city: City, start: datetime, now: datetime, progress: Progress) -> None:
        for number, carrier in enumerate(city.carriers):
            files = city.write_live(carrier, _emptied(self.folder / "live"), start, self._bin_start(now))
            self._take_in(carrier.code, files, now)
            progress((number + 1) / len(city.carriers), "live")

    def _take_in_doubtful(self, city: City, now: datetime) -> None:
        """Deliver one past hour once more, far too high: headquarters finds something to decide."""
        starts = self._bin_start(now) - DOUBTFUL_AGO
        carrier = city.carriers[0]
        file = city.write_doubtful(carrier, _emptied(self.folder / "doubtful"), starts, starts + HOUR)
        self._take_in(carrier.code, [file], now)

    def _take_in(self, carrier_code: str, files: list[Path], now: datetime) -> None:
        with self.place.database.read() as connection:
            carrier = carriers.get_carrier(connection, carrier_code)
        for file in files:
            receipt = take_in(self.intake, carrier, file, now)
            if receipt.state not in {"accepted", "held"}:
                raise RuntimeError(f"the demo's own file {file.name} was refused: {receipt.faults[:3]}")

    def _bin_start(self, moment: datetime) -> datetime:
        width = timedelta(minutes=self.place.policy.counts.base_bin_minutes)
        return uploads.base_bins(moment, moment + timedelta(seconds=1), width)[0]

    def _known_until(self) -> datetime | None:
        with self.place.database.read() as connection:
            return uploads.newest_interval_end(connection)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _scene(scene: Scene) -> dict[str, str | None]:
    span = {"from": scene.starts, "to": scene.ends}
    return {"id": scene.id, "name": scene.name_en, "venue": scene.venue_id, "hexagon": f"{scene.hexagon:x}"} | span
