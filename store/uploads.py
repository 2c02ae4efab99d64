"""Receipts of delivered files, and the accepted counts behind them.

An accepted file, its counts and the list of time bins to estimate again are one transaction: all of it, or nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.blobs import put_blobs
from store.errors import AlreadyThere, NotFound
from store.records import CountPayload, CountSliceRef, FaultRecord, Receipt
from store.schema import LIVE_STATES, carrier, count_slice, dirty_bin, source_area, upload
from store.writing import replace_rows

FAULTS_KEPT = 1_000
LARGEST_ID = 2**31 - 1
MARK_BYTES = 8


class NotReceived(NotFound):
    """The upload waits no longer to be read: it was taken back, or somebody has settled it."""


def record_received(connection: sa.Connection, carrier_id: int, facts: Mapping[str, Any]) -> int:
    """Append the receipt of a file that is kept but not read yet, and return its id.

    `facts`: file_name, sha256, size_bytes, received_at, origin, sent_by, idempotency_key, raw_name. The same living
    bytes, or the same idempotency key, raise `AlreadyThere`: the unique indexes decide, not a look-up before.
    """
    nothing = dict.fromkeys(("rows_in", "rows_accepted", "rows_rejected", "rows_held", "rows_suppressed"), 0)
    values = {"carrier_id": carrier_id, "state": "received", "fault_count": 0, "faults": [], "notes": []}
    row = nothing | values | dict(facts)
    try:
        return int(connection.execute(sa.insert(upload).values(row).returning(upload.c.id)).scalar_one())
    except sa.exc.IntegrityError as twice:
        raise AlreadyThere(what="upload") from twice


def settle(connection: sa.Connection, upload_id: int, facts: Mapping[str, Any]) -> None:
    """Write what became of a received file: `facts` are columns of `upload`, with FaultRecords for faults and notes.

    Raises NotReceived where it does not wait to be read.
    """
    values = dict(facts)
    values["faults"] = [_as_json(fault) for fault in values.get("faults", ())[:FAULTS_KEPT]]
    values["notes"] = [_as_json(note) for note in values.get("notes", ())]
    mine = (upload.c.id == upload_id) & (upload.c.state == "received")
    if connection.execute(sa.update(upload).where(mine).values(values)).rowcount != 1:
        raise NotReceived(what="upload", name=str(upload_id))


def find_live(connection: sa.Connection, carrier_id: int, sha256: str) -> Receipt | None:
    """Return the receipt of the same bytes, if this carrier delivered them and they are received, accepted or held."""
    same = (upload.c.carrier_id == carrier_id) & (upload.c.sha256 == sha256) & upload.c.state.in_(LIVE_STATES)
    row = connection.execute(_receipts().where(same)).one_or_none()
    return None if row is None else _receipt(row)


def find_by_key(connection: sa.Connection, carrier_id: int, idempotency_key: str) -> Receipt | None:
    """Return the receipt of the delivery that came under this idempotency key, whatever became of it."""
    same = (upload.c.carrier_id == carrier_id) & (upload.c.idempotency_key == idempotency_key)
    row = connection.execute(_receipts().where(same)).one_or_none()
    return None if row is None else _receipt(row)


def withdraw(connection: sa.Connection, upload_id: int, now: datetime) -> list[tuple[datetime, datetime]]:
    """Take an upload back: delete its counts, held ones too, and return the intervals for which it had counts.

    The receipt stays, in state `withdrawn`; its rows are counted as before. Raises NotFound where it is not live.
    """
    from store.held import held_slice

    mine = (upload.c.id == upload_id) & upload.c.state.in_(LIVE_STATES)
    values = {"state": "withdrawn", "withdrawn_at": now}
    if connection.execute(sa.update(upload).where(mine).values(values)).rowcount != 1:
        raise NotFound(what="upload", name=str(upload_id))
    columns = sa.select(count_slice.c.start, count_slice.c.end).where(count_slice.c.upload_id == upload_id).distinct()
    intervals = [(row.start, row.end) for row in connection.execute(columns)]
    connection.execute(sa.delete(count_slice).where(count_slice.c.upload_id == upload_id))
    connection.execute(sa.delete(held_slice).where(held_slice.c.upload_id == upload_id))
    return intervals


def fail(connection: sa.Connection, upload_id: int, now: datetime) -> None:
    """Note that a received file could not be read for a fault of ours; its bytes stay."""
    mine = (upload.c.id == upload_id) & (upload.c.state == "received")
    connection.execute(sa.update(upload).where(mine).values(state="failed", settled_at=now))


def receive_again(connection: sa.Connection, upload_id: int) -> None:
    """Let a failed upload be read again; raise AlreadyThere where its bytes were delivered anew meanwhile."""
    mine = (upload.c.id == upload_id) & (upload.c.state == "failed")
    try:
        connection.execute(sa.update(upload).where(mine).values(state="received", settled_at=None))
    except sa.exc.IntegrityError as twice:
        raise AlreadyThere(what="upload") from twice


def get_receipt(connection: sa.Connection, upload_id: int) -> Receipt:
    """Return one receipt; raise NotFound."""
    there = 0 < upload_id <= LARGEST_ID  # beyond, a database answers with an error of its own
    row = connection.execute(_receipts().where(upload.c.id == upload_id)).one_or_none() if there else None
    if row is None:
        raise NotFound(what="upload", name=str(upload_id))
    return _receipt(row)


def receipts_of(connection: sa.Connection, carrier_code: str | None, limit: int = 100) -> list[Receipt]:
    """Return the newest receipts of one carrier, or of all, newest first."""
    query = _receipts().order_by(upload.c.id.desc()).limit(limit)
    if carrier_code is not None:
        query = query.where(carrier.c.code == carrier_code)
    return [_receipt(row) for row in connection.execute(query)]


def source_area_codes(connection: sa.Connection, carrier_id: int, ids: Iterable[str] = ()) -> dict[str, int]:
    """Return the carrier's source areas with their codes; ids never seen before get the next ones."""
    mine = source_area.c.carrier_id == carrier_id
    rows = connection.execute(sa.select(source_area.c.source_area_id, source_area.c.area_code).where(mine))
    codes = {row.source_area_id: row.area_code for row in rows}
    fresh = [one for one in dict.fromkeys(ids) if one not in codes]
    added = {one: code for code, one in enumerate(fresh, start=max(codes.values(), default=-1) + 1)}
    rows_added = [{"carrier_id": carrier_id, "area_code": code, "source_area_id": one} for one, code in added.items()]
    if rows_added:
        connection.execute(sa.insert(source_area), rows_added)
    return codes | added


