"""Expand a calendar row (month x day kind x part of day) into one interval per local date.

Promises: the more a row says about its time, the higher its precision, so that "nights of weekdays" wins over "all
nights" where both speak: 2 for a part of the day, 1 for a kind of day, added. Hours are local, intervals UTC.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ingest.faults import Fault, quoted
from ingest.feeds import Calendar, DayKind, Feed, PartOfDay
from ingest.reading.columns import Columns
from ingest.reading.findings import Coded, Findings
from ingest.reading.gathering import BETWEEN, Rows
from ingest.reading.intervals import Grid, Intervals, Span, interval_params, microseconds

Stretch = tuple[int, int, DayKind, PartOfDay]


def calendar_intervals(rows: Rows, columns: Columns, feed: Feed, grid: Grid, findings: Findings) -> Intervals:
    """Return the intervals of rows whose time is a month, a kind of day and a part of the day."""
    if rows.calendar is None or feed.calendar is None or feed.timezone is None:
        raise ValueError("a calendar needs its columns and a timezone")
    zone = ZoneInfo(feed.timezone)
    read = [_stretch(text.split(BETWEEN), feed.calendar, columns) for text in rows.calendar.texts]
    stretches = sorted({one for one in read if not isinstance(one, Fault)})
    sound: list[Stretch] = []
    spans: list[tuple[Span, ...]] = []
    cut = 0
    codes: dict[Stretch, tuple[str, Span]] = {}
    for stretch in stretches:
        whole = _spans(stretch, feed.calendar, zone)
        past = tuple(span for span in whole if span[1] <= grid.latest)
        code = _code_of(past or whole[:1], grid)
        if code:
            codes[stretch] = (code, whole[0])
        elif past:
            cut += len(whole) - len(past)
            sound.append(stretch)
            spans.append(past)
    _report(read, codes, rows.calendar, columns, grid, findings)
    index = {stretch: at for at, stretch in enumerate(sound)}
    by_text = np.array([-1 if isinstance(one, Fault) else index.get(one, -1) for one in read], dtype=np.int64)
    notes = (Fault("calendar-cut", params={"count": cut}),) if cut else ()
    precision = tuple(2 * (part != "all") + (kind != "all") for _, _, kind, part in sound)
    return Intervals(rows.calendar.spread(by_text, -1), tuple(spans), precision, notes)


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


def _report(
    read: list[Stretch | Fault],
    codes: dict[Stretch, tuple[str, Span]],
    coded: Coded,
    columns: Columns,
    grid: Grid,
    findings: Findings,
) -> None:
    for at, one in enumerate(read):
        if isinstance(one, Fault):
            _add(one, np.flatnonzero(coded.codes == at), findings)
        elif one in codes:
            code, (start, end) = codes[one]
            params = interval_params(np.array([start]), np.array([end]), 0, grid)
            fault = Fault(code, column=columns.name(columns.calendar[0]), params=params)
            _add(fault, np.flatnonzero(coded.codes == at), findings)


def _add(fault: Fault, rows: np.ndarray, findings: Findings) -> None:
    findings.add(fault.code, rows, fault.column, lambda _: fault.params)
