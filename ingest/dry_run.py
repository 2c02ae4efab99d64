"""Run every check of a file and keep nothing: what would become of it if it were sent?

Promises: neither the database nor the data folder changes; the same reading, placing and examining as a real delivery.
Pages and the API ask `dry_run_apart`, which works in a process of its own (ingest/dry_run_process.py).
Does not: import arrays or data frames before they are needed: the web process imports this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ingest.dry_run_process import dry_run_apart
from ingest.faults import Fault, FileRefused
from ingest.progress import Progress, silent

if TYPE_CHECKING:
    from ingest.checks import CheckResult, Examination
    from ingest.reading import CountsReading
    from rules.policy import Policy
    from store.database import Database
    from store.records import Carrier

__all__ = ["DryRun", "as_json", "dry_run", "dry_run_apart", "dry_run_of_refusal"]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of a file. `rows_in == rows_accepted + rows_rejected + rows_held`, as on a receipt."""

    would_be: Literal["accepted", "held", "refused"]
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    rows_held: int
    rows_suppressed: int
    results: tuple[CheckResult, ...]
    faults: tuple[Fault, ...]
    fault_count: int
    notes: tuple[Fault, ...]


def dry_run(
    database: Database,
    carrier: Carrier,
    path: Path,
    file_name: str,
    policy: Policy,
    now: datetime,
    progress: Progress = silent,
    scratch: Path | None = None,
) -> DryRun:
    """Check a file as if it were delivered now, and keep nothing. `scratch`: where the reading may put its arrays."""
    from ingest.placement import Placement
    from ingest.reading import read_counts

    if not path.is_file():
        return dry_run_of_refusal(FileRefused([Fault("file-unreadable")], file_name))
    counts = policy.counts
    not_after = now + timedelta(minutes=counts.max_ahead_minutes)
    try:
        with database.read() as connection:
            placement = Placement.of(connection, carrier)
        with read_counts(
            path,
            placement.feed,
            placement.known,
            counts.k_min,
            counts.base_bin_minutes,
            not_after,
            progress,
            file_name=file_name,
            scratch=scratch,
        ) as reading:
            placement.refuse_misplaced(reading)
            return _examined(database, carrier, policy, now, reading)
    except FileRefused as refusal:
        return dry_run_of_refusal(refusal)


def dry_run_of_refusal(refusal: FileRefused) -> DryRun:
    """Return the dry run of a file that would be refused."""
    from ingest.checks.from_reading import results_of_refusal

    return DryRun(
        would_be="refused",
        rows_in=refusal.rows_in,
        rows_accepted=0,
        rows_rejected=refusal.rows_in,
        rows_held=0,
        rows_suppressed=0,
        results=results_of_refusal(refusal),
        faults=refusal.faults,
        fault_count=refusal.fault_count,
        notes=(),
    )


def as_json(run: DryRun) -> dict[str, Any]:
    """Return a dry run as JSON values; faults carry code, line, column and params, no sentences."""
    return {
        "would_be": run.would_be,
        "rows_in": run.rows_in,
        "rows_accepted": run.rows_accepted,
        "rows_rejected": run.rows_rejected,
        "rows_held": run.rows_held,
        "rows_suppressed": run.rows_suppressed,
        "results": [
            {"check": one.check, "outcome": one.outcome, "findings": _plain(one.findings)} for one in run.results
        ],
        "faults": _plain(run.faults),
        "fault_count": run.fault_count,
        "notes": _plain(run.notes),
    }


def _examined(database: Database, carrier: Carrier, policy: Policy, now: datetime, reading: CountsReading) -> DryRun:
    from ingest.checks import Past, examine

    with database.read() as connection:
        examination = examine(reading, Past(connection, carrier, policy, now))
    held = _rows_held(reading, examination)
    return DryRun(
        would_be="held" if examination.holds else "accepted",
        rows_in=reading.rows_in,
        rows_accepted=reading.rows_accepted - held,
        rows_rejected=reading.rows_rejected,
        rows_held=held,
        rows_suppressed=reading.rows_suppressed,
        results=examination.results,
        faults=reading.faults,
        fault_count=reading.fault_count,
        notes=(*reading.notes, *examination.notes),
    )


def _rows_held(reading: CountsReading, examination: Examination) -> int:
    """Return how many accepted rows the held counts stand for: one each, unless rows were repeated or summed."""
    sizes = {one.key: one.area_index for one in examination.holds}
    held = total = 0
    for group in reading.groups:
        total += group.size * len(group.spans)
    for one in reading.slices() if sizes else ():
        key = (one.start, one.end, one.precision, one.revision)
        if key in sizes:
            index = sizes[key]
            held += len(one.area_index) if index is None else len(index)
    return held * reading.rows_accepted // total if total else 0


def _plain(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [{"code": one.code, "line": one.line, "column": one.column, "params": dict(one.params)} for one in faults]
