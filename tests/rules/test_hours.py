from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import HoursNotUnderstood
from rules.hours import closed_minutes, closes_at, is_open, opens_at, parse_hours
from tests.rules.builders import utc

ALMATY = "Asia/Almaty"
BAR = "Mo-Th 10:00-23:00; Fr,Sa 10:00-02:00; Su off"


@pytest.mark.parametrize(
    ("local", "opened"),
    [
        ("2021-06-04T23:30+06:00", True),  # Friday night
        ("2021-06-05T01:30+06:00", True),  # belongs to Friday
        ("2021-06-05T02:00+06:00", False),  # at the closing minute
        ("2021-06-05T01:59:59+06:00", True),
        ("2021-06-06T01:30+06:00", True),  # Sunday is off, but the night is Saturday's
        ("2021-06-06T12:00+06:00", False),
        ("2021-06-03T23:30+06:00", False),  # Thursday
        ("2021-06-03T22:59+06:00", True),
        ("2021-06-07T01:30+06:00", False),  # Monday: Sunday had no evening
        ("2021-06-07T10:00+06:00", True),
        ("2021-06-07T09:59+06:00", False),
    ],
)
def test_hours_past_midnight_belong_to_the_day_before(local: str, opened: bool) -> None:
    assert is_open(parse_hours(BAR), utc(local), ALMATY) is opened


def test_the_same_wall_clock_holds_on_both_sides_of_the_almaty_change_of_offset() -> None:
    hours = parse_hours("10:00-20:00")
    assert is_open(hours, utc("2024-02-20T10:00+06:00"), ALMATY)
    assert not is_open(hours, utc("2024-02-20T09:59+06:00"), ALMATY)
    assert is_open(hours, utc("2024-03-10T10:00+05:00"), ALMATY)
    assert not is_open(hours, utc("2024-03-10T10:00+06:00"), ALMATY)


def test_a_night_through_the_change_of_offset_is_an_hour_longer() -> None:
    """On 1 March 2024 at 00:00 Almaty's clocks went back to 23:00 of 29 February, a Thursday."""
    hours = parse_hours("Th 20:00-02:00")
    evening = utc("2024-02-29T20:00+06:00")
    assert closes_at(hours, evening, ALMATY) == utc("2024-03-01T02:00+05:00")
    assert (utc("2024-03-01T02:00+05:00") - evening).total_seconds() == 7 * 3600
    assert is_open(hours, utc("2024-02-29T23:30+06:00"), ALMATY)
    assert is_open(hours, utc("2024-02-29T23:30+05:00"), ALMATY)
    assert is_open(hours, utc("2024-03-01T01:30+05:00"), ALMATY)
    assert not is_open(hours, utc("2024-03-01T02:00+05:00"), ALMATY)


def test_a_closing_hour_that_happens_twice_is_over_at_its_first_passage() -> None:
    hours = parse_hours("10:00-23:30")
    assert is_open(hours, utc("2024-02-29T23:29+06:00"), ALMATY)
    assert not is_open(hours, utc("2024-02-29T23:29+05:00"), ALMATY)


def test_round_the_clock_has_no_gap_at_midnight_and_never_closes() -> None:
    hours = parse_hours("24/7")
    for local in ("2021-06-05T00:00+06:00", "2021-06-05T23:59:59+06:00", "2024-03-01T00:00+05:00"):
        assert is_open(hours, utc(local), ALMATY)
        assert closes_at(hours, utc(local), ALMATY) is None


def test_closing_is_the_end_of_touching_spans() -> None:
    hours = parse_hours("Mo 10:00-24:00; Tu 00:00-03:00")
    assert closes_at(hours, utc("2021-06-07T12:00+06:00"), ALMATY) == utc("2021-06-08T03:00+06:00")


def test_the_minutes_since_closing_are_counted_up_to_a_day() -> None:
    hours = parse_hours("Mo-Sa 10:00-23:00; Su off")
    since = {
        local: closed_minutes(hours, utc(f"2021-06-{local}+06:00"), ALMATY)
        for local in ("05T22:59", "05T23:00", "06T00:30", "06T22:59", "07T09:00", "07T10:00")
    }
    assert list(since.values()) == [None, 0.0, 90.0, 1439.0, 1440.0, None]


def test_what_is_closed_does_not_close_and_says_when_it_opens() -> None:
    hours = parse_hours(BAR)
    sunday = utc("2021-06-06T12:00+06:00")
    assert closes_at(hours, sunday, ALMATY) is None
    assert opens_at(hours, sunday, ALMATY) == utc("2021-06-07T10:00+06:00")
    assert opens_at(hours, utc("2021-06-07T10:00+06:00"), ALMATY) is None
    assert opens_at(parse_hours("off"), sunday, ALMATY) is None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mo-su 10:00-23:00", "10:00-23:00"),
        ("Mo–Su 10:00–23:00", "10:00-23:00"),
        ("Sa-Mo 10:00-12:00", "Sa,Su,Mo 10:00-12:00"),
        ("10:00-26:00", "10:00-02:00"),
        ("10:00-12:00 , 14:00-18:00", "14:00-18:00,10:00-12:00"),
        ("Mo-Fr 09:00-18:00; PH off", "Mo-Fr 09:00-18:00"),
        ("09:00-18:00; Su closed;", "Mo-Sa 09:00-18:00"),
        ("Mo-Su 00:00-24:00", "24/7"),
    ],
)
def test_ways_of_writing_the_same_hours(text: str, same: str) -> None:
    assert parse_hours(text) == parse_hours(same)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "late", "Mo-Fr", "10:00+", "Jan-Mar 10:00-12:00", "sunrise-sunset", "25:00-26:00", "10:60-12:00",
     "Xx 10:00-12:00", "10-18", "Mo[1] 10:00-12:00", "10:00-49:00"],
)  # fmt: skip
def test_what_is_outside_the_subset_is_refused_by_name(text: str) -> None:
    with pytest.raises(HoursNotUnderstood) as refusal:
        parse_hours(text)
    assert refusal.value.code == "hours-not-understood"
    assert refusal.value.params["text"] == text


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(HoursNotUnderstood):
        parse_hours(text)
