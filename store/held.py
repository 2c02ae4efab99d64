"""Counts that wait for a person at headquarters: kept apart from the accepted ones, so that nothing computes with them.

A decision moves them: accepted, they become count slices of the same upload (and win or lose as that upload does);
rejected, they are deleted. Either way the rows of the receipt still add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.blobs import put_blobs
from store.records import CountPayload
from store.schema import UtcDateTime, count_slice, metadata, upload
from store.uploads import slice_row

held_slice = sa.Table(
    "held_slice",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), nullable=False),
    sa.Column("upload_id", sa.ForeignKey("upload.id"), nullable=False, index=True),
    sa.Column("start", UtcDateTime, nullable=False),
    sa.Column("end", UtcDateTime, nullable=False),
    sa.Column("precision", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("blob_digest", sa.String(64), nullable=False),
    sa.Column("counted_total", sa.Float, nullable=False),
    sa.Column("counted_areas", sa.Integer, nullable=False),
    sa.Column("suppressed_areas", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(60), nullable=False),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
)
_MOVED = (
    "carrier_id",
    "upload_id",
    "start",
    "end",
    "precision",
    "revision",
    "kind",
    "blob_digest",
    "counted_total",
    "counted_areas",
    "suppressed_areas",
)


@dataclass(frozen=True, slots=True)
class HeldCounts:
    """Counts of one interval to hold, and why: `reason` is a code of ingest's messages with its `params`."""

    payload: CountPayload
    reason: str
    params: Mapping[str, str | int | float]
    row_count: int


@dataclass(frozen=True, slots=True)
class HeldSlice:
    """Held counts without their bytes."""

    id: int
    carrier_id: int
    upload_id: int
    start: datetime
    end: datetime
    precision: int
    kind: str
    blob_digest: str
    counted_total: float
    counted_areas: int
    reason: str
    params: Mapping[str, str | int | float]
    row_count: int


def hold(connection: sa.Connection, carrier_id: int, upload_id: int, held: Sequence[HeldCounts]) -> None:
    """Keep counts of one upload apart until somebody decides."""
    digests = put_blobs(connection, [one.payload.data for one in held])
    rows = [_row(carrier_id, upload_id, one, digest) for one, digest in zip(held, digests, strict=True)]
    if rows:
        connection.execute(sa.insert(held_slice), rows)


def held_of(connection: sa.Connection, upload_id: int) -> list[HeldSlice]:
    """Return what is held of one upload, in order of time."""
    mine = held_slice.c.upload_id == upload_id
    rows = connection.execute(sa.select(held_slice).where(mine).order_by(held_slice.c.start, held_slice.c.id))
    return [HeldSlice(**{name: row._mapping[name] for name in HeldSlice.__slots__}) for row in rows]


def held_uploads(connection: sa.Connection, limit: int = 100) -> list[int]:
    """Return the ids of the uploads of which something waits for a decision, oldest first."""
    query = sa.select(upload.c.id).where(upload.c.state == "held").order_by(upload.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def accept_held(connection: sa.Connection, upload_id: int) -> int:
    """Let the held counts of an upload count; return how many rows that were."""
    rows = connection.execute(sa.select(held_slice).where(held_slice.c.upload_id == upload_id)).all()
    moved = [{name: row._mapping[name] for name in _MOVED} for row in rows]
    if moved:
        connection.execute(sa.insert(count_slice), moved)
    return _close(connection, upload_id, sum(row.row_count for row in rows), "rows_accepted")


def reject_held(connection: sa.Connection, upload_id: int) -> int:
    """Delete the held counts of an upload; return how many rows that were."""
    total = sa.func.coalesce(sa.func.sum(held_slice.c.row_count), 0)
    rows = int(connection.execute(sa.select(total).where(held_slice.c.upload_id == upload_id)).scalar_one())
    return _close(connection, upload_id, rows, "rows_rejected")


def _close(connection: sa.Connection, upload_id: int, rows: int, column: str) -> int:
    connection.execute(sa.delete(held_slice).where(held_slice.c.upload_id == upload_id))
    mine = (upload.c.id == upload_id) & (upload.c.state == "held")
    added = rows if column == "rows_accepted" else 0
    left = sa.case((upload.c.rows_accepted + added > 0, "accepted"), else_="refused")
    values: dict[str, Any] = {"rows_held": upload.c.rows_held - rows, column: upload.c[column] + rows, "state": left}
    connection.execute(sa.update(upload).where(mine).values(values))
    return rows


def _row(carrier_id: int, upload_id: int, one: HeldCounts, digest: str) -> dict[str, Any]:
    why = {"reason": one.reason, "params": dict(one.params), "row_count": one.row_count}
    return slice_row(carrier_id, upload_id, one.payload, digest) | why
