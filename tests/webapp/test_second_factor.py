"""The second step: what the password alone opens, which codes are taken, how often one may guess, how it is set up."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from store import accounts, audit, second_factor
from store.database import Database
from tests.webapp.browser import CODE_PAGE, Browser
from tests.webapp.conftest import Clock, make_app
from tests.webapp.test_guessing import words
from tests.webapp.test_sessions import thief
from tests.webapp.world import NEWCOMER, PASSWORD, SECOND_FACTOR, World, next_code
from webapp.second_factor import CODE_GUESSES, code_of, counter_at

MakeBrowser = Callable[[str], Browser]
CARRIER, WRONG = "carrier_a", "000000"
ENROL, CONFIRM = "/account/second-factor", "/account/second-factor/confirm"
SPARE = "ABCDEFGHIJKLMNOP"


def half(app: Flask, name: str = CARRIER, address: str = "192.0.2.1") -> Browser:
    """Return a browser that gave the right password and no code yet."""
    one = Browser(app, address)
    assert one.try_sign_in(f"{name}@oryn.example", PASSWORD).location.startswith(CODE_PAGE)
    return one


def code_at(clock: Clock, steps: int = 0) -> str:
    return code_of(SECOND_FACTOR, counter_at(clock.now) + steps)


def give_recovery_code(database: Database, clock: Clock, name: str = CARRIER) -> int:
    with database.begin() as connection:
        known = accounts.find_account(connection, email=f"{name}@oryn.example")
        assert known is not None
        second_factor.set_recovery_codes(connection, known.record.id, [SPARE], clock.now)
    return known.record.id


def recover(browser: Browser, code: str) -> TestResponse:
    return browser.post(CODE_PAGE, {"csrf_token": browser.token(CODE_PAGE), "recovery_code": code})


def test_the_password_alone_opens_nothing(both_apps: Flask) -> None:
    one = half(both_apps)
    assert one.get("/carriers").location.startswith("/sign-in?next=")
    assert one.get("/account").status_code == 302
    assert not one.is_signed_in()
    assert '"layer":"public"' in one.get("/api/v1/map/manifest").get_data(as_text=True)


def test_with_the_code_the_work_opens(both_apps: Flask, clock: Clock) -> None:
    one = half(both_apps)
    assert one.enter_code(code_at(clock)).location == "/carriers"
    assert one.get("/carriers").status_code == 200


@pytest.mark.parametrize(("steps", "enters"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_clock_of_a_phone_may_differ_by_one_step(app: Flask, clock: Clock, steps: int, enters: bool) -> None:
    assert enters == (half(app).enter_code(code_at(clock, steps)).status_code == 302)


def test_a_code_may_be_typed_in_groups(app: Flask, clock: Clock) -> None:
    code = code_at(clock)
    assert half(app).enter_code(f" {code[:3]} {code[3:]} ").status_code == 302


@pytest.mark.parametrize(
    "typed", ["", " ", "12345", "1234567", "١٢٣٤٥٦", "１２３４５６", "-1", "x" * 5000, "\x00", "²²²²²²"]
)
def test_whatever_else_is_typed_is_refused(app: Flask, typed: str) -> None:
    assert half(app).enter_code(typed).status_code == 200


def test_a_code_works_once(both_apps: Flask, clock: Clock) -> None:
    code = code_at(clock)
    assert half(both_apps).enter_code(code).status_code == 302
    assert half(both_apps).enter_code(code).status_code == 200


def test_a_code_that_is_older_than_the_last_one_works_no_more(both_apps: Flask, clock: Clock) -> None:
    assert half(both_apps).enter_code(code_at(clock)).status_code == 302
    assert half(both_apps).enter_code(code_at(clock, -1)).status_code == 200
    assert half(both_apps).enter_code(code_at(clock, 1)).status_code == 302


def test_of_many_who_use_one_code_at_once_one_enters(both_worlds: World) -> None:
    with both_worlds.database.read() as connection:
        known = accounts.find_account(connection, email=f"{CARRIER}@oryn.example")
    assert known is not None

    def use(_number: int) -> bool:
        with both_worlds.database.begin() as connection:
            return second_factor.accept_counter(connection, known.record.id, 1_000)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(16))) == 1


def test_of_many_who_use_one_recovery_code_at_once_one_enters(both_worlds: World, clock: Clock) -> None:
    account_id = give_recovery_code(both_worlds.database, clock)

    def use(_number: int) -> bool:
        with both_worlds.database.begin() as connection:
            return second_factor.use_recovery_code(connection, account_id, SPARE, clock.now)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(16))) == 1


def test_after_five_wrong_codes_the_right_one_is_refused_too(both_apps: Flask, clock: Clock) -> None:
    one = half(both_apps)
    answers = {words(one.enter_code(WRONG)) for _ in range(5)}
    answers.add(words(one.enter_code(code_at(clock))))
    assert len(answers) == 1
    clock.now += timedelta(minutes=15)
    assert half(both_apps).enter_code(code_at(clock)).status_code == 302


def test_a_new_password_step_does_not_forget_wrong_codes(app: Flask, clock: Clock) -> None:
    for _ in range(5):
        assert half(app).enter_code(WRONG).status_code == 200
    assert half(app).enter_code(code_at(clock)).status_code == 200


def test_guesses_from_many_addresses_end_after_thirty_a_day(app: Flask, clock: Clock) -> None:
    for number in range(CODE_GUESSES.per_account):
        half(app, address=f"10.0.0.{number}").enter_code(WRONG)
    assert half(app, address="10.0.1.1").enter_code(code_at(clock)).status_code == 200
    clock.now += timedelta(days=1)
    assert half(app, address="10.0.1.1").enter_code(code_at(clock)).status_code == 302


def test_guesses_of_codes_are_remembered_for_the_day_whoever_signs_in_meanwhile(app: Flask, clock: Clock) -> None:
    for number in range(CODE_GUESSES.per_account):
        half(app, address=f"10.0.0.{number}").enter_code(WRONG)
    clock.now += timedelta(hours=5)
    assert Browser(app).try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 302
    assert half(app, address="10.0.1.1").enter_code(code_at(clock)).status_code == 200


def test_recovery_codes_count_as_guesses(app: Flask, world: World, clock: Clock) -> None:
    give_recovery_code(world.database, clock)
    one = half(app)
    for _ in range(5):
        assert recover(one, "AAAA-AAAA-AAAA-AAAA").status_code == 200
    assert recover(one, SPARE).status_code == 200
    assert one.enter_code(code_at(clock)).status_code == 200


def test_a_recovery_code_enters_once(both_apps: Flask, both_worlds: World, clock: Clock) -> None:
    give_recovery_code(both_worlds.database, clock)
    assert recover(half(both_apps), "abcd-efgh-ijkl-mnop").location == "/carriers"
    assert recover(half(both_apps), SPARE).status_code == 200


def test_a_wrong_code_is_said_once_and_shortly_where_it_is_typed(app: Flask) -> None:
    page = half(app).enter_code(WRONG).get_data(as_text=True)
    said = re.findall(r'id="code-error">([^<]+)<', page)
    assert said == ["Not right, or used before. Type the code that the app shows now."]
    assert page.count(said[0]) == 1
    assert "error-summary" not in page
    assert re.search(r'<input[^>]*id="code"[^>]*autofocus', page)


def test_a_wrong_recovery_code_is_said_at_its_own_field_which_stays_open(app: Flask) -> None:
    page = recover(half(app), SPARE).get_data(as_text=True)
    assert page.count("Not right, or used before. Compare it with your list.") == 1
    assert "Type the code that the app shows now" not in page
    assert 'id="recovery_code-error"' in page
    assert re.search(r'<details class="details" open>', page)
    assert '<details class="details" open>' not in half(app).enter_code(WRONG).get_data(as_text=True)


def test_a_recovery_code_of_somebody_else_is_none(app: Flask, world: World, clock: Clock) -> None:
    give_recovery_code(world.database, clock, "carrier_b")
    assert recover(half(app), SPARE).status_code == 200


def test_the_second_step_waits_five_minutes(both_apps: Flask, clock: Clock) -> None:
    one = half(both_apps)
    clock.now += timedelta(minutes=4, seconds=59)
    assert one.get(CODE_PAGE).status_code == 200
    clock.now += timedelta(seconds=1)
    assert one.get(CODE_PAGE).location == "/sign-in"


def test_without_a_password_there_is_no_second_step(app: Flask) -> None:
    one = Browser(app)
    assert one.get(CODE_PAGE + "?next=/carriers").location == "/sign-in?next=/carriers"
    assert one.post(CODE_PAGE, {"csrf_token": one.token(), "code": WRONG}).location == "/sign-in"


def test_a_stolen_half_session_is_worthless(both_apps: Flask, clock: Clock) -> None:
    victim = half(both_apps)
    stolen = victim.cookies()
    assert thief(both_apps, stolen).get("/carriers").status_code == 302
    assert victim.enter_code(code_at(clock)).status_code == 302
    late = thief(both_apps, stolen)
    assert late.get(CODE_PAGE).location == "/sign-in"
    assert not late.is_signed_in()


def test_the_second_step_makes_a_new_session_and_a_new_token(app: Flask, clock: Clock) -> None:
    one = half(app)
    before, planted = one.token(CODE_PAGE), one.cookies()
    one.enter_code(code_at(clock))
    assert one.token("/") != before
    assert not thief(app, planted).is_signed_in()


def test_who_is_disabled_between_the_steps_stays_outside(both_apps: Flask, both_worlds: World, clock: Clock) -> None:
    one = half(both_apps)
    with both_worlds.database.begin() as connection:
        known = accounts.find_account(connection, email=f"{CARRIER}@oryn.example")
        assert known is not None
        accounts.disable_account(connection, known.record.id)
    assert one.post(CODE_PAGE, {"csrf_token": one.token(), "code": code_at(clock)}).location == "/sign-in"
    assert not one.is_signed_in()


def test_the_database_keeps_no_secret_that_makes_codes(app: Flask, world: World, clock: Clock, tmp_path: Path) -> None:
    give_recovery_code(world.database, clock)
    half(app).enter_code(code_at(clock))
    with world.database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("oryn.sqlite3*"))
    assert b"carrier_a@oryn.example" in kept
    assert SECOND_FACTOR.encode() not in kept
    assert SPARE.encode() not in kept


def test_under_another_secret_of_the_installation_only_recovery_codes_enter(
    world: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    give_recovery_code(world.database, clock)
    rotated = make_app(world.database, clock, tmp_path, translations, secret_key="t" * 64)
    assert half(rotated).enter_code(code_at(clock)).status_code == 200
    assert recover(half(rotated), SPARE).location == "/carriers"


def test_every_entrance_stands_in_the_audit_log_without_an_address(
    browser: MakeBrowser, world: World, app: Flask, clock: Clock
) -> None:
    browser("owner_a")
    half(app).enter_code(code_at(clock))
    half(app).enter_code(WRONG)
    with world.database.read() as connection:
        rows = [event for event in audit.events_of(connection) if event.action == "signed-in"]
    assert [(event.actor.split(" ", 1)[1], event.details) for event in rows] == [
        ("Person carrier_a", '{"by":"password+code"}'),
        ("Person owner_a", '{"by":"password"}'),
    ]


# --- Setting it up ----------------------------------------------------------------------------------------------------


def secret_on(page: TestResponse) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.get_data(as_text=True))
    assert found
    return found.group(1).replace(" ", "")


def confirm(browser: Browser, code: str) -> TestResponse:
    return browser.post(CONFIRM, {"csrf_token": browser.token(ENROL), "code": code})


def test_who_lacks_a_demanded_second_factor_can_do_nothing_else(both_apps: Flask) -> None:
    one = Browser(both_apps)
    assert one.try_sign_in(f"{NEWCOMER}@oryn.example", PASSWORD).location == ENROL
    assert one.get("/hq").location == ENROL
    assert one.get("/account").location == ENROL
    assert '"layer":"public"' in one.get("/api/v1/map/manifest").get_data(as_text=True)
    assert not one.is_signed_in()


def test_setting_it_up_opens_the_work_and_shows_ten_codes_once(both_apps: Flask, clock: Clock) -> None:
    one = Browser(both_apps)
    one.try_sign_in(f"{NEWCOMER}@oryn.example", PASSWORD)
    before = one.cookies()
    secret = secret_on(one.get(ENROL))
    assert confirm(one, WRONG).status_code == 200
    assert one.get("/hq").location == ENROL
    shown = confirm(one, code_of(secret, counter_at(clock.now)))
    codes = re.findall(r'<code class="secret">([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>', shown.get_data(as_text=True))
    assert len(set(codes)) == 10
    assert shown.headers["Cache-Control"] == "no-store"
    assert one.get("/hq").status_code == 200
    assert thief(both_apps, before).get("/hq").status_code == 302
    assert codes[0] not in one.get(ENROL).get_data(as_text=True)
    clock.now += timedelta(minutes=1)
    again = half(both_apps, NEWCOMER)
    assert recover(again, codes[0]).location == "/hq"


def test_the_code_that_was_typed_back_does_not_sign_in_as_well(app: Flask, clock: Clock) -> None:
    one = Browser(app)
    one.try_sign_in(f"{NEWCOMER}@oryn.example", PASSWORD)
    code = code_of(secret_on(one.get(ENROL)), counter_at(clock.now))
    confirm(one, code)
    assert half(app, NEWCOMER).enter_code(code).status_code == 200


def test_an_offered_secret_lapses(app: Flask, clock: Clock) -> None:
    one = Browser(app)
    one.try_sign_in(f"{NEWCOMER}@oryn.example", PASSWORD)
    secret = secret_on(one.get(ENROL))
    clock.now += timedelta(minutes=29, seconds=59)
    assert secret_on(one.get(ENROL)) == secret
    clock.now += timedelta(seconds=1)
    assert 'class="secret"' not in one.get(ENROL).get_data(as_text=True)
    one.post(CONFIRM, {"csrf_token": one.token(ENROL), "code": code_of(secret, counter_at(clock.now))})
    assert one.get("/hq").location == ENROL
    assert one.post(ENROL, {"csrf_token": one.token(ENROL)}).location == ENROL
    assert secret_on(one.get(ENROL)) != secret


def test_an_owner_may_set_one_up_after_the_password(app: Flask, browser: MakeBrowser, clock: Clock) -> None:
    one, other = browser("owner_a"), browser("owner_a")
    refused = one.post(ENROL, {"csrf_token": one.token(ENROL), "password": "wrong"})
    assert 'aria-describedby="password-error' in refused.get_data(as_text=True)
    assert one.post(ENROL, {"csrf_token": one.token(ENROL), "password": PASSWORD}).location == ENROL
    secret = secret_on(one.get(ENROL))
    assert confirm(one, code_of(secret, counter_at(clock.now))).status_code == 200
    assert one.get("/my").status_code == 200
    assert not other.is_signed_in()
    clock.now += timedelta(minutes=1)
    assert half(app, "owner_a").enter_code(code_of(secret, counter_at(clock.now))).location == "/my"


def test_replacing_it_asks_for_password_and_code(app: Flask, browser: MakeBrowser, clock: Clock) -> None:
    one = browser(CARRIER)
    clock.now += timedelta(minutes=1)
    for form in ({"password": PASSWORD}, {"password": PASSWORD, "code": WRONG}, {"code": code_at(clock)}):
        assert one.post(ENROL, {"csrf_token": one.token(ENROL), **form}).status_code == 200
    form = {"password": PASSWORD, "code": next_code(app, CARRIER)}
    assert one.post(ENROL, {"csrf_token": one.token(ENROL), **form}).location == ENROL
    secret = secret_on(one.get(ENROL))
    assert confirm(one, code_of(secret, counter_at(clock.now))).status_code == 200
    clock.now += timedelta(minutes=1)
    assert half(app).enter_code(code_at(clock)).status_code == 200
    assert half(app).enter_code(code_of(secret, counter_at(clock.now))).status_code == 302


def test_a_code_is_not_used_up_by_a_wrong_password(app: Flask, browser: MakeBrowser, clock: Clock) -> None:
    one = browser(CARRIER)
    clock.now += timedelta(minutes=1)
    one.post(ENROL, {"csrf_token": one.token(ENROL), "password": "wrong", "code": code_at(clock)})
    assert half(app).enter_code(code_at(clock)).status_code == 302


def test_guessing_on_the_page_of_a_stolen_session_is_counted_like_signing_in(app: Flask, browser: MakeBrowser) -> None:
    one = browser("owner_a")
    for _ in range(5):
        one.post(ENROL, {"csrf_token": one.token(ENROL), "password": "wrong"})
    assert one.post(ENROL, {"csrf_token": one.token(ENROL), "password": PASSWORD}).status_code == 200
    assert Browser(app).try_sign_in("owner_a@oryn.example", PASSWORD).status_code == 200


def test_the_picture_is_an_image_that_the_content_policy_lets_in(app: Flask) -> None:
    one = Browser(app)
    one.try_sign_in(f"{NEWCOMER}@oryn.example", PASSWORD)
    response = one.get(ENROL)
    page = response.get_data(as_text=True)
    assert 'src="data:image/svg+xml' in page
    assert "img-src 'self' data:" in response.headers["Content-Security-Policy"]
    assert re.findall(r"<[^>]+ style=", page) == []


def test_what_is_logged_of_it_holds_no_secret(app: Flask, world: World, clock: Clock) -> None:
    one = Browser(app)
    one.try_sign_in(f"{NEWCOMER}@oryn.example", PASSWORD)
    secret = secret_on(one.get(ENROL))
    confirm(one, code_of(secret, counter_at(clock.now)))
    with world.database.read() as connection:
        rows = audit.events_of(connection)
        assert connection.execute(sa.select(second_factor.second_factor_offer)).all() == []
    assert {"second-factor-set", "recovery-codes-made", "signed-in"} == {event.action for event in rows}
    assert [event for event in rows if secret in event.details] == []
