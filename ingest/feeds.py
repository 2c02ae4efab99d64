"""Read a feed: how one carrier writes its files (contract.md A1).

Promises: every key is checked, all faults are listed with their line, a key that nobody knows is a fault (a
misspelt key must not be ignored). docs/feeds/ holds ready feeds, which double as documentation.
Does not: read any count.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo, available_timezones

from ingest.faults import Fault, FileRefused, quoted

CountKind = Literal["device_count", "people", "density_per_km2", "activity"]
OnFault = Literal["refuse", "reject"]
DayKind = Literal["all", "holiday", "weekday"]
PartOfDay = Literal["all", "day", "night"]

COLUMNS = (
    "source_area_id",
    "start",
    "end",
    "value",
    "status",
    "revision",
    "longitude",
    "latitude",
    "radius_m",
)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Time written as month x day kind x part of day; `year` .. `part_of_day` name the file's columns.

    `day_hours`, `night_hours`: local minutes after midnight, half-open. A holiday is a day of `weekend` or of
    `holidays`; every other day is a weekday.
    """

    year: str
    month: str
    day_kind: str | None = None
    night: str | None = None
    day_kinds: Mapping[str, DayKind] = field(default_factory=dict)
    nights: Mapping[str, PartOfDay] = field(default_factory=dict)
    day_hours: tuple[int, int] = (0, 1440)
    night_hours: tuple[int, int] = (0, 1440)
    weekend: tuple[int, ...] = (5, 6)
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Feed:
    """How a carrier's files are to be read. Everything has a default: without a feed the columns decide."""

    kind: CountKind | None = None
    grid: Literal["named", "h3", "geohash"] | None = None
    time_bin_minutes: int | None = None
    timezone: str | None = None
    time_format: str = "rfc3339"
    delimiter: str | None = None
    header: bool = True
    column_names: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    sum_over: tuple[str, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    suppressed_marks: tuple[str, ...] = ()
    empty_counts: Literal["refuse", "no_coverage", "zero"] = "refuse"
    thresholded_at: float | None = None
    faulty_rows: OnFault = "refuse"
    unknown_source_areas: OnFault = "refuse"
    calendar: Calendar | None = None
    description: str = ""


class _Unfit(ValueError):
    """A value that its key does not allow; the text says what is allowed."""


Check = Callable[[object], object]


def parse_feed(text: str) -> Feed:
    """Return the feed that `text` (TOML) describes. Raises FileRefused with every fault and its line."""
    given = _parsed(text)
    faults: list[Fault] = []
    calendar = given.pop("calendar", None)
    values = _checked(given, _FEED, "", text, faults)
    if calendar is not None:
        values["calendar"] = _calendar(calendar, text, faults)
    feed = Feed(**cast("dict[str, Any]", values))
    faults += [] if faults else _half_said(feed, text)
    if faults:
        raise FileRefused(sorted(faults, key=lambda fault: fault.line or 0))
    return feed


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = int(line.group(1)) if line else text.count("\n") + 1
        raise FileRefused([Fault("feed-not-toml", place, params={"reason": quoted(str(error))})]) from error


def _checked(
    given: Mapping[str, object], checks: Mapping[str, Check], table: str, text: str, faults: list[Fault]
) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in given.items():
        check = checks.get(key)
        if check is None:
            known = ", ".join(sorted({*checks, "calendar"} if not table else checks))
            params = {"key": quoted(table + key), "allowed": known}
            faults.append(Fault("feed-key-unknown", _line_of(key, text), params=params))
            continue
        try:
            values[key] = check(value)
        except _Unfit as unfit:
            unfit_params = {"key": table + key, "value": quoted(str(value)), "allowed": str(unfit)}
            faults.append(Fault("feed-value-unfit", _line_of(key, text), params=unfit_params))
    return values


def _calendar(given: object, text: str, faults: list[Fault]) -> Calendar | None:
    if not isinstance(given, dict):
        params = {"key": "calendar", "value": quoted(str(given)), "allowed": "[calendar]"}
        faults.append(Fault("feed-value-unfit", _line_of("calendar", text), params=params))
        return None
    values = _checked(given, _CALENDAR, "calendar.", text, faults)
    missing = [key for key in ("year", "month") if key not in given]
    missing += [
        table for column, table in (("day_kind", "day_kinds"), ("night", "nights"))
        if column in given and table not in given
    ]  # fmt: skip
    line = _line_of("calendar", text)
    faults += [Fault("feed-key-missing", line, params={"key": f"calendar.{key}"}) for key in missing]
    return None if missing else Calendar(**cast("dict[str, Any]", values))


def _half_said(feed: Feed, text: str) -> list[Fault]:
    """Return what a feed leaves unsaid although another of its keys needs it."""
    naive = feed.time_format == "local" or ("%" in feed.time_format and "%z" not in feed.time_format)
    needs = (
        ("timezone", feed.timezone, feed.calendar is not None or naive),
        ("column_names", feed.column_names, not feed.header),
    )
    missing = [key for key, value, needed in needs if needed and not value]
    faults = [Fault("feed-key-missing", params={"key": key}) for key in missing]
    if feed.column_names:
        known = set(feed.column_names)
        strangers = [name for name in (*feed.columns.values(), *feed.sum_over) if name not in known]
        params = {"allowed": ", ".join(feed.column_names), "key": "columns"}
        faults += [
            Fault("feed-value-unfit", _line_of("column_names", text), params={**params, "value": quoted(name)})
            for name in strangers
        ]
    return faults


def _line_of(key: str, text: str) -> int | None:
    pattern = re.compile(rf"^\s*(\[\s*{re.escape(key)}\s*\]|\"?{re.escape(key)}\"?\s*=)")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), None)


