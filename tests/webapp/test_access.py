"""Who may use what: every route, every method, every kind of person, enumerated from the application."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.webapp.browser import Browser
from tests.webapp.world import NEWCOMER, PEOPLE, World
from webapp.access import ENROLLING, METRICS, PUBLIC, TABLE

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EVERYBODY = ("anonymous", *PEOPLE)
MakeBrowser = Callable[[str], Browser]


def routes(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule in app.url_map.iter_rules() for method in sorted(rule.methods or ())]


def path_of(rule: Rule, world: World) -> str:
    """Return an address that exists, belonging to owner A and carrier A where it belongs to anybody."""
    values = {
        "filename": "nothing.css",
        "venue_id": world.venue_ids["A"],
        "receipt_id": world.receipt_ids["alpha"],
        "upload_id": world.receipt_ids["alpha"],
        "digest": "0" * 64,
        "resolution": 8,
        "index": 0,
        "layer": "public",
        "end": "20261120T140000Z",
        "token": "x" * 43,
        "key_id": "0" * 12,
        "job_id": 1,
        "invitation_id": 1,
        "approval_id": 1,
        "account_id": 1,
        "count_id": 1,
    }
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return built[1]


def row(rule: Rule, method: str) -> frozenset[str] | None:
    return TABLE.get((rule.endpoint, "GET" if method == "HEAD" else method))


def may(person: str, allowed: frozenset[str]) -> bool:
    if person in {"anonymous", "disabled"}:
        return allowed == PUBLIC
    if person == NEWCOMER:
        return allowed == PUBLIC or bool(ENROLLING & allowed)
    if allowed == METRICS:
        return person == "headquarters"
    return allowed == PUBLIC or bool(set(PEOPLE[person][0]) & allowed)


def test_every_route_and_method_has_a_row(app: Flask) -> None:
    missing = [(rule.endpoint, method) for rule, method in routes(app) if row(rule, method) is None]
    assert missing == []


def test_every_row_has_a_route(app: Flask) -> None:
    real = {(rule.endpoint, method) for rule, method in routes(app)}
    assert set(TABLE) - real == set()


def test_a_route_without_a_row_is_not_there(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    response = app.test_client().get("/forgotten")
    assert response.status_code == 404
    assert b"secret" not in response.data


@pytest.mark.parametrize("person", EVERYBODY)
def test_the_table_is_what_every_person_meets(app: Flask, world: World, browser: MakeBrowser, person: str) -> None:
    one = browser(person)
    wrong = []
    for rule, method in routes(app):
        if rule.endpoint == "security.logout":
            continue  # tested by itself: it would end the session that this test needs
        status = one.open(path_of(rule, world), method).status_code
        allowed = row(rule, method)
        assert allowed is not None
        refused = (
            status in {401, 403}
            or (status == 404 and allowed == METRICS)
            or (status == 302 and rule.endpoint not in {"security.login", "security.code"})
        )
        failed = status >= 500 and rule.endpoint != "health.ready"
        if failed or may(person, allowed) == refused:
            wrong.append((rule.endpoint, method, status))
    expected = [("pages.receipt", "GET", 404), ("pages.receipt", "HEAD", 404)] if person == "carrier_b" else []
    assert [entry for entry in wrong if entry not in expected] == []


@pytest.mark.parametrize("person", EVERYBODY)
def test_a_method_that_no_row_names_does_nothing(app: Flask, world: World, browser: MakeBrowser, person: str) -> None:
    one = browser(person)
    for rule in app.url_map.iter_rules():
        for method in set(METHODS) - set(rule.methods or ()):
            response = one.open(path_of(rule, world), method)
            assert response.status_code in {401, 404, 405}, (rule.endpoint, method, response.status_code)


def test_a_stranger_is_sent_to_sign_in_and_back(browser: MakeBrowser) -> None:
    response = browser("anonymous").get("/my?lang=ru")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/my?lang%3Dru"


def test_a_foreign_receipt_is_not_there(browser: MakeBrowser, world: World) -> None:
    path = f"/carriers/receipts/{world.receipt_ids['alpha']}"
    assert browser("carrier_a").get(path).status_code == 200
    assert browser("carrier_b").get(path).status_code == 404
    assert browser("headquarters").get(path).status_code == 200


def test_a_carrier_sees_its_own_receipts_only(browser: MakeBrowser) -> None:
    page = browser("carrier_a").get("/carriers").get_data(as_text=True)
    assert "alpha-counts.csv" in page
    assert "beta" not in page


def test_an_owner_sees_the_own_venues_only(browser: MakeBrowser, world: World) -> None:
    page = browser("owner_a").get("/my").get_data(as_text=True)
    assert world.venue_ids["A"] in page
    assert world.venue_ids["B"] not in page


@pytest.mark.parametrize(
    ("person", "venue", "numbers"),
    [
        ("anonymous", "A", False),
        ("carrier_a", "A", False),
        ("owner_a", "A", True),
        ("owner_a", "B", False),
        ("owner_b", "A", False),
        ("group", "A", True),
        ("headquarters", "B", True),
        ("disabled", "A", False),
    ],
)
def test_numbers_are_for_owner_groups_and_headquarters(
    browser: MakeBrowser, world: World, person: str, venue: str, numbers: bool
) -> None:
    one, venue_id = browser(person), world.venue_ids[venue]
    card = one.get(f"/api/v1/venues/{venue_id}").get_json()["crowding"]
    assert numbers == (card["limit"] is not None) == (card["low"] is not None) == (card["high"] is not None)
    page = one.get(f"/venues/{venue_id}").get_data(as_text=True).replace(",", "")
    assert numbers == ("13790" in page) == ("5303" in page)


def test_authorisation_comes_before_validation(browser: MakeBrowser) -> None:
    broken = browser("anonymous").open("/sign-out", "POST", data=b"\xff\xfe{", content_type="application/json")
    assert broken.status_code == 401


@pytest.mark.parametrize("person", ["anonymous", "group", "owner_a"])
def test_unsafe_requests_without_a_token_are_refused(
    app: Flask, world: World, browser: MakeBrowser, person: str
) -> None:
    one = browser(person)
    for rule, method in routes(app):
        if method not in {"GET", "HEAD"}:
            for form in ({}, {"csrf_token": "forged"}):
                response = one.open(path_of(rule, world), method, data=form)
                assert response.status_code in {400, 401, 403}, (rule.endpoint, method, response.status_code)
    assert one.is_signed_in() == (person != "anonymous")


def test_the_token_of_another_session_is_refused(browser: MakeBrowser) -> None:
    foreign = browser("owner_b").token("/")
    mine = browser("owner_a")
    assert mine.post("/sign-out", {"csrf_token": foreign}).status_code == 400
    assert mine.is_signed_in()
