"""Tables of carriers' shares by region and hour: one a carrier at most, replaced whole."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from rules.shares import ShareRow
from store.estimation_tables import carrier_share


def replace_table(connection: sa.Connection, carrier_id: int, rows: Sequence[ShareRow]) -> None:
    """Let rows be what holds of a carrier; without any, its registered share holds everywhere."""
    connection.execute(sa.delete(carrier_share).where(carrier_share.c.carrier_id == carrier_id))
    if rows:
        connection.execute(sa.insert(carrier_share), [_values(carrier_id, one) for one in rows])


def share_tables(connection: sa.Connection) -> dict[int, tuple[ShareRow, ...]]:
    """Return the rows of every carrier that has a table, by region, days and hour."""
    order = (carrier_share.c.carrier_id, carrier_share.c.region, carrier_share.c.days, carrier_share.c.start_hour)
    found: dict[int, list[ShareRow]] = {}
    for row in connection.execute(sa.select(carrier_share).order_by(*order)):
        one = ShareRow(row.region, row.days, row.start_hour, row.end_hour, row.share)
        found.setdefault(row.carrier_id, []).append(one)
    return {carrier_id: tuple(rows) for carrier_id, rows in found.items()}


def _values(carrier_id: int, row: ShareRow) -> dict[str, object]:
    return {
        "carrier_id": carrier_id,
        "region": row.region,
        "days": row.days,
        "start_hour": row.start_hour,
        "end_hour": row.end_hour,
        "share": row.share,
    }
