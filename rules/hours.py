"""Say whether a venue is open at a moment, from opening hours as OpenStreetMap writes them.

Promises: hours are local and belong to the day on which they begin ("Fr 20:00-02:00" is open on Saturday at 01:30);
a change of the clock moves the moments, not the hours. Intervals are half-open: at the closing minute it is closed.
Does not: read more than the subset below. Public holidays (PH, SH) are read and have no effect, because no calendar
of holidays is kept; anything else (months, week numbers, sunset, open end) is refused by name rather than guessed.

    24/7 · Mo-Fr 10:00-23:00 · Mo-Th,Su 10:00-14:00,15:00-22:00; Fr,Sa 10:00-02:00 · 09:00-18:00; Su off
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.errors import HoursNotUnderstood

DAY_NAMES = ("mo", "tu", "we", "th", "fr", "sa", "su")
MINUTES_A_DAY = 24 * 60
DAYS_AHEAD = 8  # a week and a day: whoever is still open then never closes
_HOLIDAYS = frozenset({"ph", "sh"})
_ALWAYS = "24/7"
_OFF = ("off", "closed")
_RULE = re.compile(r"(?:(?P<days>[a-z]{2}(?:\s*[-,]\s*[a-z]{2})*)\s*:?\s+)?(?P<times>off|closed|\d.*)", re.DOTALL)
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes from the local midnight of the day on which it begins; `end` may lie on the next day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A week of spans, Monday first."""

    week: tuple[tuple[Span, ...], ...]


def parse_hours(text: str) -> OpeningHours:
    """Return the hours that `text` states; later rules replace earlier ones on their days.

    Raises HoursNotUnderstood, naming the part, for anything outside the subset.
    """
    week: list[tuple[Span, ...]] = [()] * len(DAY_NAMES)
    parts = [part for part in re.split(r"\s*;\s*", _tidy(text)) if part]
    if not parts:
        raise HoursNotUnderstood(text, text)
    for part in parts:
        days, spans = _read_rule(part, text)
        for day in days:
            week[day] = spans
    return OpeningHours(tuple(week))


def is_open(hours: OpeningHours, moment: datetime, timezone: str) -> bool:
    """Say whether the venue is open at an aware moment, in the IANA time zone of the venue."""
    return any(opens <= moment < closes for opens, closes in _around(hours, moment, timezone, days_ahead=0))


def closes_at(hours: OpeningHours, moment: datetime, timezone: str) -> datetime | None:
    """Return when the venue, open at `moment`, closes next (UTC); None when it is closed or never closes."""
    end = moment
    for opens, closes in _around(hours, moment, timezone, days_ahead=DAYS_AHEAD):
        if opens <= end < closes:
            end = closes
    return end if moment < end < moment + timedelta(days=DAYS_AHEAD - 1) else None


def closed_minutes(hours: OpeningHours, moment: datetime, timezone: str) -> float | None:
    """Return the minutes since the venue closed, at most a day's; None when it is open."""
    if is_open(hours, moment, timezone):
        return None
    closings = [closes for _, closes in _around(hours, moment, timezone, days_ahead=0) if closes <= moment]
    since = moment - max(closings, default=moment - timedelta(minutes=MINUTES_A_DAY))
    return min(since.total_seconds() / 60.0, float(MINUTES_A_DAY))


def opens_at(hours: OpeningHours, moment: datetime, timezone: str) -> datetime | None:
    """Return when the venue, closed at `moment`, opens next (UTC); None when it is open or never opens."""
    if is_open(hours, moment, timezone):
        return None
    return next((opens for opens, _ in _around(hours, moment, timezone, days_ahead=DAYS_AHEAD) if opens > moment), None)


def _tidy(text: str) -> str:
    return re.sub(r"[‐‑‒–—]", "-", text).strip().casefold()


def _read_rule(part: str, text: str) -> tuple[list[int], tuple[Span, ...]]:
    if part == _ALWAYS:
        return list(range(len(DAY_NAMES))), (Span(0, MINUTES_A_DAY),)
    rule = _RULE.fullmatch(part)
    if rule is None:
        raise HoursNotUnderstood(text, part)
    days = _read_days(rule["days"], part, text) if rule["days"] else list(range(len(DAY_NAMES)))
    return days, () if rule["times"] in _OFF else _read_spans(rule["times"], text)


def _read_days(names: str, part: str, text: str) -> list[int]:
    days: list[int] = []
    for names_of_range in re.split(r"\s*,\s*", names):
        first, _, last = (name.strip() for name in names_of_range.partition("-"))
        if first in _HOLIDAYS and not last:
            continue
        if first not in DAY_NAMES or (last and last not in DAY_NAMES):
            raise HoursNotUnderstood(text, part)
        start = DAY_NAMES.index(first)
        length = (DAY_NAMES.index(last or first) - start) % len(DAY_NAMES) + 1
        days += [(start + step) % len(DAY_NAMES) for step in range(length)]
    return days


def _read_spans(times: str, text: str) -> tuple[Span, ...]:
    spans = [_read_span(one, text) for one in re.split(r"\s*,\s*", times)]
    return tuple(sorted(spans, key=lambda span: span.start))


def _read_span(one: str, text: str) -> Span:
    found = _SPAN.fullmatch(one.strip())
    if found is None:
        raise HoursNotUnderstood(text, one)
    start_hour, start_minute, end_hour, end_minute = (int(number) for number in found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start >= MINUTES_A_DAY or end > 2 * MINUTES_A_DAY or max(start_minute, end_minute) >= 60:
        raise HoursNotUnderstood(text, one)
    return Span(start, end if end > start else end + MINUTES_A_DAY)


def _around(
    hours: OpeningHours, moment: datetime, timezone: str, days_ahead: int
) -> Iterator[tuple[datetime, datetime]]:
    """Yield (opens, closes) in UTC of the spans that begin from the day before `moment` on, in order."""
    zone = ZoneInfo(timezone)
    today = moment.astimezone(zone).date()
    # A span may end 48 hours after its midnight (written 10:00-26:00), and starts the day before at the latest.
    for day in range(-1, days_ahead + 1):
        local_day = today + timedelta(days=day)
        for span in hours.week[local_day.weekday()]:
            yield _moment(local_day, span.start, zone), _moment(local_day, span.end, zone)


def _moment(local_day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # The clock on the wall decides: an hour that happens twice counts from and to its first passage.
    wall = datetime(local_day.year, local_day.month, local_day.day) + timedelta(minutes=minutes)  # noqa: DTZ001
    return wall.replace(tzinfo=zone).astimezone(UTC)
