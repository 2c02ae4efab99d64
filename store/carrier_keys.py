"""A carrier's machine keys and the short-lived tokens that they are exchanged for.

Promises: secrets are kept as SHA-256 only (256 random bits need no slow hash); a key ends by itself, at most so many of
a carrier live at a time, a revoked key takes its tokens with it; ends are judged by the database's clock.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.carriers import lock_carrier
from store.errors import StoreError
from store.jobs import database_now
from store.records import Carrier
from store.schema import UtcDateTime, carrier, carrier_key, metadata

KEY_ID_BYTES = 6
SECRET_BYTES = 32  # 256 bits (ASVS 6.5.2 allows a plain hash from 112 on)
TOKEN_PREFIX = "t_"  # noqa: S105 - what tells a token from a key, not a token
SEEN_EVERY = timedelta(minutes=1)

carrier_token = sa.Table(
    "carrier_token",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("carrier_key_id", sa.ForeignKey("carrier_key.id"), nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)


class TooManyKeys(StoreError):
    """As many keys as may live at a time live already: revoke one first."""

    code = "too-many-keys"


@dataclass(frozen=True, slots=True)
class CarrierKey:
    """A key without its secret. It lives until `expires_at`, unless `revoked_at` is set."""

    id: int
    carrier_id: int
    key_id: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who stands behind a bearer key or token: the carrier, and the key that it came from."""

    carrier: Carrier
    key_id: str
    is_token: bool


def make_key(
    connection: sa.Connection, carrier_id: int, lifetime: timedelta, most_at_once: int, created_by: str
) -> tuple[CarrierKey, str]:
    """Make a key and return it with its text (`key_id.secret`), which is kept nowhere; raise TooManyKeys."""
    lock_carrier(connection, carrier_id)
    now = database_now(connection)
    if len(live_keys(connection, carrier_id)) >= most_at_once:
        raise TooManyKeys(limit=most_at_once)
    key_id, secret = secrets.token_hex(KEY_ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    row = {"carrier_id": carrier_id, "key_id": key_id, "secret_sha256": _hash(secret), "created_at": now}
    row |= {"created_by": created_by, "expires_at": now + lifetime}
    connection.execute(sa.insert(carrier_key).values(row))
    return next(one for one in live_keys(connection, carrier_id) if one.key_id == key_id), f"{key_id}.{secret}"


def live_keys(connection: sa.Connection, carrier_id: int) -> list[CarrierKey]:
    """Return the keys of a carrier that open something now, oldest first."""
    now = database_now(connection)
    return [one for one in all_keys(connection, carrier_id) if one.revoked_at is None and one.expires_at > now]


def all_keys(connection: sa.Connection, carrier_id: int) -> list[CarrierKey]:
    """Return every key a carrier ever had, oldest first."""
    query = sa.select(*_key_columns()).where(carrier_key.c.carrier_id == carrier_id).order_by(carrier_key.c.id)
    return [CarrierKey(**row._mapping) for row in connection.execute(query)]


def revoke_key(connection: sa.Connection, carrier_id: int, key_id: str) -> bool:
    """End a key and its tokens at once; tell whether this carrier had such a living key."""
    mine = (carrier_key.c.carrier_id == carrier_id) & (carrier_key.c.key_id == key_id)
    mine &= carrier_key.c.revoked_at.is_(None)
    values = {"revoked_at": database_now(connection)}
    ended = connection.execute(sa.update(carrier_key).where(mine).values(values).returning(carrier_key.c.id)).scalar()
    if ended is None:
        return False
    connection.execute(sa.delete(carrier_token).where(carrier_token.c.carrier_key_id == ended))
    return True


def find_bearer(connection: sa.Connection, text: str) -> Bearer | None:
    """Return who stands behind a bearer text, key or token; None where it opens nothing (wrong, ended, revoked)."""
    now = database_now(connection)
    living = (carrier_key.c.revoked_at.is_(None)) & (carrier_key.c.expires_at > now)
    query = (
        sa.select(carrier, carrier_key.c.key_id)
        .join(carrier_key, carrier_key.c.carrier_id == carrier.c.id)
        .where(living)
    )
    is_token = text.startswith(TOKEN_PREFIX)
    if is_token:
        query = query.join(carrier_token, carrier_token.c.carrier_key_id == carrier_key.c.id)
        query = query.where(carrier_token.c.token_sha256 == _hash(text), carrier_token.c.expires_at > now)
    else:
        key_id, _dot, secret = text.partition(".")
        query = query.where(carrier_key.c.key_id == key_id, carrier_key.c.secret_sha256 == _hash(secret))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    key = values.pop("key_id")
    return Bearer(Carrier(**values), key, is_token)


def note_use(connection: sa.Connection, key_id: str) -> None:
    """Note that a key was used, at most once a minute."""
    now = database_now(connection)
    stale = sa.or_(carrier_key.c.last_used_at.is_(None), carrier_key.c.last_used_at < now - SEEN_EVERY)
    connection.execute(sa.update(carrier_key).where(carrier_key.c.key_id == key_id, stale).values(last_used_at=now))


def make_token(connection: sa.Connection, key_id: str, lifetime: timedelta) -> tuple[str, datetime]:
    """Make a token for a living key and return it with its end; tokens that have ended are forgotten."""
    now = database_now(connection)
    connection.execute(sa.delete(carrier_token).where(carrier_token.c.expires_at <= now))
    key = connection.execute(sa.select(carrier_key.c.id).where(carrier_key.c.key_id == key_id)).scalar_one()
    token, expires_at = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES), now + lifetime
    row = {"token_sha256": _hash(token), "carrier_key_id": key, "expires_at": expires_at}
    connection.execute(sa.insert(carrier_token).values(row))
    return token, expires_at


def _key_columns() -> list[sa.Column[Any]]:
    return [column for column in carrier_key.c if column.name != "secret_sha256"]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
