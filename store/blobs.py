"""Bytes by their SHA-256: the same bytes are kept once, and an address never changes its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

from store.errors import NotFound
from store.schema import blob
from store.writing import insert_missing

DIGESTS_A_QUERY = 500
BLOB_LOCK = 7_306_003  # PostgreSQL's advisory lock: whoever adds blobs shares it, whoever deletes has it alone


def digest_of(data: bytes) -> str:
    """Return the address of `data`: SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def put_blob(connection: sa.Connection, data: bytes) -> str:
    """Keep `data` and return its address."""
    return put_blobs(connection, [data])[0]


def put_blobs(connection: sa.Connection, many: Iterable[bytes]) -> list[str]:
    """Keep each of `many` and return their addresses, in order."""
    _share(connection)
    rows = [{"digest": digest_of(data), "data": data} for data in many]
    insert_missing(connection, blob, list({row["digest"]: row for row in rows}.values()))
    return [str(row["digest"]) for row in rows]


def lock_for_deleting(connection: sa.Connection) -> None:
    """Wait until nobody is adding blobs, and keep others from it until the transaction ends (SQLite: one writer)."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(BLOB_LOCK)))


def read_blob(connection: sa.Connection, digest: str) -> bytes:
    """Return the bytes at `digest`; raise NotFound where there are none."""
    data = connection.execute(sa.select(blob.c.data).where(blob.c.digest == digest)).scalar_one_or_none()
    if data is None:
        raise NotFound(what="blob", name=digest)
    return bytes(data)


def read_blobs(connection: sa.Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """Return the bytes at each of `digests` that is kept."""
    wanted = sorted(set(digests))
    found: dict[str, bytes] = {}
    for first in range(0, len(wanted), DIGESTS_A_QUERY):
        some = wanted[first : first + DIGESTS_A_QUERY]
        rows = connection.execute(sa.select(blob.c.digest, blob.c.data).where(blob.c.digest.in_(some)))
        found.update({row.digest: bytes(row.data) for row in rows})
    return found


def _share(connection: sa.Connection) -> None:
    """A blob that is there already must not be deleted before the row that refers to it is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(BLOB_LOCK)))
