"""Invitations: the only way to an account. A link, its token kept as a hash, good once and for a while.

Promises: an address has one open invitation at most (a unique index says so), so a new one ends the old; a role that
one person at headquarters cannot give alone opens nothing before a second person approved; an invitation is used once,
however many answer it at the same moment.
Does not: send letters. Whoever invites hands the link over.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from store.errors import AlreadyThere, NotFound, StoreError
from store.schema import UtcDateTime, metadata
from store.sessions import TOKEN_BYTES, hash_token

Ending = Literal["used", "revoked", "replaced"]
TWO_PERSON_ROLES = frozenset({"headquarters"})

invitation = sa.Table(
    "invitation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("carrier_code", sa.String(40)),
    sa.Column("venue_ids", sa.JSON, nullable=False),
    sa.Column("invited_by", sa.ForeignKey("account.id")),
    sa.Column("invited_at", UtcDateTime, nullable=False),
    sa.Column("approved_by", sa.ForeignKey("account.id")),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("ending", sa.String(10)),
    sa.Column("account_id", sa.ForeignKey("account.id")),
    sa.CheckConstraint("approved_by <> invited_by", name="two_persons"),
)
_OPEN = sa.text("ended_at IS NULL")
sa.Index("uq_invitation_open_email", invitation.c.email, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)


class AccountExists(StoreError):
    """The address has an account already."""

    code = "account-exists"


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom somebody wants to invite, and as what."""

    email: str
    name: str
    role: str
    carrier_code: str | None = None
    venue_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as it stands. `invited_by` is None where a local administrator did it by the command line."""

    id: int
    invited: Invited
    invited_by: int | None
    invited_at: datetime
    approved_by: int | None
    expires_at: datetime

    @property
    def is_approved(self) -> bool:
        """Whether nobody else needs to agree any more."""
        alone = self.invited.role in TWO_PERSON_ROLES and self.invited_by is not None
        return not alone or self.approved_by is not None


def invite(
    connection: sa.Connection, invited: Invited, invited_by: int | None, now: datetime, lifetime: timedelta
) -> tuple[int, str]:
    """Invite somebody and return the invitation's id and token; an open one for the same address ends."""
    _end(connection, invitation.c.email == invited.email.lower(), "replaced", now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {
        "token_sha256": hash_token(token),
        "email": invited.email.lower(),
        "name": invited.name,
        "role": invited.role,
        "carrier_code": invited.carrier_code,
        "venue_ids": list(invited.venue_ids),
        "invited_by": invited_by,
        "invited_at": now,
        "expires_at": now + lifetime,
    }
    try:
        made = connection.execute(sa.insert(invitation).values(row).returning(invitation.c.id)).scalar_one()
    except sa.exc.IntegrityError as twice:  # somebody invited the same address at the same moment
        raise AlreadyThere(what="invitation") from twice
    return int(made), token


def approve(
    connection: sa.Connection, invitation_id: int, approved_by: int, now: datetime, lifetime: timedelta
) -> None:
    """Let an invitation open, from now on for its whole lifetime; raises NotFound where it has ended."""
    values = {"approved_by": approved_by, "expires_at": now + lifetime}
    still = (invitation.c.id == invitation_id) & invitation.c.ended_at.is_(None)
    if connection.execute(sa.update(invitation).where(still).values(values)).rowcount != 1:
        raise NotFound(what="invitation", name=str(invitation_id))


def revoke(connection: sa.Connection, invitation_id: int, now: datetime) -> None:
    """End an invitation; raises NotFound where it has ended already."""
    if not _end(connection, invitation.c.id == invitation_id, "revoked", now):
        raise NotFound(what="invitation", name=str(invitation_id))


def revoke_invitations_of(connection: sa.Connection, account_id: int, now: datetime) -> None:
    """End the open invitations that an account gave out."""
    _end(connection, invitation.c.invited_by == account_id, "revoked", now)


def find_open_invitation(connection: sa.Connection, token: str, now: datetime) -> Invitation | None:
    """Return the invitation that this token opens now, None where it opens none."""
    mine = invitation.c.token_sha256 == hash_token(token)
    row = connection.execute(_invitations(now).where(mine)).one_or_none()
    found = None if row is None else _invitation(row)
    return found if found is not None and found.is_approved else None


def open_invitations(connection: sa.Connection, now: datetime) -> list[Invitation]:
    """Return the invitations that are still open, those that wait for approval too, the newest first."""
    return [_invitation(row) for row in connection.execute(_invitations(now).order_by(invitation.c.id.desc()))]


def use(connection: sa.Connection, invitation_id: int, now: datetime) -> None:
    """Use an invitation up; raises NotFound where somebody was faster."""
    if not _end(connection, invitation.c.id == invitation_id, "used", now):
        raise NotFound(what="invitation", name=str(invitation_id))


def note_account(connection: sa.Connection, invitation_id: int, account_id: int) -> None:
    """Note which account came of an invitation."""
    mine = invitation.c.id == invitation_id
    connection.execute(sa.update(invitation).where(mine).values(account_id=account_id))


def _end(connection: sa.Connection, which: sa.ColumnElement[bool], ending: Ending, now: datetime) -> bool:
    values = {"ended_at": now, "ending": ending}
    query = sa.update(invitation).where(which, invitation.c.ended_at.is_(None)).values(values)
    return connection.execute(query).rowcount > 0


def _invitations(now: datetime) -> sa.Select[Any]:
    return sa.select(invitation).where(invitation.c.ended_at.is_(None), invitation.c.expires_at > now)


def _invitation(row: Any) -> Invitation:
    invited = Invited(row.email, row.name, row.role, row.carrier_code, tuple(row.venue_ids))
    return Invitation(row.id, invited, row.invited_by, row.invited_at, row.approved_by, row.expires_at)
