"""Entering head counts: blind, safe to send twice, in clear words, for those who may, seen by the owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ingest.leasing import CALIBRATE
from store import audit, head_counts, jobs, releases
from store.database import Database
from store.head_counts import HeadCount
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import AREA, BIN, World, add_person, crowd
from webapp.wording.head_counts import compared_words

MakeBrowser = Callable[[str], Browser]
NOW_HERE = "2026-11-20T20:30"  # on the clocks of the tests' venues


@pytest.fixture
def page(world: World) -> str:
    with world.database.begin() as connection:
        row = {"time_bin_start": datetime.fromisoformat("2026-11-01T00:00:00Z"), "area_digest": AREA}
        row |= {"input_digest": "i", "data": b"r", "released_at": world.now, "carriers": ["alpha"]}
        row |= {"venues_digest": None, "venue_data": None, "residuals": [], "method": ""}
        releases.save_releases(connection, [row])
    return f"/venues/{world.venue_ids['A']}/head-counts"


def text(response: TestResponse) -> str:
    return response.get_data(as_text=True)


def send(one: Browser, page: str, people: str, counted_at: str = NOW_HERE, note: str = "") -> TestResponse:
    form = {"csrf_token": one.token(page), "people": people, "counted_at": counted_at, "note": note}
    return one.post(page, form)


def standing(database: Database) -> list[HeadCount]:
    with database.read() as connection:
        return head_counts.standing_counts(connection)


def errors_in(response: TestResponse) -> list[str]:
    return re.findall(r'class="field__error"[^>]*>([^<]+)<', text(response))


@pytest.mark.parametrize("person", ["group", "headquarters"])
def test_a_count_is_kept_logged_and_queued_for_calibration(
    browser: MakeBrowser, world: World, page: str, person: str
) -> None:
    one = browser(person)
    response = send(one, page, "120", note="two halls")
    assert response.status_code == 303
    [kept] = standing(world.database)
    assert (kept.people, kept.counted_at, kept.note) == (120, world.now, "two halls")
    assert kept.counted_by.endswith(f"Person {person}")
    with world.database.read() as connection:
        [event] = audit.events_of(connection, f"venue:{world.venue_ids['A']}")
        assert event.action == "head-count-made"
        assert CALIBRATE in jobs.kinds_waiting(connection)
    shown = text(one.get(response.location))
    assert "Kept: 120 people, 20:30" in shown


def test_what_is_sent_twice_stands_once_and_leads_to_the_same_page(
    browser: MakeBrowser, world: World, page: str
) -> None:
    one = browser("group")
    first, second = send(one, page, "120"), send(one, page, "120")
    assert (first.status_code, second.status_code, first.location) == (303, 303, second.location)
    assert len(standing(world.database)) == 1


def test_another_number_for_the_same_minute_is_refused_with_the_one_that_stands(
    browser: MakeBrowser, world: World, page: str
) -> None:
    one = browser("group")
    send(one, page, "1200")
    response = send(one, page, "120")
    assert response.status_code == 409
    assert errors_in(response) == [
        "Another number, 1200, stands already for this venue and minute. If it is wrong, withdraw it first."
    ]
    assert [count.people for count in standing(world.database)] == [1200]


@pytest.mark.parametrize("person", ["group", "headquarters"])
def test_the_form_shows_neither_the_estimate_nor_an_open_list_of_earlier_numbers(
    browser: MakeBrowser, page: str, person: str
) -> None:
    shown = text(browser(person).get(page))
    assert not {"4,101", "4,707", "5,303", "4101", "4707", "5303"} & set(re.findall(r"[\d,]+", shown))
    assert "whoever has read a number counts towards it" in shown
    assert 'value="2026-11-20T20:30"' in shown


def test_the_map_s_number_is_shown_once_the_own_one_is_kept(browser: MakeBrowser, page: str) -> None:
    one = browser("group")
    saved = text(one.get(send(one, page, "120", "2026-11-20T20:20").location))
    assert "The map said 4,101 to 5,303 people then, most likely 4,707." in saved
    later = text(one.get(send(one, page, "130").location))
    assert "No map is released for that time yet." in later


def test_of_a_band_of_few_people_only_its_ends_are_compared(app: Flask, world: World) -> None:
    few = crowd(world.venue_ids["A"], world.now, low=0.0, best=None, high=45.0)
    with app.test_request_context("/?lang=en"):
        assert compared_words(few) == "The map said 0 to 45 people then."


@pytest.mark.parametrize(
    ("people", "counted_at", "note", "said"),
    [
        ("", NOW_HERE, "", "in digits"),
        ("many", NOW_HERE, "", "in digits"),
        ("-3", NOW_HERE, "", "in digits"),
        ("1_000", NOW_HERE, "", "in digits"),
        ("1251", NOW_HERE, "", "in a venue for 250"),
        ("999999", NOW_HERE, "", "stand in no venue"),
        ("12", "", "", "day and the time"),
        ("12", "yesterday", "", "day and the time"),
        ("12", "0001-01-01T00:00", "", "day and the time"),
        ("12", "2026-11-20T20:36", "", "lies in the future"),
        ("12", "2026-10-31T23:00", "", "before the first released map"),
        ("12", NOW_HERE, "call +7 701 123 45 67", "leave out numbers"),
        ("12", NOW_HERE, "x" * 301, "Shorten the note"),
    ],
)
def test_what_cannot_be_true_is_said_in_words_and_nothing_typed_is_lost(
    browser: MakeBrowser, world: World, page: str, people: str, counted_at: str, note: str, said: str
) -> None:
    response = send(browser("group"), page, people, counted_at, note)
    assert response.status_code == 422
    [error] = errors_in(response)
    assert said in error
    assert f'value="{people}"' in text(response)
    assert standing(world.database) == []


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_form_and_its_refusals_speak_the_reader_s_language(browser: MakeBrowser, page: str, language: str) -> None:
    one = browser("group")
    one.get(f"{page}?lang={language}")
    [error] = errors_in(send(one, page, "1251"))
    assert {"kk": "сыйымдылықты", "ru": "вместимость"}[language] in error
    assert {"kk": "Қазір ішінде қанша адам бар?", "ru": "Сколько людей сейчас внутри?"}[language] in text(one.get(page))


def test_a_form_without_its_token_changes_nothing(browser: MakeBrowser, world: World, page: str) -> None:
    response = browser("group").post(page, {"people": "120", "counted_at": NOW_HERE})
    assert response.status_code == 400
    assert standing(world.database) == []


def test_a_wrong_count_is_withdrawn_with_a_reason_and_the_right_one_entered(
    browser: MakeBrowser, world: World, page: str
) -> None:
    one = browser("group")
    send(one, page, "1200")
    [wrong] = standing(world.database)
    way = f"{page}/{wrong.id}/withdraw"
    unsaid = one.post(way, {"csrf_token": one.token(way), "reason": " "})
    assert unsaid.status_code == 422
    assert len(standing(world.database)) == 1
    done = one.post(way, {"csrf_token": one.token(way), "reason": "a nought too many"})
    assert done.status_code == 303
    assert "The count was withdrawn" in text(one.get(done.location))
    assert send(one, page, "120").status_code == 303
    assert [count.people for count in standing(world.database)] == [120]
    assert one.get(way).status_code == 404


def test_a_group_withdraws_its_own_counts_only_and_headquarters_any(
    app: Flask, browser: MakeBrowser, world: World, page: str, clock: Clock
) -> None:
    with world.database.begin() as connection:
        add_person(connection, "group_b", ["group"], clock.now)
    send(browser("group"), page, "120")
    [count] = standing(world.database)
    way = f"{page}/{count.id}/withdraw"
    assert browser("group_b").get(way).status_code == 404
    assert browser("headquarters").get(way).status_code == 200


def test_a_count_belongs_to_the_venue_of_its_address(browser: MakeBrowser, world: World, page: str) -> None:
    one = browser("group")
    send(one, page, "120")
    [count] = standing(world.database)
    assert one.get(f"/venues/{world.venue_ids['B']}/head-counts/{count.id}/withdraw").status_code == 404


def test_nobody_counts_the_venue_that_the_own_account_is_linked_to(
    browser: MakeBrowser, world: World, page: str, clock: Clock
) -> None:
    with world.database.begin() as connection:
        add_person(connection, "both", ["group", "owner"], clock.now, None, [world.venue_ids["A"]])
    assert browser("both").get(page).status_code == 403


def test_the_owner_sees_who_counted_and_how_many(browser: MakeBrowser, world: World, page: str) -> None:
    send(browser("group"), page, "120")
    mine = text(browser("owner_a").get("/my"))
    assert "Person group counted 120 people" in mine
    assert "Person group (monitoring group)" in mine  # the page after it shows the estimate: a read
    assert "counted 120" not in text(browser("owner_b").get("/my"))


def test_the_log_of_headquarters_says_it_in_words(browser: MakeBrowser, world: World, page: str) -> None:
    send(browser("group"), page, "120")
    log = text(browser("headquarters").get("/hq/audit"))
    assert "counted the people of a venue" in log
    assert "People counted: 120" in log


def test_the_venue_s_page_leads_a_group_to_the_form_and_nobody_else(
    browser: MakeBrowser, world: World, page: str
) -> None:
    venue_page = page.removesuffix("/head-counts")
    for person, leads in (("group", True), ("headquarters", True), ("owner_a", False), ("anonymous", False)):
        assert (page in text(browser(person).get(venue_page))) == leads, person


def test_the_page_asks_the_database_little(
    app: Flask, browser: MakeBrowser, page: str, at_most: Callable[[int], Any]
) -> None:
    one = browser("group")
    with at_most(8):
        one.get(page)


def test_a_count_of_a_bin_is_compared_with_that_bin(browser: MakeBrowser, world: World, page: str) -> None:
    one = browser("group")
    before = (world.now - 9 * BIN + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")  # the bins of the world begin later
    assert "No map is released for that time yet." in text(one.get(send(one, page, "120", before).location))
