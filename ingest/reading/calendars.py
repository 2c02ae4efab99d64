"""Expand a calendar row (month x day kind x part of day) into one interval per local date.

Promises: the more a row says about its time, the higher its precision, so that "nights of weekdays" wins over "all
nights" where both speak: 2 for a part of the day, 1 for a kind of day, added. Hours are local, intervals UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ingest.faults import Fault, quoted
from ingest.feeds import Calendar, DayKind, Feed, PartOfDay
from ingest.reading.columns import Columns
from ingest.reading.counts import Span
from ingest.reading.findings import Findings, Params
from ingest.reading.gathering import BETWEEN, Rows
from ingest.reading.intervals import Grid, Intervals, interval_params, microseconds

Stretch = tuple[int, int, DayKind, PartOfDay]


class CalendarIntervals(Intervals):
    """Intervals of rows whose time is a month, a kind of day and a part of the day."""

    def __init__(self, columns: Columns, feed: Feed, grid: Grid) -> None:
        super().__init__()
        if feed.calendar is None or feed.timezone is None:
            raise ValueError("a calendar needs a timezone")
        self._columns = columns
        self._calendar = feed.calendar
        self._zone = ZoneInfo(feed.timezone)
        self._grid = grid
        self._by_text: list[int] = []
        self._faults: list[Fault | None] = []
        self._found: dict[Stretch, tuple[int, Fault | None]] = {}
        self._cut = 0

    def of(self, rows: Rows, findings: Findings) -> np.ndarray:
        """Return the group of each row."""
        coded = rows.calendar
        if coded is None:
            raise ValueError("a calendar needs its columns")
        for text in coded.texts[len(self._by_text) :]:
            group, fault = self._read(text)
            self._by_text.append(group)
            self._faults.append(fault)
        for at in np.unique(coded.codes).tolist():
            if fault := self._faults[at]:
                findings.add(fault.code, np.flatnonzero(coded.codes == at), fault.column, _params_of(fault))
        return coded.spread(np.array(self._by_text, dtype=np.int64), -1)

    def _read(self, text: str) -> tuple[int, Fault | None]:
        stretch = _stretch(text.split(BETWEEN), self._calendar, self._columns)
        if isinstance(stretch, Fault):
            return -1, stretch
        if stretch not in self._found:
            self._found[stretch] = self._placed(stretch)
        return self._found[stretch]

    def _placed(self, stretch: Stretch) -> tuple[int, Fault | None]:
        whole = _spans(stretch, self._calendar, self._zone)
        past = tuple(span for span in whole if span[1] <= self._grid.latest)
        if code := _code_of(past or whole[:1], self._grid):
            params = interval_params(whole[0], self._grid)
            return -1, Fault(code, column=self._columns.name(self._columns.calendar[0]), params=params)
        if len(past) < len(whole):
            self._cut += len(whole) - len(past)
            self.notes = (Fault("calendar-cut", params={"count": self._cut}),)
        return self._group(past, 2 * (stretch[3] != "all") + (stretch[2] != "all")), None


def _params_of(fault: Fault) -> Callable[[int], Params]:
    return lambda _: fault.params


def _stretch(texts: list[str], calendar: Calendar, columns: Columns) -> Stretch | Fault:
    year, month, day_kind, night = texts
    names = [columns.name(at) for at in columns.calendar]
    if not re.fullmatch(r"(19|20)\d\d", year, re.ASCII):
        return Fault("calendar-value-unknown", column=names[0], params=_unknown(year, "2000 … 2099"))
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month, re.ASCII):
        return Fault("calendar-value-unknown", column=names[1], params=_unknown(month, "1 … 12"))
    kind: DayKind | None = calendar.day_kinds.get(day_kind) if calendar.day_kind else "all"
    if kind is None:
        allowed = ", ".join(calendar.day_kinds)
        return Fault("calendar-value-unknown", column=names[2], params=_unknown(day_kind, allowed))
    part: PartOfDay | None = calendar.nights.get(night) if calendar.night else "all"
    if part is None:
        return Fault("calendar-value-unknown", column=names[3], params=_unknown(night, ", ".join(calendar.nights)))
    return int(year), int(month), kind, part


def _unknown(value: str, allowed: str) -> dict[str, str]:
    return {"value": quoted(value), "allowed": allowed}


def _spans(stretch: Stretch, calendar: Calendar, zone: ZoneInfo) -> tuple[Span, ...]:
    year, month, kind, part = stretch
    hours = {"all": (0, 1440), "day": calendar.day_hours, "night": calendar.night_hours}[part]
    return tuple(
        (_moment(day, hours[0], zone), _moment(day, hours[1], zone))
        for day in _days(year, month)
        if kind == "all" or (kind == "holiday") == _is_holiday(day, calendar)
    )


def _days(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    days = [first + timedelta(days=after) for after in range(31)]
    return [day for day in days if day.month == month]


def _is_holiday(day: date, calendar: Calendar) -> bool:
    return day.weekday() in calendar.weekend or day in calendar.holidays


def _moment(day: date, minute: int, zone: ZoneInfo) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return microseconds((midnight + timedelta(minutes=minute)).replace(fold=0))


def _code_of(spans: tuple[Span, ...], grid: Grid) -> str:
    if not spans:
        return ""
    start, end = np.array([span[0] for span in spans]), np.array([span[1] for span in spans])
    return next((str(code) for code in grid.code_of(start, end) if code), "")
