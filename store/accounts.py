"""Accounts, their server-side sessions, attempts to sign in, and who read which venue's file.

Promises: a session's token and a password are kept only as hashes; so are the address of a caller and the name that was
tried, only as long as guessing is counted; a read of a venue's file is appended and never changed.
Does not: hash passwords, know cookies or HTTP, or decide who may do what.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.records import AccountRecord
from store.schema import UtcDateTime, metadata
from store.writing import insert_missing

TOKEN_BYTES = 32  # 256 bits: kept as a plain SHA-256, because nothing that long can be guessed (ASVS 6.5.2)

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

server_session = sa.Table(
    "server_session",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
)

sign_in_attempt = sa.Table(
    "sign_in_attempt",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("account_key", sa.String(64), nullable=False),
    sa.Column("address_key", sa.String(64), nullable=False),
    sa.Column("attempted_at", UtcDateTime, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    sa.Index("ix_sign_in_attempt_account_key", "account_key", "attempted_at"),
)

venue_read = sa.Table(
    "venue_read",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("venue_id", sa.ForeignKey("venue.id"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id"), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("read_at", UtcDateTime, nullable=False),
    sa.Index("ix_venue_read_venue", "venue_id", "read_at"),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with what signing in needs."""

    record: AccountRecord
    password_hash: str
    active: bool
    uniquifier: str


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lives: `idle` since it was last seen, `absolute` since it began; `touch` spares writes."""

    idle: timedelta
    absolute: timedelta
    touch: timedelta


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """How many attempts are heard: per account and address in `window`, per account in `account_window`.

    An address from which the account was entered within `known` is not held up by the guesses of others.
    """

    per_address: int
    window: timedelta
    per_account: int
    account_window: timedelta
    known: timedelta


@dataclass(frozen=True, slots=True)
class VenueRead:
    """One read of a venue's file: by whom, in which role, when."""

    venue_id: str
    reader: str
    role: str
    read_at: datetime


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
    row = connection.execute(sa.select(account).where(wanted)).one_or_none()
    return None if row is None else _credentials(connection, row)


def set_password_hash(connection: sa.Connection, account_id: int, password_hash: str) -> None:
    """Keep a new hash of the same password (its parameters were raised)."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(password=password_hash))


def disable_account(connection: sa.Connection, account_id: int) -> None:
    """Let an account in no more, and end its sessions at once."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(active=False))
    end_sessions(connection, account_id)


def begin_session(connection: sa.Connection, account_id: int, now: datetime) -> str:
    """Begin a session and return its token; only the token's hash is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"token_sha256": _hash(token), "account_id": account_id, "created_at": now, "last_seen_at": now}
    connection.execute(sa.insert(server_session).values(row))
    return token


def account_of_session(
    connection: sa.Connection, token: str, now: datetime, limits: SessionLimits
) -> tuple[Credentials, bool] | None:
    """Return who holds a living session, and whether it is time to note that it was seen; None where it is dead."""
    query = (
        sa.select(account, server_session.c.last_seen_at)
        .join(server_session, server_session.c.account_id == account.c.id)
        .where(
            server_session.c.token_sha256 == _hash(token),
            server_session.c.created_at > now - limits.absolute,
            server_session.c.last_seen_at > now - limits.idle,
            account.c.active,
        )
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (_credentials(connection, row), row.last_seen_at <= now - limits.touch)


def touch_session(connection: sa.Connection, token: str, now: datetime) -> None:
    """Note that a session was seen."""
    mine = server_session.c.token_sha256 == _hash(token)
    connection.execute(sa.update(server_session).where(mine).values(last_seen_at=now))


def end_session(connection: sa.Connection, token: str) -> None:
    """End one session; a copy of its cookie opens nothing from now on."""
    connection.execute(sa.delete(server_session).where(server_session.c.token_sha256 == _hash(token)))


def end_sessions(connection: sa.Connection, account_id: int) -> None:
    """End every session of an account."""
    connection.execute(sa.delete(server_session).where(server_session.c.account_id == account_id))


def forget_dead_sessions(connection: sa.Connection, now: datetime, limits: SessionLimits) -> None:
    """Delete the sessions that have run out."""
    dead = sa.or_(
        server_session.c.created_at <= now - limits.absolute, server_session.c.last_seen_at <= now - limits.idle
    )
    connection.execute(sa.delete(server_session).where(dead))


def begin_attempt(connection: sa.Connection, name: str, address: str, now: datetime, limits: GuessLimits) -> int | None:
    """Count an attempt to sign in under `name` from `address` before it is heard; None where there were too many.

    It counts whether or not such an account exists, so that a refusal says nothing about that. Needs a write
    transaction: attempts for one name are counted one after the other.
    """
    account_key, address_key = _hash(name.strip().lower()), _hash(address)
    _one_at_a_time(connection, account_key)
    _forget_old_attempts(connection, now, limits)
    if _too_many(connection, account_key, address_key, now, limits):
        return None
    row = {"account_key": account_key, "address_key": address_key, "attempted_at": now, "passed": False}
    return int(connection.execute(sa.insert(sign_in_attempt).values(row).returning(sign_in_attempt.c.id)).scalar_one())


def pass_attempt(connection: sa.Connection, attempt_id: int) -> None:
    """Note that an attempt was right: earlier wrong ones from the same address no longer count."""
    attempt = connection.execute(sa.select(sign_in_attempt).where(sign_in_attempt.c.id == attempt_id)).one()
    same = (sign_in_attempt.c.account_key == attempt.account_key) & (
        sign_in_attempt.c.address_key == attempt.address_key
    )
    connection.execute(sa.delete(sign_in_attempt).where(same, sign_in_attempt.c.id != attempt_id))
    connection.execute(sa.update(sign_in_attempt).where(sign_in_attempt.c.id == attempt_id).values(passed=True))


def record_read(
    connection: sa.Connection, venue_id: str, account_id: int, role: str, now: datetime, visit: timedelta
) -> None:
    """Append that an account read a venue's file; what is read again within one `visit` is one read."""
    same = (venue_read.c.venue_id == venue_id) & (venue_read.c.account_id == account_id) & (venue_read.c.role == role)
    recent = sa.select(venue_read.c.id).where(same, venue_read.c.read_at > now - visit).limit(1)
    if connection.execute(recent).one_or_none() is None:
        row = {"venue_id": venue_id, "account_id": account_id, "role": role, "read_at": now}
        connection.execute(sa.insert(venue_read).values(row))


