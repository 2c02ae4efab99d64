from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.crowding import Crowding, crowding_level, level_of, meaning_of
from rules.occupancy import Limit
from tests.rules.builders import draft_policy

RULES = draft_policy().crowding


def judged(low: float, high: float, limit: Limit | int | None = 100, **more: object) -> Crowding:
    facts = {"kernel": 0.9, "state": "estimated"} | more
    return crowding_level(low, (low + high) / 2, high, limit, policy=RULES, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("people", "level"),
    [(0, 1), (24.99, 1), (25, 2), (49.99, 2), (50, 3), (79.99, 3), (80, 4), (100, 4), (100.01, 4), (5000, 4)],
)
def test_a_number_exactly_at_an_edge_is_the_higher_level(people: float, level: int) -> None:
    assert level_of(people, 100, RULES) == level


@pytest.mark.parametrize(
    ("low", "high", "levels"),
    [
        (5, 24, (1, 1)),
        (5, 25, (1, 2)),
        (25, 49, (2, 2)),
        (30, 79, (2, 3)),
        (50, 80, (3, 4)),
        (80, 150, (4, 4)),
        (0, 0, (1, 1)),
    ],
)
def test_one_level_or_two_neighbours(low: float, high: float, levels: tuple[int, int]) -> None:
    crowding = judged(low, high)
    assert ("level", *levels) == (crowding.state, crowding.level, crowding.level_high)
    assert crowding.reason is None


def test_three_levels_are_no_answer() -> None:
    assert (judged(24, 50).state, judged(24, 50).level) == ("area_only", None)


def test_half_an_interval_may_be_as_wide_as_the_policy_says_and_no_wider() -> None:
    assert judged(50, 120).state == "level"  # half width exactly 0.35 of 100
    assert judged(50, 120.1).state == "area_only"


def test_an_interval_wholly_beyond_the_permitted_number_is_the_last_level_however_wide() -> None:
    assert (judged(310, 670).level, judged(310, 670).level_high) == (4, 4)


def test_the_kernel_decides_exactly_at_its_edge() -> None:
    assert judged(5, 10, kernel=0.5).state == "level"
    below = judged(5, 10, kernel=0.499)
    assert (below.state, below.reason) == ("area_only", "crowding-reason-source-areas-too-large")
    assert judged(5, 10, kernel=nan).state == "area_only"


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        ({"state": "missing"}, "no_data", "no-counts"),
        ({"state": "no_location"}, "no_data", "no-location"),
        ({"state": "suppressed"}, "area_only", "hidden-for-privacy"),
        ({"state": "suppressed", "is_open": False}, "area_only", "hidden-for-privacy"),
        ({"is_open": False}, "area_only", "closed-now"),
        ({"limit": None}, "area_only", "limit-unknown"),
        ({"limit": 0}, "area_only", "closed-by-rule"),
        ({"limit": Limit(0, True, ())}, "area_only", "closed-by-rule"),
        ({"limit": Limit(None, False, (), ("seats",))}, "area_only", "limit-unknown-seats"),
        ({"limit": Limit(None, False, (), ("area_m2",))}, "area_only", "limit-unknown-area-m2"),
        ({"limit": Limit(None, False, ())}, "area_only", "no-limit"),
        ({"neighbours": 3}, "area_only", "neighbours-cannot-be-told-apart"),
        ({"residents_known": False, "neighbours": 3}, "area_only", "homes-unknown"),
        ({}, "area_only", "interval-too-wide"),
    ],
)
def test_the_reason_why_there_is_no_level(facts: dict[str, object], state: str, reason: str) -> None:
    crowding = judged(0, 200, **facts)
    assert (state, f"crowding-reason-{reason}", None) == (crowding.state, crowding.reason, crowding.level)


def test_a_missing_number_is_no_data_and_an_endless_one_cannot_be_told() -> None:
    assert judged(nan, nan).state == "no_data"
    assert judged(0, inf).state == "area_only"


def test_neighbours_and_homes_do_not_hide_what_the_interval_shows() -> None:
    assert judged(0, 20, neighbours=9, residents_known=False).level == 1


@given(
    low=st.floats(0, 1e5),
    width=st.floats(0, 1e5),
    limit=st.integers(1, 10_000),
    kernel=st.floats(0, 1),
)
def test_a_level_is_always_true_of_the_whole_interval(low: float, width: float, limit: int, kernel: float) -> None:
    crowding = judged(low, low + width, limit, kernel=kernel)
    if crowding.state == "level":
        assert crowding.level is not None
        assert crowding.level_high is not None
        assert (
            crowding.level <= level_of(low, limit, RULES) <= level_of(low + width, limit, RULES) <= crowding.level_high
        )
        assert crowding.level_high - crowding.level <= 1
    else:
        assert crowding.level is None
        assert crowding.reason


def test_the_meanings_name_the_edges_of_the_policy() -> None:
    assert meaning_of(1, RULES).params == {"from_pct": 0, "edge_pct": 25}
    assert meaning_of(3, RULES).params == {"from_pct": 50, "edge_pct": 80}
    assert meaning_of(4, RULES).params == {"from_pct": 80}


def test_the_words_say_half_and_the_policy_means_half() -> None:
    assert RULES.level_edges[1] == 0.5
