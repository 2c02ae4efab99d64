"""Which past base bins tell what is usual in one: the same hour of the week, holidays apart.

On a holiday the past Sundays stand in. Weeks are those of the local calendar, so that a clock that was changed in
between moves nothing. Pure: no counts are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from rules.estimation_policy import Holidays

WEEK = timedelta(days=7)
SUNDAY = 6

Days = Callable[[date], tuple[date, ...]]


class OrdinaryWeeks:
    """Past and following bins within `weeks` weeks in one time zone."""

    def __init__(self, weeks: int, holidays: Holidays, timezone: str) -> None:
        self._weeks, self._holidays, self._zone = weeks, holidays, ZoneInfo(timezone)
        self._before: Days = cache(self._days_before)
        self._after: Days = cache(self._days_after)

    def before(self, start: datetime) -> list[datetime]:
        """Return the starts of the bins that history looks at, newest first; holidays among them too."""
        return [self._moved(start, day) for day in self._before(self._day(start))]

    def is_holiday(self, start: datetime) -> bool:
        """Tell whether a bin lies on a holiday: it is no other bin's history."""
        return self._holidays.holds(self._day(start))

    def following(self, starts: Iterable[datetime]) -> set[datetime]:
        """Return the starts of all bins that have one of these bins as history."""
        return {self._moved(one, day) for one in starts for day in self._after(self._day(one))}

    def _day(self, start: datetime) -> date:
        return start.astimezone(self._zone).date()

    def _moved(self, start: datetime, day: date) -> datetime:
        local = start.astimezone(self._zone)
        return datetime.combine(day, local.time(), self._zone).astimezone(UTC)

    def _days_before(self, day: date) -> tuple[date, ...]:
        back = WEEK
        if self._holidays.holds(day):
            back = timedelta(days=(day.weekday() - SUNDAY) % 7) or WEEK
        return tuple(day - back - number * WEEK for number in range(self._weeks))

    def _days_after(self, day: date) -> tuple[date, ...]:
        if self._holidays.holds(day):
            return ()
        span = (day + timedelta(days=number) for number in range(1, WEEK.days * self._weeks + 1))
        return tuple(one for one in span if day in self._before(one))
