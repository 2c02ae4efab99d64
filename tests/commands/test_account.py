"""`oryn account`: the first person comes in; a local administrator helps where nobody else can."""

from __future__ import annotations

import re

import pytest

from store import account_acts, accounts, audit, invitations, second_factor
from store.invitations import Invited
from tests.commands.conftest import Line
from tests.ingest.town import NOW

EMAIL = "first@oryn.example"
INVITE = ("account", "invite", EMAIL, "--name", "First Person", "--role", "headquarters")


def make_account(oryn: Line, email: str = EMAIL, role: str = "headquarters") -> int:
    oryn.done("account", "list")
    database = oryn.database()
    with database.begin() as connection:
        made = accounts.add_account(connection, email, "First Person", "x", [role], NOW)
        second_factor.enrol(connection, made, "sealed", None, NOW)
    database.close()
    return made


def test_an_invitation_prints_a_link_once_that_opens(oryn: Line) -> None:
    said = oryn.done(*INVITE, "--address", "https://oryn.example/")
    token = re.search(r"^https://oryn\.example/invitations/([\w-]{43})$", said.out, re.MULTILINE)
    assert token, said.out
    database = oryn.database()
    with database.read() as connection:
        found = invitations.find_open_invitation(connection, token.group(1), NOW)
        events = audit.events_of(connection)
    database.close()
    assert found is not None
    assert found.invited == Invited(EMAIL, "First Person", "headquarters")
    assert [(event.actor, event.action) for event in events] == [("command", "invited")]


def test_the_link_leads_to_where_the_service_listens(oryn: Line) -> None:
    assert "http://127.0.0.1:8000/invitations/" in oryn.done(*INVITE).out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", "--name", "N", "--role", "group"), "not an e-mail address"),
        ((EMAIL, "--name", " ", "--role", "group"), "the person's name"),
        ((EMAIL, "--name", "N", "--role", "carrier", "--carrier", "omega"), "No mobile operator is registered"),
        ((EMAIL, "--name", "N", "--role", "owner"), "at least one venue"),
        ((EMAIL, "--name", "N", "--role", "owner", "--venue", "v1"), "has no venue v1"),
    ],
)
def test_an_invitation_that_does_not_fit_is_refused(oryn: Line, arguments: tuple[str, ...], says: str) -> None:
    said = oryn("account", "invite", *arguments)
    assert said.code == 2
    assert says in said.err


def test_accounts_are_listed(oryn: Line) -> None:
    make_account(oryn)
    assert oryn.done("account", "list").lines == [f"{EMAIL}\theadquarters\tactive\tsecond-factor\tnever\tFirst Person"]


def test_an_account_is_disabled_and_enabled(oryn: Line) -> None:
    make_account(oryn)
    oryn.done("account", "disable", EMAIL)
    assert "\tdisabled\t" in oryn.done("account", "list").out
    oryn.done("account", "enable", EMAIL)
    assert "\tactive\t" in oryn.done("account", "list").out


def test_a_lost_second_factor_is_taken_away_and_logged(oryn: Line) -> None:
    made = make_account(oryn)
    oryn.done("account", "reset-second-factor", EMAIL.upper())
    assert "\tno-second-factor\t" in oryn.done("account", "list").out
    database = oryn.database()
    with database.read() as connection:
        event = audit.events_of(connection)[0]
    database.close()
    assert (event.actor, event.action, event.subject) == ("command", "second-factor-reset", f"account:{made}")


@pytest.mark.parametrize("act", ["disable", "enable", "reset-second-factor"])
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_nobody_of_that_address_is_said_in_every_language(oryn: Line, act: str, language: str) -> None:
    oryn.speak(language)
    said = oryn("account", act, "nobody@oryn.example")
    assert said.code == 2
    assert "nobody@oryn.example" in said.err
    assert "oryn account list" in said.err


def test_renewing_is_the_only_way_to_an_account_that_is_there(oryn: Line) -> None:
    """The command line may; headquarters may not (tests/webapp/test_invitations.py)."""
    make_account(oryn)
    said = oryn.done(*INVITE)
    token = re.findall(r"/invitations/([\w-]{43})", said.out)[0]
    database = oryn.database()
    with database.begin() as connection:
        found = invitations.find_open_invitation(connection, token, NOW)
        assert found is not None
        account_id = account_acts.accept_invitation(connection, found, "new hash", NOW)
        renewed = accounts.get_account(connection, account_id)
    database.close()
    assert (renewed.password_hash, renewed.has_second_factor) == ("new hash", True)
