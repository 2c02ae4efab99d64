"""Keys and tokens of operators' machines: what opens what, how they end, and how little a wrong one learns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from store import carrier_keys, carriers
from store.carrier_keys import revoke_key
from store.database import Database
from store.jobs import database_now
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock, make_app
from tests.webapp.machines import UPLOADS, Machine, end_keys, end_tokens, key_of
from tests.webapp.world import World
from webapp.access import METRICS, PUBLIC, TABLE
from webapp.bearer import MACHINES
from webapp.wrong_keys import MOST_WRONG, WINDOW_SECONDS, WrongKeys

MakeBrowser = Callable[[str], Browser]
TOKENS = "/api/v1/tokens"
INVALID = 'Bearer realm="oryn", error="invalid_token"'
CREDENTIALS = ("key of alpha", "token of alpha", "key of beta", "token of beta")
DEAD = ("ended key", "revoked key", "ended token", "token of a revoked key", "mistyped key", "no key", "nonsense")


def machine_routes(app: Flask) -> list[tuple[Rule, str]]:
    pairs = [(rule, method) for rule in app.url_map.iter_rules() for method in sorted(rule.methods or ())]
    return [
        (rule, method)
        for rule, method in pairs
        if TABLE.get((rule.endpoint, "GET" if method == "HEAD" else method), PUBLIC) & MACHINES
    ]


def path_of(rule: Rule, upload_id: int) -> str:
    built = rule.build(dict.fromkeys(rule.arguments, upload_id))
    assert built is not None
    return built[1]


def token_of(app: Flask, key: str) -> str:
    made = Machine(app, key).open(TOKENS, "POST")
    assert made.status_code == 201
    return str(made.get_json()["access_token"])


def revoke(database: Database, code: str, key: str) -> None:
    with database.begin() as connection:
        assert revoke_key(connection, carriers.get_carrier(connection, code).id, key.split(".", maxsplit=1)[0])


def text_of(kind: str, app: Flask, database: Database) -> str:
    """Return a bearer text of each kind."""
    what, _of, code = kind.partition(" of ")
    if code in {"alpha", "beta"}:
        key = key_of(database, code)
        return key if what == "key" else token_of(app, key)
    key = key_of(database, "alpha")
    token = token_of(app, key)
    if kind == "ended key":
        end_keys(database, key)
    elif kind in {"revoked key", "token of a revoked key"}:
        revoke(database, "alpha", key)
    elif kind == "ended token":
        end_tokens(database)
    texts = {"ended token": token, "token of a revoked key": token, "mistyped key": key + "x", "nonsense": "\xff" * 9}
    return texts.get(kind, "" if kind == "no key" else key)


def expected(kind: str, endpoint: str) -> set[int]:
    """Return how the routes about an upload of alpha answer this credential."""
    if endpoint == "machine.make_token":
        return {201} if kind.startswith("key") else {403}
    own = kind.endswith("alpha")
    return {
        "machine.send_upload": {400},  # an empty body: past the guard
        "machine.dry_run": {400},
        "machine.list_uploads": {200},
        "machine.get_upload": {200} if own else {404},
        "machine.upload_faults": {200} if own else {404},
        "machine.withdraw_upload": {409} if own else {404},  # the world's upload was refused: nothing of it counts
    }[endpoint]


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_the_table_is_what_every_machine_meets(both_apps: Flask, both_worlds: World, kind: str) -> None:
    one = Machine(both_apps, text_of(kind, both_apps, both_worlds.database))
    routes = machine_routes(both_apps)
    assert len(routes) >= 7
    for rule, method in routes:
        status = one.open(path_of(rule, both_worlds.receipt_ids["alpha"]), method).status_code
        assert status in expected(kind, rule.endpoint), (rule.endpoint, method, status)


@pytest.mark.parametrize("kind", DEAD)
def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(both_apps: Flask, both_worlds: World, kind: str) -> None:
    one = Machine(both_apps, text_of(kind, both_apps, both_worlds.database))
    for rule, method in machine_routes(both_apps):
        response = one.open(path_of(rule, both_worlds.receipt_ids["alpha"]), method, data=b"\xff{", headers={})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == (INVALID if kind != "no key" else 'Bearer realm="oryn"')
        if method != "HEAD":
            assert response.get_json()["code"] == ("invalid-token" if kind != "no key" else "key-missing")


def test_wrong_keys_of_each_kind_get_the_very_same_bytes(app: Flask, world: World) -> None:
    kinds = [kind for kind in DEAD if kind != "no key"]
    bodies = {Machine(app, text_of(kind, app, world.database)).open(UPLOADS).data for kind in kinds}
    assert len(bodies) == 1


@pytest.mark.parametrize("person", ["anonymous", "carrier_a", "headquarters"])
def test_a_cookie_alone_opens_no_route_of_machines(app: Flask, world: World, browser: MakeBrowser, person: str) -> None:
    one = browser(person)
    token = one.token("/") if person != "anonymous" else one.token()
    for rule, method in machine_routes(app):
        path = path_of(rule, world.receipt_ids["alpha"])
        assert one.open(path, method, headers={"X-CSRFToken": token}).status_code == 401, (rule.endpoint, method)


def test_exactly_the_routes_of_machines_want_no_token_against_forgery(app: Flask) -> None:
    csrf = app.extensions["csrf"]
    exempt = {blueprint.name for blueprint in csrf._exempt_blueprints}
    assert exempt == {"machine"}
    of_machines = {rule.endpoint for rule, _method in machine_routes(app)}
    assert of_machines == {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("machine.")}


def test_the_guard_stands_before_the_body_is_looked_at(app: Flask, world: World) -> None:
    stranger = Machine(app, None)
    broken = stranger.send(b"\xff\xfe", content_digest="nonsense", content_type="image/png")
    assert (broken.status_code, broken.get_json()["code"]) == (401, "key-missing")
    assert stranger.open(f"{UPLOADS}?limit=nonsense").status_code == 401


@pytest.mark.parametrize("text", [None, "wrong.key", "key"])
def test_an_unknown_address_is_not_found_for_everybody(app: Flask, world: World, text: str | None) -> None:
    one = Machine(app, key_of(world.database, "alpha") if text == "key" else text)
    for path in ("/api/v1/uploads/x", "/api/v1/nothing", "/api/v1/uploads/1/faults", "/api/v1/tokens/1"):
        assert one.open(path, "POST", data=b"x").status_code == 404, path


def test_another_operators_delivery_is_byte_for_byte_one_that_never_was(app: Flask, world: World) -> None:
    foreign, never = world.receipt_ids["beta"], 4711
    one = Machine(app, key_of(world.database, "alpha"))
    for path, method in (("", "GET"), ("/faults.csv", "GET"), ("", "DELETE")):
        theirs, none = (one.open(f"{UPLOADS}/{upload_id}{path}", method) for upload_id in (foreign, never))
        assert (theirs.status_code, theirs.data) == (none.status_code, none.data) == (404, none.data)
        assert set(theirs.headers.keys()) == set(none.headers.keys())
    assert Machine(app, key_of(world.database, "beta")).open(f"{UPLOADS}/{foreign}").status_code == 200


def test_a_key_opens_uploads_only_through_tokens_where_that_is_set(
    world: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    app = make_app(world.database, clock, tmp_path, translations, tokens_only=True)
    key = key_of(world.database, "alpha")
    refused = Machine(app, key).open(UPLOADS)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "token-needed")
    assert Machine(app, token_of(app, key)).open(UPLOADS).status_code == 200


def test_a_token_lives_as_long_as_the_policy_says_by_the_clock_of_the_database(app: Flask, world: World) -> None:
    made = Machine(app, key_of(world.database, "alpha")).open(TOKENS, "POST").get_json()
    assert (made["token_type"], made["expires_in"]) == ("Bearer", 15 * 60)
    with world.database.read() as connection:
        left = database_now(connection) + timedelta(minutes=15)
    assert abs(left.timestamp() - _stamp(made["expires_at"])) < 60
    assert made["access_token"].startswith("t_")


def test_a_token_is_never_kept_as_it_is(app: Flask, world: World) -> None:
    token = token_of(app, key_of(world.database, "alpha"))
    with world.database.read() as connection:
        rows = repr(connection.execute(carrier_keys.carrier_token.select()).all())
    assert token not in rows


def test_when_a_key_was_last_used_is_known_and_written_once_a_minute(
    app: Flask, world: World, at_most: Callable[[int], Any]
) -> None:
    key = key_of(world.database, "alpha")
    one = Machine(app, key)
    assert one.open(UPLOADS).status_code == 200
    with world.database.read() as connection:
        used = carrier_keys.all_keys(connection, 1)[-1].last_used_at
    assert used is not None
    with at_most(8) as sent:
        one.open(UPLOADS)
    assert not any("UPDATE" in statement for statement in sent)


# --- a flood of guesses -----------------------------------------------------------------------------------------------


def test_a_flood_of_wrong_keys_is_not_looked_up_and_locks_out_no_right_one(
    app: Flask, world: World, at_most: Callable[[int], Any]
) -> None:
    good, late = key_of(world.database, "alpha"), key_of(world.database, "beta")
    assert Machine(app, good).open(UPLOADS).status_code == 200
    answers = [Machine(app, f"guess{number}.x").open(UPLOADS) for number in range(MOST_WRONG + 5)]
    assert [one.status_code for one in answers] == [401] * MOST_WRONG + [429] * 5
    assert 0 < int(answers[-1].headers["Retry-After"]) <= WINDOW_SECONDS
    with at_most(0):
        assert Machine(app, "another.guess").open(UPLOADS).status_code == 429
    assert Machine(app, good).open(UPLOADS).status_code == 200
    assert Machine(app, late, address="192.0.2.77").open(UPLOADS).status_code == 200
    assert Browser(app, "192.0.2.9").get("/").status_code == 200


def test_a_minute_later_the_address_is_heard_again() -> None:
    now = [0.0]
    counter = WrongKeys(lambda: now[0])
    for _ in range(MOST_WRONG):
        assert counter.wait_seconds("a", "x") == 0
        counter.note_wrong("a")
    assert counter.wait_seconds("a", "x") > 0
    assert counter.wait_seconds("b", "x") == 0
    now[0] = WINDOW_SECONDS
    assert counter.wait_seconds("a", "x") == 0
    assert counter.note_wrong("a") == 1


def test_the_counter_does_not_grow_with_the_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.wrong_keys.ADDRESSES_KEPT", 10)
    monkeypatch.setattr("webapp.wrong_keys.KEYS_KEPT", 10)
    counter = WrongKeys()
    for number in range(100):
        counter.note_wrong(str(number))
        counter.note_right(str(number))
    assert (len(counter._wrong), len(counter._right)) == (10, 10)


# --- the numbers of the service ---------------------------------------------------------------------------------------


def test_the_numbers_are_for_the_collector_and_headquarters(
    world: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    app = make_app(world.database, clock, tmp_path, translations, metrics_token="collector")
    assert TABLE["metrics.metrics", "GET"] == METRICS
    answers = {text: Machine(app, text).open("/metrics").status_code for text in (None, "wrong", "collector")}
    assert answers == {None: 404, "wrong": 404, "collector": 200}
    assert Machine(app, key_of(world.database, "alpha")).open("/metrics").status_code == 404
    assert Machine(app, "collector").open(UPLOADS).status_code == 401


def test_without_a_token_set_nobody_but_headquarters_reads_the_numbers(app: Flask, browser: MakeBrowser) -> None:
    assert Machine(app, "").open("/metrics").status_code == 404
    assert browser("carrier_a").get("/metrics").status_code == 404
    assert browser("headquarters").get("/metrics").status_code == 200


def _stamp(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
