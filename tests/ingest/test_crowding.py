"""What is said of a venue follows from its released row, the policy and head counts, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from geo.conformal import Calibration
from geo.venue_release import ReleasedVenues
from ingest.crowding import VenueJudge, venue_codes
from ingest.judging import past_hours
from rules.estimation_policy import Holidays
from store.records import Venue, VenueCrowding
from tests.ingest.venue_rows import CITY, GREEN, HOME, NOON, PERMITTED, cinema, ground, rows, told
from tests.rules.builders import draft_policy

POLICY = draft_policy()
RULES = POLICY.crowding
QUARTER = timedelta(minutes=15)
WEEK = timedelta(weeks=1)
NIGHT = NOON + timedelta(hours=13)  # two hours after closing


def judge(*venues: Venue, residents: float = 0.0, calibration: Calibration | None = None) -> VenueJudge:
    homes = np.full(len(CITY), residents)
    return VenueJudge(POLICY, venues or [cinema()], GREEN, CITY, homes, calibration)


def crowding(best: float, sd: float = 5.0, **facts: Any) -> VenueCrowding:
    [row] = judge().judge(told(rows([best], [sd], **{key: [value] for key, value in facts.items()})), QUARTER)
    return row


# --- levels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("best", "level", "code"), [(20, 1, 3), (75, 2, 4), (130, 3, 5), (190, 4, 6)])
def test_a_venue_that_is_seen_well_has_the_level_of_its_people(best: float, level: int, code: int) -> None:
    row = crowding(best)
    assert (row.state, row.level, row.level_high, row.occupancy_limit) == ("level", level, level, PERMITTED)
    assert row.probability is not None
    assert row.probability > 0.95
    assert venue_codes([row]) == bytes([code])


def test_between_two_levels_both_are_named_with_their_probability() -> None:
    row = crowding(100, 10)
    assert (row.level, row.level_high) == (2, 3)
    assert row.probability is not None
    assert row.probability > 0.9


def test_the_shown_interval_is_rounded_and_wider_until_heads_are_counted() -> None:
    row = crowding(100, 20)
    half = RULES.uncalibrated_factor * 1.645 * 20
    assert row.low == pytest.approx(100 - half, abs=2.5)
    assert row.high == pytest.approx(100 + half, abs=5)
    assert row.calibrated is False


def test_head_counts_say_how_wide_an_interval_is_and_by_the_size_of_the_venue() -> None:
    small, large = cinema("small", seats=100, licensed_capacity=100), cinema("large")
    learnt = Calibration(200, 0.5, (200.0,), (None, None), (3.0, 0.5))
    bin_ = told(rows([30, 100], [10, 20]), ("small", "large"))
    little, great = judge(small, large, calibration=learnt).judge(bin_, QUARTER)
    assert (little.calibrated, great.calibrated) == (True, True)
    assert little.high == pytest.approx(30 + 1.645 * 3.0 * 10, abs=2.5)
    assert great.high == pytest.approx(100 + 1.645 * 0.5 * 20, abs=5)


def test_a_level_is_judged_by_what_the_worse_end_asks_and_the_interval_is_not() -> None:
    plain = Calibration(200, 0.5, (), (1.0,), (1.0,))
    strict = Calibration(200, 0.5, (), (1.0,), (1.0,), (3.0,))
    bin_ = told(rows([75], [12]))
    [sure], [unsure] = (judge(calibration=one).judge(bin_, QUARTER) for one in (plain, strict))
    assert (sure.level, sure.level_high) == (2, 2)
    assert (unsure.level, unsure.level_high) != (2, 2)
    assert (sure.low, sure.high) == (unsure.low, unsure.high)


def test_a_band_of_few_people_is_never_called_calibrated() -> None:
    learnt = Calibration(200, 0.5, (), (1.0,), (1.0,))
    bin_ = told(rows([20, 100], [20, 20], few=[True, False]), ("few", "many"))
    few, many = judge(cinema("few"), cinema("many"), calibration=learnt).judge(bin_, QUARTER)
    assert (few.calibrated, many.calibrated) == (False, True)
    assert (few.low, few.best, many.best) == (0.0, None, 100.0), "which number of the band is likely is not told"


def test_a_size_of_venue_whose_errors_no_factor_covers_stays_uncalibrated() -> None:
    learnt = Calibration(200, 0.5, (200.0,), (1.0, 1.0), (2.0, None))
    [row] = judge(calibration=learnt).judge(told(rows([100], [20])), QUARTER)
    assert row.calibrated is False
    assert row.high == crowding(100, 20).high


@settings(max_examples=200, deadline=None)
@given(
    best=st.floats(0, 2000),
    sd=st.floats(0, 500),
    kernel=st.floats(0, 1),
    reach=st.floats(0, 1),
    state=st.sampled_from([0, 1, 2]),
    hour=st.integers(0, 23),
    own=st.floats(0, 1),
)
def test_what_is_not_resolvable_has_no_level_ever(
    best: float, sd: float, kernel: float, reach: float, state: int, hour: int, own: float
) -> None:
    seen = rows([best], [sd], kernel=[kernel], reach=[reach], own_probability=[own], state=np.array([state], np.uint8))
    [row] = judge().judge(told(seen, at=NOON + timedelta(hours=hour)), QUARTER)
    wide = row.high is not None and row.best is not None and (row.high - row.best) > 0.35 * PERMITTED + 5
    beyond = row.low is not None and row.low >= PERMITTED - 2.5
    if kernel < 0.5 or reach < 0.8 or state != 2 or row.is_open is False or (wide and not beyond):
        assert row.state != "level"
        assert (row.level, row.level_high, row.probability) == (None, None, None)
        assert venue_codes([row])[0] < 3
    if kernel < 0.5:
        assert row.attribution != "venue"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"kernel": 0.4}, "source-areas-too-large"),
        ({"reach": 0.5}, "too-few-delivered"),
        ({"best": 100, "sd": 60}, "interval-too-wide"),
    ],
)
def test_a_venue_that_is_not_resolvable_says_why(facts: dict[str, float], reason: str) -> None:
    row = crowding(**({"best": 100, "sd": 20} | facts))
    assert (row.state, row.reason) == ("area_only", f"crowding-reason-{reason}")


def test_a_venue_that_the_release_does_not_name_has_no_data_and_says_why() -> None:
    for bin_ in (told(None, ()), told(rows([100], [5]), ("another",))):
        [row] = judge().judge(bin_, QUARTER)
        assert (row.state, row.reason) == ("no_data", "crowding-reason-released-without-venues")
        assert (row.low, row.best, row.high, row.kernel, row.attribution) == (None, None, None, None, None)


def test_the_order_in_a_release_is_not_that_of_the_registry() -> None:
    bin_ = told(rows([130, 20], [5, 5], rivals=np.array([[0, 1]], np.int32)), ("b", "a"))
    first, second = judge(cinema("a"), cinema("b")).judge(bin_, QUARTER)
    assert (first.venue_id, first.best, first.neighbour_ids) == ("a", 20, ("b",))
    assert (second.venue_id, second.best, second.neighbour_ids) == ("b", 130, ("a",))


def test_venues_that_cannot_be_told_apart_name_each_other_in_the_reason() -> None:
    pair = rows([60, 60], [60, 60], rivals=np.array([[0, 1]], np.int32))
    for row in judge(cinema("a"), cinema("b")).judge(told(pair, ("a", "b")), QUARTER):
        assert row.reason == "crowding-reason-neighbours-cannot-be-told-apart"
        assert (row.neighbour_count, row.params) == (1, {"neighbours": 1})


# --- whose the crowd is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "kernel", "whose"),
    [
        *[(0.99, 0.9, "venue"), (0.99, 0.3, "cannot-tell"), (0.5, 0.9, "cannot-tell"), (0.01, 0.3, "area")],
        *[(0.9, 0.9, "cannot-tell"), (0.1, 0.9, "cannot-tell")],  # sure enough only if the interval were not widened
    ],
)
def test_a_crowd_is_inside_or_around_or_cannot_be_told(own: float, kernel: float, whose: str) -> None:
    row = crowding(100, own_probability=own, kernel=kernel)
    assert row.attribution == whose


def test_whose_a_crowd_is_is_as_unsure_as_its_interval_is_wide() -> None:
    guessed = crowding(100, own_probability=0.9, kernel=0.9).attribution_probability
    assert guessed == pytest.approx(ndtr(ndtri(0.9) / RULES.uncalibrated_factor), abs=0.001)
    wide, narrow = (Calibration(200, 0.5, (), (1.0,), (factor,)) for factor in (1.5, 0.7))
    bin_ = told(rows([100], [20], kernel=[0.9], own_probability=[0.9]))
    less, as_told = (judge(calibration=one).judge(bin_, QUARTER)[0].attribution_probability for one in (wide, narrow))
    assert guessed is not None
    assert less is not None
    assert as_told is not None
    assert guessed < less < as_told == pytest.approx(0.9)
    [certain] = judge().judge(told(rows([100], [20], kernel=[0.9], own_probability=[1.0])), QUARTER)
    assert 0.8 < (certain.attribution_probability or 0.0) < 0.95


# --- unusual ----------------------------------------------------------------------------------------------------------


def past(one: VenueJudge, *best: float, people: float = 500.0, kernel: float = 0.9) -> Any:
    """What is usual after weeks with these people."""
    return one.usual_hour(
        [
            (week, told(rows([value], [10], kernel=[kernel]), at=NOON - (week + 1) * WEEK, people=ground(people)))
            for week, value in enumerate(best)
        ]
    )


def test_an_unusual_hour_is_apart_from_fullness() -> None:
    one = judge()
    usual = past(one, 20, 22, 18, 21)
    [row] = one.judge(told(rows([80], [5])), QUARTER, usual)
    assert row.level == 2
    assert row.unusual_z is not None
    assert row.unusual_z > 5
    [same] = one.judge(told(rows([21], [5])), QUARTER, usual)
    assert same.unusual_z is not None
    assert abs(same.unusual_z) < 1


def test_how_unusual_an_hour_may_be_at_most_follows_from_its_interval() -> None:
    one = judge()
    usual = past(one, 20, 30, 40, 30)
    [narrow] = one.judge(told(rows([30], [3])), QUARTER, usual)
    [wide] = one.judge(told(rows([30], [60])), QUARTER, usual)
    [off] = one.judge(told(rows([30], [3], kernel=[0.3])), QUARTER, usual)
    assert (narrow.unusual_z, wide.unusual_z, off.unusual_most) == (0.0, 0.0, None)
    half = RULES.uncalibrated_factor * 1.645 * 60
    assert wide.unusual_most == pytest.approx(half / (1.4826 * 5), rel=0.1)
    alike = past(one, 150, 150, 150, 150)
    [sure] = one.judge(told(rows([150], [20])), QUARTER, alike)
    [unsure] = one.judge(told(rows([150], [30])), QUARTER, alike)
    assert (sure.unusual_most or 9.0) < RULES.unusual.from_z < (unsure.unusual_most or 0.0), "75 people are half of it"
    assert narrow.unusual_most is not None
    assert narrow.unusual_most < RULES.unusual.from_z < (wide.unusual_most or 0.0)


def test_the_distance_is_robust_and_takes_the_own_uncertainty_in() -> None:
    one = judge()
    usual = past(one, 20, 20, 24, 400)  # one football night
    [row] = one.judge(told(rows([80], [10])), QUARTER, usual)
    sd = np.hypot(RULES.uncalibrated_factor * 10, 2.5)
    assert row.unusual_z == pytest.approx((80 - 22) / np.hypot(1.4826 * 2, sd), abs=0.01)


def test_a_surplus_around_a_venue_is_not_its_own_until_people_were_counted() -> None:
    learnt = Calibration(200, 0.5, (), (1.0,), (1.0,))
    crowd = told(rows([900], [20], kernel=[0.9], own_probability=[1.0]), people=ground(1500.0))
    for one, whose in ((judge(), "cannot-tell"), (judge(calibration=learnt), "venue")):
        [row] = one.judge(crowd, QUARTER, past(one, 20, 20, 20, people=500.0))
        assert (row.area_unusual_z or 0.0) > RULES.unverified_surplus_z
        assert row.attribution == whose


def test_too_few_weeks_say_nothing_and_an_unresolvable_venue_neither() -> None:
    one = judge()
    [few] = one.judge(told(rows([80], [5])), QUARTER, past(one, 20, 20))
    [blind] = one.judge(told(rows([80], [5], kernel=[0.4])), QUARTER, past(one, 20, 20, 20))
    [blind_before] = one.judge(told(rows([80], [5])), QUARTER, past(one, 20, 20, 20, kernel=0.4))
    assert (few.unusual_z, blind.unusual_z, blind_before.unusual_z) == (None, None, None)


def test_the_area_around_is_unusual_by_itself() -> None:
    one = judge()
    usual = past(one, 20, 20, 20, people=500.0)
    [row] = one.judge(told(rows([20], [5], kernel=[0.3]), people=ground(800.0)), QUARTER, usual)
    assert row.unusual_z is None
    assert row.area_unusual_z == pytest.approx(300 / 30, abs=0.1)
    hidden = ground(800.0)
    hidden.present_population[HOME] = np.nan
    [unknown] = one.judge(told(rows([20], [5]), people=hidden), QUARTER, usual)
    assert unknown.area_unusual_z is None


def test_people_in_a_hexagon_without_a_registered_venue_change_nothing_that_is_said() -> None:
    """Contract C7: a gathering at home is in no list and raises no flag, at any hour."""
    one = judge()
    usual = past(one, 20, 20, 20)
    quiet, loud = ground(500.0), ground(500.0)
    beside = np.arange(len(CITY)) != HOME
    loud.present_population[beside] += 900.0
    for at in (NOON, NIGHT):
        said = [one.judge(told(rows([20], [5]), at=at, people=people), QUARTER, usual) for people in (quiet, loud)]
        assert said[0] == said[1]


def test_holidays_are_no_usual_weeks_and_on_a_holiday_the_sundays_before_stand_in() -> None:
    free = Holidays(frozenset(), frozenset({date(2026, 11, 13)}))
    policy = replace(POLICY, estimation=replace(POLICY.estimation, holidays=free))
    assert past_hours(policy, NOON) == [NOON - n * WEEK for n in (2, 3, 4)]
    holiday = past_hours(policy, NOON - WEEK)
    assert len(holiday) == RULES.unusual.weeks_max
    assert {one.weekday() for one in holiday} == {6}


# --- after hours ------------------------------------------------------------------------------------------------------


def late(best: float, residents: float = 0.0, **facts: Any) -> VenueCrowding:
    seen = rows([best], [20], **{key: [value] for key, value in facts.items()})
    [row] = judge(residents=residents).judge(told(seen, at=NIGHT), QUARTER)
    return row


def test_people_in_a_closed_venue_are_a_signal_of_their_own_and_never_a_level() -> None:
    row = late(150)
    assert (row.state, row.reason, row.level) == ("area_only", "crowding-reason-closed-now", None)
    assert row.after_hours is not None
    assert row.after_hours > 0.9
    assert late(0).after_hours == pytest.approx(0.0, abs=0.02)


def test_the_interval_of_a_closed_venue_does_not_exclude_the_party_that_the_signal_tells_of() -> None:
    """Four fifths of what fits are there; "nobody is expected" lets the estimate find a quarter of them."""
    party = late(75, kernel=0.2, residents=50.0)
    assert (party.after_hours or 0.0) > 0.8
    assert party.low is not None
    assert party.high is not None
    assert party.low <= 0.8 * 400 <= party.high
    dwellings = late(75, kernel=0.2, residents=5000.0)
    assert (dwellings.after_hours or 0.0) < 0.1
    assert dwellings.high == party.high, "whoever lives there may be wrong"
    hidden = late(75, kernel=0.2, few=True)
    assert (hidden.high or 0.0) < party.high


def test_without_a_sign_of_people_the_interval_of_a_closed_venue_is_that_of_nobody_and_never_calibrated() -> None:
    learnt = Calibration(200, 0.5, (), (2.0,), (2.0,))
    seen = told(rows([10], [20], kernel=[0.9]), at=NIGHT)
    [row] = judge(calibration=learnt).judge(seen, QUARTER)
    assert row.high == pytest.approx(10 + 2.0 * 1.645 * 20, abs=2.5)
    assert row.calibrated is False, "no head count is of a closed venue"
    [blind] = judge().judge(told(rows([0], [40], kernel=[0.01]), at=NIGHT), QUARTER)
    assert blind.high == pytest.approx(RULES.uncalibrated_factor * 1.645 * 40, abs=5)


def test_the_signal_fades_where_many_people_live_and_is_silent_where_nobody_knows() -> None:
    among_homes = late(150, residents=3000.0).after_hours
    assert among_homes is not None
    assert among_homes < 0.15
    assert late(150, residents=float("nan")).after_hours is None


def test_of_fewer_than_k_min_people_nothing_follows() -> None:
    assert late(12.5, few=True).after_hours is None


def test_an_open_venue_is_not_after_hours() -> None:
    assert crowding(150).after_hours is None


def test_no_venue_is_judged_as_none() -> None:
    nobody = VenueJudge(POLICY, [], GREEN, CITY, np.zeros(len(CITY)))
    assert nobody.judge(told(ReleasedVenues.missing(0), ()), QUARTER) == []
    assert venue_codes([]) == b""
