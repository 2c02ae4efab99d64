"""What people do to accounts: each act with its row in the audit log, inside the caller's transaction.

Promises: no act without its row; what takes rights away ends sessions; a person at headquarters can neither make, nor
enable, another account of headquarters alone, nor take anybody's second factor away alone (two persons, `approvals`). A
local administrator at the command line can, and the log says so. Rows name accounts by id, and carry no secret.
Does not: know who is signed in; the caller passes the actor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from store import accounts, approvals, audit, invitations, second_factor, sessions
from store.approvals import Approval, SecondPersonNeeded
from store.errors import NotFound, StoreError
from store.invitations import TWO_PERSON_ROLES, AccountExists, Invitation, Invited


class NotOneself(StoreError):
    """An account cannot be disabled by its own person."""

    code = "not-oneself"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in account, or a local administrator at the command line (`account_id` None)."""

    account_id: int | None
    label: str


LOCAL_ADMINISTRATOR = Actor(None, "command")


def account_actor(account_id: int, name: str) -> Actor:
    """Return a signed-in account as one who acts."""
    return Actor(account_id, f"account:{account_id} {name}")


def invite(
    connection: sa.Connection, actor: Actor, invited: Invited, now: datetime, lifetime: timedelta
) -> tuple[int, str]:
    """Invite somebody; return the invitation's id and token.

    Only a local administrator may invite an address that has an account: on acceptance that account gets the role and
    a new password, and keeps its second factor. Raises AccountExists for anybody else.
    """
    if actor.account_id is not None and accounts.find_account(connection, email=invited.email) is not None:
        raise AccountExists(email=invited.email)
    invitation_id, token = invitations.invite(connection, invited, actor.account_id, now, lifetime)
    if actor.account_id is not None and invited.role in TWO_PERSON_ROLES:
        approvals.ask(connection, "invite", actor.account_id, now, invitation_id=invitation_id)
    _log(connection, actor, "invited", f"invitation:{invitation_id}", now, role=invited.role)
    return invitation_id, token


def revoke_invitation(connection: sa.Connection, actor: Actor, invitation_id: int, now: datetime) -> None:
    """End an invitation that nobody has answered yet."""
    invitations.revoke(connection, invitation_id, now)
    _log(connection, actor, "invitation-revoked", f"invitation:{invitation_id}", now)


def accept_invitation(connection: sa.Connection, invitation: Invitation, password_hash: str, now: datetime) -> int:
    """Make the account that an open invitation promises, use the invitation up, and return the account's id."""
    invitations.use(connection, invitation.id, now)
    invited = invitation.invited
    if invitation.invited_by is not None and accounts.find_account(connection, email=invited.email) is not None:
        raise AccountExists(email=invited.email)
    account_id = accounts.add_account(
        connection,
        email=invited.email,
        name=invited.name,
        password_hash=password_hash,
        roles=[invited.role],
        now=now,
        carrier_code=invited.carrier_code,
        venue_ids=invited.venue_ids,
    )
    invitations.note_account(connection, invitation.id, account_id)
    actor = account_actor(account_id, invited.name)
    facts: dict[str, str | int] = {"role": invited.role, "invitation": invitation.id}
    _log(connection, actor, "invitation-accepted", f"account:{account_id}", now, **facts)
    return account_id


def disable(connection: sa.Connection, actor: Actor, account_id: int, now: datetime) -> None:
    """Let an account in no more: its sessions end, and so does what it had asked for or invited to."""
    if actor.account_id == account_id:
        raise NotOneself()
    accounts.get_account(connection, account_id)
    accounts.disable_account(connection, account_id)
    approvals.withdraw_requests_of(connection, account_id, now)
    invitations.revoke_invitations_of(connection, account_id, now)
    _log(connection, actor, "account-disabled", f"account:{account_id}", now)


def enable(connection: sa.Connection, actor: Actor, account_id: int, now: datetime) -> Approval | None:
    """Let a disabled account in again; one of headquarters waits for a second person, and the request is returned."""
    roles = set(accounts.get_account(connection, account_id).record.roles)
    if actor.account_id is not None and roles & TWO_PERSON_ROLES:
        return _ask(connection, actor, "enable", account_id, now)
    accounts.enable_account(connection, account_id)
    _log(connection, actor, "account-enabled", f"account:{account_id}", now)
    return None


def reset_second_factor(connection: sa.Connection, actor: Actor, account_id: int, now: datetime) -> Approval | None:
    """Take a lost second factor away; at headquarters that waits for a second person, and the request is returned."""
    accounts.get_account(connection, account_id)
    if actor.account_id is not None:
        if actor.account_id == account_id:
            raise NotOneself()
        return _ask(connection, actor, "reset-second-factor", account_id, now)
    _reset(connection, actor, account_id, now)
    return None


