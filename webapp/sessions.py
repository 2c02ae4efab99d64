"""Sessions that live on the server: a cookie that was copied opens nothing after signing out.

The cookie holds a token; the database holds its SHA-256 and when it was last seen. Idle for 30 minutes or 12 hours old,
it is dead (ASVS 7.3). A new token is made at every sign-in, so that none can be planted.
"""

from __future__ import annotations

from datetime import timedelta

import flask_login
from flask import Flask, g, session
from flask_security import signals

from store import accounts
from webapp.context import web

TOKEN = "sid"  # noqa: S105 - the name of the field, not a token
LIMITS = accounts.SessionLimits(idle=timedelta(minutes=30), absolute=timedelta(hours=12), touch=timedelta(minutes=1))
KEPT_AT_SIGN_IN = ("_user_id", "_fresh", "_id", "fs_cc", "fs_paa", "language")


def install(app: Flask) -> None:
    """Find out who is there before every request, and begin and end sessions with Flask-Security's."""
    app.before_request(identify)
    signals.user_authenticated.connect(_begin, app)
    flask_login.user_logged_out.connect(_end, app)


def identify() -> None:
    """Put the credentials of a living session into `g.credentials`; forget a dead session's cookie."""
    g.credentials = None
    token = session.get(TOKEN)
    if not isinstance(token, str):
        session.pop("_user_id", None)
        return
    found = _living(token)
    if found is None:
        session.clear()
    else:
        g.credentials = found


def _living(token: str) -> accounts.Credentials | None:
    now = web().clock()
    with web().database.read() as connection:
        found = accounts.account_of_session(connection, token, now, LIMITS)
    if found is None:
        return None
    credentials, unseen_for_a_while = found
    if unseen_for_a_while:
        with web().database.begin() as connection:
            accounts.touch_session(connection, token, now)
    return credentials


def _begin(_app: Flask, user: accounts.Credentials, **_more: object) -> None:
    now, old = web().clock(), session.get(TOKEN)
    kept = {key: session[key] for key in KEPT_AT_SIGN_IN if key in session}
    session.clear()
    session.update(kept)
    with web().database.begin() as connection:
        accounts.forget_dead_sessions(connection, now, LIMITS)
        if isinstance(old, str):
            accounts.end_session(connection, old)
        session[TOKEN] = accounts.begin_session(connection, user.record.id, now)
    g.pop("csrf_token", None)


def _end(_app: Flask, **_more: object) -> None:
    token = session.get(TOKEN)
    if isinstance(token, str):
        with web().database.begin() as connection:
            accounts.end_session(connection, token)
    session.clear()
    g.credentials = None
