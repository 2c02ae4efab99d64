"""Take in one received file: read, check, examine, keep its good rows, settle its receipt.

Promises: a file that is refused changes nothing but its receipt and loses its bytes; counts, held counts, receipt, the
bins to estimate again, the audit row and the end of the job are one transaction. It is judged as of the moment when it
was received, so that a queue changes nothing. `oryn ingest` and the worker run the same code.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ingest.checks import Examination, Past, examine
from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed, parse_feed
from ingest.keeping import keep_counts
from ingest.leasing import DISCARD, PUBLISH, carry_out, claim, worker_name
from ingest.placement import Placement
from ingest.progress import Progress, silent
from ingest.reading import CountsReading, read_counts
from ingest.reading.capped import ReaderDied, ReadRequest
from ingest.receiving import TAKE_IN, Door, Sender, receive
from rules.policy import Policy
from store import audit, carriers, jobs, uploads
from store.database import Connection, Database
from store.jobs import Job
from store.records import Carrier, FaultRecord, Receipt

READ_CHUNK = 1 << 20
POLL_SECONDS = 0.1  # while another worker reads the file
ACTOR = "worker"


class Reader(Protocol):
    """Reads a file of counts: in this process, or in a child that may not harm it."""

    def read(self, request: ReadRequest, progress: Progress) -> CountsReading:
        """Return the reading; the caller closes it. Raises FileRefused."""


class OwnReader:
    """Reads in this process: for files of our own making, which need no cage."""

    def read(self, request: ReadRequest, progress: Progress = silent) -> CountsReading:
        """Return the reading; the caller closes it. Raises FileRefused."""
        return read_counts(
            request.path,
            Feed() if request.feed_text is None else parse_feed(request.feed_text),
            request.known_source_areas,
            request.k_min,
            request.base_bin_minutes,
            request.not_after,
            progress,
            file_name=request.file_name,
            max_bytes=request.max_bytes,
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """Where files are taken in: the door behind which they lie, the policy they are judged by, who reads them."""

    door: Door
    policy: Policy
    reader: Reader

    @property
    def database(self) -> Database:
        """The database of the door."""
        return self.door.database

    @property
    def base_bin(self) -> timedelta:
        """The width of a base bin."""
        return timedelta(minutes=self.policy.counts.base_bin_minutes)


def take_in(intake: Intake, carrier: Carrier, path: Path, now: datetime, progress: Progress = silent) -> Receipt:
    """Receive a file from this machine and read it at once; return its settled receipt.

    Where a worker was faster with the job, wait for it. Raises FileRefused for a file that cannot be opened (there is
    no receipt then), and DoorError.
    """
    sender = Sender(carrier, "command", "command")
    receipt = receive(intake.door, sender, _chunks(path), file_name=path.name, now=now)
    settled = settle_now(intake, receipt.id, now, progress)
    return replace(settled, replayed=receipt.replayed)


def settle_now(intake: Intake, upload_id: int, now: datetime, progress: Progress = silent) -> Receipt:
    """Read a received upload in this process, or wait until somebody else has; return its settled receipt."""
    while (receipt := _receipt(intake.database, upload_id)).state == "received":
        job = claim(intake.database, worker_name(), [TAKE_IN], str(upload_id))
        if job is None:
            time.sleep(POLL_SECONDS)
            continue
        with suppress(ReaderDied):  # the job waits for its next try, or is dead and the upload failed
            carry_out(intake.database, job, partial(process, intake, job, now, progress))
    return receipt


def process(intake: Intake, job: Job, now: datetime, progress: Progress = silent) -> None:
    """Read the upload of a job and settle it. Raises Fenced where the job is another worker's by now."""
    receipt = _receipt(intake.database, int(job.subject))
    if receipt.state != "received":  # taken back, or settled by a run that lost its answer
        _only_finish(intake.database, job)
        return
    with intake.database.read() as connection:
        carrier = carriers.get_carrier(connection, receipt.carrier_code)
        placement = Placement.of(connection, carrier)
    try:
        with intake.reader.read(_request(intake, receipt, placement), progress) as reading:
            placement.refuse_misplaced(reading)
            examination = _examined(intake, carrier, receipt, reading)
            _accept(intake, job, carrier, receipt, reading, examination, now)
    except FileRefused as refusal:
        _refuse(intake, job, receipt, refusal, now)


