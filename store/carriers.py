"""Carriers, their feeds and the versions of their coverage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.blobs import put_blob
from store.errors import NotFound, StoreError
from store.records import Carrier, CoverageVersion, FaultRecord
from store.schema import carrier, coverage_version, feed


class CarrierExists(StoreError):
    code = "carrier-exists"


def add_carrier(connection: sa.Connection, code: str, name: str, share: float, now: datetime) -> Carrier:
    """Register a carrier; raise CarrierExists where the code is taken."""
    if find_carrier(connection, code) is not None:
        raise CarrierExists(carrier=code)
    connection.execute(sa.insert(carrier).values(code=code, name=name, share=share, created_at=now))
    return get_carrier(connection, code)


def find_carrier(connection: sa.Connection, code: str) -> Carrier | None:
    """Return the carrier with that code, or None."""
    row = connection.execute(sa.select(carrier).where(carrier.c.code == code)).one_or_none()
    return None if row is None else Carrier(**row._mapping)


def get_carrier(connection: sa.Connection, code: str) -> Carrier:
    """Return the carrier with that code; raise NotFound, naming those that exist."""
    found = find_carrier(connection, code)
    if found is None:
        known = ", ".join(one.code for one in list_carriers(connection)) or "-"
        raise NotFound(what="carrier", name=code, known=known)
    return found


def list_carriers(connection: sa.Connection) -> list[Carrier]:
    """Return every carrier, in order of registration."""
    return [Carrier(**row._mapping) for row in connection.execute(sa.select(carrier).order_by(carrier.c.id))]


def lock_carrier(connection: sa.Connection, carrier_id: int) -> None:
    """Let one transaction at a time write for a carrier (SQLite has one writer anyway)."""
    connection.execute(sa.select(carrier.c.id).where(carrier.c.id == carrier_id).with_for_update())


def save_feed(connection: sa.Connection, carrier_id: int, text: str, now: datetime) -> None:
    """Append a feed; the newest one is in force."""
    connection.execute(sa.insert(feed).values(carrier_id=carrier_id, text=text, loaded_at=now))


def feed_text(connection: sa.Connection, carrier_id: int) -> str | None:
    """Return the carrier's feed in force, None where the columns decide."""
    query = sa.select(feed.c.text).where(feed.c.carrier_id == carrier_id).order_by(feed.c.id.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def add_coverage(
    connection: sa.Connection,
    carrier_id: int,
    data: bytes,
    kind: str,
    source_name: str,
    valid_from: datetime,
    now: datetime,
    notes: tuple[FaultRecord, ...] = (),
) -> CoverageVersion:
    """Append a version of a carrier's source areas, in force for time bins from `valid_from` on."""
    values: dict[str, Any] = {
        "carrier_id": carrier_id,
        "digest": put_blob(connection, data),
        "kind": kind,
        "source_name": source_name,
        "valid_from": valid_from,
        "loaded_at": now,
        "notes": [{"code": note.code, "params": dict(note.params)} for note in notes],
    }
    connection.execute(sa.insert(coverage_version).values(values))
    return list_coverages(connection, carrier_id)[-1]


def forget_coverages(connection: sa.Connection, carrier_id: int, kind: str) -> None:
    """Delete a carrier's versions of one kind: those of a grid that describes itself follow from the counts."""
    of_kind = (coverage_version.c.carrier_id == carrier_id) & (coverage_version.c.kind == kind)
    connection.execute(sa.delete(coverage_version).where(of_kind))


def list_coverages(connection: sa.Connection, carrier_id: int | None = None) -> list[CoverageVersion]:
    """Return the versions of coverage of one carrier, or of all, in order of loading."""
    columns = [column for column in coverage_version.c if column.name != "notes"]
    query = sa.select(*columns).order_by(coverage_version.c.id)
    if carrier_id is not None:
        query = query.where(coverage_version.c.carrier_id == carrier_id)
    return [CoverageVersion(**row._mapping) for row in connection.execute(query)]
