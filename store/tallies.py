"""How many of what there is: the numbers that a collector reads, from the database alone, so that every process tells
the same ones.

Does not: remember anything between two readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store import audit, calibrations, head_counts, jobs
from store.schema import carrier, dirty_bin, release, upload

OUTCOMES = ("accepted", "rejected", "held", "suppressed")


@dataclass(frozen=True, slots=True)
class Tallies:
    """`uploads` by (carrier, state), `rows` by (carrier, outcome), `jobs` by (kind, state); `now`: by the database.

    `newest_release_at`: the start of the newest released base bin, None where nothing is released. `calibration_pairs`:
    head counts that are compared with a release, whether they suffice says `calibrated`.
    """

    now: datetime
    uploads: dict[tuple[str, str], int]
    rows: dict[tuple[str, str], int]
    jobs: dict[tuple[str, str], int]
    oldest_waiting_at: datetime | None
    dirty_bins: int
    newest_release_at: datetime | None
    audit_sequence: int
    head_counts: int
    calibration_pairs: int
    calibrated: bool


def tallies(connection: sa.Connection) -> Tallies:
    """Read every number."""
    newest = sa.type_coerce(sa.func.max(release.c.time_bin_start), release.c.time_bin_start.type)
    uploads, rows = _uploads_and_rows(connection)
    calibration = calibrations.newest_calibration(connection)
    return Tallies(
        now=jobs.database_now(connection),
        uploads=uploads,
        rows=rows,
        jobs=jobs.counts_by_state(connection),
        oldest_waiting_at=jobs.oldest_waiting(connection),
        dirty_bins=int(connection.execute(sa.select(sa.func.count()).select_from(dirty_bin)).scalar_one()),
        newest_release_at=connection.execute(sa.select(newest)).scalar(),
        audit_sequence=audit.head(connection).sequence,
        head_counts=head_counts.tally(connection).counts,
        calibration_pairs=0 if calibration is None else calibration.pairs,
        calibrated=calibration is not None and calibration.details["state"] == calibrations.CALIBRATED,
    )


def states_since(connection: sa.Connection, since: datetime) -> dict[str, dict[str, int]]:
    """Return how many uploads received from `since` on are in which state, by carrier's code."""
    query = sa.select(carrier.c.code, upload.c.state, sa.func.count().label("uploads"))
    query = query.join(carrier, carrier.c.id == upload.c.carrier_id).where(upload.c.received_at >= since)
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(query.group_by(carrier.c.code, upload.c.state)):
        found.setdefault(row.code, {})[row.state] = row.uploads
    return found


def _uploads_and_rows(connection: sa.Connection) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    sums = [sa.func.sum(upload.c[f"rows_{outcome}"]).label(outcome) for outcome in OUTCOMES]
    query = sa.select(carrier.c.code, upload.c.state, sa.func.count().label("uploads"), *sums)
    query = query.join(carrier, carrier.c.id == upload.c.carrier_id).group_by(carrier.c.code, upload.c.state)
    uploads: dict[tuple[str, str], int] = {}
    rows: dict[tuple[str, str], int] = {}
    for row in connection.execute(query):
        uploads[row.code, row.state] = row.uploads
        for outcome in OUTCOMES:
            rows[row.code, outcome] = rows.get((row.code, outcome), 0) + int(row._mapping[outcome])
    return uploads, rows
