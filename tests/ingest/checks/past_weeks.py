"""A carrier with past weeks: many areas with levels of their own, the same hours on the same day of every week."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from ingest.checks import CheckResult, Examination, Past, examine
from ingest.placement import Placement
from ingest.reading import read_counts
from store import carriers
from tests.ingest.town import NOW, Town

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
AREAS = tuple(f"A{number:02d}" for number in range(40))
LEVELS = {one: 100 + 50 * number for number, one in enumerate(AREAS)}
TEN = NOW.replace(hour=10, minute=0)
HEADER = "source_area_id,start,end,device_count,status,revision"
Row = tuple[str, datetime, datetime, object, int]
Counts = Mapping[str, object]
Level = Callable[[str, datetime], object]


@dataclass(frozen=True, slots=True)
class Operator:
    """One carrier of a town and words to deliver or only examine its files."""

    town: Town
    code: str = "alpha"

    @staticmethod
    def settled(town: Town, code: str = "alpha", share: float = 0.4, areas: Sequence[str] = AREAS) -> Operator:
        """Register a carrier with a coverage of boxes in a row, a hundredth of a degree each."""
        town.carrier(code, share)
        boxes = {one: (76.5 + 0.01 * at, 43.2, 76.51 + 0.01 * at, 43.21) for at, one in enumerate(areas)}
        town.coverage(boxes, code)
        return Operator(town, code)

    def live_through(
        self, weeks: int, level: Level, hours: Sequence[datetime] = (TEN,), areas: Sequence[str] = AREAS
    ) -> None:
        """Deliver the same hours of past weeks, oldest first, one file a week."""
        for week in range(weeks, 0, -1):
            starts = [hour - week * WEEK for hour in hours]
            self.deliver(*rows_of(level, starts, areas))

    def deliver(self, *rows: Row, now: datetime | None = None, state: str = "accepted") -> None:
        receipt = self.town.send(table(*rows), self.code, now=now or an_hour_after(rows))
        assert receipt.state == state, (receipt.faults, receipt.notes)

    def examined(self, *rows: Row, now: datetime | None = None) -> Examination:
        return self.examined_file(table(*rows), now or an_hour_after(rows))

    def examined_file(self, content: str, now: datetime = NOW) -> Examination:
        """Return what the checks say of a file that is not delivered."""
        path = Path(self.town.folder) / "looked-at.csv"
        path.write_text(content)
        policy = self.town.place.policy
        with self.town.database.read() as connection:
            carrier = carriers.get_carrier(connection, self.code)
            place = Placement.of(connection, carrier)
            counts = policy.counts
            with read_counts(path, place.feed, place.known, counts.k_min, counts.base_bin_minutes, now) as reading:
                return examine(reading, Past(connection, carrier, policy, now))

    @contextmanager
    def past(self, now: datetime) -> Iterator[Past]:
        with self.town.database.read() as connection:
            yield Past(connection, carriers.get_carrier(connection, self.code), self.town.place.policy, now)


def usual(area: str, hour: datetime) -> int:
    """The level of an area, a little different from week to week."""
    wobble = np.random.default_rng([int(hour.timestamp()), int(area[1:])]).normal(0.0, 0.02)
    return round(LEVELS[area] * (1 + wobble))


def rows_of(level: Level, hours: Sequence[datetime], areas: Sequence[str] = AREAS) -> list[Row]:
    return [(area, hour, hour + HOUR, level(area, hour), 0) for hour in hours for area in areas]


def an_hour_after(rows: Sequence[Row]) -> datetime:
    return max(end for _area, _start, end, _count, _revision in rows) + HOUR


def hour_rows(counts: Counts, start: datetime = TEN, revision: int = 0) -> list[Row]:
    return [(area, start, start + HOUR, count, revision) for area, count in counts.items()]


def table(*rows: Row) -> str:
    """Write rows as a delivered file; a count that is a word is a status."""
    lines = [HEADER]
    for area, start, end, count, revision in rows:
        said = f",{count}" if isinstance(count, str) else f"{count},"
        lines.append(f"{area},{start.isoformat()},{end.isoformat()},{said},{revision}")
    return "\n".join(lines) + "\n"


def today(start: datetime = TEN) -> dict[str, int]:
    return {area: usual(area, start) for area in AREAS}


def found(examination: Examination, check: str) -> CheckResult:
    return next(one for one in examination.results if one.check == check)


def codes(examination: Examination, check: str) -> list[str]:
    return [one.code for one in found(examination, check).findings]


def outcome(examination: Examination, check: str) -> str:
    return found(examination, check).outcome
