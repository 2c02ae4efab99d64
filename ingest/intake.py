"""Take in one delivered file: read, check, keep its good rows, answer with a receipt.

A file with a fault changes nothing but the list of receipts. An accepted file, its counts and the list of base bins to
estimate again are one transaction. The same bytes again give the same receipt; the unique index is the guarantee.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from errno import EISDIR
from pathlib import Path
from typing import Any

import numpy as np

from geo.coverage import Coverage, coverage_of_geohashes, coverage_of_hexagons
from geo.errors import GeoError
from geo.projections import discs
from geo.weights import compute_weights
from ingest.counts import AreaCounts, pack_counts
from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed, parse_feed
from ingest.progress import Progress, silent
from ingest.reading import CountsReading, read_counts
from rules.policy import CountsPolicy
from store import carriers, releases, uploads
from store.blobs import digest_of, read_blob
from store.database import Connection, Database
from store.records import Carrier, CountPayload, FaultRecord, Receipt

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
LOADED_KINDS = frozenset({"area", "radio_cell"})
READ_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivered file and what is known before it is opened."""

    path: Path
    sha256: str
    size_bytes: int
    received_at: datetime


def take_in(
    database: Database,
    carrier: Carrier,
    path: Path,
    policy: CountsPolicy,
    now: datetime,
    progress: Progress = silent,
) -> Receipt:
    """Read one file of a carrier and keep its counts; return the receipt (state `accepted` or `refused`)."""
    try:
        delivery = _fingerprint(path, now)
    except OSError as problem:
        raise FileRefused([Fault("file-unreadable")]) from problem
    with database.read() as connection:
        before = uploads.find_accepted(connection, carrier.id, delivery.sha256)
        text = carriers.feed_text(connection, carrier.id)
        spoken = _grid_of(connection, carrier)
        versions = _versions(connection, carrier) if spoken == "named" else []
        grid_ids = frozenset(uploads.source_area_codes(connection, carrier.id))
    if before is not None:
        return replace(before, replayed=True)
    feed = Feed() if text is None else parse_feed(text)
    known = frozenset(one for _from, ids in versions for one in ids) if versions else None
    not_after = now + timedelta(minutes=policy.max_ahead_minutes)
    try:
        reading = read_counts(path, feed, known, policy.k_min, policy.base_bin_minutes, not_after, progress)
        _refuse_unplaced(reading, spoken)
        _refuse_not_in_force(reading, versions)
        _refuse_unspreadable(reading, grid_ids)
    except FileRefused as refusal:
        return _record_refusal(database, carrier, delivery, refusal)
    return _keep(database, carrier, delivery, reading, policy)


