"""Which past bins tell what is usual: weeks of the local calendar, holidays apart, and the way back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ordinary_weeks import OrdinaryWeeks
from rules.estimation_policy import Holidays

ALMATY = ZoneInfo("Asia/Almaty")
HOLIDAYS = Holidays(frozenset({(3, 22), (12, 16)}), frozenset({date(2026, 5, 27)}))
WEEKS = OrdinaryWeeks(4, HOLIDAYS, "Asia/Almaty")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY).astimezone(UTC)


def test_an_ordinary_bin_looks_at_the_same_hour_of_the_four_weeks_before() -> None:
    start = local("2026-11-20T15:15")
    assert WEEKS.before(start) == [start - timedelta(weeks=number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("holiday", "sundays"),
    [
        ("2026-05-27", ["2026-05-24", "2026-05-17", "2026-05-10", "2026-05-03"]),  # a Wednesday
        ("2026-03-22", ["2026-03-15", "2026-03-08", "2026-03-01", "2026-02-22"]),  # itself a Sunday
    ],
)
def test_on_a_holiday_the_past_sundays_stand_in(holiday: str, sundays: list[str]) -> None:
    assert WEEKS.before(local(f"{holiday}T09:30")) == [local(f"{one}T09:30") for one in sundays]


def test_a_clock_that_was_changed_in_between_moves_no_hour() -> None:
    """Almaty went from UTC+6 to UTC+5 on 1 March 2024."""
    assert WEEKS.before(local("2024-03-05T18:00"))[0] == local("2024-02-27T18:00")
    assert local("2024-03-05T18:00") - local("2024-02-27T18:00") == timedelta(days=7, hours=1)


def test_a_holiday_is_nobodys_history() -> None:
    assert WEEKS.is_holiday(local("2026-12-16T23:45"))
    assert not WEEKS.is_holiday(local("2026-12-17T00:00"))
    assert WEEKS.following([local("2026-12-16T12:00")]) == set()


QUARTERS = st.integers(0, 3 * 365 * 96).map(
    lambda number: datetime(2024, 1, 1, tzinfo=UTC) + number * timedelta(minutes=15)
)


@given(QUARTERS)
def test_whoever_looks_at_a_bin_follows_it(start: datetime) -> None:
    for one in WEEKS.before(start):
        assert WEEKS.is_holiday(one) or start in WEEKS.following([one])


@given(QUARTERS)
def test_whoever_follows_a_bin_looks_at_it(start: datetime) -> None:
    for one in WEEKS.following([start]):
        assert start in WEEKS.before(one)
