"""Acts that one person at headquarters asks for and another one decides.

Promises: whoever asked cannot decide, nor can the person whom it is about; the database refuses such a row as well.
One waiting request of a kind about an account is enough. A request waits as long as an invitation lives.
Does not: do what was approved; `account_acts` does, in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from store.errors import AlreadyThere, NotFound, StoreError
from store.schema import UtcDateTime, metadata

Act = Literal["invite", "reset-second-factor", "enable"]
Decision = Literal["approved", "declined", "withdrawn"]

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("act", sa.String(30), nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id")),
    sa.Column("invitation_id", sa.ForeignKey("invitation.id")),
    sa.Column("asked_by", sa.ForeignKey("account.id"), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", sa.ForeignKey("account.id")),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decision", sa.String(10)),
    sa.CheckConstraint("decision <> 'approved' OR decided_by <> asked_by", name="two_persons"),
    sa.CheckConstraint("decision <> 'approved' OR account_id IS NULL OR decided_by <> account_id", name="not_oneself"),
)
_WAITING = sa.text("decided_at IS NULL")
sa.Index(
    "uq_approval_waiting",
    approval.c.act,
    approval.c.account_id,
    unique=True,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)


class SecondPersonNeeded(StoreError):
    """Whoever asked for it, or is the one it is about, cannot decide it."""

    code = "second-person-needed"


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as it stands. It is about an account or an invitation, never both."""

    id: int
    act: Act
    account_id: int | None
    invitation_id: int | None
    asked_by: int
    asked_at: datetime


def ask(
    connection: sa.Connection,
    act: Act,
    asked_by: int,
    now: datetime,
    *,
    account_id: int | None = None,
    invitation_id: int | None = None,
) -> int:
    """Ask for an act; what was asked before about the same account is asked anew. Return the request's id."""
    if account_id is not None:
        _withdraw(connection, (approval.c.act == act) & (approval.c.account_id == account_id), now)
    row = {"act": act, "account_id": account_id, "invitation_id": invitation_id, "asked_by": asked_by, "asked_at": now}
    try:
        return int(connection.execute(sa.insert(approval).values(row).returning(approval.c.id)).scalar_one())
    except sa.exc.IntegrityError as twice:  # somebody asked at the same moment
        raise AlreadyThere(what="request") from twice


def waiting(connection: sa.Connection, since: datetime) -> list[Approval]:
    """Return the requests that were asked after `since` and wait for a decision, the oldest first."""
    query = _requests().where(approval.c.decided_at.is_(None), approval.c.asked_at > since).order_by(approval.c.id)
    return [Approval(**row._mapping) for row in connection.execute(query)]


def decide(
    connection: sa.Connection, approval_id: int, decision: Decision, decided_by: int, now: datetime, since: datetime
) -> Approval:
    """Decide a request asked after `since`, once; raises SecondPersonNeeded, or NotFound where none waits."""
    open_ = (approval.c.id == approval_id) & approval.c.decided_at.is_(None) & (approval.c.asked_at > since)
    row = connection.execute(_requests().where(open_)).one_or_none()
    if row is None:
        raise NotFound(what="request", name=str(approval_id))
    found = Approval(**row._mapping)
    if decision == "approved" and decided_by in {found.asked_by, found.account_id}:
        raise SecondPersonNeeded()
    values = {"decided_by": decided_by, "decided_at": now, "decision": decision}
    if connection.execute(sa.update(approval).where(open_).values(values)).rowcount != 1:
        raise NotFound(what="request", name=str(approval_id))
    return found


def withdraw_requests_of(connection: sa.Connection, account_id: int, now: datetime) -> None:
    """Withdraw what this account asked for: it is disabled, so nobody should do it any more."""
    _withdraw(connection, approval.c.asked_by == account_id, now)


def _withdraw(connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    values = {"decided_by": approval.c.asked_by, "decided_at": now, "decision": "withdrawn"}
    connection.execute(sa.update(approval).where(which, approval.c.decided_at.is_(None)).values(values))


def _requests() -> sa.Select[tuple[int, str, int | None, int | None, int, datetime]]:
    columns = (approval.c.id, approval.c.act, approval.c.account_id, approval.c.invitation_id)
    return sa.select(*columns, approval.c.asked_by, approval.c.asked_at)
