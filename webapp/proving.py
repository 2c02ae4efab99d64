"""Proving once more that it is the account's own person: before a password or a second factor changes.

Promises: tries are counted in the database exactly as those of signing in, under the same names, so that a stolen
session is no better place for guessing than the door; a code is used up only where the password was right.
Does not: end sessions or change anything but the counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from store import guesses
from store.accounts import Credentials
from webapp.context import web
from webapp.passwords import LONGEST, is_password
from webapp.second_factor import Seal, is_right
from webapp.signing_in import GUESSES
from webapp.speech import gettext as _


def errors_of_proof(who: Credentials, form: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the typed password and code, by field; nothing where they prove it."""
    if not _password_is_right(who, form.get("password", "")):
        return {"password": _("This is not your password, or there were too many attempts. Wait 15 minutes.")}
    if who.has_second_factor and not _code_is_right(who, form.get("code", "")):
        return {"code": _("Not right, or used before. Type the code that the app shows now.")}
    return {}


def seal() -> Seal:
    """Return what opens the secrets of this installation."""
    return Seal(web().settings.cookie_secret())


def _password_is_right(who: Credentials, typed: str) -> bool:
    now, address = web().clock(), request.remote_addr or ""
    with web().database.begin() as connection:
        attempt = guesses.begin_attempt(connection, who.record.email, address, now, GUESSES)
    if attempt is None or not is_password(who.password_hash, typed):
        return False
    with web().database.begin() as connection:
        guesses.pass_attempt(connection, attempt)
    return True


def _code_is_right(who: Credentials, typed: str) -> bool:
    with web().database.begin() as connection:
        address = request.remote_addr or ""
        return is_right(connection, seal(), who.record.id, typed[:LONGEST], address, web().clock())
