"""How often somebody tried to get in, by name and by address.

Promises: what was tried and from where are kept only as hashes, and only as long as guessing is counted; attempts for
one name are counted one after the other, also when many arrive at once.
Does not: know whether an attempt was right; the caller says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from store.schema import UtcDateTime, metadata

LONGEST_WINDOW = timedelta(days=1)  # no limits look further back, whatever they count
LONGEST_KNOWN = timedelta(days=30)

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

    def __post_init__(self) -> None:
        if max(self.window, self.account_window) > LONGEST_WINDOW or self.known > LONGEST_KNOWN:
            raise ValueError("attempts are forgotten before these limits have counted them")


def begin_attempt(connection: sa.Connection, name: str, address: str, now: datetime, limits: GuessLimits) -> int | None:
    """Count an attempt to sign in under `name` from `address` before it is heard; None where there were too many.

    It counts whether or not such an account exists, so that a refusal says nothing about that. Needs a write
    transaction: attempts for one name are counted one after the other.
    """
    account_key, address_key = _hash(name.strip().lower()), _hash(address)
    _one_at_a_time(connection, account_key)
    _forget_old_attempts(connection, now)
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


def _one_at_a_time(connection: sa.Connection, account_key: str) -> None:
    # SQLite writes one after the other anyway; PostgreSQL needs a lock that the transaction's end releases.
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(account_key[:16]), "big", signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _forget_old_attempts(connection: sa.Connection, now: datetime) -> None:
    wrong = ~sign_in_attempt.c.passed & (sign_in_attempt.c.attempted_at <= now - LONGEST_WINDOW)
    right = sign_in_attempt.c.passed & (sign_in_attempt.c.attempted_at <= now - LONGEST_KNOWN)
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
