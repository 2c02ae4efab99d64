from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from rules.zones import ZoneOnDay, zone_by_numbers, zone_on
from tests.rules.builders import draft_policy


@dataclass(frozen=True)
class Announced:
    region: str
    on: date
    zone: str
    explicit: bool = True
    source: str = "news"


FIRST = Announced("ALA", date(2020, 12, 8), "yellow")
SECOND = Announced("ALA", date(2020, 12, 15), "red")
ELSEWHERE = Announced("NS", date(2020, 12, 10), "green")


@pytest.mark.parametrize(
    ("day", "zone", "stale"),
    [(8, "yellow", False), (9, "yellow", True), (14, "yellow", True), (15, "red", False), (31, "red", True)],
)
def test_a_day_without_a_zone_carries_the_last_one_and_says_so(day: int, zone: str, stale: bool) -> None:
    found = zone_on([SECOND, ELSEWHERE, FIRST], "ALA", date(2020, 12, day))
    assert found is not None
    assert (zone, stale) == (found.zone, found.stale)
    assert found.announced_on == (FIRST.on if zone == "yellow" else SECOND.on)


def test_before_the_first_announcement_nothing_is_assumed() -> None:
    assert zone_on([FIRST], "ALA", date(2020, 12, 7)) is None
    assert zone_on([FIRST], "SHY", date(2020, 12, 9)) is None


def test_a_source_that_names_the_region_wins_over_one_that_leaves_it_out() -> None:
    silent = Announced("ALA", FIRST.on, "red", explicit=False, source="z")
    assert zone_on([silent, FIRST], "ALA", FIRST.on) == ZoneOnDay("yellow", False, FIRST.on, "news")


def test_of_two_that_name_it_the_stricter_holds_and_the_dispute_is_said() -> None:
    other = Announced("ALA", FIRST.on, "red", source="other")
    for announcements in ([FIRST, other], [other, FIRST]):
        assert zone_on(announcements, "ALA", FIRST.on) == ZoneOnDay("red", False, FIRST.on, "other", contested=True)


@pytest.mark.parametrize(
    ("numbers", "zone"),
    [
        ({"incidence_per_100k": 50.1, "reproduction": 1.01}, "red"),
        ({"incidence_per_100k": 50.0, "reproduction": 1.01}, "yellow"),
        ({"incidence_per_100k": 25.0, "reproduction": 1.01}, "yellow"),
        ({"incidence_per_100k": 24.9, "reproduction": 1.5}, "green"),
        ({"incidence_per_100k": 60.0, "reproduction": 1.0}, "yellow"),
        ({"incidence_per_100k": 50.0, "reproduction": 1.0}, "green"),
        (
            {"incidence_per_100k": 10, "reproduction": 0.5, "bed_occupancy_pct": 71, "beds_occupied_per_100k": 201},
            "dark_red",
        ),
        (
            {"incidence_per_100k": 10, "reproduction": 0.5, "bed_occupancy_pct": 70, "beds_occupied_per_100k": 201},
            "green",
        ),
    ],
)
def test_the_numbers_of_a_region_give_its_zone(numbers: dict[str, float], zone: str) -> None:
    rule = zone_by_numbers(draft_policy().zones, numbers)
    assert rule is not None
    assert rule.zone == zone
