"""Take a delivery back: everything that followed from it is worked out again as if it had never come.

Promises: its counts (held ones too), the bins to estimate again, the jobs that publish them and delete its bytes, and
the row of the audit log are one transaction. The receipt stays; the same bytes may be delivered anew.
Does not: estimate anything itself, nor load arrays (the web process calls this); a worker does what follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ingest.leasing import DISCARD, PUBLISH, REFIT
from rules.policy import Policy
from store import audit, carriers, jobs, uploads
from store.database import Database
from store.errors import NotFound, StoreError
from store.records import Receipt


class CountsErased(StoreError):
    """The time to keep its counts is over: they are gone, and what was released from them is frozen."""

    code = "counts-erased"


def withdraw(
    database: Database,
    upload_id: int,
    carrier_id: int | None,
    actor: str,
    reason: str,
    now: datetime,
    policy: Policy,
) -> Receipt:
    """Take an upload back and return its receipt, in state `withdrawn`.

    `carrier_id`: whose it must be; None for headquarters and the command line. Raises NotFound where it is not there,
    not theirs or not alive, and CountsErased.
    """
    base_bin = timedelta(minutes=policy.counts.base_bin_minutes)
    with database.begin() as connection:
        receipt = uploads.get_receipt(connection, upload_id)
        carrier = carriers.get_carrier(connection, receipt.carrier_code)
        if carrier_id not in {None, carrier.id}:
            raise NotFound(what="upload", name=str(upload_id))
        if receipt.counts_erased_at is not None:
            raise CountsErased(id=upload_id, at=receipt.counts_erased_at.date().isoformat())
        carriers.lock_carrier(connection, carrier.id)
        intervals = uploads.withdraw(connection, upload_id, now)
        uploads.mark_dirty(connection, {one for span in intervals for one in uploads.base_bins(*span, base_bin)})
        if receipt.raw_name is not None:
            jobs.enqueue(connection, DISCARD, receipt.raw_name)
        if intervals:
            jobs.enqueue(connection, REFIT, str(carrier.id))
            jobs.enqueue(connection, PUBLISH)
        details = {"reason": reason, "carrier": receipt.carrier_code, "sha256": receipt.sha256, "bins": len(intervals)}
        subject = f"upload:{upload_id}"
        audit.append(connection, actor=actor, action="upload-withdrawn", subject=subject, details=details, now=now)
        return uploads.get_receipt(connection, upload_id)
