"""T16: a session ends where it should; a stolen or planted cookie opens nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from store import accounts
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import PASSWORD, World, add_person, next_code

MakeBrowser = Callable[[str], Browser]


@pytest.fixture
def both(both_apps: Flask) -> MakeBrowser:
    def make(name: str) -> Browser:
        one = Browser(both_apps)
        one.sign_in(name)
        return one

    return make


def thief(app: Flask, cookies: dict[str, str]) -> Browser:
    one = Browser(app, "198.51.100.9")
    for key, value in cookies.items():
        one.client.set_cookie(key, value)
    return one


def test_a_stolen_cookie_is_dead_after_signing_out(both_apps: Flask, both: MakeBrowser) -> None:
    victim = both("owner_a")
    stolen = victim.cookies()
    assert thief(both_apps, stolen).get("/my").status_code == 200
    assert victim.sign_out().status_code == 302
    assert thief(both_apps, stolen).get("/my").status_code == 302
    assert not thief(both_apps, stolen).is_signed_in()


def test_an_idle_session_dies_after_thirty_minutes(both: MakeBrowser, clock: Clock) -> None:
    one = both("owner_a")
    clock.now += timedelta(minutes=29)
    assert one.is_signed_in()
    clock.now += timedelta(minutes=29)
    assert one.is_signed_in()
    clock.now += timedelta(minutes=30)
    assert not one.is_signed_in()


def test_no_session_lives_longer_than_twelve_hours(both: MakeBrowser, clock: Clock) -> None:
    one = both("owner_a")
    for _ in range(35):
        clock.now += timedelta(minutes=20)
        assert one.is_signed_in()
    clock.now += timedelta(minutes=20)
    assert not one.is_signed_in()


def test_a_disabled_account_is_out_at_once(both: MakeBrowser, both_worlds: World) -> None:
    one = both("group")
    with both_worlds.database.begin() as connection:
        known = accounts.find_account(connection, email="GROUP@oryn.example")
        assert known is not None
        accounts.disable_account(connection, known.record.id)
    assert not one.is_signed_in()


def test_a_change_of_roles_ends_the_sessions(both: MakeBrowser, both_worlds: World, clock: Clock) -> None:
    one = both("group")
    with both_worlds.database.begin() as connection:
        add_person(connection, "group", ["owner"], clock.now)
    assert not one.is_signed_in()


def test_every_sign_in_makes_a_new_session_and_a_new_token(app: Flask, browser: MakeBrowser) -> None:
    one = browser("anonymous")
    before = one.token()
    planted = one.cookies()
    one.sign_in("owner_a")
    assert one.token("/") != before
    assert not thief(app, planted).is_signed_in()


def test_signing_in_again_ends_the_session_before(app: Flask, browser: MakeBrowser) -> None:
    one = browser("owner_a")
    first = one.cookies()
    one.sign_out()
    one.sign_in("owner_a")
    assert one.is_signed_in()
    assert not thief(app, first).is_signed_in()


def test_the_database_keeps_no_token_that_opens_a_session(browser: MakeBrowser, tmp_path: Path) -> None:
    one = browser("owner_a")
    with one.client.session_transaction() as session:
        token = session["sid"]
    files = [path for path in tmp_path.iterdir() if path.name.startswith("oryn.sqlite3")]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"owner_a@oryn.example" in kept
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


def test_a_token_in_a_header_or_address_opens_nothing(app: Flask, browser: MakeBrowser) -> None:
    with app.test_request_context():
        from flask_security import utils

        from webapp.signing_in import Accounts

        user = Accounts().find_user(email="headquarters@oryn.example")
        assert user is not None
        token = str(user.get_auth_token())
        assert utils.get_identity_attributes()
    one = browser("anonymous")
    assert one.get("/hq", headers={"Authentication-Token": token}).status_code == 302
    assert one.get(f"/hq?auth_token={token}").status_code == 302


def test_signing_in_never_gives_a_token_or_a_lasting_cookie(browser: MakeBrowser) -> None:
    one = browser("anonymous")
    form = {
        "csrf_token": one.token(),
        "email": "group@oryn.example",
        "password": PASSWORD,
        "remember": "y",
    }
    response = one.open("/sign-in?include_auth_token=1", "POST", data=form, headers={"Accept": "application/json"})
    assert response.status_code == 302
    assert "token" not in response.get_data(as_text=True).replace("csrf", "")
    assert set(one.cookies()) == {"oryn"}


@pytest.mark.parametrize("path", ["/register", "/reset", "/change", "/confirm", "/verify", "/login", "/logout"])
def test_what_is_not_wanted_is_not_there(browser: MakeBrowser, path: str) -> None:
    assert browser("anonymous").get(path).status_code == 404


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "http://localhost@evil.example/",
    ],
)
def test_nobody_is_sent_to_another_site(browser: MakeBrowser, place: str) -> None:
    response = browser("anonymous").try_sign_in("owner_a@oryn.example", PASSWORD, next=place)
    assert response.location is None or re.match(r"/(?![/\\\\])", response.location)


def test_one_is_sent_back_to_where_one_wanted_to_go(browser: MakeBrowser) -> None:
    response = browser("anonymous").try_sign_in("owner_a@oryn.example", PASSWORD, next="/my%3Flang=ru")
    assert response.location == "/my?lang=ru"


def test_one_is_sent_back_after_the_second_step_too(app: Flask, browser: MakeBrowser) -> None:
    one = browser("anonymous")
    step = one.try_sign_in("headquarters@oryn.example", PASSWORD, next="/hq%3Flang=ru")
    assert one.enter_code(next_code(app, "headquarters"), step.location).location == "/hq?lang=ru"


@pytest.mark.parametrize(
    ("person", "page"), [("owner_a", "/my"), ("carrier_a", "/carriers"), ("headquarters", "/hq"), ("group", "/")]
)
def test_everybody_lands_where_the_work_is(browser: MakeBrowser, person: str, page: str) -> None:
    assert browser("anonymous").sign_in(person).location == page


def test_an_address_elsewhere_is_left_out_of_the_form_so_that_the_next_try_succeeds(browser: MakeBrowser) -> None:
    asked = {"/my": "/sign-in?next=/my", "https://evil.example/": "/sign-in"}
    pages = {place: browser("anonymous").get(f"/sign-in?next={place}").text for place in asked}
    assert asked == {place: re.findall(r'action="([^"]*)"', page)[0] for place, page in pages.items()}
