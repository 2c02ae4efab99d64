"""`oryn carrier key`: two keys at a time, shown once, each act in the log."""

from __future__ import annotations

import re

import pytest

from store import audit
from store.carrier_keys import find_bearer
from tests.commands.conftest import Line

KEY = re.compile(r"[0-9a-f]{12}\.[\w-]{43}")


def made(oryn: Line) -> str:
    text = oryn.done("carrier", "key", "make", "alpha").out.strip()
    assert KEY.fullmatch(text)
    return text


def opens(oryn: Line, text: str) -> bool:
    database = oryn.database()
    try:
        with database.read() as connection:
            return find_bearer(connection, text) is not None
    finally:
        database.close()


def acts(oryn: Line) -> list[tuple[str, str, str]]:
    database = oryn.database()
    try:
        with database.read() as connection:
            assert audit.verify(connection).breaks == ()
            events = audit.events_of(connection, "carrier:alpha")
            return [(one.action, one.actor, one.details) for one in reversed(events)]
    finally:
        database.close()


def test_a_new_operator_has_one_key_and_may_have_two(served: Line) -> None:
    second = made(served)
    refused = served("carrier", "key", "make", "alpha")
    assert (refused.code, refused.out) == (2, "")
    assert "2" in refused.err
    assert opens(served, second)


def test_a_revoked_key_makes_room_and_stays_in_the_list(served: Line) -> None:
    first = made(served)
    assert "open nothing" in served.done("carrier", "key", "revoke", "alpha", first.split(".")[0]).out
    second = made(served)
    assert (opens(served, first), opens(served, second)) == (False, True)
    rows = [line.split("\t") for line in served.done("carrier", "key", "list", "alpha").lines]
    assert [row[1] for row in rows] == ["living", "revoked", "living"]
    assert rows[1][0] == first.split(".")[0]
    assert [row[4:] for row in rows] == [["-", "command"]] * 3


def test_keys_made_and_revoked_stand_in_the_log_without_the_secret(served: Line) -> None:
    text = made(served)
    key_id, secret = text.split(".")
    served.done("carrier", "key", "revoke", "alpha", key_id)
    found = acts(served)
    assert [action for action, _actor, _details in found] == ["carrier-key-made"] * 2 + ["carrier-key-revoked"]
    assert {actor for _action, actor, _details in found} == {"command"}
    assert found[-1][2] == f'{{"key":"{key_id}"}}'
    assert secret not in repr(served.dump())


@pytest.mark.parametrize("arguments", [("make", "nobody"), ("list", "nobody"), ("revoke", "alpha", "nothing")])
def test_what_is_not_there_is_said_so(served: Line, arguments: tuple[str, ...]) -> None:
    refused = served("carrier", "key", *arguments)
    assert refused.code == 2
    assert arguments[-1] in refused.err


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_language_has_its_words(served: Line, language: str) -> None:
    served.speak(language)
    said = served.done("carrier", "key", "make", "alpha")
    assert "{" not in said.err
    assert served.done("carrier", "key", "list", "alpha").lines[0].split("\t")[1]
