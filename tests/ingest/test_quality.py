"""An operator's own quality: late, hidden, missing, rejected, held, and agreement that tells nothing about a rival."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from ingest.quality import Quality, QualityNumbers, quality_of
from ingest.rhythm import Rhythm
from rules.policy import Policy
from store import carriers
from tests.ingest.checks.past_weeks import AREAS, HOUR, LEVELS, Operator, Row, hour_rows, table
from tests.ingest.town import Town

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 7, 0, tzinfo=datetime.fromisoformat("2026-11-20T00:00:00+00:00").tzinfo)  # in Almaty
FEW = AREAS[:4]


def quality(town: Town, code: str = "alpha", now: datetime = NOON, days: int = 14) -> Quality:
    with town.database.read() as connection:
        return quality_of(connection, carriers.get_carrier(connection, code), town.place.policy, now, days)


def day(found: Quality, on: date) -> QualityNumbers:
    return next(one.numbers for one in found.days if one.on == on)


def hours(starts: Sequence[datetime], counts: dict[str, object] | None = None) -> list[Row]:
    return [row for start in starts for row in hour_rows(counts or {one: LEVELS[one] for one in FEW}, start)]


def test_without_any_delivery_there_is_nothing_to_tell(any_town: Town) -> None:
    Operator.settled(any_town, areas=FEW)
    found = quality(any_town)
    assert [one.on for one in found.days] == [TODAY - back * DAY for back in range(13, -1, -1)]
    assert found.whole == QualityNumbers(uploads=0)
    assert found.registered_percent == 40


def test_lateness_is_from_the_end_of_an_interval_to_its_first_delivery(any_town: Town) -> None:
    operator = Operator.settled(any_town, areas=FEW)
    starts = [NOON - 10 * HOUR + at * HOUR for at in range(5)]  # two o'clock to six o'clock, locally
    for start, minutes in zip(starts, (5, 10, 15, 20, 90), strict=True):
        operator.deliver(*hours([start]), now=start + HOUR + timedelta(minutes=minutes))
    operator.deliver(*hours([starts[0]], {"A00": 999}), now=NOON)  # a correction is not late
    numbers = day(quality(any_town), TODAY)
    assert (numbers.lateness_median, numbers.lateness_p95, numbers.late_share) == (15.0, 90.0, 0.2)
    assert numbers.uploads == 6


def test_the_boundary_of_late_is_the_policys(any_town: Town) -> None:
    operator = Operator.settled(any_town, areas=FEW)
    patience = timedelta(minutes=any_town.place.policy.delivery.late_after_minutes)
    operator.deliver(*hours([NOON - 5 * HOUR]), now=NOON - 4 * HOUR + patience)
    assert day(quality(any_town), TODAY).late_share == 0.0
    operator.deliver(*hours([NOON - 4 * HOUR]), now=NOON - 3 * HOUR + patience + timedelta(seconds=1))
    assert day(quality(any_town), TODAY).late_share == 0.5


def test_history_that_was_loaded_to_begin_with_is_no_lateness(any_town: Town) -> None:
    operator = Operator.settled(any_town, areas=FEW)
    begun = NOON - 3 * HOUR
    history = [begun - back * HOUR for back in range(26, 4, -1)]
    operator.deliver(*hours(history), now=begun)
    assert quality(any_town).whole.lateness_median is None
    operator.deliver(*hours([begun]), now=begun + HOUR + timedelta(minutes=7))
    operator.deliver(*hours([begun - 30 * HOUR]), now=begun + HOUR)  # more of it, later
    whole = quality(any_town).whole
    assert (whole.lateness_median, whole.lateness_p95, whole.history) == (7.0, 7.0, len(history) + 1)


def test_a_delivery_that_was_taken_back_begins_nothing(any_town: Town) -> None:
    operator = Operator.settled(any_town, areas=FEW)
    any_town.withdraw(any_town.send(table(*hours([NOON - 30 * HOUR])), now=NOON - 28 * HOUR))
    operator.deliver(*hours([NOON - 20 * HOUR]), now=NOON)
    assert (quality(any_town).whole.lateness_median, quality(any_town).whole.history) == (None, 1)


def test_hidden_rejected_held_and_refused_are_counted_on_their_day(any_town: Town) -> None:
    operator = Operator.settled(any_town)
    for week in (3, 2, 1):
        operator.deliver(*hours([NOON - 3 * HOUR - 7 * week * DAY], dict(LEVELS)))
    sent = NOON - HOUR
    operator.deliver(*hours([NOON - 3 * HOUR], LEVELS | {"A01": "suppressed", "A39": 90_000}), now=sent, state="held")
    any_town.send(table(*hour_rows({"A01": -1}, NOON - 4 * HOUR)), now=sent)
    any_town.send(table(*hour_rows({"stranger": 50}, NOON - 4 * HOUR)), now=sent)
    found = quality(any_town)
    numbers = day(found, TODAY)
    assert (numbers.uploads, dict(numbers.refused)) == (3, {"count-negative": 1, "source-area-unknown": 1})
    assert (numbers.rows_in, numbers.rows_rejected, numbers.rows_held) == (42, 2, 1)
    assert numbers.suppressed_share == pytest.approx(1 / 39)
    assert found.whole.uploads == 4, "one of the past weeks' files came within fourteen days"


def test_a_day_is_a_local_day(any_town: Town) -> None:
    operator = Operator.settled(any_town, areas=FEW)
    midnight = datetime.fromisoformat("2026-11-20T00:00:00+05:00")
    operator.deliver(*hours([midnight - HOUR]), now=midnight + timedelta(minutes=1))
    found = quality(any_town)
    assert (day(found, TODAY).uploads, day(found, TODAY - DAY).uploads) == (1, 0)
    assert (day(found, TODAY).lateness_median, day(found, TODAY - DAY).lateness_median) == (None, 1.0)


def test_bins_are_missing_against_the_feeds_own_rhythm(any_town: Town) -> None:
    operator = Operator.settled(any_town, areas=FEW)
    for back in range(5, 0, -1):
        ten = NOON - back * DAY - 2 * HOUR
        there = [ten, ten + HOUR, ten + 2 * HOUR] if back != 2 else [ten, ten + 2 * HOUR]
        operator.deliver(*hours(there), now=max(there) + HOUR)
    found = quality(any_town, now=NOON - 4 * HOUR)
    numbers = [day(found, TODAY - back * DAY) for back in (3, 2, 1)]
    # The hours in which the feed never speaks are not missing.
    assert [(one.expected_bins, one.missing_bins) for one in numbers] == [(12, 0), (12, 4), (12, 0)]
    assert day(found, TODAY).expected_bins == 0, "today's have not come yet"
    assert (found.whole.expected_bins, found.whole.missing_bins) == (60, 4)


def test_agreement_is_told_only_where_three_carriers_delivered(town: Town) -> None:
    shares = {"alpha": 0.4, "beta": 0.3, "gamma": 0.2}
    operators = [Operator.settled(town, code, share, FEW) for code, share in shares.items()]
    nine, fifteen = (datetime.fromisoformat(f"2026-11-19T{hour}:00:00+05:00") for hour in ("09", "15"))
    for operator, share in zip(operators, shares.values(), strict=True):
        operator.deliver(*hours([nine], {one: int(10_000 * share) for one in FEW}))
    for operator in operators[:2]:
        operator.deliver(*hours([nine - DAY], {one: int(10_000 * shares[operator.code]) for one in FEW}))
    town.process(NOON)
    found = quality(town)
    assert day(found, TODAY - DAY).implied_percent == found.registered_percent == 40
    assert day(found, TODAY - 2 * DAY).implied_percent is None
    assert found.whole.implied_percent == 40
    assert quality(town, "beta").whole.implied_percent == 30
    assert abs(found.whole.residual_percent or 0) <= 2, "everybody counts what the shares let expect"
    assert day(found, TODAY - 2 * DAY).residual_percent is None
    for operator, share in zip(operators, (0.4, 0.3, 0.4), strict=True):
        operator.deliver(*hours([fifteen], {one: int(10_000 * share) for one in FEW}))
    town.process(NOON)
    assert (quality(town, "gamma").whole.implied_percent or 0) > 20, "gamma counts more than its registered share"
    apart = {code: day(quality(town, code), TODAY - DAY).residual_percent or 0 for code in shares}
    assert apart["gamma"] > 5
    assert apart["alpha"] < apart["gamma"], "each sees its own"


def test_a_quality_holds_no_number_of_another_carrier() -> None:
    names = set(inspect.signature(QualityNumbers).parameters) | set(inspect.signature(Quality).parameters)
    assert not {one for one in names if "other" in one or "total" in one or "carrier" in one}


@pytest.mark.parametrize("weeks", [1, 3])
def test_the_number_of_queries_does_not_grow(town: Town, weeks: int) -> None:
    operators = [Operator.settled(town, code, 0.3, FEW) for code in ("alpha", "beta", "gamma")]
    for back in range(7 * weeks, 0, -1):
        for operator in operators:
            operator.deliver(*hours([datetime.fromisoformat("2026-11-20T09:00:00+05:00") - back * DAY]))
    town.process(NOON)
    asked: list[str] = []
    with town.database.read() as connection:
        carrier = carriers.get_carrier(connection, "alpha")
        sa.event.listen(connection, "before_cursor_execute", lambda *args: asked.append(args[2]))
        found = quality_of(connection, carrier, town.place.policy, NOON, 28)
    assert found.whole.implied_percent == pytest.approx(30, abs=1)
    assert len(asked) == 5


@given(st.sets(st.integers(0, 95), min_size=2), st.integers(1, 3), st.data())
def test_what_comes_every_day_is_expected_and_only_what_did_not_come_is_missing(
    policy: Policy, times: set[int], gap_day: int, data: st.DataObject
) -> None:
    first = datetime.fromisoformat("2026-11-16T00:00:00+05:00").astimezone(NOON.tzinfo)
    width, now = timedelta(minutes=15), first + 4 * DAY + timedelta(hours=2)
    days = {date(2026, 11, 16) + at * DAY for at in range(4)}
    starts = {(at, of): first + of * DAY + at * width for at in times for of in range(4)}
    assert Rhythm(policy, now, ((one, one + width) for one in starts.values())).bins_of(days) == (4 * len(times), 0)
    gone = starts.pop((data.draw(st.sampled_from(sorted(times))), gap_day))
    rhythm = Rhythm(policy, now, ((one, one + width) for one in starts.values()))
    assert rhythm.bins_of(days) == (4 * len(times), 1)
    assert rhythm.missing_of(days) == [gone]
