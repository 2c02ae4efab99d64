"""The own account: roles, sessions, password, second factor.

Promises: whatever changes how one signs in asks the password, and a code where there is a second factor; afterwards
every other session has ended and this one has a new token.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from store import account_acts, second_factor
from store import sessions as kept
from store.accounts import Credentials
from webapp import sessions
from webapp.context import web
from webapp.new_passwords import errors_of_new_password
from webapp.pages.second_factor import show_new_recovery_codes
from webapp.passwords import hash_in_turn
from webapp.proving import errors_of_proof
from webapp.roles import needs_second_factor, person
from webapp.second_factor import FEW_RECOVERY_CODES
from webapp.speech import gettext as _
from webapp.wording.moments import age_words, clock
from webapp.wording.roles import role_words

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class SessionView:
    """One of the own sessions in words."""

    handle: str
    begun_words: str
    seen_words: str
    is_this: bool


def show() -> str:
    """Show the own account."""
    return _page(_who(), {}, "")


def change_password() -> str | Response:
    """Take a new password from whoever knows the old one; every other session ends."""
    who = _who()
    errors = errors_of_new_password(request.form, who.record.email, who.record.name)
    errors = errors or errors_of_proof(who, request.form)
    if errors:
        return _page(who, errors, "change-")
    password_hash, actor = hash_in_turn(request.form["new_password"]) or abort(503), _actor(who)
    with web().database.begin() as connection:
        account_acts.change_password(connection, actor, password_hash, web().clock())
        sessions.begin_afresh(connection, who.record.id)
    flash(_("Your password is changed, and you are signed out everywhere else."), "success")
    return redirect(url_for("pages.account"))


def renew_recovery_codes() -> str:
    """Show new recovery codes to whoever proved to be the account's person; the old ones are void."""
    who = _who()
    if not who.has_second_factor:
        abort(404)
    errors = errors_of_proof(who, request.form)
    return _page(who, errors, "codes-") if errors else show_new_recovery_codes(who)


def end_sessions() -> Response:
    """End one of the own sessions, or all but this one."""
    who, wanted, now = _who(), request.form.get("session", ""), web().clock()
    with web().database.begin() as connection:
        if wanted == OTHERS:
            account_acts.end_other_sessions(connection, _actor(who), sessions.token(), now)
        else:
            account_acts.end_session_at(connection, _actor(who), wanted, now)
    flash(_("Ended. Whoever used it has to sign in again."), "success")
    return redirect(url_for("pages.account"))


def _page(who: Credentials, errors: dict[str, str], prefix: str) -> str:
    now = web().clock()
    with web().database.read() as connection:
        living = kept.sessions_of(connection, who.record.id, now, sessions.LIMITS)
        codes_left = second_factor.count_recovery_codes(connection, who.record.id)
    return render_template(
        "account.html",
        account=who.record,
        roles=[role_words(role) for role in who.record.roles],
        sessions=[_session_view(one) for one in living],
        has_second_factor=who.has_second_factor,
        second_factor_is_demanded=needs_second_factor(who.record.roles, has_one=False),
        codes_left=codes_left,
        few_codes_left=codes_left <= FEW_RECOVERY_CODES,
        errors=errors,
        prefix=prefix,
        others=OTHERS,
    )


def _session_view(one: kept.LivingSession) -> SessionView:
    now = web().clock()
    is_this = one.handle == kept.handle_of(sessions.token())
    return SessionView(one.handle, clock(one.created_at, now), age_words(one.last_seen_at, now), is_this)


def _who() -> Credentials:
    return person() or abort(403)


def _actor(who: Credentials) -> account_acts.Actor:
    return account_acts.account_actor(who.record.id, who.record.name)