def _fingerprint(path: Path, now: datetime) -> Delivery:
    if path.exists() and not path.is_file():
        raise IsADirectoryError(EISDIR, "not a regular file")
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(READ_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Delivery(path, digest.hexdigest(), size, now)


def _grid_of(connection: Connection, carrier: Carrier) -> str | None:
    """Return `named` where a coverage was loaded, else the grid of ids that describe themselves; None before both."""
    kinds = [one.kind for one in carriers.list_coverages(connection, carrier.id)]
    if LOADED_KINDS & set(kinds):
        return "named"
    return kinds[-1] if kinds else None


def _versions(connection: Connection, carrier: Carrier) -> list[tuple[datetime, frozenset[str]]]:
    """Return from when which ids are in force, oldest first; what a version of the same day replaced is unknown."""
    digests = {one.valid_from: one.digest for one in carriers.list_coverages(connection, carrier.id)}
    ids = {
        one: frozenset(Coverage.from_bytes(read_blob(connection, one)).source_area_ids) for one in set(digests.values())
    }
    return [(valid_from, ids[digest]) for valid_from, digest in sorted(digests.items())]


def _refuse_unplaced(reading: CountsReading, spoken: str | None) -> None:
    """Refuse areas that have no place here: named without a coverage, or of another grid than the carrier's."""
    if reading.grid == spoken:
        return
    if reading.grid == "named":
        fault = Fault("coverage-not-loaded", params={"example": quoted(reading.area_ids[0])})
    elif spoken is not None:
        fault = Fault("grids-mixed", params={"before": spoken, "now": reading.grid})
    else:
        return
    raise FileRefused([fault], rows_in=reading.rows_in)


def _refuse_not_in_force(reading: CountsReading, versions: Sequence[tuple[datetime, frozenset[str]]]) -> None:
    """Refuse counts of areas that the coverage of their day does not have: they would have no place."""
    if not versions or (len(versions) == 1 and versions[0][0] <= ALWAYS):
        return
    placed = {start: np.array([one in ids for one in reading.area_ids]) for start, ids in versions}
    for one in reading.slices():
        begun = max((start for start in placed if start <= one.start), default=None)
        known = placed[begun] if begun is not None else np.zeros(len(reading.area_ids), bool)
        lost = one.area_index[~known[one.area_index]]
        if len(lost):
            params = {"area": quoted(reading.area_ids[int(lost[0])]), "start": one.start.isoformat()}
            raise FileRefused([Fault("source-area-not-in-force", params=params)], rows_in=reading.rows_in)


def _refuse_unspreadable(reading: CountsReading, ids_before: frozenset[str]) -> None:
    """Refuse a grid that cannot be spread before any of it is kept: it would stop every later estimate."""
    if reading.grid == "named" or ids_before.issuperset(reading.area_ids):
        return
    try:
        compute_weights(GRIDS[reading.grid](sorted(ids_before.union(reading.area_ids))))
    except GeoError as problem:
        raise FileRefused([Fault(problem.code, params=problem.params)], rows_in=reading.rows_in) from problem


def _record_refusal(database: Database, carrier: Carrier, delivery: Delivery, refusal: FileRefused) -> Receipt:
    faults = _records(refusal.faults)
    facts = _facts(delivery, "refused", refusal.rows_in, faults, ()) | {
        "rows_rejected": refusal.rows_in,
        "fault_count": refusal.fault_count,
    }
    with database.begin() as connection:
        return uploads.get_receipt(connection, uploads.record_upload(connection, carrier.id, facts))


def _keep(
    database: Database, carrier: Carrier, delivery: Delivery, reading: CountsReading, policy: CountsPolicy
) -> Receipt:
    width = timedelta(minutes=policy.base_bin_minutes)
    intervals = sorted({(one.start, one.end) for one in reading.slices()})
    facts = _facts(delivery, "accepted", reading.rows_in, _records(reading.faults), _records(reading.notes)) | {
        "fault_count": reading.fault_count,
        "rows_accepted": reading.rows_accepted,
        "rows_rejected": reading.rows_rejected,
        "rows_suppressed": reading.rows_suppressed,
        "first_bin_at": intervals[0][0] if intervals else None,
        "last_bin_end_at": max(end for _start, end in intervals) if intervals else None,
    }
    with database.begin() as connection:
        carriers.lock_carrier(connection, carrier.id)
        before = uploads.find_accepted(connection, carrier.id, delivery.sha256)
        if before is not None:  # somebody else was faster with the same bytes
            return replace(before, replayed=True)
        upload_id = uploads.record_upload(connection, carrier.id, facts)
        codes = uploads.source_area_codes(connection, carrier.id, reading.area_ids)
        uploads.add_slices(connection, carrier.id, upload_id, _payloads(reading, codes))
        touched = _touched(intervals, width)
        if _grow_grid(connection, carrier, delivery, reading, codes):
            touched |= _touched(uploads.carrier_intervals(connection, carrier.id), width)
            touched.update(releases.all_bins(connection))  # others' bins too: all share one list of hexagons
        uploads.mark_dirty(connection, touched)
        return uploads.get_receipt(connection, upload_id)


def _touched(intervals: Iterable[tuple[datetime, datetime]], width: timedelta) -> set[datetime]:
    return {one for start, end in intervals for one in uploads.base_bins(start, end, width)}


def _payloads(reading: CountsReading, codes: dict[str, int]) -> list[CountPayload]:
    code_of_index = np.array([codes[one] for one in reading.area_ids], np.uint32)
    return [
        CountPayload(
            start=one.start,
            end=one.end,
            precision=one.precision,
            revision=one.revision,
            kind=reading.kind,
            data=pack_counts(AreaCounts(code_of_index[one.area_index], one.value, one.state)),
        )
        for one in reading.slices()
    ]


def _grow_grid(
    connection: Connection, carrier: Carrier, delivery: Delivery, reading: CountsReading, codes: dict[str, int]
) -> bool:
    """Keep a new coverage version where a self-describing grid (H3, geohash, points) shows areas not seen before."""
    if reading.grid == "named":
        return False
    data = GRIDS[reading.grid](sorted(codes)).to_bytes()
    newest = carriers.list_coverages(connection, carrier.id)[-1:]
    if newest and newest[0].digest == digest_of(data):
        return False
    name, moment = delivery.path.name, delivery.received_at
    carriers.add_coverage(connection, carrier.id, data, reading.grid, name, ALWAYS, moment)
    return True


def _coverage_of_points(ids: Sequence[str]) -> Coverage:
    """Make a coverage of discs: a point's id is its longitude, latitude and radius in metres, so it says its place."""
    longitude, latitude, radius_m = np.array([one.split(",") for one in ids], dtype=np.float64).T
    return Coverage("area", tuple(ids), discs(longitude, latitude, radius_m), grid="point")


GRIDS: dict[str, Callable[[Sequence[str]], Coverage]] = {
    "h3": coverage_of_hexagons,
    "geohash": coverage_of_geohashes,
    "point": _coverage_of_points,
}


def _facts(
    delivery: Delivery, state: str, rows_in: int, faults: Sequence[FaultRecord], notes: Sequence[FaultRecord]
) -> dict[str, Any]:
    return {
        "file_name": delivery.path.name,
        "sha256": delivery.sha256,
        "size_bytes": delivery.size_bytes,
        "state": state,
        "received_at": delivery.received_at,
        "rows_in": rows_in,
        "rows_accepted": 0,
        "rows_rejected": 0,
        "rows_held": 0,
        "rows_suppressed": 0,
        "first_bin_at": None,
        "last_bin_end_at": None,
        "faults": tuple(faults),
        "fault_count": len(faults),
        "notes": tuple(notes),
    }


def _records(faults: Iterable[Fault]) -> tuple[FaultRecord, ...]:
    return tuple(FaultRecord(one.code, one.line, one.column, dict(one.params)) for one in faults)
