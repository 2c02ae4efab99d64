"""Errors as the reader can use them: RFC 9457 problems under /api, pages in the reader's language elsewhere.

Two tables map what went wrong to a status and a stable code; no other place decides on HTTP. A problem's `title` and
`detail` are in the reader's language; `detail` says what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import HTTPError
from flask import Flask, Response, current_app, json, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ingest.door_errors import DoorError
from ingest.faults import sentence
from ingest.withdrawal import CountsErased
from rules.errors import NoPolicyInForce
from store.errors import DatabaseTooOld, NotFound
from store.outages import DatabaseAway, StorageFull
from webapp.access import API_PREFIX
from webapp.interface_errors import InterfaceError
from webapp.languages import language
from webapp.speech import gettext as _
from webapp.wording.refusals import title_of, words_of

CODES = {
    400: "bad-request",
    401: "sign-in-needed",
    403: "not-yours",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "body-too-slow",
    409: "conflict",
    410: "gone",
    411: "length-or-digest-needed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-request",
    429: "too-many-requests",
    500: "internal-error",
    503: "not-ready",
    507: "disk-full",
}
STATUSES = {
    "body-cut-off": 400,
    "body-empty": 400,
    "body-too-slow": 408,
    "body-unreadable": 400,
    "content-encoding-mismatch": 400,
    "content-encoding-unknown": 415,
    "counts-erased": 409,
    "digest-mismatch": 400,
    "digest-unreadable": 400,
    "disk-full": 507,
    "door-busy": 503,
    "idempotency-key-reused": 422,
    "idempotency-key-unfit": 400,
    "invalid-token": 401,
    "key-missing": 401,
    "key-needed": 403,
    "length-or-digest-needed": 411,
    "media-type-unknown": 415,
    "nothing-to-withdraw": 409,
    "reason-too-long": 422,
    "token-needed": 401,
    "too-many-wrong-keys": 429,
    "upload-in-work": 409,
    "upload-too-large": 413,
    "upload-withdrawn": 410,
}
CHALLENGES = {
    "key-missing": 'Bearer realm="oryn"',
    "invalid-token": 'Bearer realm="oryn", error="invalid_token"',
    "token-needed": 'Bearer realm="oryn", error="invalid_token"',
    "key-needed": 'Bearer realm="oryn", error="insufficient_scope"',
}
RETRY_SECONDS = 5
TYPE_PREFIX = "urn:oryn:problem:"
JSON_PATHS = (API_PREFIX, "/healthz", "/readyz")


def install(app: Flask) -> None:
    """Answer every error as a problem or a page."""
    app.register_error_handler(CSRFError, lambda _error: answer(400, "csrf-token-missing"))
    app.register_error_handler(NotFound, lambda _error: answer(404))
    app.register_error_handler(DatabaseTooOld, lambda _error: answer(503, "database-too-old"))
    app.register_error_handler(StorageFull, lambda _error: _stored(507, "disk-full", {}))
    app.register_error_handler(DatabaseAway, lambda _error: _stored(503, "door-busy", {"retry_after": RETRY_SECONDS}))
    app.register_error_handler(DoorError, lambda error: _stored(STATUSES[error.code], error.code, error.params))
    app.register_error_handler(CountsErased, lambda error: _stored(STATUSES[error.code], error.code, error.params))
    app.register_error_handler(InterfaceError, _refused)
    app.register_error_handler(NoPolicyInForce, lambda error: answer(422, error.code))
    app.register_error_handler(HTTPError, _invalid)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def answer(status: int, code: str | None = None, **more: Any) -> Response:
    """Return the answer to an error: a problem document for programs, a page for people."""
    code = code or CODES.get(status, "error")
    if request.path.startswith(JSON_PATHS):
        return problem(status, code, **more)
    page = render_template("error.html", status=status, title=_title(status), advice=_advice(status, code))
    return Response(page, status=status, mimetype="text/html")


def problem(status: int, code: str, **more: Any) -> Response:
    """Return an RFC 9457 document with a stable `code`."""
    body = json.dumps(problem_body(status, code, **more), ensure_ascii=False)
    return Response(body, status=status, mimetype="application/problem+json")


def problem_body(status: int, code: str, **more: Any) -> dict[str, Any]:
    """Return the members of a problem; `more` adds to them, or says something better."""
    return {"type": TYPE_PREFIX + code, "title": _title(status), "status": status, "code": code, **more}


def _refused(error: InterfaceError) -> Response:
    more = {"title": title} if (title := title_of(error.code)) else {}
    response = answer(STATUSES[error.code], error.code, detail=words_of(error.code, error.params), **more)
    if error.code in CHALLENGES:
        response.headers["WWW-Authenticate"] = CHALLENGES[error.code]
    return _with_retry(response, error.params)


def _stored(status: int, code: str, params: Mapping[str, str | int | float]) -> Response:
    return _with_retry(answer(status, code, detail=sentence(code, params, language())), params)


def _with_retry(response: Response, params: Mapping[str, str | int | float]) -> Response:
    if "retry_after" in params:
        response.headers["Retry-After"] = str(params["retry_after"])
    return response


def _invalid(error: HTTPError) -> Response:
    return answer(error.status_code, errors=error.detail)


def _http(error: HTTPException) -> Response:
    response = answer(error.code or 500)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _unforeseen(error: Exception) -> Response:
    current_app.logger.error("unforeseen error at %s", request.path, exc_info=error)
    return answer(500)


def _title(status: int) -> str:
    titles = {
        400: _("This request cannot be understood"),
        401: _("Please sign in"),
        403: _("This page is not for your account"),
        404: _("There is nothing at this address"),
        405: _("This address does not do that"),
        408: _("The body came too slowly"),
        409: _("This cannot be done now"),
        410: _("This was taken back"),
        411: _("The length of the body is not known"),
        413: _("This is too large"),
        415: _("Bodies of this kind are not read here"),
        422: _("Something in this request is not right"),
        429: _("There were too many attempts"),
        503: _("Oryn is not ready"),
        507: _("The server has no room left"),
    }
    return titles.get(status) or (_("Something went wrong here") if status >= 500 else _("This did not work"))


def _advice(status: int, code: str) -> str:
    if code == "csrf-token-missing":
        return _("This form was open for too long, or came from another site. Go back, reload the page and try again.")
    advice = {
        401: _("Sign in and try again."),
        403: _("If you think that it should be, ask headquarters to give your account that role."),
        404: _("The address may be mistyped, or what was here may have moved. Start again from the map."),
        503: _("Try again in a minute. If it stays so, tell the people who run this service."),
    }
    return advice.get(status) or (
        _("It is our fault, not yours. It has been noted. Try again in a minute.")
        if status >= 500
        else _("Go back and try again, or start again from the map.")
    )
