"""What head counts said of the intervals: a row whenever that changed, the newest one holds.

Promises: a row is a function of the standing head counts and the releases, so that computing it again adds nothing.
Does not: compute anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.estimation_tables import calibration

CALIBRATED = "calibrated"  # the state in `details` of a result that holds for at least one kind of venue
VENUES = "venues"  # the scope of the factors on venues' intervals
HEXAGONS = "hexagons"  # the scope of what held-out days say of hexagons' intervals


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """One result: `factor` on the standard deviations, the `pairs` behind it, all else in `details`."""

    id: int
    scope: str
    factor: float
    pairs: int
    details: Mapping[str, Any]
    computed_at: datetime


def newest_calibration(connection: sa.Connection, scope: str = VENUES) -> CalibrationRecord | None:
    """Return what holds now, None where nothing was ever computed."""
    query = sa.select(calibration).where(calibration.c.scope == scope).order_by(calibration.c.id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else CalibrationRecord(**row._mapping)


def save_calibration(
    connection: sa.Connection,
    factor: float,
    pairs: int,
    details: Mapping[str, Any],
    now: datetime,
    scope: str = VENUES,
) -> bool:
    """Append a result where it differs from the newest one of its scope; tell whether it did."""
    before = newest_calibration(connection, scope)
    if before is not None and (before.factor, before.pairs, dict(before.details)) == (factor, pairs, dict(details)):
        return False
    row = {"scope": scope, "factor": factor, "pairs": pairs, "details": dict(details), "computed_at": now}
    connection.execute(sa.insert(calibration).values(row))
    return True
