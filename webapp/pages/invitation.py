"""The page behind an invitation: whoever holds the link chooses a password, and has an account.

Promises: a link that is used, ended, replaced, too old or not approved says one and the same; the account, the end of
the invitation and the row in the audit log are one transaction. Roles that demand a second factor go on to set it up.
"""

from __future__ import annotations

from flask import abort, make_response, render_template, request
from werkzeug.wrappers import Response

from store import account_acts, accounts
from store.errors import StoreError
from store.invitations import Invitation, find_open_invitation
from webapp.context import web
from webapp.new_passwords import errors_of_new_password
from webapp.passwords import hash_in_turn
from webapp.roles import SECOND_FACTOR_ROLES
from webapp.signing_in import User, begin
from webapp.wording.roles import role_words


def show(token: str) -> str | Response:
    """Show the invitation, or make the account."""
    with web().database.read() as connection:
        invitation = find_open_invitation(connection, token, web().clock())
    if invitation is None:
        return _ended()
    if request.method != "POST":
        return _page(invitation, {})
    invited = invitation.invited
    errors = errors_of_new_password(request.form, invited.email, invited.name)
    return _page(invitation, errors) if errors else _accept(invitation, request.form["new_password"])


def _accept(invitation: Invitation, password: str) -> Response:
    password_hash = hash_in_turn(password) or abort(503)
    try:
        with web().database.begin() as connection:
            account_id = account_acts.accept_invitation(connection, invitation, password_hash, web().clock())
            credentials = accounts.get_account(connection, account_id)
    except StoreError:  # somebody was faster, or the address got an account in the meantime
        return _ended()
    return begin(User(credentials))


def _page(invitation: Invitation, errors: dict[str, str]) -> str:
    invited = invitation.invited
    return render_template(
        "invitation.html",
        name=invited.name,
        email=invited.email,
        role=role_words(invited.role),
        second_factor_follows=invited.role in SECOND_FACTOR_ROLES,
        errors=errors,
    )


def _ended() -> Response:
    return make_response(render_template("invitation_ended.html"), 404)
