"""Whose a crowd is, what a venue can hold, and who is there after hours."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.after_hours import Gathering, after_hours_probability, high_with_gathering
from rules.attribution import attribute
from rules.capacity import Bounds, Capacity, Room, capacity_of
from rules.crowding import VenueFigures
from tests.rules.builders import draft_policy

RULES = draft_policy().crowding


def figures(best: float = 100.0, kernel: float = 0.9, **facts: Any) -> VenueFigures:
    seen: dict[str, Any] = {"reach": 1.0, "state": "estimated"} | facts
    return VenueFigures(best, best, best, 10.0, kernel, **seen)


# --- whose a crowd is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "kernel", "whose"),
    [
        (0.8, 0.5, "venue"),
        (0.79, 0.9, "cannot-tell"),
        (0.99, 0.49, "cannot-tell"),  # nothing but its prior says so
        (0.5, 0.9, "cannot-tell"),
        (0.2, 0.9, "area"),
        (0.0, 0.0, "area"),
    ],
)
def test_a_crowd_is_the_venue_s_the_area_s_or_nobody_can_tell(own: float, kernel: float, whose: str) -> None:
    found = attribute(own, figures(kernel=kernel), RULES)
    assert found is not None
    assert (found.whose, found.probability) == (whose, own)


def test_a_crowd_that_may_be_a_neighbour_s_is_not_called_the_venue_s() -> None:
    found = [attribute(own, figures(kernel=0.9), RULES, rivals=1) for own in (0.95, 0.1)]
    assert [one and one.whose for one in found] == ["cannot-tell", "area"]


@pytest.mark.parametrize(("around", "whose"), [(0.0, "venue"), (1.4, "venue"), (1.5, "cannot-tell")])
def test_far_more_people_than_usual_are_not_called_the_venue_s_before_anybody_counted(
    around: float, whose: str
) -> None:
    found = attribute(0.99, figures(kernel=0.9), RULES, unverified_z=around)
    assert found is not None
    assert found.whose == whose


def test_nothing_is_attributed_where_nothing_was_estimated_or_delivered() -> None:
    assert attribute(0.9, figures(state="suppressed"), RULES) is None
    assert attribute(nan, figures(), RULES) is None
    unseen = attribute(0.9, figures(reach=0.5), RULES)
    assert unseen is not None
    assert unseen.whose == "cannot-tell"


# --- what a venue can hold --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("licensed", "seats", "area", "capacity"),
    [
        (200, 50, 400.0, Capacity(200)),
        (None, 50, None, Capacity(50)),
        (None, None, 400.0, Capacity(None)),
        (0, 50, 400.0, Capacity(None, "capacity-zero")),
        (None, 0, 400.0, Capacity(None, "seats-zero")),
        (300, 0, 400.0, Capacity(300)),  # a place to stand in
        (-5, None, None, Capacity(None, "capacity-zero")),
        (50, None, 0.0, Capacity(None, "floor-zero")),
        (401, None, 100.0, Capacity(None, "capacity-beyond-floor")),
        (400, 400, 100.0, Capacity(400)),
        (300, 401, 100.0, Capacity(None, "seats-beyond-floor")),
    ],
)
def test_a_capacity_is_taken_or_named_as_impossible(
    licensed: int | None, seats: int | None, area: float | None, capacity: Capacity
) -> None:
    assert capacity == capacity_of(licensed, seats, Room(area), Bounds(RULES.least_m2_per_person, 2.0, 150_000))


# --- after hours ------------------------------------------------------------------------------------------------------

CAPACITY, SD = 900.0, 0.15 * 900.0


def after_hours(seen: VenueFigures, residents: float = 0.0, closed: float | None = 120.0) -> float | None:
    return after_hours_probability(seen, SD, CAPACITY, residents, closed, RULES)


def test_a_gathering_in_a_closed_hall_is_probable_and_an_empty_one_is_not() -> None:
    party, empty = after_hours(figures(350.0, 0.8)), after_hours(figures(10.0, 0.8))
    assert party is not None
    assert empty is not None
    assert party > 0.95
    assert empty < 0.01


def test_the_more_people_live_there_the_less_a_crowd_says() -> None:
    few, many = after_hours(figures(350.0, 0.8), 100.0), after_hours(figures(350.0, 0.8), 5000.0)
    assert few is not None
    assert many is not None
    assert few > 0.8
    assert many < 0.2


@pytest.mark.parametrize(
    ("seen", "residents", "closed"),
    [
        (figures(350.0, 0.8), nan, 120.0),  # it is not known how many live there
        (figures(350.0, 0.8), 0.0, None),  # open, or hours unknown
        (figures(350.0, 0.8), 0.0, 59.0),  # guests are leaving
        (figures(350.0, 0.0), 0.0, 120.0),  # counts have told nothing about it
        (figures(350.0, 0.8, state="suppressed"), 0.0, 120.0),
        (figures(350.0, 0.8, reach=0.5), 0.0, 120.0),
    ],
)
def test_nothing_is_said_where_nothing_can_be(seen: VenueFigures, residents: float, closed: float | None) -> None:
    assert after_hours(seen, residents, closed) is None


def test_a_closed_venue_s_interval_leaves_out_no_more_of_both_cases_together_than_of_one() -> None:
    seen, z = VenueFigures(0.0, 50.0, 132.0, 50.0, 0.5, 1.0, "estimated"), 1.645
    ends = [high_with_gathering(seen, Gathering(p, 360.0, 100.0), 1.0, z) for p in (0.01, 0.04, 0.06, 0.5, 1.0)]
    assert ends[0] == ends[1] == 132.0
    assert ends == sorted(ends)
    assert 132.0 < ends[2] < 360.0 < ends[3] < ends[4] == pytest.approx(360.0 + z * 100.0, abs=0.1)
    assert high_with_gathering(seen, Gathering(0.5, 20.0, 5.0), 1.0, z) == 132.0


def test_the_same_people_say_less_where_counts_see_the_venue_badly() -> None:
    weak, strong = after_hours(figures(40.0, 0.1)), after_hours(figures(320.0, 0.8))  # both found: 400 by counts alone
    assert weak is not None
    assert strong is not None
    assert weak < strong


@given(st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1e6), st.floats(0, 1e4))
def test_it_is_a_probability_and_rises_with_the_people(
    best: float, kernel: float, residents: float, more: float
) -> None:
    one, other = after_hours(figures(best, kernel), residents), after_hours(figures(best + more, kernel), residents)
    if one is not None and other is not None:
        assert 0.0 <= one <= other + 1e-9
        assert other <= 1.0
