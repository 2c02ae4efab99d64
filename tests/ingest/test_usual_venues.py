"""Usual weeks of venues and of the map: medians of what could be told, never of what could not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from geo.frames import code_density
from geo.hexagons import area_km2, children, hexagon_at, parents
from ingest.usual import WEEK_HOURS, UsualWeek
from ingest.usual_venues import VenueBin, ground_hours, pictures_of, usual_rows, venue_hours, weeks_by_hour
from rules.policy import Policy

MONDAY_NOON = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # 12:00 in Almaty
NOON = 12
WEEK = timedelta(weeks=1)
ZONE = "Asia/Almaty"


def told(*people: float) -> VenueBin:
    return VenueBin(tuple("abc"[: len(people)]), np.array(people))


def hours(bins: dict[datetime, VenueBin], weeks_min: int = 2) -> dict[str, NDArray[np.float64]]:
    return venue_hours(list(bins), bins.__getitem__, ZONE, weeks_min)


def test_an_hour_is_the_middle_of_its_weeks_on_the_clocks_of_the_place() -> None:
    bins = {MONDAY_NOON + WEEK * number: told(people) for number, people in enumerate((100, 120, 900))}
    found = hours(bins)["a"]
    assert found[NOON] == 120
    assert np.isnan(np.delete(found, NOON)).all()


def test_one_week_makes_nothing_usual() -> None:
    quarters = {MONDAY_NOON + timedelta(minutes=15 * number): told(100) for number in range(4)}
    assert hours(quarters) == {}
    assert hours(quarters, weeks_min=1)["a"][NOON] == 100


def test_an_hour_that_can_seldom_be_told_is_not_told() -> None:
    people = (100, 100, np.nan, np.nan, np.nan)
    bins = {MONDAY_NOON + WEEK * number: told(one) for number, one in enumerate(people)}
    assert hours(bins) == {}


def test_a_venue_that_was_registered_later_counts_from_then_on() -> None:
    bins = {MONDAY_NOON: told(1), MONDAY_NOON + WEEK: told(3, 50), MONDAY_NOON + 2 * WEEK: told(5, 70)}
    found = hours(bins)
    assert (found["a"][NOON], found["b"][NOON]) == (3, 60)


def test_the_ground_is_everybody_on_the_hexagons_that_a_venue_touches() -> None:
    means = np.full((WEEK_HOURS, 3), np.nan, np.float32)
    means[NOON] = (100, 40, 7)
    membership = sparse.csr_array(np.array([[0.2, 0.8, 0.0], [0.0, 0.0, 1.0]]))
    found = ground_hours(membership, UsualWeek(means, 4))
    assert found[:, NOON].tolist() == [140, 7]
    assert np.isnan(found[0, 0])


def test_pictures_are_frames_hour_after_hour_and_parents_are_sums(policy: Policy) -> None:
    parent = hexagon_at(76.93, 43.25, 8)
    ids = np.sort(children(parent, 9))
    means = np.full((WEEK_HOURS, len(ids)), np.nan, np.float32)
    means[NOON] = 300
    pictures = pictures_of(UsualWeek(means, 4), ids, area_km2(ids), (8, 9), policy.map)
    assert {resolution: len(codes) for resolution, codes in pictures.items()} == {8: 168, 9: 168 * len(ids)}
    assert pictures[8][NOON - 1] == 0
    largest = policy.map.frame_density_max_per_km2
    whole = 300 * len(ids) / float(area_km2(parents(ids[:1], 8))[0])
    assert code_density(pictures[8][NOON], largest) == pytest.approx(whole, rel=0.1)


def test_what_is_kept_is_rounded_like_everything_released() -> None:
    own = np.full(WEEK_HOURS, np.nan)
    own[NOON] = 123.4
    ground = np.full((1, WEEK_HOURS), 7.6)
    row = usual_rows(["a"], {"a": own}, ground, 4)[0]
    assert (row.people[NOON], row.people[0], row.ground[0]) == (120.0, None, 8.0)
    assert usual_rows(["b"], {"a": own}, ground, 4)[0].people == (None,) * WEEK_HOURS


def test_weeks_are_counted_hour_by_hour_so_that_a_sunday_and_a_monday_make_no_two_weeks() -> None:
    days = [MONDAY_NOON - timedelta(days=1), MONDAY_NOON, MONDAY_NOON + timedelta(minutes=15)]
    counted = weeks_by_hour(days, ZONE)
    assert (counted.max(), counted.sum(), len(counted)) == (1, 2, WEEK_HOURS)
    assert weeks_by_hour([*days, MONDAY_NOON + WEEK], ZONE)[NOON] == 2
    assert weeks_by_hour([], ZONE).max() == 0
