from __future__ import annotations

from datetime import date

import pytest

from rules.status import PARTICIPATIONS, StatusFacts, VenueStatus, assess
from tests.rules.builders import draft_policy, utc

NOON = "2021-06-01T12:00+06:00"


def status(participation: str, since: str | None = "2021-01-01", at: str = NOON) -> VenueStatus:
    facts = StatusFacts(participation, date.fromisoformat(since) if since else None, "Asia/Almaty")
    return assess(facts, draft_policy(), utc(at))


@pytest.mark.parametrize(
    ("participation", "rule", "word"),
    [
        ("applied", "S6", "not-participating"),
        ("left", "S6", "not-participating"),
        ("not_participating", "S6", "not-participating"),
        ("member", "S8", "not-known"),
        ("leader", "S8", "not-known"),
        ("suspended", "S11", "undetermined"),
        ("test_week", "S8", "not-known"),  # its week was over in January
        ("something else", "S11", "undetermined"),
    ],
)
def test_the_rows_that_need_no_evidence(participation: str, rule: str, word: str) -> None:
    found = status(participation)
    assert (rule, f"status-word-{word}", "grey") == (found.rule, found.word, found.colour)


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        ("2021-06-01T00:00+06:00", "S7"),
        ("2021-06-07T23:59:59+06:00", "S7"),
        ("2021-06-08T00:00+06:00", "S8"),
        ("2021-05-31T23:59+06:00", "S6"),  # it had not begun
    ],
)
def test_the_test_week_is_seven_local_days(at: str, rule: str) -> None:
    found = status("test_week", "2021-06-01", at)
    assert found.rule == rule
    assert (found.valid_until == utc("2021-06-08T00:00+06:00")) is (rule == "S7")


def test_a_test_week_without_its_first_day_is_an_alarm() -> None:
    found = status("test_week", None)
    assert (found.rule, found.reason.code) == ("S11", "status-reason-test-week-without-date")


def test_a_suspension_without_a_decision_is_an_alarm_not_a_colour() -> None:
    found = status("suspended")
    assert (found.rule, found.colour, found.reason.code) == ("S11", "grey", "status-reason-suspended-without-decision")


def test_what_was_before_a_membership_began_is_not_made_up() -> None:
    assert status("member", "2021-06-02").rule == "S11"
    assert status("member", "2021-06-01").rule == "S8"
    assert status("member", None).rule == "S8"


@pytest.mark.parametrize("participation", PARTICIPATIONS)
def test_every_status_explains_itself(participation: str) -> None:
    found = status(participation)
    assert found.policy_version == draft_policy().version
    assert found.reason.code.startswith("status-reason-")
    assert found.what_would_change
    assert found.inputs["participation"] == participation
    assert found.evidence == ()


def test_nothing_is_green_yellow_or_red_without_evidence() -> None:
    assert {"grey"} == {status(one).colour for one in PARTICIPATIONS}


def test_the_same_facts_policy_and_moment_give_the_same_status() -> None:
    assert status("member") == status("member")
