"""Released crowding of venues, a row a venue and base bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa

from store.records import VenueCrowding
from store.schema import venue_crowding

ROWS_A_BATCH = 5_000
FIELDS = tuple(one.name for one in fields(VenueCrowding))


def save_crowding(connection: sa.Connection, bins: Sequence[datetime], rows: Sequence[VenueCrowding]) -> None:
    """Replace the crowding of whole base bins."""
    if bins:
        gone = sa.delete(venue_crowding).where(venue_crowding.c.time_bin_start == sa.bindparam("start"))
        connection.execute(gone, [{"start": one} for one in bins])
    for first in range(0, len(rows), ROWS_A_BATCH):
        some = [{name: getattr(row, name) for name in FIELDS} for row in rows[first : first + ROWS_A_BATCH]]
        connection.execute(sa.insert(venue_crowding), some)


def crowding_at(connection: sa.Connection, time_bin_start: datetime) -> dict[str, VenueCrowding]:
    """Return the crowding of every venue in one base bin, by venue id."""
    query = sa.select(venue_crowding).where(venue_crowding.c.time_bin_start == time_bin_start)
    return {row.venue_id: _row(row) for row in connection.execute(query)}


def unusual_between(connection: sa.Connection, start: datetime, end: datetime) -> list[tuple[str, float]]:
    """Return (venue id, robust distance from usual) of every row of `start <= time_bin_start < end` that has one."""
    told = venue_crowding.c.unusual_z.is_not(None) & (venue_crowding.c.is_open.is_not(sa.false()))
    within = (venue_crowding.c.time_bin_start >= start) & (venue_crowding.c.time_bin_start < end)
    query = sa.select(venue_crowding.c.venue_id, venue_crowding.c.unusual_z).where(within, told)
    return [(row.venue_id, row.unusual_z) for row in connection.execute(query)]


def latest_crowding_bin(connection: sa.Connection, not_after: datetime) -> datetime | None:
    """Return the newest base bin with crowding that starts at or before `not_after`."""
    newest = sa.type_coerce(sa.func.max(venue_crowding.c.time_bin_start), venue_crowding.c.time_bin_start.type)
    query = sa.select(newest).where(venue_crowding.c.time_bin_start <= not_after)
    return connection.execute(query).scalar()


def venue_day(connection: sa.Connection, venue_id: str, start: datetime, end: datetime) -> list[VenueCrowding]:
    """Return one venue's crowding for `start <= time_bin_start < end`, oldest first."""
    mine = (
        (venue_crowding.c.venue_id == venue_id)
        & (venue_crowding.c.time_bin_start >= start)
        & (venue_crowding.c.time_bin_start < end)
    )
    query = sa.select(venue_crowding).where(mine).order_by(venue_crowding.c.time_bin_start)
    return [_row(row) for row in connection.execute(query)]


def _row(row: sa.Row[tuple[object, ...]]) -> VenueCrowding:
    return VenueCrowding(**(dict(row._mapping) | {"neighbour_ids": tuple(row.neighbour_ids)}))
