"""The demo's accounts: one of each role, new passwords every time, and codes that only they are shown."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

from flask import Flask

from store import accounts, second_factor
from tests.webapp.browser import CODE_PAGE, Browser
from tests.webapp.conftest import Clock, make_app
from tests.webapp.world import PASSWORD, SECRET_KEY, World
from webapp.demo_accounts import NAMES, DemoAccount, make_demo_accounts
from webapp.roles import ROLES
from webapp.second_factor import Seal, code_of, counter_at, new_secret

LANDINGS = {"group": "/", "owner": "/my", "carrier": "/carriers", "headquarters": "/hq"}


def make(world: World, clock: Clock, home: Path) -> list[DemoAccount]:
    return make_demo_accounts(
        world.database, clock.now, [world.venue_ids["A"], world.venue_ids["B"]], "alpha", Seal(SECRET_KEY), home
    )


def shown_code(browser: Browser) -> str | None:
    """Return the code that the second step shows to this browser."""
    found = re.search(r"the code is now (\d{6})", browser.get(CODE_PAGE).get_data(as_text=True))
    return found.group(1) if found else None


def named(role: str, made: list[DemoAccount]) -> DemoAccount:
    return next(account for account in made if account.role == role)


def test_the_demo_accounts_open_their_pages(app: Flask, world: World, clock: Clock, tmp_path: Path) -> None:
    for account in make(world, clock, tmp_path):
        one = Browser(app)
        response = one.try_sign_in(account.email, account.password)
        if account.secret is not None:
            code = shown_code(one)
            assert code == code_of(account.secret, counter_at(clock.now))
            response = one.enter_code(code)
        assert response.location == LANDINGS[account.role]
        assert one.get(LANDINGS[account.role]).status_code == 200


def test_mobile_operator_and_headquarters_have_a_second_factor(world: World, clock: Clock, tmp_path: Path) -> None:
    made = make(world, clock, tmp_path)
    assert {"carrier", "headquarters"} == {account.role for account in made if account.secret}


def test_who_signs_in_again_at_once_is_shown_a_code_that_works(
    app: Flask, world: World, clock: Clock, tmp_path: Path
) -> None:
    account = named("carrier", make(world, clock, tmp_path))
    for _ in range(2):
        one = Browser(app)
        one.try_sign_in(account.email, account.password)
        code = shown_code(one)
        assert code
        assert one.enter_code(code).location == "/carriers"


def test_nobody_else_is_shown_a_code(app: Flask, world: World, clock: Clock, tmp_path: Path) -> None:
    make(world, clock, tmp_path)
    one = Browser(app)
    one.try_sign_in("headquarters@oryn.example", PASSWORD)
    assert one.get(CODE_PAGE).status_code == 200
    assert shown_code(one) is None


def test_without_the_record_in_the_data_folder_no_code_is_shown(
    app: Flask, world: World, clock: Clock, tmp_path: Path
) -> None:
    account = named("headquarters", make(world, clock, tmp_path))
    shutil.rmtree(tmp_path / "demo")
    one = Browser(app)
    one.try_sign_in(account.email, account.password)
    assert shown_code(one) is None


def test_a_record_copied_from_a_demo_shows_nothing_for_an_account_of_the_same_number(
    world: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    """As on a production installation whose data folder got the file of a demo."""
    account = named("headquarters", make(world, clock, tmp_path))
    with world.database.begin() as connection:
        known = accounts.find_account(connection, email=account.email)
        assert known is not None
        second_factor.enrol(connection, known.record.id, Seal(SECRET_KEY).close(new_secret()), None, clock.now)
    one = Browser(make_app(world.database, clock, tmp_path, translations))
    one.try_sign_in(account.email, account.password)
    assert one.get(CODE_PAGE).status_code == 200
    assert shown_code(one) is None


def test_the_record_holds_no_secret(world: World, clock: Clock, tmp_path: Path) -> None:
    made = make(world, clock, tmp_path)
    record = (tmp_path / "demo" / "accounts.json").read_text()
    assert [account for account in made if account.secret and account.secret in record] == []
    assert [account for account in made if account.password in record] == []


def test_making_them_again_gives_new_passwords_and_ends_old_sessions(
    app: Flask, world: World, clock: Clock, tmp_path: Path
) -> None:
    first = make(world, clock, tmp_path)
    one = Browser(app)
    one.try_sign_in(first[0].email, first[0].password)
    assert one.is_signed_in()
    clock.now += timedelta(minutes=1)
    second = make(world, clock, tmp_path)
    assert {entry.password for entry in first} & {entry.password for entry in second} == set()
    assert not one.is_signed_in()
    assert one.try_sign_in(first[0].email, first[0].password).status_code == 200


def test_the_passwords_are_hashed_as_the_sign_in_page_expects() -> None:
    from webapp.passwords import hash_password

    assert hash_password("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_accounts_have_names_of_persons_which_no_language_has_to_translate() -> None:
    assert set(NAMES) == set(ROLES)
    assert len(set(NAMES.values())) == len(NAMES)
    for name in NAMES.values():
        assert len(name.split()) == 2
        assert not {"owner", "operator", "headquarters", "group"} & set(name.lower().split())
