"""Words: ages with the right plural forms, levels, intervals with their meaning, densities."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, render_template_string

from rules.policy import Policy
from tests.webapp.world import crowd
from webapp.client_strings import client_strings
from webapp.pages.receipts import interval_words
from webapp.roles import may_see_numbers
from webapp.speech import gettext, ngettext
from webapp.wording import density
from webapp.wording.acts_details import details_words
from webapp.wording.crowding import code_of, numbers_view, public_view
from webapp.wording.deliveries import rows_words
from webapp.wording.moments import age_class, age_words, clock
from webapp.wording.sources import sources_words
from webapp.wording.venues import hours_words


@pytest.mark.parametrize(
    ("language", "minutes", "expected"),
    [
        ("en", 0, "just now"),
        ("en", 1, "1 minute ago"),
        ("en", 12, "12 minutes ago"),
        ("en", 60, "1 hour ago"),
        ("ru", 1, "1 минуту назад"),
        ("ru", 2, "2 минуты назад"),
        ("ru", 12, "12 минут назад"),
        ("ru", 21, "21 минуту назад"),
        ("ru", 180, "3 часа назад"),
        ("ru", 60 * 24 * 5, "5 дней назад"),
        ("kk", 1, "1 минут бұрын"),
        ("kk", 12, "12 минут бұрын"),
        ("kk", 120, "2 сағат бұрын"),
    ],
)
def test_an_age_is_said_as_people_say_it(app: Flask, now: datetime, language: str, minutes: int, expected: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert age_words(now - timedelta(minutes=minutes), now) == expected


def test_a_clock_is_local_and_names_another_day(app: Flask, now: datetime) -> None:
    with app.test_request_context("/?lang=kk"):
        assert clock(now, now) == "20:30"
        assert clock(now - timedelta(days=1), now) == "20:30, 19 қараша"


def test_what_is_stale_is_policy(app: Flask, now: datetime, policy: Policy) -> None:
    edge = timedelta(minutes=policy.map.stale_after_minutes)
    with app.test_request_context():
        assert age_class(now - edge, now) == "fresh"
        assert age_class(now - edge - timedelta(seconds=1), now) == "stale"
        assert age_class(now - timedelta(hours=25), now) == "old"


def test_what_the_public_sees_late_on_purpose_is_not_stale(app: Flask, now: datetime, policy: Policy) -> None:
    late = timedelta(minutes=policy.map.public_bin_minutes) * policy.map.public_delay_bins
    edge = timedelta(minutes=policy.map.stale_after_minutes) + late
    with app.test_request_context():
        assert age_class(now - edge, now, "public") == "fresh"
        assert age_class(now - edge - timedelta(seconds=1), now, "public") == "stale"
        assert age_class(now - edge, now, "group") == "stale"


def test_a_span_within_a_day_names_its_date_once(app: Flask, now: datetime) -> None:
    with app.test_request_context("/?lang=en"):
        ends = [now - timedelta(hours=hours) for hours in (1, 22, 40)]
        words = [interval_words(now - timedelta(hours=42), end, now) for end in ends]
    assert words[1:] == ["02:30–22:30, 19 November", "02:30–04:30, 19 November"]
    assert words[0] == "02:30, 19 November to 19:30"


def test_an_age_of_some_hours_is_told_to_the_minute(app: Flask, now: datetime) -> None:
    with app.test_request_context("/?lang=en"):
        ages = [timedelta(minutes=minutes) for minutes in (95, 120, 359, 361)]
        words = [age_words(now - age, now) for age in ages]
    assert words == ["1 hour 35 min ago", "2 hours ago", "5 hours 59 min ago", "6 hours ago"]


def test_numbers_come_with_their_meaning(app: Flask, now: datetime) -> None:
    with app.test_request_context("/?lang=en"):
        view = numbers_view(crowd("v", now, low=120.0, high=310.0, best=200.0), now, now)
    assert view.code == "level-2"
    assert view.interval_words == "between 120 and 310 people"
    assert view.meaning_words is not None
    assert "Bounds, not a measurement" in view.meaning_words
    assert (view.low, view.best, view.high, view.limit) == (120, 200, 310, 13790)
    assert view.uncalibrated


def test_the_public_view_holds_no_number_whatever_the_reason(app: Flask, now: datetime) -> None:
    wide = crowd("v", now, state="area_only", level=None, reason="crowding-reason-interval-too-wide")
    wide = crowd("v", now, state="area_only", level=None, reason=wide.reason, params={"low": 4711, "high": 4712})
    with app.test_request_context("/?lang=en"):
        view = public_view("area-only", wide, now, now)
    assert (view.low, view.best, view.high, view.limit) == (None, None, None, None)
    assert "4711" not in repr(view)
    assert view.reason_words == "The estimate is too uncertain to name a level."


def test_cannot_tell_says_why_and_what_would_help(app: Flask, now: datetime) -> None:
    row = crowd("v", now, state="area_only", level=None, level_high=None, low=None, best=None, high=None)
    from dataclasses import replace

    row = replace(row, reason="crowding-reason-source-areas-too-large", params={"resolved_pct": 12})
    with app.test_request_context("/?lang=en"):
        view = numbers_view(row, now, now)
    assert view.code == "area-only"
    assert view.reason_words is not None
    assert "12 %" in view.reason_words
    assert view.helps_words is not None
    assert view.interval_words is None


def test_a_reason_shows_released_numbers_only(app: Flask, now: datetime) -> None:
    reason, finer = "crowding-reason-interval-too-wide", {"low": 344, "high": 673}
    row = crowd("v", now, state="area_only", level=None, reason=reason, params=finer, low=340.0, high=670.0)
    with app.test_request_context("/?lang=en"):
        words = numbers_view(row, now, now).reason_words
    assert words == "The estimate is too uncertain: between 340 and 670 people."


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"level": 3, "level_high": 3}, "level-3"),
        ({"level": 3, "level_high": 4}, "between-3-4"),
        ({"is_open": False}, "closed"),
        ({"state": "area_only", "reason": "crowding-reason-closed-by-rule"}, "closed"),
        ({"state": "area_only", "level": None}, "area-only"),
        ({"state": "no_data", "level": None}, "no-data"),
    ],
)
def test_a_row_becomes_a_code(now: datetime, changed: dict[str, object], code: str) -> None:
    assert code_of(crowd("v", now, **changed)) == code


def test_every_reason_of_the_rules_has_words_in_every_language(app: Flask, now: datetime) -> None:
    from ingest.faults import catalogue

    reasons = [code for code in catalogue() if code.startswith("crowding-reason-")]
    assert reasons
    for language in ("kk", "ru", "en"):
        with app.test_request_context(f"/?lang={language}"):
            for reason in reasons:
                params = {"resolved_pct": 1, "neighbours": 2, "low": 3, "high": 4}
                row = crowd("v", now, state="area_only", level=None, reason=reason, params=params)
                assert numbers_view(row, now, now).reason_words


def test_the_codes_of_a_frame_are_logarithmic_steps(policy: Policy) -> None:
    codes = density.code_densities(policy.map.frame_density_max_per_km2)
    assert (len(codes), codes[0], codes[-1]) == (64, 0.0, policy.map.frame_density_max_per_km2)
    assert codes == sorted(codes)


def test_the_density_of_codes_is_that_of_the_frames(policy: Policy) -> None:
    from geo.frames import code_density

    largest = policy.map.frame_density_max_per_km2
    ours = density.code_densities(largest)
    assert ours == [pytest.approx(code_density(code, largest), abs=0.06) for code in range(2, 66)]


def test_the_map_says_in_one_line_what_it_shows(app: Flask, policy: Policy) -> None:
    with app.test_request_context("/?lang=en"):
        assert (
            density.summary(bytes([65, 65, 2, 0]), policy.map) == "2 parts of the map are crowded. 1 part has no data."
        )
        assert density.summary(bytes([0, 0]), policy.map) == "There are no data for this hour."
        assert density.summary(None, policy.map).startswith("There is no map yet")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_script_gets_every_word_with_its_placeholders(app: Flask, language: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        strings = client_strings(gettext, ngettext)
    assert all(strings.values())
    assert not [text for text in strings.values() if "%(" in text]
    assert "{n}" in strings["age.minutes.other"]


def test_strangers_see_no_numbers() -> None:
    assert not may_see_numbers(None, "v")


def test_opening_hours_name_the_days_in_the_readers_language(app: Flask) -> None:
    expected = {"en": "Mon-Sat 10:00-02:00; Sun closed", "ru": "пн-сб 10:00-02:00; вс закрыто"}
    said = {}
    for code in expected:
        with app.test_request_context(f"/?lang={code}"):
            said[code] = hours_words("Mo-Sa 10:00-02:00; Su off")
    assert expected == said


def test_data_older_than_every_policy_still_have_a_clock_and_a_date(app: Flask, now: datetime) -> None:
    with app.test_request_context("/?lang=en"):
        assert clock(datetime(2019, 3, 4, 3, 0, tzinfo=UTC), now).endswith(", 4 March 2019")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "1,348 rows"), ("ru", "1\N{NO-BREAK SPACE}348 строк"), ("kk", "1\N{NO-BREAK SPACE}348 жол")],
)
def test_counted_things_are_written_in_groups(app: Flask, language: str, words: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert rows_words(1_348) == words
        both = ngettext("between %(low)d and %(num)d person", "between %(low)d and %(num)d people", 6_700, low=3_500)
        assert re.findall(r"\d\W\d\d\d", both) != []
        assert re.search(r"\d{4}", both) is None
        counted = render_template_string("{{ ngettext('%(num)d file', '%(num)d files', 1348) }} {{ number(1348) }}")
        assert counted.count(words.split(maxsplit=1)[0] if language == "en" else words.rsplit(" ", 1)[0]) == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "annex to the decree of the chief sanitary doctor; a draft rule of this system"),
        ("ru", "приложение к постановлению главного санитарного врача; проект правила этой системы"),
        ("kk", "бас санитарлық дәрігер қаулысының қосымшасы; осы жүйенің ереже жобасы"),
    ],
)
def test_sources_of_a_limit_are_words(app: Flask, policy: Policy, language: str, words: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert sources_words(["K58", "ours", "ours"], policy.sources) == words


def test_every_source_that_a_limit_can_have_is_named(app: Flask, policy: Policy) -> None:
    codes = {code for one in policy.categories.values() for code in one.sources} | set(policy.dark_red_factor.sources)
    with app.test_request_context("/?lang=en"):
        assert [code for code in codes if code in sources_words([code], policy.sources).split()] == []


@pytest.mark.parametrize(
    ("language", "words"), [("en", "By: password, code of the second factor"), ("ru", "Роль: штаб")]
)
def test_the_log_speaks_of_ways_and_roles_in_words(app: Flask, language: str, words: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert words in details_words({"by": "password+code", "role": "headquarters"}, {})
