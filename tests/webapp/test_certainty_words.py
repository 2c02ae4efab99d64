"""How sure an answer is: every state, in every language, for who may see numbers and for everybody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from ingest.faults import catalogue
from rules.policy import Policy
from store.records import VenueCrowding
from tests.webapp.world import BIN, crowd
from webapp.views import CrowdingView
from webapp.wording.certainty import how_sure
from webapp.wording.crowding import CLOSED, HELP, PREFIX, code_of, group_view, numbers_view, public_view

LANGUAGES = ("en", "ru", "kk")
ROLES = ("public", "owner", "group")
REASONS = sorted(code for code in catalogue() if code.startswith(PREFIX))
PEOPLE = {"low": 4711.0, "best": 5813.0, "high": 6917.0, "occupancy_limit": 7919}
PARAMS = {"low": 4711, "high": 6917, "resolved_pct": 12, "reach_pct": 40, "neighbours": 2}
UNKNOWN = {"state": "area_only", "level": None, "level_high": None}
STATES: dict[str, dict[str, Any]] = {
    "level": {"level": 3, "level_high": 3, "probability": 0.91},
    "level-calibrated": {"level": 3, "level_high": 3, "probability": 0.91, "calibrated": True},
    "between": {"level": 2, "level_high": 3, "probability": 0.86},
    "cannot-tell": UNKNOWN | {"reason": PREFIX + "source-areas-too-large", "params": PARAMS},
    "too-wide": UNKNOWN | {"reason": PREFIX + "interval-too-wide", "params": PARAMS},
    "hidden": UNKNOWN | {"reason": PREFIX + "hidden-for-privacy", "low": None, "best": None, "high": None},
    "closed": UNKNOWN | {"reason": PREFIX + "closed-now", "is_open": False},
    "no-data": {"state": "no_data", "level": None, "level_high": None, "reason": PREFIX + "no-counts"}
    | {"low": None, "best": None, "high": None},
}


def row(now: datetime, **changed: Any) -> VenueCrowding:
    """Return a row of the joint estimate: unusual, inside, sure."""
    told = {"kernel": 0.8, "attribution": "venue", "attribution_probability": 0.93, "unusual_z": 5.0}
    return crowd("v", now - BIN, **(PEOPLE | told | changed))


def seen(role: str, crowding: VenueCrowding, now: datetime) -> CrowdingView:
    """Return what a role is shown of a row."""
    if role == "public":
        return public_view(code_of(crowding), crowding, now, now)
    return (group_view if role == "group" else numbers_view)(crowding, now, now)


@pytest.fixture
def words(app: Flask, now: datetime) -> Callable[..., CrowdingView]:
    def say(role: str, language: str = "en", **changed: Any) -> CrowdingView:
        with app.test_request_context(f"/?lang={language}"):
            return seen(role, row(now, **changed), now)

    return say


def texts(view: CrowdingView) -> str:
    """Return everything that a view says."""
    parts = (view.words, view.interval_words, view.scale_words, view.sure_words, view.meaning_words, view.reason_words)
    more = (view.helps_words, view.uncalibrated_words, view.whose_words, view.after_hours_words, *view.unusual_words)
    return " | ".join(str(part) for part in (*parts, *more) if part)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
def test_every_state_is_said_to_every_role_in_every_language(
    words: Callable[..., CrowdingView], role: str, state: str
) -> None:
    said = {language: texts(words(role, language, **STATES[state])) for language in LANGUAGES}
    assert len(set(said.values())) == len(LANGUAGES)
    for language, text in said.items():
        assert not re.search(r"%\(|\{\w+\}|None|nan", text), text
        if language != "en":
            assert not re.search(r"[A-Za-z]{4,}", text), text


@pytest.mark.parametrize("state", STATES)
def test_the_public_is_told_no_number_of_people_and_no_breach(words: Callable[..., CrowdingView], state: str) -> None:
    view = words("public", **STATES[state])
    assert not re.search(r"4.?711|5.?813|6.?917|7.?919", repr(view))
    assert (view.probability, view.attribution_probability, view.after_hours_words) == (None, None, None)
    for language in LANGUAGES:
        text = texts(words("public", language, **STATES[state])).lower()
        assert not re.search(r"breach|violat|exceed|наруш|превыш|бұз|асып", text)


def test_a_level_is_said_with_how_sure_it_is(words: Callable[..., CrowdingView]) -> None:
    assert words("group", **STATES["level"]).sure_words == "How sure: in at least 9 of 10 such cases."
    assert words("public", **STATES["level"]).sure_words == "How sure: almost certainly."
    between = words("owner", **STATES["between"])
    assert between.words == "Room to spare, or busy"
    assert between.sure_words == "How sure that it is one of these two: in at least 8 of 10 such cases."
    assert words("public", **STATES["cannot-tell"]).sure_words is None


@pytest.mark.parametrize(("probability", "cases"), [(0.8, 8), (0.8999, 8), (0.9, 9), (0.999, 9), (1.0, 9), (0.5, 5)])
def test_a_probability_is_never_said_better_than_it_is(app: Flask, probability: float, cases: int) -> None:
    with app.test_request_context("/?lang=en"):
        assert how_sure(probability, "numbers") == f"in at least {cases} of 10 such cases"


def test_an_hour_of_the_public_layer_is_as_sure_as_the_policy_asks_for(app: Flask, now: datetime) -> None:
    last = row(now, level=2, level_high=2, probability=0.99)
    with app.test_request_context("/?lang=en"):
        hour = public_view("level-3", last, now, now)
        assert hour.sure_words == "How sure: very likely."


def test_what_the_interval_means_depends_on_whether_anybody_has_counted(
    words: Callable[..., CrowdingView], policy: Policy
) -> None:
    assert policy.estimation.interval_z == pytest.approx(1.6449)
    calibrated = words("owner", **STATES["level-calibrated"])
    assert calibrated.meaning_words == "In 9 of 10 such cases the true number lies between these two."
    assert (calibrated.uncalibrated, calibrated.uncalibrated_words) == (False, None)
    unchecked = words("owner", **STATES["level"])
    assert (unchecked.meaning_words or "").startswith("Uncalibrated: nobody has counted here yet")
    assert unchecked.uncalibrated
    assert (words("public", **STATES["level"]).uncalibrated_words or "").startswith("Uncalibrated")
    assert words("public", **STATES["level-calibrated"]).uncalibrated_words is None


def test_an_interval_of_a_closed_venue_is_uncalibrated_in_words_and_for_programs(
    words: Callable[..., CrowdingView],
) -> None:
    told = words("group", **STATES["closed"])
    assert (told.code, told.uncalibrated) == ("closed", True)
    assert (told.meaning_words or "").startswith("Uncalibrated")
    assert words("public", **STATES["closed"]).uncalibrated is False, "it is shown no interval"


@pytest.mark.parametrize(
    ("attribution", "inside", "expected"),
    [
        ("venue", 0.93, "inside this place (in at least 9 of 10 such cases)"),
        ("area", 0.04, "in the homes, streets and other places around (in at least 9 of 10 such cases)"),
        ("cannot-tell", 0.6, "Cannot tell"),
    ],
)
def test_whose_crowd_it_is_is_answered_or_cannot_be_told(
    words: Callable[..., CrowdingView], attribution: str, inside: float, expected: str
) -> None:
    view = words("group", attribution=attribution, attribution_probability=inside)
    assert expected in (view.whose_words or "")
    assert "head count" in (view.whose_words or "head count") or attribution != "cannot-tell"
    assert not re.search(
        r"\d", words("public", attribution=attribution, attribution_probability=inside).whose_words or ""
    )


def test_unusual_is_a_statement_of_its_own(words: Callable[..., CrowdingView], policy: Policy) -> None:
    edge = policy.crowding.unusual.from_z
    empty_but_busier = words("public", level=1, level_high=1, probability=0.9, unusual_z=edge, area_unusual_z=None)
    assert empty_but_busier.words == "Mostly empty"
    assert empty_but_busier.unusual_words == ("Busier than usual for this hour (Friday, 20:15).",)
    assert words("public", unusual_z=edge - 0.1, unusual_most=edge - 0.1).unusual == "as-usual"
    assert words("public", unusual_z=-edge).unusual == "quieter"
    both = words("group", unusual_z=None, area_unusual_z=edge + 1)
    assert both.unusual is None
    assert both.unusual_words == ("More people than usual on the ground around (Friday, 20:15).",)


@pytest.mark.parametrize("role", ROLES)
def test_as_usual_is_said_only_where_the_interval_excludes_an_unusual_hour(
    words: Callable[..., CrowdingView], policy: Policy, role: str
) -> None:
    """Half a stadium with an interval from nobody to a full one is not "as busy as usual"."""
    for most in (policy.crowding.unusual.from_z, 40.0, None):
        said = words(role, unusual_z=0.9, unusual_most=most)
        assert said.unusual == "cannot-tell"
        assert said.unusual_words[0].startswith("Cannot tell whether it is as busy as usual")
    for language in LANGUAGES[1:]:
        text = texts(words(role, language, unusual_z=0.9, unusual_most=40.0))
        assert not re.search(r"[A-Za-z]{4,}", text), text


def test_people_after_hours_are_told_to_groups_alone_and_as_no_finding(
    words: Callable[..., CrowdingView], policy: Policy
) -> None:
    late = STATES["closed"] | {"after_hours": policy.crowding.after_hours.said_from}
    assert "not a finding" in (words("group", **late).after_hours_words or "")
    assert words("owner", **late).after_hours_words is None
    assert words("public", **late).after_hours_words is None
    doubtful = late | {"after_hours": policy.crowding.after_hours.said_from - 0.01}
    assert words("group", **doubtful).after_hours_words is None


def test_a_closed_venue_is_called_neither_unusual_nor_crowded(words: Callable[..., CrowdingView]) -> None:
    for role in ROLES:
        view = words(role, **STATES["closed"])
        assert (view.code, view.sure_words, view.whose_words, view.unusual_words) == ("closed", None, None, ())


def test_a_row_from_before_still_says_what_it_knew(app: Flask, now: datetime) -> None:
    old = crowd("v", now - timedelta(days=2))
    for role in ROLES:
        with app.test_request_context("/?lang=en"):
            view = seen(role, old, now)
        assert (view.sure_words, view.whose_words, view.unusual_words, view.neighbours) == (None, None, (), ())
        assert view.uncalibrated_words
    with app.test_request_context("/?lang=en"):
        assert "Bounds, not a measurement" in (numbers_view(old, now, now).meaning_words or "")


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_says_what_would_help_and_reads_well_to_the_public(app: Flask, now: datetime, reason: str) -> None:
    crowding = replace(row(now, **UNKNOWN), reason=reason, params=PARAMS)
    for language in LANGUAGES:
        with app.test_request_context(f"/?lang={language}"):
            view = public_view(code_of(crowding), crowding, now, now)
        assert view.reason_words
        assert not re.search(r"\{|4711|6917", view.reason_words)
        assert reason in CLOSED or view.helps_words
    assert reason in CLOSED or any(reason.removeprefix(PREFIX).startswith(one) for one in HELP)
