"""Invitations: the only way to an account, good once and for a while; headquarters by two persons."""

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

from store import account_acts, accounts, approvals, audit, invitations
from store.account_acts import LOCAL_ADMINISTRATOR, account_actor
from store.errors import StoreError
from store.invitations import Invited
from tests.webapp.browser import CODE_PAGE, Browser
from tests.webapp.conftest import Clock
from tests.webapp.test_guessing import words
from tests.webapp.world import NEWCOMER, PASSWORD, PASSWORD_HASH, World, add_person, next_code

MakeBrowser = Callable[[str], Browser]
PEOPLE_PAGE, INVITE = "/hq/accounts", "/hq/accounts/invitations"
LINK = re.compile(r"http://localhost(/invitations/[\w-]{43})<")
NEW_PASSWORD = "seven grey herons at dusk"
LIFETIME = timedelta(hours=72)


def invite(hq: Browser, role: str = "group", email: str = "new@oryn.example", **more: str) -> TestResponse:
    form = {"csrf_token": hq.token(PEOPLE_PAGE), "email": email, "name": "New Person", "role": role, **more}
    return hq.post(INVITE, form)


def link_of(response: TestResponse) -> str:
    found = LINK.search(response.get_data(as_text=True))
    assert found, response.get_data(as_text=True)
    return found.group(1)


def accept(browser: Browser, link: str, password: str = NEW_PASSWORD, again: str | None = None) -> TestResponse:
    token = browser.token(link)
    form = {"csrf_token": token, "new_password": password, "again": password if again is None else again}
    return browser.post(link, form)


def add_second(world: World, clock: Clock, name: str = "hq_two") -> int:
    with world.database.begin() as connection:
        return add_person(connection, name, ["headquarters"], clock.now)


def id_of(world: World, name: str) -> int:
    with world.database.read() as connection:
        found = accounts.find_account(connection, email=f"{name}@oryn.example")
    assert found is not None
    return found.record.id


def request_id(world: World, clock: Clock) -> int:
    with world.database.read() as connection:
        return approvals.waiting(connection, clock.now - LIFETIME)[-1].id


def decide(browser: Browser, number: int, decision: str) -> TestResponse:
    return browser.post(f"/hq/requests/{number}", {"csrf_token": browser.token(PEOPLE_PAGE), "decision": decision})


@pytest.fixture
def both(both_apps: Flask) -> MakeBrowser:
    def make(name: str = "anonymous") -> Browser:
        one = Browser(both_apps)
        if name != "anonymous":
            one.sign_in(name)
        return one

    return make


def test_a_link_makes_an_account_and_signs_it_in(both: MakeBrowser, both_worlds: World) -> None:
    link, guest = link_of(invite(both("headquarters"))), both("anonymous")
    page = guest.get(link).get_data(as_text=True)
    assert "New Person" in page
    assert "new@oryn.example" in page
    assert accept(guest, link).location == "/"
    assert guest.is_signed_in()
    with both_worlds.database.read() as connection:
        made = accounts.find_account(connection, email="new@oryn.example")
    assert made is not None
    assert made.record.roles == ("group",)
    assert both("anonymous").try_sign_in("new@oryn.example", NEW_PASSWORD).location == "/"


def test_an_owner_gets_the_venues_and_an_operator_the_code(browser: MakeBrowser, world: World) -> None:
    hq = browser("headquarters")
    owner = invite(hq, "owner", "owner_c@oryn.example", venues=f"{world.venue_ids['A']}, {world.venue_ids['C']}")
    carrier = invite(hq, "carrier", "carrier_c@oryn.example", carrier="beta", venues="ignored")
    for response in (owner, carrier):
        accept(browser("anonymous"), link_of(response))
    with world.database.read() as connection:
        made = [accounts.find_account(connection, email=f"{name}@oryn.example") for name in ("owner_c", "carrier_c")]
    facts = [(one.record.roles, one.record.carrier_code, set(one.record.venue_ids)) for one in made if one]
    owned = {world.venue_ids["A"], world.venue_ids["C"]}
    assert [(("owner",), None, owned), (("carrier",), "beta", set())] == facts


