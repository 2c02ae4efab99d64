"""Accounts: who may sign in, in which roles, for which venues or mobile operator.

Promises: passwords arrive as hashes and are kept as such; whatever takes rights away ends the account's sessions in
the same transaction.
Does not: hash passwords, know cookies or HTTP, or decide who may do what.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.errors import NotFound
from store.records import AccountRecord
from store.schema import UtcDateTime, metadata
from store.second_factor import second_factor
from store.sessions import (
    TOKEN_BYTES,
    SessionLimits,
    account_id_of_half_session,
    end_sessions,
    hash_token,
    is_alive,
    server_session,
)
from store.writing import insert_missing

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("password", sa.String(300), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("fs_uniquifier", sa.String(64), nullable=False, unique=True),
    sa.Column("carrier_code", sa.String(40)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("signed_in_at", UtcDateTime),
)

account_role = sa.Table(
    "account_role",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("role", sa.String(20), primary_key=True),
)

account_venue = sa.Table(
    "account_venue",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("venue_id", sa.ForeignKey("venue.id"), primary_key=True),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with what signing in needs."""

    record: AccountRecord
    password_hash: str
    active: bool
    uniquifier: str
    has_second_factor: bool


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account as a list shows it."""

    id: int
    email: str
    name: str
    roles: tuple[str, ...]
    carrier_code: str | None
    active: bool
    has_second_factor: bool
    signed_in_at: datetime | None


def add_account(
    connection: sa.Connection,
    email: str,
    name: str,
    password_hash: str,
    roles: Iterable[str],
    now: datetime,
    carrier_code: str | None = None,
    venue_ids: Iterable[str] = (),
) -> int:
    """Register an account, or give the one with that address these roles and this password; return its id."""
    values = {"name": name, "password": password_hash, "active": True, "carrier_code": carrier_code}
    known = find_account(connection, email=email)
    if known is None:
        fresh = values | {"email": email.lower(), "fs_uniquifier": secrets.token_hex(TOKEN_BYTES), "created_at": now}
        account_id = int(connection.execute(sa.insert(account).values(fresh).returning(account.c.id)).scalar_one())
    else:
        account_id = known.record.id
        connection.execute(sa.update(account).where(account.c.id == account_id).values(values))
        end_sessions(connection, account_id)
        connection.execute(sa.delete(account_role).where(account_role.c.account_id == account_id))
        connection.execute(sa.delete(account_venue).where(account_venue.c.account_id == account_id))
    insert_missing(connection, account_role, [{"account_id": account_id, "role": role} for role in roles])
    insert_missing(connection, account_venue, [{"account_id": account_id, "venue_id": one} for one in venue_ids])
    return account_id


def find_account(
    connection: sa.Connection, *, email: str | None = None, uniquifier: str | None = None
) -> Credentials | None:
    """Return the account with that address (any case) or that lasting name of Flask-Security's, or None."""
    wanted = account.c.email == email.lower() if email is not None else account.c.fs_uniquifier == uniquifier
    row = connection.execute(_accounts().where(wanted)).one_or_none()
    return None if row is None else _credentials(connection, row)


def get_account(connection: sa.Connection, account_id: int) -> Credentials:
    """Return the account of that id; raises NotFound."""
    row = connection.execute(_accounts().where(account.c.id == account_id)).one_or_none()
    if row is None:
        raise NotFound(what="account", name=str(account_id))
    return _credentials(connection, row)


def list_accounts(connection: sa.Connection) -> list[AccountLine]:
    """Return every account, by name."""
    roles: dict[int, list[str]] = {}
    for row in connection.execute(sa.select(account_role).order_by(account_role.c.role)):
        roles.setdefault(row.account_id, []).append(row.role)
    rows = connection.execute(_accounts().order_by(account.c.name, account.c.id))
    return [_line(row, tuple(roles.get(row.id, ()))) for row in rows]


def set_password_hash(connection: sa.Connection, account_id: int, password_hash: str) -> None:
    """Keep another hash of an account's password; whether its sessions end is for the caller to say."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(password=password_hash))


def note_sign_in(connection: sa.Connection, account_id: int, now: datetime) -> None:
    """Note when an account last signed in."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(signed_in_at=now))


def disable_account(connection: sa.Connection, account_id: int) -> None:
    """Let an account in no more, and end its sessions at once."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(active=False))
    end_sessions(connection, account_id)


def enable_account(connection: sa.Connection, account_id: int) -> None:
    """Let a disabled account in again."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(active=True))


def account_of_session(
    connection: sa.Connection, token: str, now: datetime, limits: SessionLimits
) -> tuple[Credentials, bool] | None:
    """Return who holds a living session, and whether it is time to note that it was seen; None where it is dead."""
    query = (
        _accounts()
        .add_columns(server_session.c.last_seen_at)
        .join(server_session, server_session.c.account_id == account.c.id)
        .where(server_session.c.token_sha256 == hash_token(token), is_alive(now, limits), account.c.active)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (_credentials(connection, row), row.last_seen_at <= now - limits.touch)


def account_of_half_session(
    connection: sa.Connection, token: str, now: datetime, lifetime: timedelta
) -> Credentials | None:
    """Return whose second step is awaited under this token; None where nobody's is, or the account is disabled."""
    account_id = account_id_of_half_session(connection, token, now, lifetime)
    if account_id is None:
        return None
    found = get_account(connection, account_id)
    return found if found.active else None


def _accounts() -> sa.Select[Any]:
    enrolled = second_factor.c.account_id.is_not(None).label("has_second_factor")
    return sa.select(account, enrolled).outerjoin_from(
        account, second_factor, second_factor.c.account_id == account.c.id
    )


def _line(row: Any, roles: tuple[str, ...]) -> AccountLine:
    return AccountLine(
        id=row.id,
        email=row.email,
        name=row.name,
        roles=roles,
        carrier_code=row.carrier_code,
        active=row.active,
        has_second_factor=bool(row.has_second_factor),
        signed_in_at=row.signed_in_at,
    )


def _credentials(connection: sa.Connection, row: Any) -> Credentials:
    record = _record(connection, row)
    return Credentials(record, row.password, row.active, row.fs_uniquifier, bool(row.has_second_factor))


def _record(connection: sa.Connection, row: Any) -> AccountRecord:
    roles = sa.select(sa.literal("role"), account_role.c.role).where(account_role.c.account_id == row.id)
    venues = sa.select(sa.literal("venue"), account_venue.c.venue_id).where(account_venue.c.account_id == row.id)
    held = sorted((kind, value) for kind, value in connection.execute(sa.union_all(roles, venues)))
    return AccountRecord(
        id=row.id,
        email=row.email,
        name=row.name,
        roles=tuple(value for kind, value in held if kind == "role"),
        carrier_code=row.carrier_code,
        venue_ids=tuple(value for kind, value in held if kind == "venue"),
    )
