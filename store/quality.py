"""The facts behind an operator's own quality page: its uploads, when each interval came, how much of it was hidden.

Promises: one query each, however many days; nothing of another carrier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store.schema import count_slice, upload


@dataclass(frozen=True, slots=True)
class UploadFact:
    """One upload in numbers; `reason`: the code of the first fault of a refused one."""

    received_at: datetime
    state: str
    rows_in: int
    rows_rejected: int
    rows_held: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class IntervalFact:
    """What one upload delivered for one interval."""

    start: datetime
    end: datetime
    received_at: datetime
    kind: str
    counted_total: float
    counted_areas: int
    suppressed_areas: int


def upload_facts(connection: sa.Connection, carrier_id: int, since: datetime) -> list[UploadFact]:
    """Return a carrier's uploads received from `since` on, oldest first."""
    columns = (upload.c.received_at, upload.c.state, upload.c.rows_in, upload.c.rows_rejected, upload.c.rows_held)
    faults = sa.case((upload.c.state == "refused", upload.c.faults), else_=sa.null()).label("faults")
    mine = (upload.c.carrier_id == carrier_id) & (upload.c.received_at >= since)
    query = sa.select(*columns, sa.type_coerce(faults, sa.JSON).label("faults")).where(mine).order_by(upload.c.id)
    return [
        UploadFact(row.received_at, row.state, row.rows_in, row.rows_rejected, row.rows_held, _first_code(row.faults))
        for row in connection.execute(query)
    ]


def first_delivery(connection: sa.Connection, carrier_id: int) -> datetime | None:
    """Return when the first of a carrier's files that count arrived; what was taken back does not begin anything."""
    mine = (upload.c.carrier_id == carrier_id) & upload.c.state.in_(("accepted", "held"))
    found: datetime | None = connection.execute(sa.select(sa.func.min(upload.c.received_at)).where(mine)).scalar_one()
    return found


def interval_facts(connection: sa.Connection, carrier_id: int, start: datetime, end: datetime) -> list[IntervalFact]:
    """Return what a carrier delivered for intervals that begin in `[start, end)`, in order of time, then of arrival."""
    slices, when = count_slice.c, upload.c.received_at
    numbers = (slices.kind, slices.counted_total, slices.counted_areas, slices.suppressed_areas)
    mine = (slices.carrier_id == carrier_id) & (slices.start >= start) & (slices.start < end)
    query = (
        sa.select(slices.start, slices.end, when, *numbers)
        .join(upload, upload.c.id == slices.upload_id)
        .where(mine)
        .order_by(slices.start, slices.end, when, slices.id)
    )
    return [IntervalFact(**row._mapping) for row in connection.execute(query)]


def _first_code(faults: list[dict[str, object]] | None) -> str | None:
    return str(faults[0]["code"]) if faults else None
