"""T17, small: guessing is limited by account and address, and tells nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from werkzeug.test import TestResponse

from store import guesses
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import PASSWORD, World
from webapp.signing_in import GUESSES

MakeBrowser = Callable[[str], Browser]
OWNER = "owner_a@oryn.example"


def words(response: TestResponse) -> str:
    """Return a page's words without what differs by request: tokens, nonces, what was typed."""
    page = response.get_data(as_text=True)
    return re.sub(r'(nonce|value|name)="[^"]*"', "", page)


def test_after_five_wrong_guesses_the_right_password_is_refused_too(both_apps: Flask, clock: Clock) -> None:
    one = Browser(both_apps)
    for _ in range(5):
        assert one.try_sign_in(OWNER, "wrong").status_code == 200
    assert one.try_sign_in(OWNER, PASSWORD).status_code == 200
    clock.now += timedelta(minutes=15)
    assert one.try_sign_in(OWNER, PASSWORD).status_code == 302


def test_the_owner_still_enters_from_another_address(app: Flask) -> None:
    attacker = Browser(app, "198.51.100.1")
    for _ in range(8):
        attacker.try_sign_in(OWNER, "wrong")
    assert Browser(app, "203.0.113.5").try_sign_in(OWNER, PASSWORD).status_code == 302


def test_every_refusal_has_one_and_the_same_text(app: Flask) -> None:
    one = Browser(app)
    answers = {
        words(one.try_sign_in("nobody@oryn.example", PASSWORD)),
        words(one.try_sign_in(OWNER, "wrong")),
        words(one.try_sign_in("disabled@oryn.example", PASSWORD)),
        words(one.try_sign_in(OWNER, "")),
        words(one.try_sign_in(OWNER, "x" * 500)),
        *(words(one.try_sign_in(OWNER, "wrong")) for _ in range(5)),
        words(one.try_sign_in(OWNER, PASSWORD)),
    }
    assert len(answers) == 1


def test_success_forgets_the_wrong_guesses_of_that_address(app: Flask) -> None:
    one = Browser(app)
    for _ in range(3):
        for _ in range(4):
            one.try_sign_in(OWNER, "wrong")
        assert one.try_sign_in(OWNER, PASSWORD).status_code == 302
        one.sign_out()


def test_a_hundred_guesses_an_hour_close_an_account_but_for_known_addresses(both_worlds: World, clock: Clock) -> None:
    at, database = clock.now, both_worlds.database
    with database.begin() as connection:
        known = guesses.begin_attempt(connection, OWNER, "203.0.113.5", at, GUESSES)
        assert known is not None
        guesses.pass_attempt(connection, known)
        heard = [guesses.begin_attempt(connection, OWNER, f"10.0.0.{n}", at, GUESSES) for n in range(120)]
    assert sum(attempt is not None for attempt in heard) == 100
    with database.begin() as connection:
        assert guesses.begin_attempt(connection, OWNER, "10.1.1.1", at, GUESSES) is None
        assert guesses.begin_attempt(connection, OWNER, "203.0.113.5", at, GUESSES) is not None
        later = at + timedelta(hours=1)
        assert guesses.begin_attempt(connection, OWNER, "10.1.1.1", later, GUESSES) is not None


def test_guesses_at_once_are_counted_one_after_the_other(both_worlds: World, clock: Clock) -> None:
    def guess(_number: int) -> bool:
        with both_worlds.database.begin() as connection:
            return guesses.begin_attempt(connection, OWNER, "10.0.0.1", clock.now, GUESSES) is not None

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(guess, range(24)))
    assert sum(heard) == 5


def test_an_unknown_name_is_counted_like_a_known_one(app: Flask, world: World, clock: Clock) -> None:
    one = Browser(app)
    for _ in range(5):
        one.try_sign_in("nobody@oryn.example", "wrong")
    with world.database.begin() as connection:
        assert guesses.begin_attempt(connection, "Nobody@oryn.example ", "192.0.2.1", clock.now, GUESSES) is None
