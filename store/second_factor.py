"""Second factors: the sealed secret of an account's authenticator, and its recovery codes.

Promises: no code is accepted twice (the counter only rises, a recovery code is used once, both by one statement);
recovery codes are kept only as hashes.
Does not: know the secrets, which arrive sealed, or the arithmetic of codes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from store.schema import UtcDateTime, metadata
from store.writing import replace_rows

second_factor = sa.Table(
    "second_factor",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("sealed_secret", sa.Text, nullable=False),
    sa.Column("last_counter", sa.BigInteger),
    sa.Column("enrolled_at", UtcDateTime, nullable=False),
)

second_factor_offer = sa.Table(
    "second_factor_offer",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("sealed_secret", sa.Text, nullable=False),
    sa.Column("offered_at", UtcDateTime, nullable=False),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("code_sha256", sa.String(64), primary_key=True),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)


def offer(connection: sa.Connection, account_id: int, sealed_secret: str, now: datetime) -> None:
    """Keep a secret that the account has not answered yet; an earlier offer is forgotten."""
    row = {"account_id": account_id, "sealed_secret": sealed_secret, "offered_at": now}
    replace_rows(connection, second_factor_offer, [row])


def find_offer(connection: sa.Connection, account_id: int, now: datetime, lifetime: timedelta) -> str | None:
    """Return the sealed secret that is offered to this account, None where there is none or no longer."""
    mine = second_factor_offer.c.account_id == account_id
    young = second_factor_offer.c.offered_at > now - lifetime
    return connection.execute(sa.select(second_factor_offer.c.sealed_secret).where(mine, young)).scalar_one_or_none()


def enrol(connection: sa.Connection, account_id: int, sealed_secret: str, counter: int | None, now: datetime) -> None:
    """Make this secret the account's second factor; `counter` is that of the code that was typed back."""
    row = {"account_id": account_id, "sealed_secret": sealed_secret, "last_counter": counter, "enrolled_at": now}
    replace_rows(connection, second_factor, [row])
    connection.execute(sa.delete(second_factor_offer).where(second_factor_offer.c.account_id == account_id))


def find_secret(connection: sa.Connection, account_id: int) -> str | None:
    """Return the sealed secret of an account's second factor, None where it has none."""
    query = sa.select(second_factor.c.sealed_secret).where(second_factor.c.account_id == account_id)
    return connection.execute(query).scalar_one_or_none()


def last_counter(connection: sa.Connection, account_id: int) -> int | None:
    """Return the counter of the last code that was accepted."""
    query = sa.select(second_factor.c.last_counter).where(second_factor.c.account_id == account_id)
    return connection.execute(query).scalar_one_or_none()


def accept_counter(connection: sa.Connection, account_id: int, counter: int) -> bool:
    """Note that the code of `counter` is used; False where it, or a later one, was used before."""
    unused = sa.or_(second_factor.c.last_counter.is_(None), second_factor.c.last_counter < counter)
    mine = second_factor.c.account_id == account_id
    query = sa.update(second_factor).where(mine, unused).values(last_counter=counter)
    return connection.execute(query).rowcount == 1


def set_recovery_codes(connection: sa.Connection, account_id: int, codes: Sequence[str], now: datetime) -> None:
    """Keep the hashes of these codes in place of all earlier ones.

    Each code carries 80 random bits: nobody runs through so many, so a plain hash is enough.
    """
    connection.execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))
    rows = [{"account_id": account_id, "code_sha256": _hash(code), "made_at": now} for code in codes]
    connection.execute(sa.insert(recovery_code), rows)


def use_recovery_code(connection: sa.Connection, account_id: int, code: str, now: datetime) -> bool:
    """Use a recovery code up; False where it is none of this account's, or was used before."""
    same = (recovery_code.c.account_id == account_id) & (recovery_code.c.code_sha256 == _hash(code))
    query = sa.update(recovery_code).where(same, recovery_code.c.used_at.is_(None)).values(used_at=now)
    return connection.execute(query).rowcount == 1


def count_recovery_codes(connection: sa.Connection, account_id: int) -> int:
    """Return how many recovery codes an account has left."""
    mine = (recovery_code.c.account_id == account_id) & recovery_code.c.used_at.is_(None)
    return connection.execute(sa.select(sa.func.count()).select_from(recovery_code).where(mine)).scalar_one()


def forget(connection: sa.Connection, account_id: int) -> None:
    """Take an account's second factor away, with its recovery codes and any offer."""
    for table in (second_factor, second_factor_offer, recovery_code):
        connection.execute(sa.delete(table).where(table.c.account_id == account_id))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