def _one_of(*allowed: str) -> Check:
    def check(value: object) -> object:
        if value not in allowed:
            raise _Unfit(" | ".join(repr(name) for name in allowed))
        return value

    return check


def _text(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise _Unfit('"text"')
    return value


def _texts(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise _Unfit('["text", …]')
    if len(set(value)) < len(value):
        raise _Unfit('["text", …], each once')
    return tuple(value)


def _yes_or_no(value: object) -> object:
    if not isinstance(value, bool):
        raise _Unfit("true | false")
    return value


def _minutes(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1440:
        raise _Unfit("1 … 1440")
    return value


def _threshold(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise _Unfit("a number above 0")
    return float(value)


def _timezone(value: object) -> object:
    if not isinstance(value, str) or value not in available_timezones():
        raise _Unfit('"Asia/Almaty", "UTC", …')
    return ZoneInfo(value).key


def _time_format(value: object) -> object:
    named = ("rfc3339", "local", "epoch_s", "epoch_ms")
    if not isinstance(value, str) or (value not in named and "%" not in value):
        raise _Unfit(" | ".join(named) + ' | "%d.%m.%Y %H:%M"')
    return value


def _columns(value: object) -> object:
    names = {"device_count": "value", "count": "value"}
    if not isinstance(value, dict) or not all(isinstance(theirs, str) and theirs for theirs in value.values()):
        raise _Unfit('our name = "theirs"')
    ours = {names.get(key, key): theirs for key, theirs in value.items()}
    if len(ours) < len(value) or not set(ours) <= set(COLUMNS):
        raise _Unfit(", ".join((*COLUMNS, "device_count")))
    return ours


def _values(*allowed: str) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, dict) or not set(map(str, value.values())) <= set(allowed):
            raise _Unfit('"theirs" = ' + " | ".join(repr(name) for name in allowed))
        return {str(theirs): ours for theirs, ours in value.items()}

    return check


def _hours(value: object) -> object:
    match = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", str(value), re.ASCII)
    if not match:
        raise _Unfit('"11:00-15:00"')
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not start < end <= 1440:
        raise _Unfit('"11:00-15:00"')
    return (start, end)


def _weekend(value: object) -> object:
    if not isinstance(value, list) or not all(day in _WEEK for day in value):
        raise _Unfit('["saturday", "sunday"]')
    return tuple(_WEEK.index(day) for day in value)


def _dates(value: object) -> object:
    if not isinstance(value, list) or not all(_is_date(day) for day in value):
        raise _Unfit("[2019-01-01, …]")
    return frozenset(value)


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime | time)


_FEED: Mapping[str, Check] = {
    "kind": _one_of("device_count", "people", "density_per_km2", "activity"),
    "grid": _one_of("named", "h3", "geohash"),
    "time_bin_minutes": _minutes,
    "timezone": _timezone,
    "time_format": _time_format,
    "delimiter": _one_of(",", ";", "\t", "|"),
    "header": _yes_or_no,
    "column_names": _texts,
    "columns": _columns,
    "sum_over": _texts,
    "statuses": _values("counted", "suppressed", "no_coverage"),
    "suppressed_marks": _texts,
    "empty_counts": _one_of("refuse", "no_coverage", "zero"),
    "thresholded_at": _threshold,
    "faulty_rows": _one_of("refuse", "reject"),
    "unknown_source_areas": _one_of("refuse", "reject"),
    "description": _text,
}
_CALENDAR: Mapping[str, Check] = {
    "year": _text,
    "month": _text,
    "day_kind": _text,
    "night": _text,
    "day_kinds": _values("all", "holiday", "weekday"),
    "nights": _values("all", "day", "night"),
    "day_hours": _hours,
    "night_hours": _hours,
    "weekend": _weekend,
    "holidays": _dates,
}
