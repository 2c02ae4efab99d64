"""The addresses for operators' machines. They want a bearer key or token, and no token against forgery: a browser sends
no such header by itself, and a session's cookie opens none of them."""

from __future__ import annotations

from apiflask import APIBlueprint, APIFlask

from webapp.api import deliveries, dry_runs, tokens
from webapp.api.delivery_models import UploadsQuery

PREFIX = "/api/v1"

blueprint = APIBlueprint("machine", __name__, url_prefix=PREFIX, tag="Deliveries")
_listed = blueprint.input(UploadsQuery, location="query", arg_name="query")(deliveries.list_uploads)

for path, view, method in (
    ("/tokens", tokens.make_token, "POST"),
    ("/uploads", deliveries.send_upload, "POST"),
    ("/uploads", _listed, "GET"),
    ("/uploads/dry-run", dry_runs.dry_run, "POST"),
    ("/uploads/<int:upload_id>", deliveries.get_upload, "GET"),
    ("/uploads/<int:upload_id>", deliveries.withdraw_upload, "DELETE"),
    ("/uploads/<int:upload_id>/faults.csv", deliveries.upload_faults, "GET"),
):
    blueprint.add_url_rule(path, view.__name__, view, methods=[method])


def install(app: APIFlask) -> None:
    """Add the routes; exactly these are exempt from the token against forgery."""
    app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(blueprint)
