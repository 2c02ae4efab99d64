"""Sessions that live on the server: a cookie that was copied opens nothing after signing out.

The cookie holds a token; the database holds its SHA-256 and when it was last seen. Idle for 30 minutes or 12 hours old,
it is dead (ASVS 7.3). A new token is made at every sign-in, so that none can be planted. Between password and code
there is a half session: it names an account for five minutes and opens nothing. An account that lacks the second factor
which its role demands is nobody (`g.credentials` is None) to every page but those where it sets one up (`g.enrolling`).
"""

from __future__ import annotations

from datetime import timedelta

import flask_login
from flask import Flask, g, session
from flask_security import signals

from store import account_acts, accounts
from store import sessions as kept
from store.database import Connection
from webapp.context import web
from webapp.roles import needs_second_factor

TOKEN = "sid"  # noqa: S105 - the name of the field, not a token
HALF = "half"
LIMITS = kept.SessionLimits(idle=timedelta(minutes=30), absolute=timedelta(hours=12), touch=timedelta(minutes=1))
HALF_LIFETIME = timedelta(minutes=5)
KEPT_AT_SIGN_IN = ("_user_id", "_fresh", "_id", "fs_cc", "fs_paa", "language")


def install(app: Flask) -> None:
    """Find out who is there before every request, and begin and end sessions with Flask-Security's."""
    app.before_request(identify)
    signals.user_authenticated.connect(_begin, app)
    flask_login.user_logged_out.connect(_end, app)


def identify() -> None:
    """Put the credentials of a living session into `g.credentials`; forget a dead session's cookie."""
    g.credentials = g.enrolling = None
    token = session.get(TOKEN)
    if not isinstance(token, str):
        session.pop("_user_id", None)
        return
    found = _living(token)
    if found is None:
        session.clear()
    elif needs_second_factor(found.record.roles, found.has_second_factor):
        g.enrolling = found
    else:
        g.credentials = found


def begin_half(account_id: int) -> None:
    """Note on the server that the password was right; the cookie keeps nothing else."""
    now, old = web().clock(), session.get(TOKEN)
    with web().database.begin() as connection:
        kept.forget_dead_half_sessions(connection, now, HALF_LIFETIME)
        if isinstance(old, str):
            kept.end_session(connection, old)
        token = kept.begin_half_session(connection, account_id, now)
    session.clear()
    session[HALF] = token
    g.pop("csrf_token", None)


def half_signed_in() -> accounts.Credentials | None:
    """Return whose second step is awaited from this browser, None where nobody's is."""
    token = session.get(HALF)
    if not isinstance(token, str):
        return None
    with web().database.read() as connection:
        return accounts.account_of_half_session(connection, token, web().clock(), HALF_LIFETIME)


def use_half_up(connection: Connection) -> bool:
    """End this browser's half session; tell whether it was still there."""
    return kept.end_half_session(connection, str(session.get(HALF)))


def begin_afresh(connection: Connection, account_id: int) -> None:
    """Give this browser a new session of its account; the old ones were ended in the same transaction."""
    session[TOKEN] = kept.begin_session(connection, account_id, web().clock())


def token() -> str:
    """Return the token of this browser's session."""
    return str(session.get(TOKEN))


def _living(token: str) -> accounts.Credentials | None:
    now = web().clock()
    with web().database.read() as connection:
        found = accounts.account_of_session(connection, token, now, LIMITS)
    if found is None:
        return None
    credentials, unseen_for_a_while = found
    if unseen_for_a_while:
        with web().database.begin() as connection:
            kept.touch_session(connection, token, now)
    return credentials


def _begin(_app: Flask, user: accounts.Credentials, authn_via: list[str], **_more: object) -> None:
    now, old = web().clock(), session.get(TOKEN)
    carried = {key: session[key] for key in KEPT_AT_SIGN_IN if key in session}
    session.clear()
    session.update(carried)
    who = account_acts.account_actor(user.record.id, user.record.name)
    with web().database.begin() as connection:
        kept.forget_dead_sessions(connection, now, LIMITS)
        if isinstance(old, str):
            kept.end_session(connection, old)
        begin_afresh(connection, user.record.id)
        account_acts.note_sign_in(connection, who, "+".join(authn_via), now)
    g.pop("csrf_token", None)


def _end(_app: Flask, **_more: object) -> None:
    token = session.get(TOKEN)
    if isinstance(token, str):
        with web().database.begin() as connection:
            kept.end_session(connection, token)
    session.clear()
    g.credentials = None
