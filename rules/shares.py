"""What an operator's table of shares says: of which region, on which days, in which local hours.

Promises: two rows of a table never speak of the same hour of the same region; where a region's own rows are silent,
those of "everywhere else" speak, and where these are silent, the share that the operator was registered with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

LARGEST_SHARE = 1.3  # devices per person can lift a share above 1 (contract.md A5)
WHOLE_SHARE = 1.0 + 1e-9  # market shares cannot add up to more; devices per person can lift what is registered
ELSEWHERE = ""  # the region of rows that hold wherever no region's own row does
DAYS = ("", "weekdays", "weekend")
SATURDAY = 5
_HOURS = re.compile(r"(\d{1,2})(?::00)?\s*[-\N{EN DASH}]\s*(\d{1,2})(?::00)?")

Slot = tuple[bool, int]  # whether it is a Saturday or Sunday, and the hour; both local
EVERY_SLOT: tuple[Slot, ...] = tuple((weekend, hour) for weekend in (False, True) for hour in range(24))


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One row: hours `[start_hour, end_hour)`, over midnight where the end is not after the start; `days` of DAYS."""

    region: str
    days: str
    start_hour: int
    end_hour: int
    share: float

    @property
    def slots(self) -> frozenset[Slot]:
        """The hours of which it speaks. An hour after midnight belongs to the day on which it is."""
        length = (self.end_hour - self.start_hour) % 24 or 24
        hours = {(self.start_hour + one) % 24 for one in range(length)}
        kinds = {"": (False, True), "weekdays": (False,), "weekend": (True,)}[self.days]
        return frozenset((weekend, hour) for weekend in kinds for hour in hours)

    @property
    def hours(self) -> str:
        """The hours as a table has them; nothing where it is the whole day."""
        return "" if (self.end_hour - self.start_hour) % 24 == 0 else f"{self.start_hour}-{self.end_hour}"


@dataclass(frozen=True, slots=True)
class ShareTable:
    """What holds of an operator: `registered`, its share where nothing else is said."""

    registered: float
    said: Mapping[tuple[str, Slot], float]

    @staticmethod
    def of(registered: float, rows: Iterable[ShareRow]) -> ShareTable:
        """Lay rows out over the hours of which they speak."""
        return ShareTable(registered, {(row.region, slot): row.share for row in rows for slot in row.slots})

    def at(self, region: str, slot: Slot) -> float:
        """Return the share in a region (ELSEWHERE: outside all) in a local hour."""
        own = self.said.get((region, slot))
        return self.said.get((ELSEWHERE, slot), self.registered) if own is None else own


@dataclass(frozen=True, slots=True)
class Excess:
    """In which hours of a region the shares of all operators add up to more than a limit, and to how much at most."""

    region: str
    hours: str
    total: float


def slot_at(moment: datetime, timezone: str) -> Slot:
    """Return the local hour of a moment and whether its day is a Saturday or Sunday."""
    local = moment.astimezone(ZoneInfo(timezone))
    return local.weekday() >= SATURDAY, local.hour


def parse_hours(text: str) -> tuple[int, int] | None:
    """Return start and end of hours such as `22-6`; the whole day for nothing, None for anything else."""
    if not text:
        return 0, 24
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    start, end = int(found[1]), int(found[2])
    return (start, end) if start < 24 and end <= 24 and start != end else None


def overlap(rows: Sequence[ShareRow]) -> list[tuple[int, int]]:
    """Return each row (by number) that speaks of an hour of a region of which one before does, with that one."""
    first: dict[tuple[str, Slot], int] = {}
    found = []
    for number, row in enumerate(rows):
        others = [first.setdefault((row.region, slot), number) for slot in row.slots]
        before = min(others)
        if before != number:
            found.append((number, before))
    return found


def excesses(tables: Sequence[ShareTable], limit: float) -> list[Excess]:
    """Return where shares add up to more than `limit`, of every region of which any of the tables speaks."""
    regions = sorted({region for table in tables for region, _slot in table.said})
    found = []
    for region in regions:
        totals = {slot: sum(table.at(region, slot) for table in tables) for slot in EVERY_SLOT}
        over = {hour for (_weekend, hour), total in totals.items() if total > limit}
        if over:
            found.append(Excess(region, _ranges(over), max(totals.values())))
    return found


def _ranges(hours: Iterable[int]) -> str:
    """Write hours as `0-6, 18-24`."""
    spans: list[list[int]] = []
    for hour in sorted(hours):
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return ", ".join(f"{start}-{end}" for start, end in spans)
