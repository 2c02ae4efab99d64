"""Delete what may not be kept longer: bytes of deliveries, counts, names on refused receipts. What is left says so.

Promises: a count slice whose counts are erased stays as a row with an empty digest, so that the bins it touched are
known; bytes that anything else still refers to are never deleted, also while others write.
Does not: decide when (a policy does), nor delete files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.blobs import DIGESTS_A_QUERY, lock_for_deleting
from store.estimation_tables import prior_layer
from store.held import held_slice, reject_held
from store.schema import (
    blob,
    count_slice,
    coverage_version,
    geometry_pack,
    hexagon_area,
    map_frame,
    release,
    upload,
    usual_profile,
)
from store.usual_weeks import usual_picture

REFERENCES: tuple[sa.Column[Any], ...] = (
    count_slice.c.blob_digest,
    held_slice.c.blob_digest,
    coverage_version.c.digest,
    hexagon_area.c.hexagons_digest,
    geometry_pack.c.blob_digest,
    release.c.blob_digest,
    release.c.venue_blob_digest,
    prior_layer.c.blob_digest,
    map_frame.c.frame_digest,
    map_frame.c.interval_digest,
    map_frame.c.venue_frame_digest,
    usual_profile.c.blob_digest,
    usual_picture.c.blob_digest,
)
COUNTS_STATES = ("accepted", "held")
NAMELESS = {"file_name": "", "sent_by": "", "idempotency_key": None}


@dataclass(frozen=True, slots=True)
class Expired:
    """An upload of which something is to be deleted."""

    upload_id: int
    sha256: str
    size_bytes: int
    received_at: datetime
    raw_name: str | None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted of an upload: slices that counted, slices that were held, and blobs nobody else refers to."""

    slices: int
    held_slices: int
    blobs: int


def expired_raw(connection: sa.Connection, before: datetime) -> list[Expired]:
    """Return the uploads received before that moment whose bytes are kept still, and have been read."""
    old = upload.c.raw_name.is_not(None) & (upload.c.received_at < before) & (upload.c.state != "received")
    return _expired(connection, old)


def expired_counts(connection: sa.Connection, before: datetime) -> list[Expired]:
    """Return the uploads received before that moment whose counts are kept still."""
    old = upload.c.state.in_(COUNTS_STATES) & (upload.c.received_at < before) & upload.c.counts_erased_at.is_(None)
    return _expired(connection, old)


def forget_raw(connection: sa.Connection, upload_id: int) -> None:
    """Note that the bytes of an upload are deleted."""
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(raw_name=None))


def erase_counts(connection: sa.Connection, upload_id: int, now: datetime) -> Erased:
    """Delete the counts of an upload; what was held and never decided is rejected with it."""
    lock_for_deleting(connection)
    mine, waiting = count_slice.c.upload_id == upload_id, held_slice.c.upload_id == upload_id
    digests = set(connection.execute(sa.select(count_slice.c.blob_digest).where(mine)).scalars())
    held_digests = list(connection.execute(sa.select(held_slice.c.blob_digest).where(waiting)).scalars())
    slices = connection.execute(sa.update(count_slice).where(mine).values(blob_digest="")).rowcount
    if held_digests:
        reject_held(connection, upload_id)
    gone = delete_unreferenced(connection, sorted(digests.union(held_digests) - {""}))
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(counts_erased_at=now))
    return Erased(slices, len(held_digests), gone)


def delete_unreferenced(connection: sa.Connection, digests: Sequence[str]) -> int:
    """Delete those of these blobs that nothing refers to any more; return how many."""
    lock_for_deleting(connection)
    gone = 0
    for first in range(0, len(digests), DIGESTS_A_QUERY):
        some = digests[first : first + DIGESTS_A_QUERY]
        kept = set().union(*(_referred(connection, column, some) for column in REFERENCES))
        loose = [one for one in some if one not in kept]
        gone += connection.execute(sa.delete(blob).where(blob.c.digest.in_(loose))).rowcount if loose else 0
    return gone


def nameless_refusals(connection: sa.Connection, before: datetime) -> int:
    """Leave of receipts refused before that moment only hash, size, reason and time; return how many had more."""
    old = (upload.c.state == "refused") & (upload.c.received_at < before)
    named = (upload.c.file_name != "") | (upload.c.sent_by != "") | upload.c.idempotency_key.is_not(None)
    return connection.execute(sa.update(upload).where(old, named).values(NAMELESS)).rowcount


def named_refusals(connection: sa.Connection, before: datetime) -> int:
    """Return how many receipts `nameless_refusals` would change."""
    old = (upload.c.state == "refused") & (upload.c.received_at < before)
    named = (upload.c.file_name != "") | (upload.c.sent_by != "") | upload.c.idempotency_key.is_not(None)
    return int(connection.execute(sa.select(sa.func.count()).select_from(upload).where(old, named)).scalar_one())


def raw_names(connection: sa.Connection) -> set[str]:
    """Return the names of all files that an upload names."""
    return set(connection.execute(sa.select(upload.c.raw_name).where(upload.c.raw_name.is_not(None))).scalars())


def names_raw(connection: sa.Connection, raw_name: str) -> list[int]:
    """Return the uploads that name a file."""
    return list(connection.execute(sa.select(upload.c.id).where(upload.c.raw_name == raw_name)).scalars())


def erased_spans(connection: sa.Connection, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the distinct intervals inside `[start, end)` of which counts were erased."""
    overlap = (count_slice.c.blob_digest == "") & (count_slice.c.start < end) & (count_slice.c.end > start)
    rows = connection.execute(sa.select(count_slice.c.start, count_slice.c.end).where(overlap).distinct())
    return [(row.start, row.end) for row in rows]


def empty_journal(connection: sa.Connection) -> None:
    """Empty SQLite's write-ahead log, which still holds what the pages said before."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _expired(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Expired]:
    columns = upload.c.id, upload.c.sha256, upload.c.size_bytes, upload.c.received_at, upload.c.raw_name
    rows = connection.execute(sa.select(*columns).where(condition).order_by(upload.c.id))
    return [Expired(*row) for row in rows]


def _referred(connection: sa.Connection, column: sa.Column[Any], digests: Sequence[str]) -> set[str]:
    return set(connection.execute(sa.select(column).where(column.in_(digests)).distinct()).scalars())