def approve(connection: sa.Connection, actor: Actor, approval_id: int, now: datetime, lifetime: timedelta) -> Approval:
    """Agree, as the second person, to what another one at headquarters asked for, and do it.

    Raises SecondPersonNeeded for whoever asked and for the person it is about, NotFound where nothing waits.
    """
    if actor.account_id is None:
        raise SecondPersonNeeded()
    asked = approvals.decide(connection, approval_id, "approved", actor.account_id, now, now - lifetime)
    if asked.act == "invite" and asked.invitation_id is not None:
        invitations.approve(connection, asked.invitation_id, actor.account_id, now, lifetime)
        _log(connection, actor, "invitation-approved", f"invitation:{asked.invitation_id}", now)
    elif asked.act == "enable" and asked.account_id is not None:
        accounts.enable_account(connection, asked.account_id)
        _log(connection, actor, "account-enabled", f"account:{asked.account_id}", now, asked_by=asked.asked_by)
    elif asked.account_id is not None:
        _reset(connection, actor, asked.account_id, now, asked_by=asked.asked_by)
    return asked


def decline(connection: sa.Connection, actor: Actor, approval_id: int, now: datetime, lifetime: timedelta) -> Approval:
    """Refuse what somebody asked for, or take back what one asked for oneself; an invitation ends with it."""
    if actor.account_id is None:
        raise NotFound(what="request", name=str(approval_id))
    asked = approvals.decide(connection, approval_id, "declined", actor.account_id, now, now - lifetime)
    if asked.invitation_id is not None:
        invitations.revoke(connection, asked.invitation_id, now)
    subject = f"invitation:{asked.invitation_id}" if asked.invitation_id else f"account:{asked.account_id}"
    _log(connection, actor, "request-declined", subject, now, act=asked.act, asked_by=asked.asked_by)
    return asked


def change_password(connection: sa.Connection, actor: Actor, password_hash: str, now: datetime) -> None:
    """Keep the own new password and end every session of the account."""
    account_id = _own(actor)
    accounts.set_password_hash(connection, account_id, password_hash)
    sessions.end_sessions(connection, account_id)
    _log(connection, actor, "password-changed", f"account:{account_id}", now)


def enrol(connection: sa.Connection, actor: Actor, sealed_secret: str, counter: int, now: datetime) -> None:
    """Make an answered secret the own second factor and end every session of the account."""
    account_id = _own(actor)
    second_factor.enrol(connection, account_id, sealed_secret, counter, now)
    sessions.end_sessions(connection, account_id)
    _log(connection, actor, "second-factor-set", f"account:{account_id}", now)


def renew_recovery_codes(connection: sa.Connection, actor: Actor, codes: list[str], now: datetime) -> None:
    """Replace the own recovery codes."""
    account_id = _own(actor)
    second_factor.set_recovery_codes(connection, account_id, codes, now)
    _log(connection, actor, "recovery-codes-made", f"account:{account_id}", now)


def note_sign_in(connection: sa.Connection, actor: Actor, by: str, now: datetime) -> None:
    """Note that an account was entered; `by` says which steps it took, and no address is kept."""
    account_id = _own(actor)
    accounts.note_sign_in(connection, account_id, now)
    _log(connection, actor, "signed-in", f"account:{account_id}", now, by=by)


def end_other_sessions(connection: sa.Connection, actor: Actor, token: str, now: datetime) -> None:
    """End every own session but the one of `token`."""
    sessions.end_other_sessions(connection, _own(actor), token)
    _log(connection, actor, "sessions-ended", f"account:{_own(actor)}", now)


def end_session_at(connection: sa.Connection, actor: Actor, handle: str, now: datetime) -> None:
    """End the own session that `handle` points at, if it is still there."""
    if sessions.end_session_at(connection, _own(actor), handle):
        _log(connection, actor, "sessions-ended", f"account:{_own(actor)}", now)


def _ask(connection: sa.Connection, actor: Actor, act: approvals.Act, account_id: int, now: datetime) -> Approval:
    asked_by = _own(actor)
    asked = approvals.ask(connection, act, asked_by, now, account_id=account_id)
    _log(connection, actor, f"{act}-asked", f"account:{account_id}", now)
    return Approval(asked, act, account_id, None, asked_by, now)


def _reset(connection: sa.Connection, actor: Actor, account_id: int, now: datetime, **facts: int) -> None:
    second_factor.forget(connection, account_id)
    sessions.end_sessions(connection, account_id)
    _log(connection, actor, "second-factor-reset", f"account:{account_id}", now, **facts)


def _own(actor: Actor) -> int:
    if actor.account_id is None:
        raise NotFound(what="account", name=actor.label)
    return actor.account_id


def _log(
    connection: sa.Connection, actor: Actor, action: str, subject: str, now: datetime, **details: str | int
) -> None:
    audit.append(connection, actor=actor.label[:200], action=action, subject=subject, details=details, now=now)
