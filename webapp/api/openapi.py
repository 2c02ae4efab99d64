"""The interface's description, generated from the routes: OpenAPI 3.1 at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask

from webapp.api.models import Problem
from webapp.api.openapi_machines import describe_machines
from webapp.problems import CODES

PATH = "/api/v1/openapi.json"
VERSION = "1"
ABOUT = (
    "How crowded it is, as an interval that says how sure it is. Errors are RFC 9457 problems with a stable `code`. "
    "Without signing in: the coarse, hourly, late layer and words without numbers."
)
ERRORS_FROM = 400


def install(app: APIFlask) -> None:
    """Describe the interface, its errors as problem documents."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=ABOUT,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        VALIDATION_ERROR_STATUS_CODE=422,
    )
    app.spec_processor(_with_problems)


def _with_problems(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    if isinstance(spec, str):
        return spec  # YAML, which is not served
    spec.setdefault("components", {}).setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in spec["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                _describe(operation.get("responses", {}), content)
    describe_machines(spec)
    return spec


def _describe(responses: dict[str, Any], content: dict[str, Any]) -> None:
    for status, response in responses.items():
        if int(status) >= ERRORS_FROM:
            response["description"] = CODES.get(int(status), "error")
            response["content"] = content
        elif int(status) == 304:
            response["description"] = "what the reader already has is still true"