def test_an_operator_goes_on_to_the_second_factor_and_nowhere_else(browser: MakeBrowser) -> None:
    link, guest = link_of(invite(browser("headquarters"), "carrier", carrier="alpha")), browser("anonymous")
    assert accept(guest, link).location == "/account/second-factor"
    assert 'class="secret"' in guest.get("/account/second-factor").get_data(as_text=True)
    assert guest.get("/carriers").location == "/account/second-factor"


@pytest.mark.parametrize(
    ("password", "again", "field"),
    [
        ("eleven-char", None, "new_password"),
        ("password1234", None, "new_password"),
        ("qwertyuiop12", None, "new_password"),
        ("aaaaaaaaaaaaaaaaaaaa", None, "new_password"),
        ("123456789012", None, "new_password"),
        ("new@oryn.example", None, "new_password"),
        ("New Person 1", None, "new_password"),
        ("гьёжщ" * 50, None, "new_password"),
        ("", None, "new_password"),
        (NEW_PASSWORD, "seven grey herons at dawn", "again"),
    ],
)
def test_a_password_that_is_not_taken_is_said_at_its_field(
    browser: MakeBrowser, world: World, password: str, again: str | None, field: str
) -> None:
    link, guest = link_of(invite(browser("headquarters"))), browser("anonymous")
    response = accept(guest, link, password, again)
    page = response.get_data(as_text=True)
    assert f'id="{field}-error"' in page
    assert re.search(rf'aria-describedby="{field}-error[^"]*"\s+aria-invalid="true"', page)
    assert not guest.is_signed_in()
    assert accept(guest, link).status_code == 302


@pytest.mark.parametrize("password", ["correct horse battery staple", "Ұйықтамайтын қала 7", "тихий йод и ёлка"])
def test_no_rule_asks_for_digits_or_signs_and_letters_of_every_kind_sign_in(
    app: Flask, browser: MakeBrowser, password: str
) -> None:
    accept(browser("anonymous"), link_of(invite(browser("headquarters"))), password)
    assert Browser(app).try_sign_in("new@oryn.example", password).status_code == 302


def test_what_opens_nothing_says_one_and_the_same(browser: MakeBrowser, clock: Clock) -> None:
    hq, guest = browser("headquarters"), browser("anonymous")
    replaced = link_of(invite(hq))
    used = link_of(invite(hq))
    accept(browser("anonymous"), used)
    waiting = link_of(invite(hq, "headquarters", "waiting@oryn.example"))
    revoked = link_of(invite(hq, email="other@oryn.example"))
    number = re.findall(r"/hq/invitations/(\d+)/revoke", hq.get(PEOPLE_PAGE).get_data(as_text=True))[0]
    assert hq.post(f"/hq/invitations/{number}/revoke", {"csrf_token": hq.token(PEOPLE_PAGE)}).status_code == 302
    expired = link_of(invite(hq, email="late@oryn.example"))
    assert guest.get(expired).status_code == 200
    clock.now += LIFETIME
    answers = {
        link: guest.get(link) for link in (replaced, used, waiting, revoked, expired, "/invitations/" + "x" * 43)
    }
    assert {link: response.status_code for link, response in answers.items()} == dict.fromkeys(answers, 404)
    assert len({re.sub(r"/invitations/[\w-]+", "", words(response)) for response in answers.values()}) == 1


def test_an_invitation_ends_while_its_form_is_open(browser: MakeBrowser) -> None:
    hq, guest = browser("headquarters"), browser("anonymous")
    link = link_of(invite(hq))
    token = guest.token(link)
    invite(hq)
    late = guest.post(link, {"csrf_token": token, "new_password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert late.status_code == 404
    assert not guest.is_signed_in()


def test_of_many_who_answer_one_invitation_at_once_one_gets_the_account(both_worlds: World, clock: Clock) -> None:
    invited = Invited("many@oryn.example", "Many", "group")
    with both_worlds.database.begin() as connection:
        _id, token = account_acts.invite(connection, LOCAL_ADMINISTRATOR, invited, clock.now, LIFETIME)
        found = invitations.find_open_invitation(connection, token, clock.now)
    assert found is not None

    def answer(_number: int) -> bool:
        try:
            with both_worlds.database.begin() as connection:
                account_acts.accept_invitation(connection, found, PASSWORD_HASH, clock.now)
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(answer, range(16))) == 1


def test_the_database_keeps_no_token_of_an_invitation(browser: MakeBrowser, tmp_path: Path) -> None:
    token = link_of(invite(browser("headquarters"))).rsplit("/", 1)[1]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("oryn.sqlite3*"))
    assert b"new@oryn.example" in kept
    assert token.encode() not in kept


