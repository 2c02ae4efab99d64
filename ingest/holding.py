"""Decide what becomes of counts that wait for headquarters: let them count, or throw them away.

Promises: one transaction holds the moved or deleted counts, the receipt's rows (which still add up), the bins to
estimate again, the job that publishes them and the row of the audit log with who and why. Of two deciders one wins;
the other is told that nothing waits any more.
Does not: load arrays (the web process calls this), unless the carrier speaks of a grid that describes itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from ingest.leasing import DISCARD, PUBLISH
from rules.policy import Policy
from store import audit, carriers, jobs, uploads
from store.database import Connection, Database
from store.errors import NotFound
from store.held import accept_held, held_of, reject_held
from store.records import Carrier, Receipt

LOADED_KINDS = frozenset({"area", "radio_cell"})  # coverages that were loaded; the others are grids
Decision = Literal["accept", "reject"]
ACTIONS: dict[Decision, str] = {"accept": "held-accepted", "reject": "held-rejected"}


def decide(
    database: Database, upload_id: int, decision: Decision, actor: str, reason: str, now: datetime, policy: Policy
) -> Receipt:
    """Settle everything that is held of an upload; return its receipt.

    Raises NotFound where nothing of it waits, ValueError for an empty reason: a decision must say why.
    """
    if not reason.strip():
        raise ValueError("a decision needs a reason")
    with database.begin() as connection:
        carrier = _locked(connection, upload_id)
        spans = {(one.start, one.end) for one in held_of(connection, upload_id)}
        if decision == "accept":
            rows = accept_held(connection, upload_id)
            _let_count(connection, carrier, upload_id, spans, now, policy)
        else:
            rows = reject_held(connection, upload_id)
        details = {"rows": rows, "reason": reason.strip()}
        audit.append(
            connection, actor=actor, action=ACTIONS[decision], subject=f"upload:{upload_id}", details=details, now=now
        )
        receipt = uploads.get_receipt(connection, upload_id)
        if receipt.state not in {"accepted", "refused"}:  # it was withdrawn while we were at it: undo everything
            raise _nothing_waits(upload_id)
        if receipt.state == "refused" and receipt.raw_name is not None:
            jobs.enqueue(connection, DISCARD, receipt.raw_name)  # nothing of it counts, so its bytes go too
        return receipt


def _locked(connection: Connection, upload_id: int) -> Carrier:
    """Return the carrier of an upload of which something waits, with nobody else deciding for it."""
    carrier = carriers.get_carrier(connection, uploads.get_receipt(connection, upload_id).carrier_code)
    carriers.lock_carrier(connection, carrier.id)
    if uploads.get_receipt(connection, upload_id).state != "held":
        raise _nothing_waits(upload_id)
    return carrier


def _let_count(
    connection: Connection,
    carrier: Carrier,
    upload_id: int,
    spans: Iterable[tuple[datetime, datetime]],
    now: datetime,
    policy: Policy,
) -> None:
    """Note what follows from counts that count from now on: their areas' places, their bins, the map."""
    base_bin = timedelta(minutes=policy.counts.base_bin_minutes)
    kinds = [one.kind for one in carriers.list_coverages(connection, carrier.id)]
    if kinds and not LOADED_KINDS & set(kinds):
        _grow_grid(connection, carrier, upload_id, kinds[-1], now, base_bin)
    uploads.mark_dirty(connection, {one for span in spans for one in uploads.base_bins(*span, base_bin)})
    jobs.enqueue(connection, PUBLISH)


def _grow_grid(
    connection: Connection, carrier: Carrier, upload_id: int, grid: str, now: datetime, base_bin: timedelta
) -> None:
    from ingest.grids import grow, ids_of_upload

    ids = ids_of_upload(connection, carrier.id, upload_id)
    name = uploads.get_receipt(connection, upload_id).file_name
    grow(connection, carrier.id, grid, ids, name, now, base_bin)


def _nothing_waits(upload_id: int) -> NotFound:
    return NotFound(what="held delivery", name=str(upload_id))
