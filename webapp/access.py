"""Who may use what: one table of every route and method. Silence means no.

A route without a row answers 404 to everybody, and a test enumerates the routes against this table. The guard stands
before everything else that looks at a request: who may not enter learns nothing about what a valid request is.
"""

from __future__ import annotations

from flask import Flask, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from webapp import bearer
from webapp.bearer import CARRIER_KEY, CARRIER_TOKEN, MACHINES
from webapp.roles import CARRIER, GROUP, HEADQUARTERS, OWNER, actor, roles_of

PUBLIC = frozenset({"public"})
SIGNED_IN = frozenset({GROUP, OWNER, CARRIER, HEADQUARTERS})
ENROLLING = frozenset({"enrolling"})  # signed in, but the second factor that the role demands is not set up yet
METRICS = frozenset({"metrics"})  # whoever holds the token of the collector, or is signed in at headquarters
KEY_ONLY = frozenset({CARRIER_KEY})
MACHINE = frozenset({CARRIER_KEY, CARRIER_TOKEN})
API_PREFIX = "/api/"

TABLE: dict[tuple[str, str], frozenset[str]] = {
    ("static", "GET"): PUBLIC,
    ("pages.map_page", "GET"): PUBLIC,
    ("pages.venue_page", "GET"): PUBLIC,
    ("pages.head_counts", "GET"): frozenset({GROUP, HEADQUARTERS}),
    ("pages.head_counts", "POST"): frozenset({GROUP, HEADQUARTERS}),
    ("pages.withdraw_head_count", "GET"): frozenset({GROUP, HEADQUARTERS}),
    ("pages.withdraw_head_count", "POST"): frozenset({GROUP, HEADQUARTERS}),
    ("pages.transparency", "GET"): PUBLIC,
    ("pages.accuracy", "GET"): PUBLIC,
    ("pages.accuracy_csv", "GET"): PUBLIC,
    ("pages.my", "GET"): frozenset({OWNER}),
    ("pages.carriers", "GET"): frozenset({CARRIER}),
    ("pages.receipt", "GET"): frozenset({CARRIER, HEADQUARTERS}),
    ("pages.receipt_faults", "GET"): frozenset({CARRIER, HEADQUARTERS}),
    ("pages.send_file", "POST"): frozenset({CARRIER}),
    ("pages.check_file", "POST"): frozenset({CARRIER}),
    ("pages.withdraw", "GET"): frozenset({CARRIER}),
    ("pages.withdraw", "POST"): frozenset({CARRIER}),
    ("pages.quality", "GET"): frozenset({CARRIER}),
    ("pages.keys", "GET"): frozenset({CARRIER}),
    ("pages.keys", "POST"): frozenset({CARRIER}),
    ("pages.revoke_key", "GET"): frozenset({CARRIER}),
    ("pages.revoke_key", "POST"): frozenset({CARRIER}),
    ("pages.held", "GET"): frozenset({HEADQUARTERS}),
    ("pages.held_one", "GET"): frozenset({HEADQUARTERS}),
    ("pages.held_one", "POST"): frozenset({HEADQUARTERS}),
    ("pages.try_again", "POST"): frozenset({HEADQUARTERS}),
    ("pages.audit", "GET"): frozenset({HEADQUARTERS}),
    ("pages.headquarters", "GET"): frozenset({HEADQUARTERS}),
    ("security.login", "GET"): PUBLIC,
    ("security.login", "POST"): PUBLIC,
    ("security.code", "GET"): PUBLIC,
    ("security.code", "POST"): PUBLIC,
    ("security.logout", "POST"): SIGNED_IN | ENROLLING,
    ("pages.invitation", "GET"): PUBLIC,
    ("pages.invitation", "POST"): PUBLIC,
    ("pages.account", "GET"): SIGNED_IN,
    ("pages.change_password", "POST"): SIGNED_IN,
    ("pages.end_sessions", "POST"): SIGNED_IN,
    ("pages.recovery_codes", "POST"): SIGNED_IN,
    ("pages.hq_accounts", "GET"): frozenset({HEADQUARTERS}),
    ("pages.hq_invite", "POST"): frozenset({HEADQUARTERS}),
    ("pages.hq_revoke", "POST"): frozenset({HEADQUARTERS}),
    ("pages.hq_decide", "POST"): frozenset({HEADQUARTERS}),
    ("pages.hq_account", "POST"): frozenset({HEADQUARTERS}),
    ("pages.second_factor", "GET"): SIGNED_IN | ENROLLING,
    ("pages.second_factor", "POST"): SIGNED_IN | ENROLLING,
    ("pages.confirm_second_factor", "POST"): SIGNED_IN | ENROLLING,
    ("openapi.spec", "GET"): PUBLIC,
    ("api.manifest", "GET"): PUBLIC,
    ("api.area", "GET"): PUBLIC,
    ("api.hexagon_usual", "GET"): PUBLIC,
    ("api.frame", "GET"): PUBLIC,
    ("api.window", "GET"): PUBLIC,
    ("api.venue_window", "GET"): PUBLIC,
    ("api.map_venues", "GET"): PUBLIC,
    ("api.base_map", "GET"): PUBLIC,
    ("api.venues", "GET"): PUBLIC,
    ("api.venue", "GET"): PUBLIC,
    ("api.venue_usual", "GET"): PUBLIC,
    ("api.venue_status", "GET"): PUBLIC,
    ("machine.make_token", "POST"): KEY_ONLY,
    ("machine.send_upload", "POST"): MACHINE,
    ("machine.list_uploads", "GET"): MACHINE,
    ("machine.get_upload", "GET"): MACHINE,
    ("machine.upload_faults", "GET"): MACHINE,
    ("machine.withdraw_upload", "DELETE"): MACHINE,
    ("machine.dry_run", "POST"): MACHINE,
    ("pages.guide", "GET"): PUBLIC,
    ("metrics.metrics", "GET"): METRICS,
    ("health.alive", "GET"): PUBLIC,
    ("health.ready", "GET"): PUBLIC,
}


def install(app: Flask) -> None:
    """Ask the table before every request."""
    app.before_request(guard)


def guard() -> Response | None:
    """Let pass whom the table names; send a stranger to sign in; refuse everybody else."""
    if request.endpoint is None:
        return None  # no such address or method: the router's own 404 or 405 follows
    allowed = TABLE.get((request.endpoint, _method()))
    if allowed is None:
        abort(404)
    if allowed & MACHINES:
        bearer.require(allowed)  # a session's cookie opens none of these
        return None
    if allowed == METRICS:
        return None if bearer.is_collector() or HEADQUARTERS in roles_of(actor()) else abort(404)
    account, enrolling = actor(), g.get("enrolling") is not None
    if allowed == PUBLIC or (ENROLLING if enrolling else roles_of(account)) & allowed:
        return None
    if account is not None:
        abort(403)
    if request.path.startswith(API_PREFIX) or request.method != "GET":
        abort(401)
    if enrolling:
        return redirect(url_for("pages.second_factor"))
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))


def _method() -> str:
    return "GET" if request.method == "HEAD" else request.method