def slice_row(carrier_id: int, upload_id: int, payload: CountPayload, digest: str) -> dict[str, Any]:
    """Return what a row of counts says, whether they are in use or held."""
    return {
        "carrier_id": carrier_id,
        "upload_id": upload_id,
        "start": payload.start,
        "end": payload.end,
        "precision": payload.precision,
        "revision": payload.revision,
        "kind": payload.kind,
        "blob_digest": digest,
        "counted_total": payload.counted_total,
        "counted_areas": payload.counted_areas,
        "suppressed_areas": payload.suppressed_areas,
    }


def add_slices(connection: sa.Connection, carrier_id: int, upload_id: int, payloads: Sequence[CountPayload]) -> None:
    """Keep the accepted counts of one upload."""
    digests = put_blobs(connection, [payload.data for payload in payloads])
    rows = [
        slice_row(carrier_id, upload_id, payload, digest) for payload, digest in zip(payloads, digests, strict=True)
    ]
    if rows:
        connection.execute(sa.insert(count_slice), rows)


def count_digests(connection: sa.Connection, carrier_id: int, upload_id: int | None = None) -> list[str]:
    """Return the distinct digests of a carrier's accepted counts, of one upload or of all, the newest first."""
    newest = sa.func.max(count_slice.c.id)
    query = sa.select(count_slice.c.blob_digest).where(count_slice.c.carrier_id == carrier_id)
    query = query.where(count_slice.c.blob_digest != "").group_by(count_slice.c.blob_digest).order_by(newest.desc())
    if upload_id is not None:
        query = query.where(count_slice.c.upload_id == upload_id)
    return list(connection.execute(query).scalars())


