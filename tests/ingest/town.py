"""A small town for tests of the middle: carriers, coverages and deliveries go in, what the system holds comes out."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h3
import sqlalchemy as sa

from ingest.coverage import load_coverage
from ingest.exporting import export_hexagons
from ingest.intake import Intake, OwnReader, take_in
from ingest.pipeline import Workplace, process_dirty_bins
from ingest.receiving import Door
from ingest.weights_cache import WeightsCache
from ingest.withdrawal import withdraw
from ingest.worker import Worker
from rules.policy import Policy
from store import accounts, carriers, releases, uploads
from store.database import Database, open_database
from store.records import Carrier, Receipt
from store.schema import metadata

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
LARGEST_MB = 64
TABLES_ELSEWHERE = (accounts,)  # other tables refer to accounts, so a dump needs them known
CENTRE = h3.latlng_to_cell(43.24, 76.95, 9)
HEXAGONS = tuple(sorted(h3.grid_disk(CENTRE, 1)))
HEADER = "source_area_id,start,end,device_count,status"
Row = tuple[str, int, object]  # source area, number of the quarter after START, count or status


@dataclass(frozen=True, slots=True)
class Person:
    """One exported row."""

    people: float | None
    low: float | None
    high: float | None
    state: str


class Town:
    """A workplace with short words for what a test wants."""

    def __init__(self, database: Database, policy: Policy, folder: Path, cache: WeightsCache | None = None) -> None:
        self.database, self.folder = database, folder
        self.place = Workplace(database, policy, cache or WeightsCache(folder / "weights"))
        self.intake = Intake(Door.at(database, folder, LARGEST_MB), policy, OwnReader())
        self._files = 0

    def carrier(self, code: str = "alpha", share: float = 1.0, feed: str | None = None) -> Carrier:
        with self.database.begin() as connection:
            carrier = carriers.add_carrier(connection, code, code.title(), share, NOW)
            if feed is not None:
                carriers.save_feed(connection, carrier.id, feed, NOW)
        return carrier

    def coverage(
        self, shapes: Mapping[str, Sequence[float]], code: str = "alpha", valid_from: datetime | None = None
    ) -> None:
        """Load boxes (west, south, east, north) as a carrier's source areas."""
        path = write_boxes(self.folder / f"{code}-areas.geojson", shapes)
        load_coverage(self.place, code, path, None, valid_from, NOW)

    def send(self, content: str | bytes, code: str = "alpha", name: str | None = None, now: datetime = NOW) -> Receipt:
        """Take in one file, process nothing."""
        self._files += 1
        path = self.folder / (name or f"file-{self._files}.csv")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with self.database.read() as connection:
            carrier = carriers.get_carrier(connection, code)
        return take_in(self.intake, carrier, path, now)

    def accept(self, content: str | bytes, code: str = "alpha", name: str | None = None) -> Receipt:
        receipt = self.send(content, code, name)
        assert receipt.state == "accepted", receipt.faults
        return receipt

    def process(self, now: datetime = NOW) -> int:
        return process_dirty_bins(self.place, now)

    def receive(self, content: str | bytes, code: str = "alpha", name: str | None = None) -> Receipt:
        """Take in a file that must be accepted, and process it."""
        receipt = self.accept(content, code, name)
        self.process()
        return receipt

    def worker(self, now: datetime = NOW) -> Worker:
        """A worker for this town; it reads in this process."""
        return Worker(self.place, self.intake.door, self.intake.reader, lambda: now, name="test")

    def withdraw(self, receipt: Receipt, now: datetime = NOW) -> Receipt:
        """Take a delivery back and let a worker do what follows."""
        policy = self.place.policy
        taken_back = withdraw(self.database, receipt.id, None, "test", "wrong file", now, policy)
        self.worker(now).run_follow_ups()
        return taken_back

    def receive_later(self, content: str, now: datetime) -> None:
        """Take in and process a file at a later present."""
        assert self.send(content, now=now).state == "accepted"
        self.process(now)

    def exported(self, at: datetime = START, stage: str = "released", resolution: int = 9) -> bytes:
        return export_hexagons(self.place, at, stage, resolution, "csv")

    def people(
        self, at: datetime = START, stage: str = "released", resolution: int = 9, carrier: str | None = None
    ) -> dict[str, Person]:
        """Return what `oryn hexagons` says, by hexagon."""
        return parsed(export_hexagons(self.place, at, stage, resolution, "csv", carrier))

    def total(self, at: datetime = START, stage: str = "spread", carrier: str | None = None) -> float:
        return sum(one.people or 0.0 for one in self.people(at, stage, carrier=carrier).values())

    def dirty(self) -> list[datetime]:
        with self.database.read() as connection:
            return list(uploads.dirty_bins(connection))

    def released(self) -> dict[datetime, str]:
        """Return the digest of the released bytes of every bin."""
        with self.database.read() as connection:
            bins = releases.all_bins(connection)
            found = [releases.find_release(connection, one) for one in bins]
        return {one.time_bin_start: one.blob_digest for one in found if one is not None}

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        return dump(self.database)


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def changed_tables(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def quarter(number: int) -> datetime:
    return START + number * QUARTER


def table(*rows: Row, header: str = HEADER) -> str:
    """Write rows as a delivered file."""
    return "\n".join([header, *(_line(*row) for row in rows)]) + "\n"


def _line(area: str, number: int, count: object) -> str:
    span = f"{quarter(number).isoformat()},{quarter(number + 1).isoformat()}"
    return f"{area},{span},,{count}" if isinstance(count, str) else f"{area},{span},{count},"


def span_table(*rows: tuple[str, datetime, datetime, object], header: str = HEADER) -> str:
    """Write rows with intervals of their own."""
    lines = [f"{area},{start.isoformat()},{end.isoformat()},{count}," for area, start, end, count in rows]
    return "\n".join([header, *lines]) + "\n"


def parsed(data: bytes) -> dict[str, Person]:
    rows = csv.DictReader(io.StringIO(data.decode()))
    return {row["hexagon"]: _person(row) for row in rows}


def _person(row: Mapping[str, str]) -> Person:
    people, low, high = (float(row[key]) if row[key] else None for key in NUMBERS)
    return Person(people, low, high, row["state"])


NUMBERS = ("present_population", "low", "high")


def write_boxes(path: Path, shapes: Mapping[str, Sequence[float]]) -> Path:
    features = [
        {"type": "Feature", "properties": {"source_area_id": name}, "geometry": _box(*box)}
        for name, box in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def _box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@contextmanager
def copied_database(template: Path, folder: Path) -> Iterator[Database]:
    """Open a copy of a migrated SQLite database: an empty one in milliseconds, for properties."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template / "oryn.sqlite3", folder / "oryn.sqlite3")
    with closing(open_database(None, folder)) as database:
        yield database
