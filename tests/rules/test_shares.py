"""Tables of shares: which row speaks of which hour, which hours two rows both speak of, where shares are too many."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.shares import EVERY_SLOT, Excess, ShareRow, ShareTable, excesses, overlap, parse_hours, slot_at


@pytest.mark.parametrize(
    ("text", "hours"),
    [("", (0, 24)), ("18-24", (18, 24)), ("22-6", (22, 6)), ("22:00-06:00", (22, 6)), ("8 \N{EN DASH} 9", (8, 9))],
)
def test_hours_are_read_as_people_write_them(text: str, hours: tuple[int, int]) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize("text", ["24-6", "8-25", "7-7", "7", "evening", "7:30-9", "-1-5"])
def test_what_are_no_full_hours_is_not_guessed(text: str) -> None:
    assert parse_hours(text) is None


def test_hours_over_midnight_belong_to_the_day_on_which_they_are() -> None:
    row = ShareRow("", "weekend", 22, 6, 0.4)
    assert row.slots == {(True, hour) for hour in (22, 23, 0, 1, 2, 3, 4, 5)}
    assert row.hours == "22-6"
    assert ShareRow("", "", 0, 24, 0.4).slots == set(EVERY_SLOT)
    assert ShareRow("", "", 0, 24, 0.4).hours == ""


def test_a_region_speaks_before_everywhere_else_and_that_before_the_registered_share() -> None:
    table = ShareTable.of(0.4, [ShareRow("west", "", 18, 24, 0.5), ShareRow("", "weekdays", 8, 20, 0.3)])
    assert table.at("west", (False, 19)) == 0.5
    assert table.at("west", (False, 12)) == 0.3
    assert table.at("east", (False, 19)) == 0.3
    assert table.at("east", (True, 19)) == 0.4
    assert table.at("west", (True, 3)) == 0.4


def test_the_hour_is_local_and_so_is_the_day() -> None:
    friday_evening = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
    assert slot_at(friday_evening, "UTC") == (False, 20)
    assert slot_at(friday_evening, "Asia/Almaty") == (True, 1)


def test_rows_that_speak_of_the_same_hour_are_found() -> None:
    rows = [
        ShareRow("west", "", 18, 24, 0.5),
        ShareRow("west", "", 0, 18, 0.4),
        ShareRow("east", "", 18, 24, 0.5),
        ShareRow("west", "weekend", 23, 1, 0.6),
    ]
    assert overlap(rows[:3]) == []
    assert overlap(rows) == [(3, 0)]


def test_shares_that_add_up_to_too_much_are_named_with_region_and_hours() -> None:
    one = ShareTable.of(0.5, [ShareRow("west", "", 22, 2, 0.9), ShareRow("", "", 8, 9, 0.7)])
    other = ShareTable.of(0.45, [])
    assert excesses([one, other], 1.0) == [Excess("", "8-9", 1.15), Excess("west", "0-2, 8-9, 22-24", 1.35)]
    assert excesses([one, other], 1.3) == [Excess("west", "0-2, 22-24", 1.35)]
    assert excesses([other], 0.1) == []
