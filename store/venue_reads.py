"""Who read which venue's file: appended, never changed.

Promises: the owner of a venue can be told of every read; the database itself refuses to change a row.
Does not: decide which reads are worth a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from store.accounts import account
from store.schema import UtcDateTime, metadata

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
class VenueRead:
    """One read of a venue's file: by whom, in which role, when."""

    venue_id: str
    reader: str
    role: str
    read_at: datetime


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
