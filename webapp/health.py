"""Is it alive, and may it serve: for the machine that watches."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from store.database import schema_is_current
from webapp import assets
from webapp.context import web

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """Answer as long as the process runs."""
    return _unkept(jsonify(state="alive"))


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer 200 when the database is reachable and migrated and the front end is built, else 503 with what is not."""
    checks = {"database": _database_is_current(), "front_end": assets.manifest_is_there()}
    well = all(checks.values())
    return _unkept(jsonify(state="ready" if well else "not-ready", checks=checks)), 200 if well else 503


def _database_is_current() -> bool:
    try:
        return schema_is_current(web().database)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not ready
        current_app.logger.warning("the database does not answer: %s", type(error).__name__)
        return False


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
