"""What operators' machines may ask and what comes back, described with examples: a part of the OpenAPI document.

Promises: every operation names its key, its headers, each answer with an example, and each problem with its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import force_locale
from pydantic import BaseModel

from ingest.faults import sentence
from store.uploads import LARGEST_ID
from webapp.api import openapi_examples as examples
from webapp.api.delivery_body import DIGEST_HEADERS, MEDIA_TYPES
from webapp.api.delivery_models import DryRunAnswer, ReceiptAnswer, TokenAnswer, UploadList
from webapp.interface_errors import InterfaceError
from webapp.problems import CHALLENGES, CODES, STATUSES, problem_body
from webapp.wording.refusals import title_of, words_of

Json = dict[str, Any]

SCHEMES = {
    "carrierKey": {"type": "http", "scheme": "bearer", "description": "An operator's key, `KEY_ID.SECRET`."},
    "carrierToken": {"type": "http", "scheme": "bearer", "description": "A token made with a key; ends by itself."},
}
ANY_KEY: list[Json] = [{"carrierKey": []}, {"carrierToken": []}]
KEY_ONLY: list[Json] = [{"carrierKey": []}]
REFUSED_KEYS = ("key-missing", "invalid-token", "token-needed", "too-many-wrong-keys")
BODY = ("body-empty", "body-cut-off", "body-too-slow", "digest-mismatch", "digest-unreadable", "upload-too-large")
BODY_KIND = ("length-or-digest-needed", "media-type-unknown", "disk-full", "door-busy")
ENCODING = ("content-encoding-unknown", "content-encoding-mismatch")
IDEMPOTENCY = ("idempotency-key-unfit", "idempotency-key-reused", "upload-in-work", "upload-withdrawn")
WITHDRAWAL = ("body-unreadable", "nothing-to-withdraw", "counts-erased", "reason-too-long", "too-large")
PARAMS: Mapping[str, str | int] = {
    "at": "2026-11-20",
    "retry_after": 5,
    "limit_mb": 2048,
    "received": 65536,
    "id": 17,
    "longest": 200,
}
RETRY = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
CHALLENGE = {"WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "Address of the receipt", "schema": {"type": "string"}}}
ETAG = {"ETag": {"description": "Changes with the receipt", "schema": {"type": "string"}}}


def describe_machines(spec: Json) -> None:
    """Complete the operations for machines in an OpenAPI document."""
    with force_locale("en"):  # the document is one for everybody
        components = spec.setdefault("components", {})
        components.setdefault("securitySchemes", {}).update(SCHEMES)
        for model in (ReceiptAnswer, UploadList, TokenAnswer, DryRunAnswer):
            _add_schema(components.setdefault("schemas", {}), model)
        for (path, method), described in _operations().items():
            operation = spec["paths"][path][method]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["schema"] |= {"minimum": 1, "maximum": LARGEST_ID}
            operation["parameters"] = [*operation.get("parameters", ()), *described.pop("headers", ())]
            operation.update(described)


def _operations() -> dict[tuple[str, str], Json]:
    one, receipt = "/api/v1/uploads/{upload_id}", examples.RECEIPT
    settled = _json("The receipt as it is now", ReceiptAnswer, {"accepted": receipt, "refused": examples.REFUSED})
    replayed = _json("Received before", ReceiptAnswer, {"replayed": receipt | {"replayed": True}}, LOCATION)
    received = _json("Safe on disk, to be read", ReceiptAnswer, {"received": examples.RECEIVED}, LOCATION | RETRY)
    return {
        ("/api/v1/tokens", "post"): {
            "operationId": "make_token",
            "security": KEY_ONLY,
            "responses": {
                "201": _json("A token", TokenAnswer, {"token": examples.TOKEN}),
                **_problems(
                    "key-missing", "invalid-token", "too-many-wrong-keys", "key-needed", "door-busy", "disk-full"
                ),
            },
        },
        ("/api/v1/uploads", "post"): {
            "operationId": "send_upload",
            "security": ANY_KEY,
            "headers": [*_body_headers(), *_upload_headers()],
            "requestBody": _file(),
            "responses": {
                "200": replayed,
                "202": received,
                **_problems(*REFUSED_KEYS, *BODY, *BODY_KIND, *ENCODING, *IDEMPOTENCY),
            },
        },
        ("/api/v1/uploads", "get"): {
            "operationId": "list_uploads",
            "security": ANY_KEY,
            "responses": {
                "200": _json("Newest first", UploadList, {"page": examples.LIST}),
                **_problems(*REFUSED_KEYS, "invalid-request", "door-busy"),
            },
        },
        ("/api/v1/uploads/dry-run", "post"): {
            "operationId": "dry_run",
            "security": ANY_KEY,
            "headers": _body_headers(),
            "requestBody": _file(),
            "responses": {
                "200": _json("What would become of the file", DryRunAnswer, {"refused": examples.DRY_RUN}),
                **_problems(*REFUSED_KEYS, *BODY, *BODY_KIND),
            },
        },
        (one, "get"): {
            "operationId": "get_upload",
            "security": ANY_KEY,
            "headers": [_header("If-None-Match", "An ETag that is known already", '"0f3a"')],
            "responses": {
                "200": settled | {"headers": ETAG | RETRY},
                "304": {"description": "what the reader already has is still true"},
                **_problems(*REFUSED_KEYS, "not-found", "door-busy"),
            },
        },
        (one, "delete"): {
            "operationId": "withdraw_upload",
            "security": ANY_KEY,
            "requestBody": _reason(),
            "responses": {
                "200": _json("Taken back", ReceiptAnswer, {"withdrawn": examples.WITHDRAWN}),
                **_problems(*REFUSED_KEYS, *WITHDRAWAL, "not-found", "door-busy", "disk-full"),
            },
        },
        (f"{one}/faults.csv", "get"): {
            "operationId": "upload_faults",
            "security": ANY_KEY,
            "headers": [examples.LANG],
            "responses": {
                "200": {
                    "description": "Every listed fault",
                    "content": {"text/csv": {"schema": {"type": "string"}, "example": examples.FAULTS_CSV}},
                },
                **_problems(*REFUSED_KEYS, "not-found", "door-busy"),
            },
        },
    }


def _problems(*codes: str) -> Json:
    """Return an answer for each status of these codes, with an example for each code; 405 and 500 can always be."""
    by_status: dict[int, list[str]] = {405: ["method-not-allowed"], 500: ["internal-error"]}
    for code in codes:
        by_status.setdefault(_status_of(code), []).append(code)
    return {str(status): _problem(status, found) for status, found in sorted(by_status.items())}


def _problem(status: int, codes: list[str]) -> Json:
    headers = RETRY if status in {429, 503} else CHALLENGE if any(one in CHALLENGES for one in codes) else {}
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {code: {"value": problem_body(status, code, **_words(code))} for code in codes},
    }
    described = {"description": ", ".join(codes), "content": {"application/problem+json": content}}
    return described | ({"headers": headers} if headers else {})


def _status_of(code: str) -> int:
    return STATUSES.get(code) or next(status for status, known in CODES.items() if known == code)


def _words(code: str) -> dict[str, str]:
    if code in {error.code for error in InterfaceError.__subclasses__()}:
        title = {"title": title} if (title := title_of(code)) else {}
        return {**title, "detail": words_of(code, PARAMS)}
    return {"detail": sentence(code, {**PARAMS, "encoding": "br"}, "en")} if code in STATUSES else {}


def _json(words: str, model: type[BaseModel], shown: Mapping[str, Json], headers: Json | None = None) -> Json:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"schema": schema, "examples": {name: {"value": value} for name, value in shown.items()}}
    described: Json = {"description": words, "content": {"application/json": content}}
    return described | ({"headers": headers} if headers else {})


def _file() -> Json:
    schema = {"type": "string", "format": "binary"}
    content: Json = {kind: {"schema": schema} for kind in MEDIA_TYPES}
    content["text/csv"] |= {"example": examples.COUNTS_CSV}
    return {"required": True, "description": "The file itself, plain or packed with gzip or zstd.", "content": content}


def _reason() -> Json:
    schema = {"type": "object", "properties": {"reason": {"type": "string", "maxLength": 500}}}
    return {"content": {"application/json": {"schema": schema, "example": {"reason": "wrong hour"}}}}


def _body_headers() -> list[Json]:
    digests = "SHA-256 of the body (RFC 9530); compared with what came, and needed where there is no Content-Length"
    return [
        _header("X-File-Name", "Name of the file, percent-encoded; Content-Disposition may carry it too", "counts.csv"),
        *(_header(name, digests, examples.DIGEST) for name in DIGEST_HEADERS),
    ]


def _upload_headers() -> list[Json]:
    key = "Repeats with the same key and bytes give the same receipt: 1 to 200 visible ASCII characters, no spaces"
    return [
        _header("Idempotency-Key", key, "counts-20261120-1000.csv"),
        _header("Content-Encoding", "gzip, zstd or identity; the bytes are kept as they come", "gzip"),
    ]


def _header(name: str, words: str, example: str) -> Json:
    return {"name": name, "in": "header", "description": words, "schema": {"type": "string"}, "example": example}


def _add_schema(schemas: Json, model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
