"""Delete what the policy does not let us keep, and leave the proof: raw files, counts, names on refused receipts.

Promises: each deletion is a row of the audit log with the upload, its hash, its size and how many slices there were;
what was released stays as published (contract.md C8), and the bins that touched erased counts are frozen by that. A
run that is killed is simply done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.receiving import Door
from ingest.spool import sync_folder
from rules.policy import Policy
from store import audit, erasing
from store.erasing import Expired

ACTOR = "retention"


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be deleted: uploads with bytes, uploads with counts, refused receipts that still have names."""

    raw: tuple[Expired, ...]
    counts: tuple[Expired, ...]
    receipts: int


def due(door: Door, policy: Policy, now: datetime) -> Due:
    """Return what is over its time, deleting nothing."""
    raw_before, counts_before = _limits(policy, now)
    with door.database.read() as connection:
        return Due(
            tuple(erasing.expired_raw(connection, raw_before)),
            tuple(erasing.expired_counts(connection, counts_before)),
            erasing.named_refusals(connection, raw_before),
        )


def erase_expired(door: Door, policy: Policy, now: datetime) -> Due:
    """Delete what is over its time; return what it was."""
    found = due(door, policy, now)
    for one in found.raw:
        _erase_raw(door, one, now)
    for one in found.counts:
        _erase_counts(door, one, now)
    if found.receipts:
        with door.database.begin() as connection:
            trimmed = erasing.nameless_refusals(connection, _limits(policy, now)[0])
            details = {"receipts": trimmed}
            audit.append(
                connection, actor=ACTOR, action="refusals-trimmed", subject="uploads", details=details, now=now
            )
    if found.counts:
        with door.database.read() as connection:
            erasing.empty_journal(connection)
    return found


def _limits(policy: Policy, now: datetime) -> tuple[datetime, datetime]:
    delivery = policy.delivery
    return now - timedelta(days=delivery.raw_days), now - timedelta(days=delivery.counts_days)


def _erase_raw(door: Door, one: Expired, now: datetime) -> None:
    if one.raw_name is not None and door.folder.is_dir():
        (door.folder / one.raw_name).unlink(missing_ok=True)
        sync_folder(door.folder)
    with door.database.begin() as connection:
        erasing.forget_raw(connection, one.upload_id)
        audit.append(connection, actor=ACTOR, action="raw-deleted", subject=_subject(one), details=_facts(one), now=now)


def _erase_counts(door: Door, one: Expired, now: datetime) -> None:
    with door.database.begin() as connection:
        erased = erasing.erase_counts(connection, one.upload_id, now)
        details = _facts(one) | {"slices": erased.slices, "held_slices": erased.held_slices, "blobs": erased.blobs}
        audit.append(connection, actor=ACTOR, action="counts-erased", subject=_subject(one), details=details, now=now)


def _subject(one: Expired) -> str:
    return f"upload:{one.upload_id}"


def _facts(one: Expired) -> dict[str, str | int]:
    return {"sha256": one.sha256, "size_bytes": one.size_bytes, "received_at": one.received_at.isoformat()}