def slices_touching(connection: sa.Connection, start: datetime, end: datetime) -> list[CountSliceRef]:
    """Return the accepted count slices that overlap `[start, end)`, of every carrier, in order of acceptance."""
    overlap = (count_slice.c.start < end) & (count_slice.c.end > start)
    query = sa.select(count_slice).where(overlap).order_by(count_slice.c.id)
    return [_slice_ref(row) for row in connection.execute(query)]


def carrier_intervals(connection: sa.Connection, carrier_id: int) -> list[tuple[datetime, datetime]]:
    """Return the distinct intervals for which a carrier has delivered counts."""
    query = sa.select(count_slice.c.start, count_slice.c.end).where(count_slice.c.carrier_id == carrier_id).distinct()
    return [(row.start, row.end) for row in connection.execute(query)]


def newest_interval_end(connection: sa.Connection) -> datetime | None:
    """Return the end of the newest interval with accepted counts."""
    newest = sa.type_coerce(sa.func.max(count_slice.c.end), count_slice.c.end.type)
    return connection.execute(sa.select(newest)).scalar()


def last_interval_end_by_carrier(connection: sa.Connection) -> dict[int, datetime]:
    """Return for each carrier id the end of its newest accepted interval."""
    newest = sa.type_coerce(sa.func.max(count_slice.c.end), count_slice.c.end.type)
    query = sa.select(count_slice.c.carrier_id, newest.label("newest")).group_by(count_slice.c.carrier_id)
    return {row.carrier_id: row.newest for row in connection.execute(query)}


def mark_dirty(connection: sa.Connection, bins: Iterable[datetime]) -> None:
    """Note that these base bins have to be estimated again; a bin that is noted already gets a new mark."""
    mark = secrets.token_hex(MARK_BYTES)
    replace_rows(connection, dirty_bin, [{"time_bin_start": one, "mark": mark} for one in sorted(set(bins))])


def dirty_bins(connection: sa.Connection) -> dict[datetime, str]:
    """Return the base bins that have to be estimated again, oldest first, each with its mark."""
    rows = connection.execute(sa.select(dirty_bin).order_by(dirty_bin.c.time_bin_start))
    return {row.time_bin_start: row.mark for row in rows}


def clear_dirty(connection: sa.Connection, done: Mapping[datetime, str]) -> None:
    """Forget base bins that were estimated from what was known when `dirty_bins` returned `done`.

    A bin that was marked again since then stays. One that another run has cleared meanwhile is marked again: nobody
    knows which of the two runs wrote last.
    """
    left = dirty_bins(connection)
    same = (dirty_bin.c.time_bin_start == sa.bindparam("start")) & (dirty_bin.c.mark == sa.bindparam("read_mark"))
    rows = [{"start": one, "read_mark": mark} for one, mark in done.items() if left.get(one) == mark]
    if rows:
        connection.execute(sa.delete(dirty_bin).where(same), rows)
    mark_dirty(connection, done.keys() - left.keys())


def base_bins(start: datetime, end: datetime, width: timedelta) -> list[datetime]:
    """Return the starts of the base bins that overlap `[start, end)`, aligned to the epoch in UTC."""
    seconds = int(width.total_seconds())
    first = int(start.timestamp()) // seconds * seconds
    return [datetime.fromtimestamp(one, tz=start.tzinfo) for one in range(first, int(end.timestamp()), seconds)]


def _receipts() -> sa.Select[Any]:
    return sa.select(upload, carrier.c.code.label("carrier_code")).join(carrier, carrier.c.id == upload.c.carrier_id)


def _receipt(row: Any) -> Receipt:
    values = dict(row._mapping)
    values.pop("carrier_id")
    values["faults"] = tuple(FaultRecord(**fault) for fault in values["faults"])
    values["notes"] = tuple(FaultRecord(**note) for note in values["notes"])
    return Receipt(**values)


def _as_json(fault: FaultRecord) -> dict[str, Any]:
    return {"code": fault.code, "line": fault.line, "column": fault.column, "params": dict(fault.params)}


def _slice_ref(row: Any) -> CountSliceRef:
    values = dict(row._mapping)
    return CountSliceRef(digest=values.pop("blob_digest"), **values)
