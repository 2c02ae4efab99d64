from __future__ import annotations

from datetime import timedelta
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.crowding import (
    Crowding,
    VenueFigures,
    crowding_level,
    is_stale,
    level_of,
    level_probabilities,
    meaning_of,
    unresolvable,
)
from rules.occupancy import Limit
from tests.rules.builders import draft_policy, utc

RULES = draft_policy().crowding
Z = 1.6449


def figures(best: float, sd: float, **facts: Any) -> VenueFigures:
    """A venue as released: 90 % interval around `best`, seen well."""
    seen: dict[str, Any] = {"kernel": 0.9, "reach": 1.0, "state": "estimated"} | facts
    return VenueFigures(max(0.0, best - Z * sd), best, best + Z * sd, sd, **seen)


def judged(best: float, sd: float, limit: Limit | int | None = 100, **more: Any) -> Crowding:
    seen = {key: more.pop(key) for key in ("kernel", "reach", "state") if key in more}
    return crowding_level(figures(best, sd, **seen), limit, RULES, **more)


@pytest.mark.parametrize(
    ("people", "level"),
    [(0, 1), (24.99, 1), (25, 2), (49.99, 2), (50, 3), (79.99, 3), (80, 4), (100, 4), (100.01, 4), (5000, 4)],
)
def test_a_number_exactly_at_an_edge_is_the_higher_level(people: float, level: int) -> None:
    assert level_of(people, 100, RULES) == level


@pytest.mark.parametrize(
    ("best", "sd", "levels"),
    [
        (10, 5, (1, 1)),
        (25, 5, (1, 2)),
        (37, 5, (2, 2)),
        (50, 10, (2, 3)),
        (65, 10, (3, 3)),
        (80, 15, (3, 4)),
        (110, 15, (4, 4)),
        (0, 0, (1, 1)),
        (80, 0, (4, 4)),
    ],
)
def test_one_level_or_two_neighbours(best: float, sd: float, levels: tuple[int, int]) -> None:
    crowding = judged(best, sd)
    assert ("level", *levels) == (crowding.state, crowding.level, crowding.level_high)
    assert crowding.reason is None
    assert crowding.probability is not None
    assert crowding.probability >= RULES.level_probability


def test_a_level_is_shown_from_the_probability_of_the_policy_on_and_not_before() -> None:
    sd = 10.0
    at_edge = 50.0 + 0.8416 * sd  # four fifths of the normal distribution lie above 50
    before, after = (judged(at_edge + by, sd) for by in (-1.5, 1.5))
    assert (before.level, before.level_high) == (2, 3)
    assert (after.level, after.level_high) == (3, 3)


def test_an_interval_too_wide_for_two_levels_is_no_answer() -> None:
    assert (judged(50, 21).state, judged(50, 21).level) == ("level", 2)
    assert judged(50, 22).reason == "crowding-reason-interval-too-wide"


def test_half_an_interval_may_be_as_wide_as_the_policy_says_and_no_wider() -> None:
    assert unresolvable(VenueFigures(65, 100, 135, 20, 0.9, 1.0, "estimated"), 100, RULES) is None
    assert unresolvable(VenueFigures(64, 100, 136, 20, 0.9, 1.0, "estimated"), 100, RULES) == "interval-too-wide"


def test_an_interval_wholly_beyond_the_permitted_number_is_the_last_level_however_wide() -> None:
    wedding = judged(620, 150, 50)
    assert (wedding.level, wedding.level_high) == (4, 4)
    assert judged(290, 150, 50).state == "area_only"  # its lower end lies at 43


@pytest.mark.parametrize(("share", "reason"), [("kernel", "source-areas-too-large"), ("reach", "too-few-delivered")])
def test_kernel_and_reach_decide_exactly_at_their_edges(share: str, reason: str) -> None:
    def seen(value: float) -> Crowding:
        return crowding_level(figures(7, 2, **{share: value}), 100, RULES)

    edge = {"kernel": RULES.resolvable_kernel, "reach": RULES.reach_min}[share]
    assert seen(edge).state == "level"
    assert (seen(edge - 0.001).state, seen(edge - 0.001).reason) == ("area_only", f"crowding-reason-{reason}")
    assert seen(nan).state == "area_only"


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
        ({"limit": Limit(0, False, ())}, "area_only", "capacity-impossible"),
        ({"impossible": "seats-beyond-floor"}, "area_only", "capacity-impossible"),
        ({"limit": Limit(None, False, (), ("seats",))}, "area_only", "limit-unknown-seats"),
        ({"limit": Limit(None, False, (), ("area_m2",))}, "area_only", "limit-unknown-area-m2"),
        ({"limit": Limit(None, False, ())}, "area_only", "no-limit"),
        ({"rivals": 3}, "area_only", "neighbours-cannot-be-told-apart"),
        ({"rivals": 3, "reach": 0.5}, "area_only", "too-few-delivered"),
        ({}, "area_only", "interval-too-wide"),
    ],
)
def test_the_reason_why_there_is_no_level(facts: dict[str, Any], state: str, reason: str) -> None:
    crowding = judged(60, 60, **facts)
    assert (state, f"crowding-reason-{reason}", None) == (crowding.state, crowding.reason, crowding.level)
    assert crowding.probability is None


