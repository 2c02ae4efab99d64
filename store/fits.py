"""Parameters that were chosen from past counts: one row for each set of coverages, with what it was chosen from.

A choice that is made anew takes the place of the one before, which stays in its evidence. No judgement here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.estimation_tables import estimation_fit
from store.schema import count_slice
from store.writing import replace_rows


@dataclass(frozen=True, slots=True)
class FitRow:
    """What holds for one set of coverages, which `digest` names. What the three documents say, the middle decides."""

    digest: str
    coverages: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any]
    evidence: Mapping[str, Any]
    fitted_at: datetime


def save_fit(connection: sa.Connection, row: FitRow) -> None:
    """Keep a choice, in place of the one before for the same set of coverages."""
    values = {
        "digest": row.digest,
        "coverages": [dict(one) for one in row.coverages],
        "parameters": dict(row.parameters),
        "evidence": dict(row.evidence),
        "fitted_at": row.fitted_at,
    }
    replace_rows(connection, estimation_fit, [values])


def list_fits(connection: sa.Connection) -> list[FitRow]:
    """Return every choice that holds, the newest first."""
    query = sa.select(estimation_fit).order_by(estimation_fit.c.fitted_at.desc(), estimation_fit.c.digest)
    return [FitRow(**row._mapping) for row in connection.execute(query)]


def first_count(
    connection: sa.Connection, carrier_ids: Sequence[int], start: datetime, end: datetime | None
) -> datetime | None:
    """Return when the first kept counts of people of these carriers begin that reach into `[start, end)`."""
    kept = count_slice.c.carrier_id.in_(carrier_ids) & (count_slice.c.blob_digest != "")
    within = kept & (count_slice.c.kind != "activity") & (count_slice.c.end > start)
    if end is not None:
        within &= count_slice.c.start < end
    first = sa.type_coerce(sa.func.min(count_slice.c.start), count_slice.c.start.type)
    return connection.execute(sa.select(first).where(within)).scalar()
