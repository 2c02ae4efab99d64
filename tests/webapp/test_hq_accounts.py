"""Headquarters' page of people: who has an account; what one person may do alone, and what needs two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from store import audit
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.test_invitations import PEOPLE_PAGE, add_second, decide, id_of, request_id
from tests.webapp.world import PASSWORD, World, add_person, next_code

MakeBrowser = Callable[[str], Browser]


def act(browser: Browser, world: World, name: str, what: str) -> TestResponse:
    form = {"csrf_token": browser.token(PEOPLE_PAGE), "act": what}
    return browser.post(f"/hq/accounts/{id_of(world, name)}", form)


@pytest.fixture
def both(both_apps: Flask) -> MakeBrowser:
    def make(name: str) -> Browser:
        one = Browser(both_apps)
        one.sign_in(name)
        return one

    return make


def test_everybody_is_listed_with_role_second_factor_and_last_sign_in(browser: MakeBrowser, clock: Clock) -> None:
    browser("owner_a")
    clock.now += timedelta(minutes=20)
    page = browser("headquarters").get(PEOPLE_PAGE).get_data(as_text=True)
    rows = {part.split("@oryn.example")[0].split()[-1]: part for part in page.split('<th scope="row"')[1:]}
    assert "20 minutes ago" in rows["owner_a"]
    assert "venue owner" in rows["owner_a"]
    assert "none" in rows["owner_a"]
    assert "never" in rows["carrier_a"]
    assert "mobile operator, alpha" in rows["carrier_a"]
    assert "set up" in rows["carrier_a"]
    assert "disabled" in rows["disabled"]


def test_a_disabled_account_is_out_at_once_and_comes_back_when_enabled(both: MakeBrowser, both_worlds: World) -> None:
    hq, owner = both("headquarters"), both("owner_a")
    assert act(hq, both_worlds, "owner_a", "disable").location == PEOPLE_PAGE
    assert not owner.is_signed_in()
    assert owner.try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 200
    act(hq, both_worlds, "owner_a", "enable")
    assert owner.try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 302


def test_nobody_disables_the_own_account(browser: MakeBrowser, world: World) -> None:
    hq = browser("headquarters")
    act(hq, world, "headquarters", "disable")
    assert "Nobody can do that to the own account" in hq.get(PEOPLE_PAGE).get_data(as_text=True)
    assert hq.is_signed_in()


def test_an_account_of_headquarters_is_enabled_by_two_persons(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    first, second, back = browser("headquarters"), browser("hq_two"), browser("anonymous")
    act(first, world, "disabled", "enable")
    assert back.try_sign_in("disabled@oryn.example", PASSWORD).status_code == 200
    decide(first, request_id(world, clock), "approve")
    assert back.try_sign_in("disabled@oryn.example", PASSWORD).status_code == 200
    decide(second, request_id(world, clock), "approve")
    assert back.try_sign_in("disabled@oryn.example", PASSWORD).status_code == 302


def test_a_lost_second_factor_is_taken_away_by_two_persons(
    both: MakeBrowser, both_apps: Flask, both_worlds: World, clock: Clock
) -> None:
    add_second(both_worlds, clock)
    first, second, carrier = both("headquarters"), both("hq_two"), both("carrier_a")
    act(first, both_worlds, "carrier_a", "reset-second-factor")
    assert carrier.is_signed_in()
    assert next_code(both_apps, "carrier_a")
    decide(first, request_id(both_worlds, clock), "approve")
    assert carrier.is_signed_in()
    decide(second, request_id(both_worlds, clock), "approve")
    assert not carrier.is_signed_in()
    again = Browser(both_apps)
    assert again.try_sign_in("carrier_a@oryn.example", PASSWORD).location == "/account/second-factor"
    assert again.get("/carriers").location == "/account/second-factor"


def test_whom_it_is_about_does_not_agree_to_it(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    first, second = browser("headquarters"), browser("hq_two")
    act(first, world, "hq_two", "reset-second-factor")
    assert 'value="approve"' not in second.get(PEOPLE_PAGE).get_data(as_text=True)
    decide(second, request_id(world, clock), "approve")
    assert "needs two persons" in second.get(PEOPLE_PAGE).get_data(as_text=True)
    assert second.is_signed_in()


def test_nobody_asks_for_the_own_second_factor_to_be_taken_away(browser: MakeBrowser, world: World) -> None:
    hq = browser("headquarters")
    act(hq, world, "headquarters", "reset-second-factor")
    assert "Waiting for a second person" not in hq.get(PEOPLE_PAGE).get_data(as_text=True)


def test_what_is_asked_twice_waits_once(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    for name in ("headquarters", "hq_two", "headquarters"):
        act(browser(name), world, "carrier_a", "reset-second-factor")
    assert browser("hq_two").get(PEOPLE_PAGE).get_data(as_text=True).count('value="approve"') == 1


def test_a_decided_request_is_not_decided_again(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    act(browser("headquarters"), world, "carrier_a", "reset-second-factor")
    number, second = request_id(world, clock), browser("hq_two")
    decide(second, number, "decline")
    decide(second, number, "approve")
    assert "This waits no longer" in second.get(PEOPLE_PAGE).get_data(as_text=True)
    assert browser("carrier_a").is_signed_in()


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/hq/accounts/999999", {"act": "disable"}, 404),
        ("/hq/accounts/99999999999999999999", {"act": "disable"}, 404),
        ("/hq/accounts/1", {"act": "explode"}, 400),
        ("/hq/accounts/1", {}, 400),
        ("/hq/invitations/999999/revoke", {}, 404),
        ("/hq/requests/999999", {"decision": "approve"}, 302),
    ],
)
def test_what_is_not_there_breaks_nothing(browser: MakeBrowser, path: str, form: dict[str, str], status: int) -> None:
    hq = browser("headquarters")
    assert hq.post(path, {"csrf_token": hq.token(PEOPLE_PAGE), **form}).status_code == status


def test_many_people_ask_for_no_more_queries(
    browser: MakeBrowser, world: World, clock: Clock, at_most: Callable[[int], Any]
) -> None:
    with world.database.begin() as connection:
        for number in range(30):
            add_person(connection, f"person_{number}", ["owner"], clock.now, venue_ids=[world.venue_ids["A"]])
    hq = browser("headquarters")
    with at_most(9):
        assert "person_29@oryn.example" in hq.get(PEOPLE_PAGE).get_data(as_text=True)


def test_every_act_stands_in_the_audit_log(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    first = browser("headquarters")
    act(first, world, "owner_a", "disable")
    act(first, world, "owner_a", "enable")
    act(first, world, "carrier_a", "reset-second-factor")
    decide(browser("hq_two"), request_id(world, clock), "approve")
    with world.database.read() as connection:
        rows = [event for event in audit.events_of(connection) if event.action != "signed-in"]
    hq, two = (f"account:{id_of(world, name)} Person {name}" for name in ("headquarters", "hq_two"))
    assert [
        ("second-factor-reset", two),
        ("reset-second-factor-asked", hq),
        ("account-enabled", hq),
        ("account-disabled", hq),
    ] == [(event.action, event.actor) for event in rows]
