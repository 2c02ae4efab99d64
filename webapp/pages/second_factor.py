"""Setting a second factor up: a secret as a picture and in letters, a code typed back, ten recovery codes shown once.

Promises: who is signed in proves it once more before a secret is offered; an account whose role demands a second factor
comes here first and nowhere else. When the code was typed back, every other session of the account has ended.
"""

from __future__ import annotations

from dataclasses import replace

from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from store import account_acts, second_factor
from store.accounts import Credentials
from webapp import sessions
from webapp.context import web
from webapp.passwords import LONGEST
from webapp.proving import errors_of_proof, seal
from webapp.roles import person
from webapp.second_factor import (
    OFFER_LIFETIME,
    address_of,
    keep_recovery_codes,
    matching_counter,
    new_recovery_codes,
    offer_secret,
    picture_of,
    spaced,
)
from webapp.signing_in import landing
from webapp.speech import gettext as _


def show() -> str | Response:
    """Show the offered secret, or how to begin; offer a secret to whoever proved to be the account's person."""
    who = person() or abort(403)
    if request.method != "POST":
        return _page(who, {})
    errors = {} if g.enrolling else errors_of_proof(who, request.form)
    if errors:
        return _page(who, errors)
    with web().database.begin() as connection:
        offer_secret(connection, seal(), who.record.id, web().clock())
    return redirect(url_for("pages.second_factor"))


def confirm() -> str | Response:
    """Take the typed code: the secret counts from now on, and the recovery codes are shown."""
    who = person() or abort(403)
    secret = _offered(who)
    if secret is None:
        return redirect(url_for("pages.second_factor"))
    counter = matching_counter(secret, request.form.get("code", "")[:LONGEST], web().clock())
    if counter is None:
        return _page(who, {"code": _("The app shows another code. Check that the clock of your phone is right.")})
    _keep(who, secret, counter)
    g.credentials, g.enrolling = replace(who, has_second_factor=True), None
    return show_new_recovery_codes(who)


def show_new_recovery_codes(who: Credentials) -> str:
    """Give an account new recovery codes and show them, this once."""
    codes = new_recovery_codes()
    actor = account_acts.account_actor(who.record.id, who.record.name)
    with web().database.begin() as connection:
        account_acts.renew_recovery_codes(connection, actor, keep_recovery_codes(codes), web().clock())
    return render_template("recovery_codes.html", codes=codes, onward=landing(who.record.roles))


def _keep(who: Credentials, secret: str, counter: int) -> None:
    actor = account_acts.account_actor(who.record.id, who.record.name)
    with web().database.begin() as connection:
        account_acts.enrol(connection, actor, seal().close(secret), counter, web().clock())
        sessions.begin_afresh(connection, who.record.id)


def _offered(who: Credentials) -> str | None:
    with web().database.read() as connection:
        sealed = second_factor.find_offer(connection, who.record.id, web().clock(), OFFER_LIFETIME)
    return seal().open(sealed) if sealed else None


def _page(who: Credentials, errors: dict[str, str]) -> str:
    secret = _offered(who)
    return render_template(
        "second_factor.html",
        demanded=g.enrolling is not None,
        has_second_factor=who.has_second_factor,
        secret=spaced(secret) if secret else None,
        picture=picture_of(address_of(secret, who.record.email)) if secret else None,
        errors=errors,
    )
