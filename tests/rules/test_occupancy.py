"""The table of domain.md section 5, number by number: 200 seats, 430 m2, licence for 1,000."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.occupancy import Limit, occupancy_limit
from rules.policy import ZONES, EpidemicZone
from tests.rules.builders import draft_policy

HALF = (100, 80, 60, 42)  # 50, 40, 30 % of 200 seats; dark red 0.7 x 30 %
FREE = (1000, 1000, 1000, 1000)  # only the licence limits
AREA_4_6_8 = (107, 71, 53, 53)
LIMITS = {
    "restaurant_cafe": (70, 60, 50, 35),
    "canteen": FREE,
    "summer_terrace": FREE,
    "food_court": (50, 30, 30, 21),
    "banquet_hall": (100, 50, 30, 15),
    "karaoke": HALF,
    "cinema": HALF,
    "theatre_concert": HALF,
    "museum_culture": (100, 50, 30, 15),
    "exhibition": AREA_4_6_8,
    "computer_club": HALF,
    "bowling": HALF,
    "billiards": HALF,
    "fitness_yoga": (107, 86, 86, 70),
    "spa": FREE,
    "bath_sauna_pool": (1000, 1000, 100, 70),
    "sport_event": (100, 60, 40, 28),
    "marathon": (1000, 500, 200, 100),
    "child_centre": HALF,
    "circus": HALF,
    "oceanarium_zoo": HALF,
    "betting_lottery": HALF,
    "mall_market": AREA_4_6_8,
    "nonfood_retail": AREA_4_6_8,
    "food_retail_large": (107, 107, 71, 71),
    "beauty_salon": (1000, 140, 100, 70),
    "hotel": FREE,
    "bank_post_tson": (1000, 107, 71, 71),
    "airport_station": FREE,
    "intercity_bus": (200, 160, 140, 98),
    "voluntary": FREE,
}
CASES = [(kind, zone, limit) for kind, limits in LIMITS.items() for zone, limit in zip(ZONES, limits, strict=True)]


def limit_of(kind: str, zone: EpidemicZone | None = "green", **facts: float | str | None) -> Limit:
    known: dict[str, Any] = {"seats": None, "area_m2": None, "licensed_capacity": None} | facts
    return occupancy_limit(draft_policy(), kind, zone, **known)


def test_the_table_holds_every_kind_of_the_policy() -> None:
    assert set(LIMITS) == set(draft_policy().categories)


@pytest.mark.parametrize(("kind", "zone", "expected"), CASES)
def test_every_kind_in_every_zone(kind: str, zone: EpidemicZone, expected: int) -> None:
    limit = limit_of(kind, zone, seats=200, area_m2=430.0, licensed_capacity=1000)
    assert (expected, False, ()) == (limit.persons, limit.closed, limit.missing)
    assert all(part.sources for part in limit.because)


def test_a_banquet_hall_run_as_a_restaurant_has_the_caps_of_one() -> None:
    limits = [limit_of("banquet_hall", zone, seats=200, area_m2=430.0, mode="as_restaurant").persons for zone in ZONES]
    assert limits == [70, 60, 50, 35]


def test_whole_persons_are_rounded_down_and_never_lost_to_binary_fractions() -> None:
    assert limit_of("cinema", "red", seats=199).persons == 59
    assert limit_of("cinema", "dark_red", seats=100).persons == 21  # 0.7 x 30 % in floats is 20.99
    assert limit_of("exhibition", "green", area_m2=4.4 * 3 - 1.2).persons == 3


def test_the_licence_caps_everything() -> None:
    assert limit_of("restaurant_cafe", seats=200, licensed_capacity=40).persons == 40


def test_the_licence_stands_for_seats_that_nobody_counted() -> None:
    assert limit_of("cinema", "yellow", licensed_capacity=300).persons == 120


def test_a_fact_that_is_missing_leaves_the_number_unknown_and_is_named() -> None:
    assert (limit_of("restaurant_cafe").persons, limit_of("restaurant_cafe").missing) == (None, ("seats",))
    assert (limit_of("mall_market").persons, limit_of("mall_market").missing) == (None, ("area_m2",))
    both = limit_of("banquet_hall", "yellow")
    assert (both.persons, both.missing) == (None, ("seats", "area_m2"))


def test_without_zone_or_kind_there_is_no_number() -> None:
    assert limit_of("cinema", None, seats=100).missing == ("epidemic_zone",)
    assert limit_of("unclassified", seats=100).missing == ("category",)
    assert limit_of("discotheque", seats=100).missing == ("category",)


def test_where_nothing_limits_there_is_no_number_and_nothing_missing() -> None:
    limit = limit_of("spa", seats=30)
    assert (limit.persons, limit.closed, limit.missing) == (None, False, ())


def test_every_part_says_its_number_and_source() -> None:
    parts = {part.code: (part.persons, part.sources) for part in limit_of("restaurant_cafe", seats=200).because}
    assert parts == {"limit-part-seats-share": (100, ("K58",)), "limit-part-seats-most": (70, ("K58",))}


@given(
    kind=st.sampled_from(sorted(LIMITS)),
    seats=st.integers(0, 5000),
    area_m2=st.floats(0, 1e6),
    licence=st.integers(0, 5000),
)
def test_a_stricter_zone_never_permits_more(kind: str, seats: int, area_m2: float, licence: int) -> None:
    limits = [limit_of(kind, zone, seats=seats, area_m2=area_m2, licensed_capacity=licence).persons for zone in ZONES]
    assert limits == sorted(limits, key=lambda persons: -(persons or 0))
    assert all(persons is not None and 0 <= persons <= licence for persons in limits)