def reads_of(connection: sa.Connection, venue_ids: Sequence[str], limit: int) -> list[VenueRead]:
    """Return the newest reads of these venues' files, newest first."""
    query = (
        sa.select(venue_read.c.venue_id, account.c.name.label("reader"), venue_read.c.role, venue_read.c.read_at)
        .join(account, account.c.id == venue_read.c.account_id)
        .where(venue_read.c.venue_id.in_(venue_ids))
        .order_by(venue_read.c.id.desc())
        .limit(limit)
    )
    return [VenueRead(**row._mapping) for row in connection.execute(query)]


def count_reads(connection: sa.Connection, venue_ids: Sequence[str]) -> dict[str, int]:
    """Return how often each of these venues' files was read."""
    mine = venue_read.c.venue_id.in_(venue_ids)
    query = sa.select(venue_read.c.venue_id, sa.func.count().label("reads")).where(mine).group_by(venue_read.c.venue_id)
    return {row.venue_id: row.reads for row in connection.execute(query)}


def _credentials(connection: sa.Connection, row: Any) -> Credentials:
    return Credentials(_record(connection, row), row.password, row.active, row.fs_uniquifier)


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


def _one_at_a_time(connection: sa.Connection, account_key: str) -> None:
    # SQLite writes one after the other anyway; PostgreSQL needs a lock that the transaction's end releases.
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(account_key[:16]), "big", signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _forget_old_attempts(connection: sa.Connection, now: datetime, limits: GuessLimits) -> None:
    wrong = ~sign_in_attempt.c.passed & (sign_in_attempt.c.attempted_at <= now - limits.account_window)
    right = sign_in_attempt.c.passed & (sign_in_attempt.c.attempted_at <= now - limits.known)
    connection.execute(sa.delete(sign_in_attempt).where(sa.or_(wrong, right)))


def _too_many(
    connection: sa.Connection, account_key: str, address_key: str, now: datetime, limits: GuessLimits
) -> bool:
    here = sign_in_attempt.c.address_key == address_key
    wrong = ~sign_in_attempt.c.passed
    recent = sign_in_attempt.c.attempted_at > now - limits.window
    hour = sign_in_attempt.c.attempted_at > now - limits.account_window
    counts = sa.select(
        sa.func.coalesce(sa.func.sum(sa.case((here & wrong & recent, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((wrong & hour, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((here & sign_in_attempt.c.passed, 1), else_=0)), 0),
    ).where(sign_in_attempt.c.account_key == account_key)
    from_here, in_all, known_here = connection.execute(counts).one()
    return bool(from_here >= limits.per_address or (in_all >= limits.per_account and not known_here))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
