"""T11, small: the interface does what its own description says, for a stranger and for a group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.webapp.browser import Browser
from tests.webapp.world import World

MakeBrowser = Callable[[str], Browser]
EXAMPLES = 15
DOCUMENT = "/api/v1/openapi.json"
PLAIN = {"Accept-Encoding": "identity"}


def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get(DOCUMENT).get_json()
    return found


def test_every_route_of_the_interface_is_described(app: Flask) -> None:
    described = set(document(app)["paths"])
    real = {
        rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(("api.", "machine."))
    }
    assert real == described


def test_the_description_is_openapi_31_and_every_error_a_problem(app: Flask) -> None:
    found = document(app)
    assert found["openapi"] == "3.1.0"
    for path, operations in found["paths"].items():
        for operation in operations.values():
            assert operation["operationId"], path
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert set(response["content"]) == {"application/problem+json"}, (path, status)


@pytest.mark.parametrize("person", ["anonymous", "group"])
def test_the_interface_does_what_it_says(app: Flask, browser: MakeBrowser, world: World, person: str) -> None:
    cookies = browser(person).cookies()
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        cases = operation.ok().as_strategy()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=cases)
        def run(case: Any) -> None:
            response = case.call(cookies=cookies, headers=PLAIN)
            case.validate_response(response, checks=checks)

        run()


@pytest.mark.parametrize("person", ["anonymous", "group", "owner_a"])
def test_real_addresses_answer_as_described(app: Flask, browser: MakeBrowser, world: World, person: str) -> None:
    one = browser(person)
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    manifest = one.get("/api/v1/map/manifest").get_json()
    venue = world.venue_ids["A"]
    asked = {
        "/api/v1/map/manifest": {},
        "/api/v1/map/venues/{digest}": {"digest": manifest["venues"]["digest"]},
        "/api/v1/venues": {},
        "/api/v1/venues/{venue_id}": {"venue_id": venue},
        "/api/v1/venues/{venue_id}/status": {"venue_id": venue},
    }
    for path, parameters in asked.items():
        case = schema[path]["GET"].Case(path_parameters=parameters)
        case.validate_response(case.call(cookies=one.cookies(), headers=PLAIN), checks=[response_schema_conformance])


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(["/", "/api/v1/venues", "/api/v1/venues/x", "/sign-in", "/api/v1/map/window/public/"]),
    tail=st.text(max_size=20),
    query=st.dictionaries(
        st.sampled_from(["q", "near", "page", "sort", "at", "lang", "next", "x"]), st.text(max_size=30)
    ),
)
def test_no_address_whatever_breaks_the_application(app: Flask, path: str, tail: str, query: dict[str, str]) -> None:
    from urllib.parse import quote

    response = app.test_client().get(path.rstrip("/") + "/" + quote(tail) if tail else path, query_string=query)
    assert response.status_code < 500