def test_a_missing_number_is_no_data_and_an_endless_one_cannot_be_told() -> None:
    assert judged(nan, nan).state == "no_data"
    endless = VenueFigures(200.0, 300.0, inf, 10.0, 0.9, 1.0, "estimated")
    assert crowding_level(endless, 100, RULES).state == "area_only"


def test_far_more_people_than_fit_are_others_people() -> None:
    edge = RULES.believable_share * 100
    assert judged(edge, 5, capacity=100.0).level == 4
    assert judged(edge + 1, 5, capacity=100.0).reason == "crowding-reason-interval-too-wide"


def test_a_neighbour_does_not_hide_what_the_figures_show() -> None:
    assert judged(7, 2, rivals=9).level == 1


def test_the_probabilities_are_those_of_a_normal_cut_off_at_nobody() -> None:
    assert level_probabilities(figures(0.0, 25 / 0.6745), 100, RULES)[0] == pytest.approx(0.5, abs=1e-3)


def test_calibration_widens_the_interval_and_never_below_nobody() -> None:
    wide = figures(50, 10).widened(2.0)
    assert (wide.best, wide.sd) == (50, 20)
    assert wide.low == pytest.approx(50 - 2 * Z * 10)
    assert figures(10, 10).widened(3.0).low == 0.0


people = st.floats(0, 1e5)
shares = st.one_of(st.floats(0, 1), st.just(nan))


@given(best=people, sd=people, limit=st.integers(-1, 10_000), kernel=shares, reach=shares, rivals=st.integers(0, 3))
def test_what_is_not_resolvable_has_no_level_ever(
    best: float, sd: float, limit: int, kernel: float, reach: float, rivals: int
) -> None:
    seen = figures(best, sd, kernel=kernel, reach=reach)
    crowding = crowding_level(seen, limit, RULES, rivals=rivals)
    narrow = seen.half_width <= RULES.max_half_width_share * limit or seen.low >= limit
    resolvable = kernel >= RULES.resolvable_kernel and reach >= RULES.reach_min and narrow and limit > 0
    if not resolvable:
        assert crowding.state != "level"
    if crowding.state == "level":
        assert crowding.level is not None
        assert crowding.level_high is not None
        assert 0 <= crowding.level_high - crowding.level <= 1
        assert crowding.probability is not None
        assert RULES.level_probability <= crowding.probability <= 1
        assert crowding.level <= level_of(best, limit, RULES) <= crowding.level_high
    else:
        assert (crowding.level, crowding.level_high, crowding.probability) == (None, None, None)
        assert crowding.reason


@given(best=people, sd=people, limit=st.integers(1, 10_000))
def test_the_levels_share_all_of_the_probability(best: float, sd: float, limit: int) -> None:
    assert sum(level_probabilities(figures(best, sd), limit, RULES)) == pytest.approx(1.0)


@pytest.mark.parametrize(("minutes", "stale"), [(60, False), (61, True)])
def test_a_crowding_is_that_of_now_as_long_as_the_policy_says(minutes: int, stale: bool) -> None:
    now = utc("2026-11-20T20:00+05:00")
    assert is_stale(now - timedelta(minutes=minutes), now, draft_policy().map.stale_after_minutes) is stale


def test_the_meanings_name_the_edges_of_the_policy() -> None:
    assert meaning_of(1, RULES).params == {"from_pct": 0, "edge_pct": 25}
    assert meaning_of(3, RULES).params == {"from_pct": 50, "edge_pct": 80}
    assert meaning_of(4, RULES).params == {"from_pct": 80}


def test_the_words_say_half_and_the_policy_means_half() -> None:
    assert RULES.level_edges[1] == 0.5
