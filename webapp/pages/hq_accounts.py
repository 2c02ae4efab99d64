"""Headquarters' page of people: who has an account, who is invited, what waits for a second person.

Promises: every act is done by the store with its row in the audit log; a link is shown once, to whoever invited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from ingest.faults import sentence
from store import account_acts, accounts, approvals, invitations
from store.accounts import AccountLine
from store.approvals import Approval
from store.carriers import list_carriers
from store.database import Connection
from store.errors import NotFound, StoreError
from store.invitations import Invitation
from webapp.context import web
from webapp.inviting import read_invited
from webapp.languages import language
from webapp.pages.sections import headquarters_page
from webapp.roles import ROLES, actor
from webapp.speech import gettext as _
from webapp.wording.moments import age_words, clock
from webapp.wording.roles import role_words

ACTS: dict[str, Callable[[Connection, account_acts.Actor, int, datetime], Approval | None]] = {
    "disable": account_acts.disable,
    "enable": account_acts.enable,
    "reset-second-factor": account_acts.reset_second_factor,
}


@dataclass(frozen=True, slots=True)
class PersonView:
    """An account in words."""

    line: AccountLine
    role_words: str
    signed_in_words: str
    is_me: bool


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An open invitation in words."""

    id: int
    name: str
    email: str
    role_words: str
    expires_clock: str
    waits: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """What waits for a second person, in words. `may_approve`: the reader is neither who asked nor whom it is about."""

    id: int
    words: str
    asked_words: str
    may_approve: bool


def show() -> str:
    """Show everybody who has an account or is invited."""
    return _page({}, None)


def invite() -> str | Response:
    """Invite somebody and show the link, once."""
    form = request.form
    fields = (form.get("email", ""), form.get("name", ""), form.get("role", ""), form.get("carrier", ""))
    with web().database.read() as connection:
        invited, faults = read_invited(connection, *fields, form.get("venues", "").replace(",", " ").split())
    if faults:
        return _page({name: sentence(one.code, one.params, language()) for name, one in faults.items()}, None)
    try:
        with web().database.begin() as connection:
            _id, token = account_acts.invite(connection, _me(), invited, web().clock(), _lifetime())
    except StoreError as refusal:
        return _page({"email": _words(refusal)}, None)
    scheme = "https" if web().settings.https else request.scheme
    return _page({}, url_for("pages.invitation", token=token, _external=True, _scheme=scheme))


def revoke(invitation_id: int) -> Response:
    """End an invitation that nobody has answered yet."""
    with web().database.begin() as connection:
        account_acts.revoke_invitation(connection, _me(), invitation_id, web().clock())
    flash(_("The invitation has ended; its link opens nothing any more."), "success")
    return redirect(url_for("pages.hq_accounts"))


def decide(approval_id: int) -> Response:
    """Agree to what somebody else asked for, or refuse it."""
    act = account_acts.approve if request.form.get("decision") == "approve" else account_acts.decline
    try:
        with web().database.begin() as connection:
            act(connection, _me(), approval_id, web().clock(), _lifetime())
    except NotFound:
        flash(_("This waits no longer: somebody decided it, or it was asked too long ago."), "warning")
    except StoreError as refusal:
        flash(_words(refusal), "error")
    else:
        flash(_("Done; it stands in the audit log."), "success")
    return redirect(url_for("pages.hq_accounts"))


def change(account_id: int) -> Response:
    """Disable or enable an account, or take its second factor away; some of it waits for a second person."""
    act = ACTS.get(request.form.get("act", "")) or abort(400)
    try:
        with web().database.begin() as connection:
            waits = act(connection, _me(), account_id, web().clock())
    except NotFound:
        abort(404)
    except StoreError as refusal:
        flash(_words(refusal), "error")
    else:
        words = _("This waits until another person at headquarters agrees.") if waits else None
        flash(words or _("Done; it stands in the audit log."), "warning" if waits else "success")
    return redirect(url_for("pages.hq_accounts"))


def _page(errors: dict[str, str], link: str | None) -> str:
    now = web().clock()
    with web().database.read() as connection:
        people = accounts.list_accounts(connection)
        invited = invitations.open_invitations(connection, now)
        waiting = approvals.waiting(connection, now - _lifetime())
        carriers = list_carriers(connection)
    names = {one.id: one.name for one in people}
    return headquarters_page(
        "hq_accounts.html",
        people=[_person_view(one) for one in people],
        invitations=[_invitation_view(one) for one in invited],
        requests=[_request_view(one, names, {two.id: two for two in invited}) for one in waiting],
        roles=[(role, role_words(role)) for role in ROLES],
        carriers=[(one.code, one.name) for one in carriers],
        form=request.form if errors else {},
        errors=errors,
        link=link,
        link_hours=_lifetime() // timedelta(hours=1),
    )


def _person_view(line: AccountLine) -> PersonView:
    me, now = actor() or abort(403), web().clock()
    words = [role_words(role) for role in line.roles] + ([line.carrier_code] if line.carrier_code else [])
    signed_in = age_words(line.signed_in_at, now) if line.signed_in_at else _("never")
    return PersonView(line, ", ".join(words), signed_in, line.id == me.id)


def _invitation_view(one: Invitation) -> InvitationView:
    expires = clock(one.expires_at, web().clock())
    return InvitationView(
        one.id, one.invited.name, one.invited.email, role_words(one.invited.role), expires, not one.is_approved
    )


def _request_view(one: Approval, names: dict[int, str], invited: dict[int, Invitation]) -> RequestView:
    me = actor() or abort(403)
    about = names.get(one.account_id or 0, "–")
    if one.invitation_id in invited:
        about = f"{invited[one.invitation_id].invited.name} ({invited[one.invitation_id].invited.email})"
    words = {
        "invite": _("Invite %(name)s to headquarters", name=about),
        "enable": _("Enable the account of %(name)s", name=about),
        "reset-second-factor": _("Take the second factor of %(name)s away", name=about),
    }
    when = age_words(one.asked_at, web().clock())
    asked = _("%(name)s asked %(age)s", name=names.get(one.asked_by, "–"), age=when)
    return RequestView(one.id, words[one.act], asked, me.id not in {one.asked_by, one.account_id})


def _me() -> account_acts.Actor:
    me = actor() or abort(403)
    return account_acts.account_actor(me.id, me.name)


def _lifetime() -> timedelta:
    return timedelta(hours=web().policy(web().clock()).delivery.invitation_hours)


def _words(refusal: StoreError) -> str:
    return sentence(refusal.code, refusal.params, language())
