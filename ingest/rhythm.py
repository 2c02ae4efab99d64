"""When a feed usually speaks, and which of its usual base bins have not come.

A time of the day is usual when more than half of the days had it; before the first delivery nothing is expected, and
nothing younger than the policy's patience is missing yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.policy import Policy
from store.uploads import base_bins

Span = tuple[datetime, datetime]


class Rhythm:
    """The base bins that some intervals cover, seen as days of the policy's timezone."""

    def __init__(self, policy: Policy, now: datetime, intervals: Iterable[Span]) -> None:
        self._zone = ZoneInfo(policy.timezone)
        width = timedelta(minutes=policy.counts.base_bin_minutes)
        self._covered = {one for start, end in set(intervals) for one in base_bins(start, end, width)}
        due = now - timedelta(minutes=policy.delivery.late_after_minutes)
        first = min(self._covered, default=due)
        self._due = [one for one in base_bins(first, max(due, first), width) if one + width <= due]
        self._usual = self._usual_times()

    def bins_of(self, days: set[date]) -> tuple[int, int]:
        """Return how many base bins were expected on these local days, and how many of them are missing."""
        return len(self._expected(days)), len(self.missing_of(days))

    def missing_of(self, days: set[date]) -> list[datetime]:
        """Return when the base bins begin that were expected on these local days and are missing, oldest first."""
        return [one for one in self._expected(days) if one.astimezone(UTC) not in self._covered]

    def _expected(self, days: set[date]) -> list[datetime]:
        return [one for one in self._due if self._day(one) in days and self._time(one) in self._usual]

    def _usual_times(self) -> set[tuple[int, int]]:
        asked = Counter(self._time(one) for one in self._due)
        there = Counter(self._time(one) for one in self._due if one in self._covered)
        return {one for one, days in asked.items() if 2 * there[one] > days}

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _time(self, moment: datetime) -> tuple[int, int]:
        local = moment.astimezone(self._zone)
        return local.hour, local.minute
