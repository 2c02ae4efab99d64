"""The own account: sessions are seen and ended; a password changes only for who knows the old one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from store import audit, second_factor
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.test_second_factor import CARRIER, SPARE, WRONG, give_recovery_code, half, recover
from tests.webapp.test_sessions import thief
from tests.webapp.world import PASSWORD, World, next_code

MakeBrowser = Callable[[str], Browser]
PAGE = "/account"
NEW_PASSWORD = "seven grey herons at dusk"


def handles(browser: Browser) -> list[str]:
    return re.findall(r'name="session"\s+value="([0-9a-f]{16})"', browser.get(PAGE).get_data(as_text=True))


def end(browser: Browser, which: str) -> TestResponse:
    return browser.post("/account/sessions/end", {"csrf_token": browser.token(PAGE), "session": which})


def change(browser: Browser, **form: str) -> TestResponse:
    whole = {"new_password": NEW_PASSWORD, "again": NEW_PASSWORD} | form
    return browser.post("/account/password", {"csrf_token": browser.token(PAGE), **whole})


@pytest.fixture
def both(both_apps: Flask) -> MakeBrowser:
    def make(name: str) -> Browser:
        one = Browser(both_apps)
        one.sign_in(name)
        return one

    return make


@pytest.mark.parametrize("person", ["group", "owner_a", "carrier_a", "headquarters"])
def test_everybody_sees_the_own_account(browser: MakeBrowser, person: str) -> None:
    page = browser(person).get(PAGE).get_data(as_text=True)
    assert f"{person}@oryn.example" in page
    assert "this one" in page


def test_another_session_is_seen_and_ended(both: MakeBrowser) -> None:
    one, other = both("owner_a"), both("owner_a")
    found = handles(one)
    assert len(found) == 1
    assert end(one, found[0]).location == PAGE
    assert one.is_signed_in()
    assert not other.is_signed_in()
    assert handles(one) == []


def test_all_others_are_ended_at_once(both: MakeBrowser) -> None:
    one, *others = (both("owner_a") for _ in range(3))
    end(one, "others")
    assert one.is_signed_in()
    assert [other for other in others if other.is_signed_in()] == []


def test_nobody_ends_the_session_of_somebody_else(browser: MakeBrowser) -> None:
    victim, attacker = browser("owner_b"), browser("owner_a")
    second = browser("owner_b")
    assert end(attacker, handles(victim)[0]).status_code == 302
    assert victim.is_signed_in()
    assert second.is_signed_in()


def test_ending_others_ends_a_sign_in_that_waits_for_its_code(app: Flask, browser: MakeBrowser) -> None:
    one, waiting = browser(CARRIER), half(app)
    end(one, "others")
    assert waiting.get("/sign-in/code").location == "/sign-in"


def test_a_dead_session_is_not_listed(browser: MakeBrowser, clock: Clock) -> None:
    browser("owner_a")
    clock.now += timedelta(minutes=31)
    assert handles(browser("owner_a")) == []


def test_a_new_password_ends_all_other_sessions_and_renews_this_one(both_apps: Flask, both: MakeBrowser) -> None:
    one, other = both("owner_a"), both("owner_a")
    stolen = one.cookies()
    assert change(one, password=PASSWORD).location == PAGE
    assert one.is_signed_in()
    assert not other.is_signed_in()
    assert not thief(both_apps, stolen).is_signed_in()
    assert Browser(both_apps).try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 200
    assert Browser(both_apps).try_sign_in("owner_a@oryn.example", NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"password": "wrong"}, "password"),
        ({}, "password"),
        ({"password": PASSWORD, "new_password": "short", "again": "short"}, "new_password"),
        ({"password": PASSWORD, "new_password": "owner_a@oryn.example"}, "new_password"),
        ({"password": PASSWORD, "again": "another one entirely"}, "again"),
    ],
)
def test_a_change_that_is_refused_is_said_at_its_field(
    app: Flask, browser: MakeBrowser, form: dict[str, str], field: str
) -> None:
    one, other = browser("owner_a"), browser("owner_a")
    page = change(one, **form).get_data(as_text=True)
    assert f'id="change-{field}-error"' in page
    assert f'href="#change-{field}"' in page
    assert other.is_signed_in()
    assert Browser(app).try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 302


def test_with_a_second_factor_a_code_is_needed_too(app: Flask, browser: MakeBrowser, clock: Clock) -> None:
    one = browser(CARRIER)
    assert change(one, password=PASSWORD).status_code == 200
    assert change(one, password=PASSWORD, code=WRONG).status_code == 200
    assert change(one, password=PASSWORD, code=next_code(app, CARRIER)).status_code == 302


def test_guessing_the_old_password_is_counted_like_signing_in(app: Flask, browser: MakeBrowser) -> None:
    one = browser("owner_a")
    for _ in range(5):
        change(one, password="wrong")
    assert change(one, password=PASSWORD).status_code == 200
    assert Browser(app).try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 200
    assert Browser(app, "203.0.113.7").try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 302


def test_new_recovery_codes_void_the_old_ones(app: Flask, browser: MakeBrowser, world: World, clock: Clock) -> None:
    give_recovery_code(world.database, clock)
    one = browser(CARRIER)
    assert "%(num)d" not in one.get(PAGE).get_data(as_text=True)
    assert "1 recovery code is left" in one.get(PAGE).get_data(as_text=True)
    form = {"csrf_token": one.token(PAGE), "password": PASSWORD, "code": next_code(app, CARRIER)}
    page = one.post("/account/recovery-codes", form).get_data(as_text=True)
    assert len(re.findall(r'<code class="secret">[A-Z2-7-]{19}</code>', page)) == 10
    assert recover(half(app), SPARE).status_code == 200
    assert "10 recovery codes are left" in one.get(PAGE).get_data(as_text=True)


def test_without_proof_there_are_no_new_recovery_codes(browser: MakeBrowser) -> None:
    one = browser(CARRIER)
    page = one.post("/account/recovery-codes", {"csrf_token": one.token(PAGE), "password": PASSWORD})
    assert 'id="codes-code-error"' in page.get_data(as_text=True)
    owner = browser("owner_a")
    form = {"csrf_token": owner.token(PAGE), "password": PASSWORD}
    assert owner.post("/account/recovery-codes", form).status_code == 404


def test_changes_stand_in_the_audit_log(browser: MakeBrowser, world: World) -> None:
    one = browser("owner_a")
    change(one, password=PASSWORD)
    end(one, "others")
    with world.database.read() as connection:
        rows = audit.events_of(connection)
    assert [event.action for event in rows] == ["sessions-ended", "password-changed", "signed-in"]
    assert [event for event in rows if NEW_PASSWORD in event.details] == []


@pytest.mark.parametrize(
    ("left", "words"),
    [(0, "Make new recovery codes now"), (2, "Make new recovery codes soon"), (3, None)],
)
def test_few_recovery_codes_are_warned_of(
    browser: MakeBrowser, world: World, clock: Clock, left: int, words: str | None
) -> None:
    account_id = give_recovery_code(world.database, clock)
    with world.database.begin() as connection:
        codes = [f"{SPARE[:-1]}{at}" for at in range(left)]
        second_factor.set_recovery_codes(connection, account_id, [SPARE, *codes], clock.now)
        second_factor.use_recovery_code(connection, account_id, SPARE, clock.now)
    page = browser(CARRIER).get(PAGE).get_data(as_text=True)
    told = re.search(r'class="notice notice--warning">\s*<p>\s*([\w ]+):', page)
    assert (told[1] if told else None) == words
    assert bool(re.search(r'id="new-codes"\s+open', page)) == (words is not None)