def raw_path(door: Door, receipt: Receipt) -> Path:
    """Return where the bytes of a delivery lie; raise FileNotFoundError where they are gone."""
    if receipt.raw_name is None or not (door.folder / receipt.raw_name).is_file():
        raise FileNotFoundError(f"the bytes of upload {receipt.id} are not in the folder of deliveries")
    return door.folder / receipt.raw_name


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        if path.exists() and not path.is_file():
            raise IsADirectoryError(str(path))
        with path.open("rb") as file:
            while chunk := file.read(READ_CHUNK):
                yield chunk
    except OSError as problem:
        raise FileRefused([Fault("file-unreadable")]) from problem


def _request(intake: Intake, receipt: Receipt, placement: Placement) -> ReadRequest:
    counts = intake.policy.counts
    return ReadRequest(
        path=raw_path(intake.door, receipt),
        feed_text=placement.feed_text,
        known_source_areas=placement.known,
        file_name=receipt.file_name,
        k_min=counts.k_min,
        base_bin_minutes=counts.base_bin_minutes,
        not_after=receipt.received_at + timedelta(minutes=counts.max_ahead_minutes),
    )


def _examined(intake: Intake, carrier: Carrier, receipt: Receipt, reading: CountsReading) -> Examination:
    with intake.database.read() as connection:
        return examine(reading, Past(connection, carrier, intake.policy, receipt.received_at, receipt.id))


def _accept(
    intake: Intake,
    job: Job,
    carrier: Carrier,
    receipt: Receipt,
    reading: CountsReading,
    examination: Examination,
    now: datetime,
) -> None:
    intervals = reading.intervals()
    try:
        with intake.database.begin() as connection:
            jobs.finish(connection, job)
            carriers.lock_carrier(connection, carrier.id)
            kept_counts = keep_counts(connection, carrier, receipt, reading, examination.holds, now, intake.base_bin)
            facts = {
                "state": "held" if examination.holds else "accepted",
                "rows_in": reading.rows_in,
                "rows_accepted": reading.rows_accepted - kept_counts.rows_held,
                "rows_rejected": reading.rows_rejected,
                "rows_held": kept_counts.rows_held,
                "rows_suppressed": reading.rows_suppressed,
                "first_bin_at": intervals[0][0] if intervals else None,
                "last_bin_end_at": max(end for _start, end in intervals) if intervals else None,
                "faults": _records(reading.faults),
                "fault_count": reading.fault_count,
                "notes": _records((*reading.notes, *examination.notes)),
                "settled_at": now,
            }
            _settle(connection, receipt, facts, now)
            jobs.enqueue(connection, PUBLISH)
    except uploads.NotReceived:  # it was taken back while it was read
        _only_finish(intake.database, job)


def _refuse(intake: Intake, job: Job, receipt: Receipt, refusal: FileRefused, now: datetime) -> None:
    """Keep of a refused file its hash, size, reason and time, and no more (contract.md A6)."""
    facts = {
        "state": "refused",
        "file_name": quoted(receipt.file_name),
        "rows_in": refusal.rows_in,
        "rows_rejected": refusal.rows_in,
        "faults": _records(refusal.faults),
        "fault_count": refusal.fault_count,
        "raw_name": None,
        "settled_at": now,
    }
    try:
        with intake.database.begin() as connection:
            jobs.finish(connection, job)
            _settle(connection, receipt, facts, now)
            jobs.enqueue(connection, DISCARD, str(receipt.raw_name))  # should we be killed before the next lines
    except uploads.NotReceived:
        _only_finish(intake.database, job)
    else:
        raw_path(intake.door, receipt).unlink(missing_ok=True)


def _settle(connection: Connection, receipt: Receipt, facts: dict[str, Any], now: datetime) -> None:
    uploads.settle(connection, receipt.id, facts)
    details = {name: facts[name] for name in facts if name.startswith("rows_")}
    details |= {"sha256": receipt.sha256, "size_bytes": receipt.size_bytes, "carrier": receipt.carrier_code}
    if facts["state"] == "refused":
        details["codes"] = sorted({one.code for one in facts["faults"]})
    action, subject = f"upload-{facts['state']}", f"upload:{receipt.id}"
    audit.append(connection, actor=ACTOR, action=action, subject=subject, details=details, now=now)


def _only_finish(database: Database, job: Job) -> None:
    with database.begin() as connection:
        jobs.finish(connection, job)


def _receipt(database: Database, upload_id: int) -> Receipt:
    with database.read() as connection:
        return uploads.get_receipt(connection, upload_id)


def _records(faults: Iterable[Fault]) -> tuple[FaultRecord, ...]:
    return tuple(FaultRecord(one.code, one.line, one.column, dict(one.params)) for one in faults)