def test_a_link_is_shown_once_and_never_kept_by_a_cache(browser: MakeBrowser) -> None:
    hq = browser("headquarters")
    link = link_of(invite(hq))
    assert link not in hq.get(PEOPLE_PAGE).get_data(as_text=True)
    assert browser("anonymous").get(link).headers["Cache-Control"] == "no-store"


def test_an_address_that_has_an_account_cannot_be_invited_by_headquarters(browser: MakeBrowser, world: World) -> None:
    """Else one person could take over the account of another."""
    page = invite(browser("headquarters"), "group", f"{NEWCOMER}@ORYN.example").get_data(as_text=True)
    assert "has an account already" in page
    assert 'id="invite-email-error"' in page
    assert LINK.search(page) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"role": "king"}, "role"),
        ({"role": "carrier", "carrier": "omega"}, "carrier"),
        ({"role": "owner"}, "venues"),
        ({"role": "owner", "venues": "nowhere"}, "venues"),
    ],
)
def test_an_invitation_that_does_not_fit_is_said_at_its_field(
    browser: MakeBrowser, changed: dict[str, str], field: str
) -> None:
    form = {"role": "group"} | changed
    page = invite(browser("headquarters"), form.pop("role"), form.pop("email", "new@oryn.example"), **form)
    text = page.get_data(as_text=True)
    assert f'id="invite-{field}-error"' in text
    assert f'href="#invite-{field}"' in text
    assert LINK.search(text) is None


def test_a_hostile_name_is_shown_as_it_is(browser: MakeBrowser) -> None:
    hq = browser("headquarters")
    link = link_of(invite(hq, name="<img src=x onerror=alert(1)>"))
    for page in (hq.get(PEOPLE_PAGE), browser("anonymous").get(link)):
        assert "<img src=x" not in page.get_data(as_text=True)
        assert "&lt;img src=x" in page.get_data(as_text=True)


# --- Two persons ------------------------------------------------------------------------------------------------------


def test_headquarters_is_invited_by_two_persons(both: MakeBrowser, both_worlds: World, clock: Clock) -> None:
    add_second(both_worlds, clock)
    first, second, guest = both("headquarters"), both("hq_two"), both("anonymous")
    link = link_of(invite(first, "headquarters"))
    assert guest.get(link).status_code == 404
    number = request_id(both_worlds, clock)
    assert 'value="approve"' not in first.get(PEOPLE_PAGE).get_data(as_text=True)
    assert decide(first, number, "approve").status_code == 302
    assert "needs two persons" in first.get(PEOPLE_PAGE).get_data(as_text=True)
    assert guest.get(link).status_code == 404
    assert 'value="approve"' in second.get(PEOPLE_PAGE).get_data(as_text=True)
    decide(second, number, "approve")
    assert accept(guest, link).location == "/account/second-factor"


