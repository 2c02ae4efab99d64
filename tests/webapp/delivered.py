"""Deliveries in every state for tests of pages: six weeks of one operator, one file held, one dead, one withdrawn."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store import carriers, held, jobs, uploads
from store.database import Connection, Database
from store.held import HeldCounts
from store.records import CountPayload, FaultRecord
from store.schema import upload

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
USUAL, UNUSUAL = 91_234.0, 421_987.0
FAULTS = 1_204
STATES = ("accepted", "received", "refused", "held", "failed", "withdrawn")


def deliver(database: Database, now: datetime) -> dict[str, int]:
    """Put deliveries of the operator alpha into the database; return a receipt of each state."""
    with database.begin() as connection:
        carrier = carriers.get_carrier(connection, "alpha").id
        _history(connection, carrier, now)
        ids = {state: _one(connection, carrier, state, now) for state in STATES}
        _hold(connection, carrier, ids["held"], now)
        _bury(connection, ids["failed"])
        uploads.withdraw(connection, ids["withdrawn"], now)
    return ids


def _one(connection: Connection, carrier: int, state: str, now: datetime) -> int:
    upload_id = _received(connection, carrier, f"2026-11-20T20-00_almaty_{state}.csv.gz", now - HOUR)
    facts: dict[str, dict[str, Any]] = {
        "accepted": {"rows_in": 128_400, "rows_accepted": 128_388, "rows_rejected": 12, "rows_suppressed": 4_310},
        "refused": {"rows_in": FAULTS, "rows_rejected": FAULTS, "fault_count": FAULTS, "faults": _faults()},
        "held": {"rows_in": 1_800, "rows_accepted": 900, "rows_held": 900},
        "withdrawn": {"rows_in": 40, "rows_accepted": 40},
    }
    if state in facts:
        settled = "accepted" if state == "withdrawn" else state
        _settle(connection, upload_id, now, state=settled, **facts[state])
    return upload_id


def _history(connection: Connection, carrier: int, now: datetime) -> None:
    top = now.replace(minute=0, second=0, microsecond=0)
    for back in range(42, -1, -1):
        day = top - back * DAY
        upload_id = _received(connection, carrier, f"{day:%Y-%m-%d}.csv", min(day + HOUR / 3, now))
        rejected = 30 if back % 9 == 0 else 0
        _settle(
            connection,
            upload_id,
            now,
            state="accepted",
            rows_in=900,
            rows_accepted=900 - rejected,
            rows_rejected=rejected,
        )
        hours = [day - hour * HOUR for hour in range(1, 25)]
        uploads.add_slices(connection, carrier, upload_id, [_payload(start, USUAL, f"{start}") for start in hours])


def _hold(connection: Connection, carrier: int, upload_id: int, now: datetime) -> None:
    start = now.replace(minute=0, second=0, microsecond=0) - 3 * HOUR
    params: dict[str, str | int] = {"start": f"{start:%Y-%m-%d %H:%M}", "percent": 463, "weeks": 6}
    held.hold(connection, carrier, upload_id, [HeldCounts(_payload(start, UNUSUAL, "held"), "held-total", params, 900)])


def _bury(connection: Connection, upload_id: int) -> None:
    jobs.enqueue(connection, "take-in", str(upload_id))
    dead = {"state": "dead", "failures": 5, "error": "ReaderDied('signal 9')"}
    connection.execute(sa.update(jobs.job).where(jobs.job.c.subject == str(upload_id)).values(dead))
    connection.execute(sa.update(upload).where(upload.c.id == upload_id).values(state="failed"))


def _received(connection: Connection, carrier: int, name: str, at: datetime) -> int:
    facts = {"file_name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "size_bytes": 3_400_000}
    facts |= {"received_at": at, "origin": "page", "sent_by": "account:7 Айгүл Серікқызы"}
    return uploads.record_received(connection, carrier, facts | {"idempotency_key": None, "raw_name": None})


def _settle(connection: Connection, upload_id: int, now: datetime, **facts: Any) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("rows_in", "rows_accepted", "rows_rejected", "rows_held", "rows_suppressed", "fault_count"), 0
    )
    nothing |= {"first_bin_at": now - 2 * HOUR, "last_bin_end_at": now - HOUR, "faults": [], "notes": []}
    uploads.settle(connection, upload_id, nothing | {"settled_at": now} | facts)


def _payload(start: datetime, total: float, text: str) -> CountPayload:
    return CountPayload(start, start + HOUR, 9, 0, "device_count", text.encode(), total, 900, 70)


def _faults() -> list[FaultRecord]:
    return [
        FaultRecord("packed-file-truncated", line, "device_count", {"kind": "gzip"}) for line in range(2, FAULTS + 2)
    ]
