"""The demo's accounts: one of each role, with passwords that are new every time."""

from __future__ import annotations

from flask import Flask

from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import World
from webapp.demo_accounts import make_demo_accounts


def test_the_demo_accounts_open_their_pages(app: Flask, world: World, clock: Clock) -> None:
    made = make_demo_accounts(world.database, clock.now, [world.venue_ids["A"], world.venue_ids["B"]], "alpha")
    landings = {"group": "/", "owner": "/my", "carrier": "/carriers", "headquarters": "/hq"}
    for account in made:
        one = Browser(app)
        assert one.try_sign_in(account.email, account.password).location == landings[account.role]
        assert one.get(landings[account.role]).status_code == 200


def test_making_them_again_gives_new_passwords_and_ends_old_sessions(app: Flask, world: World, clock: Clock) -> None:
    first = make_demo_accounts(world.database, clock.now, [world.venue_ids["A"]], "alpha")
    one = Browser(app)
    one.try_sign_in(first[0].email, first[0].password)
    assert one.is_signed_in()
    second = make_demo_accounts(world.database, clock.now, [world.venue_ids["A"]], "alpha")
    assert {entry.password for entry in first} & {entry.password for entry in second} == set()
    assert not one.is_signed_in()
    assert one.try_sign_in(first[0].email, first[0].password).status_code == 200


def test_the_passwords_are_hashed_as_the_sign_in_page_expects() -> None:
    from webapp.demo_accounts import hash_password

    assert hash_password("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