def test_what_is_refused_or_taken_back_never_opens(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    first, second = browser("headquarters"), browser("hq_two")
    for decider in (first, second):
        link = link_of(invite(first, "headquarters"))
        number = request_id(world, clock)
        decide(decider, number, "decline")
        decide(second, number, "approve")
        assert browser("anonymous").get(link).status_code == 404


def test_a_request_lapses(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    link = link_of(invite(browser("headquarters"), "headquarters"))
    number = request_id(world, clock)
    clock.now += LIFETIME
    decide(browser("hq_two"), number, "approve")
    assert browser("anonymous").get(link).status_code == 404


def test_the_time_of_an_approved_link_runs_from_the_approval(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    link = link_of(invite(browser("headquarters"), "headquarters"))
    clock.now += LIFETIME - timedelta(hours=1)
    decide(browser("hq_two"), request_id(world, clock), "approve")
    clock.now += timedelta(hours=70)
    assert browser("anonymous").get(link).status_code == 200


def test_who_is_disabled_asked_for_nothing_and_invited_nobody(browser: MakeBrowser, world: World, clock: Clock) -> None:
    add_second(world, clock)
    second = browser("hq_two")
    group, asked = link_of(invite(second)), link_of(invite(second, "headquarters", "accomplice@oryn.example"))
    number = request_id(world, clock)
    first = browser("headquarters")
    form = {"csrf_token": first.token(PEOPLE_PAGE), "act": "disable"}
    assert first.post(f"/hq/accounts/{id_of(world, 'hq_two')}", form).status_code == 302
    decide(first, number, "approve")
    assert {browser("anonymous").get(link).status_code for link in (group, asked)} == {404}


def test_the_database_itself_refuses_the_same_person_twice(both_worlds: World, clock: Clock) -> None:
    hq = id_of(both_worlds, "headquarters")
    actor, invited = account_actor(hq, "HQ"), Invited("x@oryn.example", "X", "headquarters")
    with both_worlds.database.begin() as connection:
        number, _token = account_acts.invite(connection, actor, invited, clock.now, LIFETIME)
    values = {"decided_by": hq, "decided_at": clock.now, "decision": "approved"}
    for change in (
        sa.update(approvals.approval).values(values),
        sa.update(invitations.invitation).where(invitations.invitation.c.id == number).values(approved_by=hq),
    ):
        with pytest.raises(sa.exc.IntegrityError), both_worlds.database.begin() as connection:
            connection.execute(change)


def test_a_local_administrator_needs_nobody_else_and_the_log_says_so(both_worlds: World, clock: Clock) -> None:
    invited = Invited("first@oryn.example", "First", "headquarters")
    with both_worlds.database.begin() as connection:
        number, token = account_acts.invite(connection, LOCAL_ADMINISTRATOR, invited, clock.now, LIFETIME)
        assert invitations.find_open_invitation(connection, token, clock.now) is not None
        event = audit.events_of(connection, f"invitation:{number}")[0]
    assert (event.actor, event.action, event.details) == ("command", "invited", '{"role":"headquarters"}')


def test_a_local_administrator_renews_an_account_which_keeps_its_second_factor(
    app: Flask, browser: MakeBrowser, world: World, clock: Clock
) -> None:
    victim = browser("carrier_a")
    invited = Invited("carrier_a@oryn.example", "Person carrier_a", "carrier", "alpha")
    with world.database.begin() as connection:
        _id, token = account_acts.invite(connection, LOCAL_ADMINISTRATOR, invited, clock.now, LIFETIME)
    assert victim.is_signed_in()
    guest = browser("anonymous")
    assert accept(guest, f"/invitations/{token}").location == CODE_PAGE
    assert not victim.is_signed_in()
    assert guest.enter_code(next_code(app, "carrier_a")).location == "/carriers"
    assert browser("anonymous").try_sign_in("carrier_a@oryn.example", PASSWORD).status_code == 200


def test_every_step_stands_in_the_audit_log_without_an_address_of_mail(
    browser: MakeBrowser, world: World, clock: Clock
) -> None:
    add_second(world, clock)
    link = link_of(invite(browser("headquarters"), "headquarters"))
    decide(browser("hq_two"), request_id(world, clock), "approve")
    accept(browser("anonymous"), link)
    with world.database.read() as connection:
        rows = [event for event in audit.events_of(connection) if event.action != "signed-in"]
        assert audit.verify(connection).breaks == ()
    assert [event.action for event in rows] == ["invitation-accepted", "invitation-approved", "invited"]
    assert [event for event in rows if "@" in event.details + event.actor + event.subject] == []
    assert [event for event in rows if link.rsplit("/", 1)[1] in event.details] == []
