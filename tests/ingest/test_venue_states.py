"""What is expected in a venue before any count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from geo import hexagons
from ingest.venue_states import VenueStates
from rules.policy import Cap
from store.records import Venue, VenueDraft, ZoneAnnouncement
from tests.rules.builders import draft_policy

POLICY = draft_policy()
NUMBERS = POLICY.crowding.prior
PLACE = (76.95, 43.24)
CITY = np.sort(hexagons.disc(hexagons.hexagon_at(*PLACE, 9), 10))
NOON = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)  # 12:00 in Almaty
GREEN = (ZoneAnnouncement("ALA", date(2026, 1, 1), "green", True, "test"),)
CORNER = 1 / 111_195 * 40  # degrees: 40 m
NO_ROOM = {
    "seats": 100_000,
    "area_m2": None,
    "outline_wkb": shapely.to_wkb(shapely.box(*PLACE, PLACE[0] + CORNER, PLACE[1] + CORNER)),
}
RED = (ZoneAnnouncement("ALA", date(2026, 1, 1), "red", True, "test"),)


def venue(venue_id: str = "hall", **facts: Any) -> Venue:
    draft: dict[str, Any] = {
        "source": "test",
        "source_id": venue_id,
        "name": venue_id,
        "category": "banquet_hall",
        "region": "ALA",
        "longitude": PLACE[0],
        "latitude": PLACE[1],
        "seats": 300,
        "licensed_capacity": 300,
        "area_m2": 900.0,
        "opening_hours": "Mo-Su 10:00-23:00",
    }
    return Venue(venue_id, venue_id, VenueDraft(**(draft | facts)))


def states(*venues: Venue) -> VenueStates:
    return VenueStates(POLICY, venues, CITY)


def expected(one: Venue, at: datetime = NOON) -> tuple[float, float, float]:
    prior = states(one).prior_at(at, GREEN)
    return float(prior.mean[0]), float(prior.sd[0]), float(prior.ceiling[0])


def test_an_open_venue_is_expected_to_be_as_full_as_its_kind_usually_is() -> None:
    mean, sd, ceiling = expected(venue(category="canteen"))
    assert (mean, sd, ceiling) == pytest.approx((0.25 * 300, 0.35 * 300, 2 * 300))
    assert expected(venue(category="hotel"))[0] == pytest.approx(0.4 * 300 * NUMBERS.share_of_hour_of_kind["hotel"][12])


def test_it_is_expected_to_be_fuller_in_the_evening_than_at_night_by_the_clock_of_its_place() -> None:
    round_the_clock = venue(category="canteen", opening_hours="24/7")
    noon, evening, night = (expected(round_the_clock, NOON + timedelta(hours=one))[0] for one in (0, 7, 14))
    assert night < noon < evening
    hours = NUMBERS.share_of_hour
    assert (night, evening) == pytest.approx((0.25 * 300 * hours[2], 0.25 * 300 * hours[19]))
    hotel = venue(category="hotel", opening_hours="24/7")
    assert expected(hotel, NOON + timedelta(hours=14))[0] > expected(hotel)[0], "a hotel is full at night"


def test_what_is_usual_differs_less_from_place_to_place_than_one_evening() -> None:
    there = states(venue()).prior_at(NOON, GREEN)
    assert there.usual_sd is not None
    assert float(there.usual_sd[0]) == pytest.approx(NUMBERS.usual_sd_share * 300)
    assert float(there.usual_sd[0]) < float(there.sd[0])


def test_what_is_permitted_lowers_what_is_expected_but_not_what_is_possible() -> None:
    mean, sd, _ = expected(venue(category="fitness_yoga"))  # 4 square metres a person in a green zone
    assert (mean, sd) == pytest.approx((0.25 * 900 / 4, 0.35 * 300))


def test_nobody_is_expected_in_a_closed_one_and_a_gathering_could_still_be_seen() -> None:
    mean, sd, _ = expected(venue(), NOON + timedelta(hours=15))
    assert mean == 0.0
    assert sd == pytest.approx(NUMBERS.closed_sd_share * 300)


def test_a_kind_that_must_close_in_this_zone_is_expected_to_be_empty() -> None:
    karaoke = POLICY.categories["karaoke"]
    shut = replace(karaoke, modes={karaoke.default_mode: {"green": Cap(closed=True)}})
    policy = replace(POLICY, categories={**POLICY.categories, "karaoke": shut})
    prior = VenueStates(policy, [venue(category="karaoke")], CITY).prior_at(NOON, GREEN)
    assert prior.mean[0] == 0.0
    assert prior.sd[0] == pytest.approx(NUMBERS.closed_sd_share * 300)


def test_unknown_hours_are_half_open() -> None:
    at_night = NOON + timedelta(hours=15)
    for said in (None, "sunrise-sunset"):
        half = 0.125 * 300 * NUMBERS.share_of_hour[3]
        assert expected(venue(category="canteen", opening_hours=said), at_night)[0] == pytest.approx(half)


def test_an_unknown_capacity_is_guessed_from_the_floor_the_outline_or_the_policy_and_wide() -> None:
    unknown: dict[str, Any] = {"seats": None, "licensed_capacity": None, "category": "canteen"}
    metres = 1 / 111_195
    outline = shapely.to_wkb(shapely.box(PLACE[0], PLACE[1], PLACE[0] + 80 * metres, PLACE[1] + 50 * metres))
    sizes = {
        "floor": expected(venue(**unknown)),
        "outline": expected(venue(**unknown, area_m2=None, outline_wkb=outline)),
        "nothing": expected(venue(**unknown, area_m2=None)),
    }
    people = {
        "floor": 900 / 4,
        "outline": 80 * 50 * np.cos(np.radians(PLACE[1])) / 4,
        "nothing": NUMBERS.unknown_capacity,
    }
    for what, (mean, sd, ceiling) in sizes.items():
        assert mean == pytest.approx(0.25 * people[what], rel=0.01)
        assert sd == pytest.approx(0.35 * 2 * people[what], rel=0.01)
        assert np.isnan(ceiling)


@pytest.mark.parametrize("facts", [{"licensed_capacity": 0}, {"seats": 100_000}, {"area_m2": 0.0}, NO_ROOM])
def test_an_impossible_capacity_is_none_and_breaks_nothing(facts: dict[str, Any]) -> None:
    found = states(venue(**facts))
    assert np.isnan(found.capacity).tolist() == [True]
    assert found.capacities[0].impossible is not None
    prior = found.prior_at(NOON, GREEN)
    assert np.isfinite(prior.mean).all()
    assert (prior.sd > 0).all()


def test_masked_venues_and_those_without_a_place_are_not_there() -> None:
    found = states(venue("a"), venue("b", masked=True), venue("c", longitude=None, latitude=None))
    assert found.ids == ("a",)
    assert found.prior_at(NOON, GREEN).membership.shape == (1, len(CITY))


def test_the_name_of_an_expectation_changes_with_everything_in_it_and_with_nothing_else() -> None:
    def name(one: Venue, at: datetime = NOON, zones: tuple[ZoneAnnouncement, ...] = GREEN) -> str:
        return states(one).digest_at(at, zones)

    same = name(venue())
    assert same == name(venue(name="Another name")) == name(venue(), NOON + timedelta(minutes=15))
    others = [
        name(venue(seats=200, licensed_capacity=200)),
        name(venue(category="hotel")),
        name(venue(longitude=76.96)),
        name(venue("another")),
        name(venue(), NOON + timedelta(hours=15)),
        name(venue(), zones=RED),
    ]
    assert same not in others
    assert len(set(others)) == len(others)


def test_no_venue_at_all_is_no_expectation() -> None:
    prior = states().prior_at(NOON, GREEN)
    assert prior.mean.shape == (0,)
    assert prior.membership.shape == (0, len(CITY))
