"""Sessions on the server, whole ones and those that still lack the second step.

Promises: a token is kept only as its hash; a half session names an account and opens nothing; ending an account's
sessions ends its half ones too.
Does not: know cookies, or say who may do what.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from store.schema import UtcDateTime, metadata

TOKEN_BYTES = 32  # 256 bits: kept as a plain SHA-256, because nothing that long can be guessed (ASVS 6.5.2)
HANDLE_LENGTH = 16  # enough of a session's hash to point at one of one's own; it opens nothing

server_session = sa.Table(
    "server_session",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
)

half_session = sa.Table(
    "half_session",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lives: `idle` since it was last seen, `absolute` since it began; `touch` spares writes."""

    idle: timedelta
    absolute: timedelta
    touch: timedelta


@dataclass(frozen=True, slots=True)
class LivingSession:
    """A session as its owner sees it: `handle` points at it and opens nothing."""

    handle: str
    created_at: datetime
    last_seen_at: datetime


def begin_session(connection: sa.Connection, account_id: int, now: datetime) -> str:
    """Begin a session and return its token; only the token's hash is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"token_sha256": hash_token(token), "account_id": account_id, "created_at": now, "last_seen_at": now}
    connection.execute(sa.insert(server_session).values(row))
    return token


def touch_session(connection: sa.Connection, token: str, now: datetime) -> None:
    """Note that a session was seen."""
    mine = server_session.c.token_sha256 == hash_token(token)
    connection.execute(sa.update(server_session).where(mine).values(last_seen_at=now))


def end_session(connection: sa.Connection, token: str) -> None:
    """End one session; a copy of its cookie opens nothing from now on."""
    connection.execute(sa.delete(server_session).where(server_session.c.token_sha256 == hash_token(token)))


def end_sessions(connection: sa.Connection, account_id: int) -> None:
    """End every session of an account, half ones too."""
    for table in (server_session, half_session):
        connection.execute(sa.delete(table).where(table.c.account_id == account_id))


def end_other_sessions(connection: sa.Connection, account_id: int, token: str) -> None:
    """End every session of an account but the one of `token`, half ones too."""
    other = server_session.c.token_sha256 != hash_token(token)
    connection.execute(sa.delete(server_session).where(server_session.c.account_id == account_id, other))
    connection.execute(sa.delete(half_session).where(half_session.c.account_id == account_id))


def end_session_at(connection: sa.Connection, account_id: int, handle: str) -> bool:
    """End the session of this account that `handle` points at; tell whether there was one."""
    wanted = sa.func.substr(server_session.c.token_sha256, 1, HANDLE_LENGTH) == handle
    query = sa.delete(server_session).where(server_session.c.account_id == account_id, wanted)
    return connection.execute(query).rowcount > 0


def sessions_of(
    connection: sa.Connection, account_id: int, now: datetime, limits: SessionLimits
) -> list[LivingSession]:
    """Return the living sessions of an account, the newest first."""
    mine = server_session.c.account_id == account_id
    query = sa.select(server_session).where(mine, is_alive(now, limits)).order_by(server_session.c.created_at.desc())
    rows = connection.execute(query)
    return [LivingSession(row.token_sha256[:HANDLE_LENGTH], row.created_at, row.last_seen_at) for row in rows]


def handle_of(token: str) -> str:
    """Return what points at the session of `token`."""
    return hash_token(token)[:HANDLE_LENGTH]


def forget_dead_sessions(connection: sa.Connection, now: datetime, limits: SessionLimits) -> None:
    """Delete the sessions that have run out."""
    connection.execute(sa.delete(server_session).where(~is_alive(now, limits)))


def begin_half_session(connection: sa.Connection, account_id: int, now: datetime) -> str:
    """Note that the password was right, and return the token under which the second step is awaited."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"token_sha256": hash_token(token), "account_id": account_id, "created_at": now}
    connection.execute(sa.insert(half_session).values(row))
    return token


def account_id_of_half_session(connection: sa.Connection, token: str, now: datetime, lifetime: timedelta) -> int | None:
    """Return whose second step is awaited under this token; None where nobody's is, or no longer."""
    young = half_session.c.created_at > now - lifetime
    query = sa.select(half_session.c.account_id).where(half_session.c.token_sha256 == hash_token(token), young)
    return connection.execute(query).scalar_one_or_none()


def end_half_session(connection: sa.Connection, token: str) -> bool:
    """Use a half session up; tell whether it was still there, so that it is used once only."""
    query = sa.delete(half_session).where(half_session.c.token_sha256 == hash_token(token))
    return connection.execute(query).rowcount == 1


def forget_dead_half_sessions(connection: sa.Connection, now: datetime, lifetime: timedelta) -> None:
    """Delete the half sessions that have run out."""
    connection.execute(sa.delete(half_session).where(half_session.c.created_at <= now - lifetime))


def is_alive(now: datetime, limits: SessionLimits) -> sa.ColumnElement[bool]:
    """Return the condition under which a session lives."""
    return sa.and_(
        server_session.c.created_at > now - limits.absolute, server_session.c.last_seen_at > now - limits.idle
    )


def hash_token(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
