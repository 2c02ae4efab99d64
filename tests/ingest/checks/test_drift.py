"""What is far from the usual hour of the week waits for a person; what people do does not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.checks import Hold
from ingest.checks.weeks import Usual
from tests.ingest.checks.past_weeks import (
    AREAS,
    HOUR,
    LEVELS,
    TEN,
    Operator,
    codes,
    found,
    hour_rows,
    outcome,
    rows_of,
    today,
    usual,
)
from tests.ingest.town import Town

ENOUGH, TOO_FEW = 4, 2


@pytest.fixture
def alpha(town: Town) -> Operator:
    """A carrier that has delivered the hour at ten for four weeks."""
    operator = Operator.settled(town)
    operator.live_through(ENOUGH, usual)
    return operator


def held_areas(hold: Hold) -> list[str]:
    assert hold.area_index is not None
    return [sorted(AREAS)[index] for index in hold.area_index]


def test_a_usual_hour_is_in_order_and_nothing_is_held(alpha: Operator) -> None:
    examination = alpha.examined(*hour_rows(today()))
    assert (outcome(examination, "drift"), examination.holds, examination.notes) == ("ok", (), ())


def test_an_area_with_a_hundred_times_its_devices_is_held_alone(alpha: Operator) -> None:
    examination = alpha.examined(*hour_rows(today() | {"A07": 100 * LEVELS["A07"]}))
    (hold,) = examination.holds
    assert (hold.reason, held_areas(hold), hold.params["area"]) == ("held-area", ["A07"], "A07")
    assert outcome(examination, "drift") == "hold"
    assert [one.code for one in examination.notes] == ["held-area"]


def test_a_gathering_is_not_held_however_quiet_its_place_usually_is(town: Town) -> None:
    quiet = Operator.settled(town)
    quiet.live_through(ENOUGH, lambda area, hour: 3 if area == "A00" else usual(area, hour))
    people = town.place.policy.delivery.hold_gathering_people
    below, above = int(10 + 0.4 * people), int(10 + 0.4 * people) + 1  # suppressed counts as ten; share 0.4
    assert quiet.examined(*hour_rows(today() | {"A00": below})).holds == ()
    assert [held_areas(one) for one in quiet.examined(*hour_rows(today() | {"A00": above})).holds] == [["A00"]]


def test_a_crowd_that_another_carrier_sees_at_the_same_place_is_not_held(alpha: Operator, town: Town) -> None:
    beta = Operator.settled(town, "beta", share=0.2)
    beta.live_through(ENOUGH, usual)
    concert = hour_rows(today() | {"A03": 20_000})
    assert [held_areas(one) for one in alpha.examined(*concert).holds] == [["A03"]]
    beta.deliver(*hour_rows(today() | {"A03": 10_000}), state="held")  # beta was first, so it had to wait
    assert [held_areas(one) for one in alpha.examined(*concert).holds] == [["A03"]], "held counts confirm nothing"
    alpha_was_first = beta.examined(*hour_rows(today() | {"A03": 10_001}))
    assert len(alpha_was_first.holds) == 1


def test_two_carriers_that_see_the_same_crowd_confirm_each_other(alpha: Operator, town: Town) -> None:
    beta = Operator.settled(town, "beta", share=0.2)
    beta.live_through(ENOUGH, usual)
    beta.deliver(*hour_rows(today() | {"A03": 250 + 399}))  # 1,995 people more: below what is held
    assert alpha.examined(*hour_rows(today() | {"A03": 250 + 1_300})).holds == ()
    elsewhere = alpha.examined(*hour_rows(today() | {"A30": 1_600 + 6_000}))
    assert [held_areas(one) for one in elsewhere.holds] == [["A30"]]


@pytest.mark.parametrize("factor", [0.1, 0.5, 3, 1 / 0.4])
def test_a_total_that_is_far_off_holds_the_whole_interval(alpha: Operator, factor: float) -> None:
    counts = {area: int(count * factor) for area, count in today().items()}
    (hold,) = alpha.examined(*hour_rows(counts)).holds
    assert (hold.reason, hold.area_index) == ("held-total", None)
    assert hold.params["percent"] == pytest.approx(100 * factor, abs=3)


def test_a_total_that_is_somewhat_off_is_said_and_not_held(alpha: Operator) -> None:
    examination = alpha.examined(*hour_rows({area: int(1.2 * count) for area, count in today().items()}))
    assert (outcome(examination, "drift"), codes(examination, "drift")) == ("note", ["check-drift"])
    assert examination.holds == ()


def test_an_unusual_total_that_every_carrier_shows_is_an_event(alpha: Operator, town: Town) -> None:
    beta = Operator.settled(town, "beta", share=0.2)
    beta.live_through(ENOUGH, usual)
    away = {area: int(0.5 * count) for area, count in today().items()}
    assert [one.reason for one in alpha.examined(*hour_rows(away)).holds] == ["held-total"]
    beta.deliver(*hour_rows({area: int(0.72 * count) for area, count in today().items()}))
    assert alpha.examined(*hour_rows({area: int(0.69 * count) for area, count in today().items()})).holds == ()
    assert [one.reason for one in alpha.examined(*hour_rows(today() | away)).holds] == ["held-total"]


def test_a_carrier_whose_share_leaps_while_the_others_stay_is_held(alpha: Operator, town: Town) -> None:
    beta = Operator.settled(town, "beta", share=0.2)
    beta.live_through(ENOUGH, usual)
    beta.deliver(*hour_rows(today()))
    trebled = {area: 3 * count for area, count in today().items()}
    assert [one.reason for one in alpha.examined(*hour_rows(trebled)).holds] == ["held-share"]


def test_exchanged_areas_are_held_although_the_total_is_usual(alpha: Operator) -> None:
    mirrored = dict(zip(AREAS, reversed(list(today().values())), strict=True))
    (hold,) = alpha.examined(*hour_rows(mirrored)).holds
    assert (hold.reason, hold.area_index) == ("held-pattern", None)


def test_with_too_few_weeks_nothing_is_held_and_the_check_says_so(town: Town) -> None:
    operator = Operator.settled(town)
    operator.live_through(TOO_FEW, usual)
    examination = operator.examined(*hour_rows({area: 100 * count for area, count in today().items()}))
    assert examination.holds == ()
    assert (outcome(examination, "drift"), codes(examination, "drift")) == ("not-checked", ["check-drift-no-past"])


def test_a_correction_of_a_few_areas_is_judged_with_what_it_corrects(alpha: Operator) -> None:
    alpha.deliver(*hour_rows(today()))
    examination = alpha.examined(*hour_rows({"A05": LEVELS["A05"] + 40, "A06": 0}))
    assert (examination.holds, outcome(examination, "drift")) == ((), "ok")


def test_a_correction_of_one_area_to_a_hundred_times_is_held(alpha: Operator) -> None:
    alpha.deliver(*hour_rows(today()))
    (hold,) = alpha.examined(*hour_rows({"A05": 100 * LEVELS["A05"]})).holds
    assert (hold.reason, hold.params["area"], hold.params["count"]) == ("held-area", "A05", 1)


def test_activity_is_nobody_so_no_single_area_of_it_waits(town: Town) -> None:
    town.carrier(feed='kind = "activity"\n')
    town.coverage({one: (76.5 + 0.01 * at, 43.2, 76.51 + 0.01 * at, 43.21) for at, one in enumerate(AREAS)})
    operator = Operator(town)
    operator.live_through(ENOUGH, usual)
    assert operator.examined(*hour_rows(today() | {"A05": 8 * LEVELS["A05"]})).holds == ()
    doubled = {area: 2 * count for area, count in today().items()}
    assert [one.reason for one in operator.examined(*hour_rows(doubled)).holds] == ["held-total"]


def test_half_of_the_areas_alone_are_no_drop_of_the_total(alpha: Operator) -> None:
    examination = alpha.examined(*hour_rows({area: count for area, count in today().items() if area < "A20"}))
    assert examination.holds == ()
    assert codes(examination, "coverage-share") == ["check-coverage-thin"]


def test_an_interval_is_compared_with_the_same_hour_only(town: Town) -> None:
    operator = Operator.settled(town)
    night = TEN + 12 * HOUR - timedelta(days=1)
    operator.live_through(ENOUGH, lambda area, hour: usual(area, hour) // (1 if hour.hour == 10 else 4), (night, TEN))
    quiet = {area: count // 4 for area, count in today().items()}
    assert operator.examined(*hour_rows(quiet, night)).holds == ()
    assert [one.reason for one in operator.examined(*hour_rows(quiet, TEN)).holds] == ["held-total"]


def test_quarters_are_compared_with_the_hour_that_held_them(alpha: Operator) -> None:
    quarters = [(area, TEN, TEN + HOUR / 4, count, 0) for area, count in today().items()]
    assert outcome(alpha.examined(*quarters), "drift") == "ok"
    thrice = [(area, start, end, 3 * int(str(count)), revision) for area, start, end, count, revision in quarters]
    assert [one.reason for one in alpha.examined(*thrice).holds] == ["held-total"]


def test_each_interval_is_judged_by_itself(town: Town) -> None:
    operator = Operator.settled(town)
    hours = [TEN, TEN + HOUR, TEN + 2 * HOUR]
    operator.live_through(ENOUGH, usual, hours)
    rows = rows_of(lambda area, hour: usual(area, hour) * (10 if hour == hours[1] else 1), hours)
    assert [(one.start, one.reason) for one in operator.examined(*rows).holds] == [(hours[1], "held-total")]
    assert found(operator.examined(*rows), "drift").findings[0].params["percent"] == pytest.approx(1000, abs=30)


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 10_000)), min_size=3, max_size=3), min_size=1, max_size=7))
def test_the_usual_is_the_median_and_the_robust_deviation_of_the_known_weeks(weeks: list[list[int | None]]) -> None:
    past = np.array([[np.nan if one is None else float(one) for one in week] for week in weeks])
    got = Usual.of(past)
    for column in range(3):
        known = past[:, column][np.isfinite(past[:, column])]
        assert got.weeks[column] == len(known)
        if len(known):
            middle = np.median(known)
            assert got.median[column] == middle
            assert got.spread[column] == pytest.approx(1.4826 * np.median(np.abs(known - middle)))
        else:
            assert np.isnan(got.median[column])


def test_the_boundary_of_an_area_is_the_policys(town: Town) -> None:
    operator = Operator.settled(town)
    operator.live_through(ENOUGH, lambda area, hour: LEVELS[area])
    delivery = town.place.policy.delivery
    median = LEVELS["A30"]
    limit = int(median + delivery.hold_sigma * delivery.hold_area_floor * median)
    assert operator.examined(*hour_rows(LEVELS | {"A30": limit})).holds == ()
    assert [held_areas(one) for one in operator.examined(*hour_rows(LEVELS | {"A30": limit + 1})).holds] == [["A30"]]
