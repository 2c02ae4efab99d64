"""The interface for machines does what its description says: as a carrier, as another one, as a stranger."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.webapp.machines import COUNTS, UPLOADS, Machine, key_of
from tests.webapp.test_contract import DOCUMENT, PLAIN, document
from tests.webapp.world import World
from webapp.access import TABLE
from webapp.bearer import MACHINES
from webapp.problems import STATUSES

EXAMPLES = int(os.environ.get("ORYN_CONTRACT_EXAMPLES", "12"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
Operation = tuple[str, str, dict[str, Any]]


def operations(found: dict[str, Any]) -> list[Operation]:
    """Return path, method and description of each operation for machines."""
    return [
        (path, method, operation)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
        if "security" in operation
    ]


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield status, kind, content


def test_the_document_is_valid_against_the_meta_schema(app: Flask) -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document(app))] == []


def test_every_route_of_machines_names_its_keys(app: Flask) -> None:
    found = document(app)
    wanted = {endpoint.partition(".")[2] for (endpoint, _method), roles in TABLE.items() if roles & MACHINES}
    assert {operation["operationId"] for _path, _method, operation in operations(found)} == wanted
    for _path, _method, operation in operations(found):
        named = {name for one in operation["security"] for name in one}
        assert named <= set(found["components"]["securitySchemes"])
        assert ("carrierToken" in named) == (operation["operationId"] != "make_token")


def test_every_answer_has_an_example_and_every_header_a_word(app: Flask) -> None:
    for path, method, operation in operations(document(app)):
        for status, kind, content in contents(operation):
            assert content.get("examples") or content.get("example"), (path, method, status, kind)
        for response in operation["responses"].values():
            assert all(one["description"] for one in response.get("headers", {}).values())
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "header":
                assert parameter["description"], (path, parameter["name"])
                assert parameter["example"], (path, parameter["name"])
        if method == "post" and "uploads" in path:
            assert set(operation["requestBody"]["content"]) >= {"text/csv", "application/vnd.apache.parquet"}


def test_every_example_is_what_its_schema_says(app: Flask) -> None:
    found = document(app)
    checked = 0
    for path, method, operation in operations(found):
        for status, kind, content in contents(operation):
            schema = content["schema"] | {"components": found["components"]}
            for name, example in content.get("examples", {}).items():
                valid = jsonschema_rs.validator_for(schema).iter_errors(example["value"])
                assert [one.message for one in valid] == [], (path, method, status, kind, name)
                checked += 1
    assert checked > 60


def test_every_example_of_a_problem_is_a_real_one(app: Flask) -> None:
    for path, method, operation in operations(document(app)):
        for status, kind, content in contents(operation):
            if kind != "application/problem+json":
                continue
            for code, example in content["examples"].items():
                body = example["value"]
                assert (body["status"], body["code"]) == (int(status), code), (path, method)
                assert STATUSES.get(code, int(status)) == int(status)
                assert code not in STATUSES or body["detail"]


@pytest.mark.parametrize("who", ["carrier", "other carrier", "stranger"])
def test_the_interface_for_machines_does_what_it_says(app: Flask, world: World, who: str) -> None:
    keys = {"carrier": "alpha", "other carrier": "beta"}
    key = key_of(world.database, keys[who]) if who in keys else None
    headers = PLAIN | ({"Authorization": f"Bearer {key}"} if key else {})
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    statuses: Counter[int] = Counter()
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        if "security" not in operation.ok().definition.raw:
            continue
        cases = operation.ok().as_strategy()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=cases)
        def run(case: Any) -> None:
            case.headers.pop("Authorization", None)
            response = case.call(headers=headers)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        run()
    assert not any(status >= 500 and status not in {503, 507} for status in statuses)
    if who == "stranger":
        assert set(statuses) <= {401, 429}


def test_real_exchanges_are_as_described(app: Flask, world: World) -> None:
    one = Machine(app, key_of(world.database, "alpha"))
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    headers = PLAIN | {"Authorization": f"Bearer {one.text}"}
    upload_id = one.send().get_json()["id"]
    refused = world.receipt_ids["alpha"]
    exchanges: list[tuple[str, str, dict[str, Any], int]] = [
        ("/api/v1/tokens", "POST", {}, 201),
        (UPLOADS, "POST", {"body": COUNTS, "media_type": "text/csv"}, 200),
        (UPLOADS, "POST", {"body": COUNTS + b"\n", "media_type": "text/csv"}, 202),
        (UPLOADS, "GET", {}, 200),
        (f"{UPLOADS}/dry-run", "POST", {"body": COUNTS, "media_type": "text/csv"}, 200),
        (UPLOADS + "/{upload_id}", "GET", {"path_parameters": {"upload_id": upload_id}}, 200),
        (UPLOADS + "/{upload_id}/faults.csv", "GET", {"path_parameters": {"upload_id": refused}}, 200),
        (UPLOADS + "/{upload_id}", "DELETE", {"path_parameters": {"upload_id": upload_id}}, 200),
        (UPLOADS + "/{upload_id}", "DELETE", {"path_parameters": {"upload_id": refused}}, 409),
    ]
    for path, method, parts, status in exchanges:
        case = schema[path][method].Case(**parts)
        response = case.call(headers=headers)
        assert response.status_code == status, (path, method, response.content)
        case.validate_response(response, checks=CHECKS)
