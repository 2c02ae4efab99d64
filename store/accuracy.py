"""What can be told of the map as a whole: shares over many venues, and how far the operators agree. Aggregates only.

Promises: no number of a single venue and none of a single mobile operator leaves this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa

from store.schema import release, venue, venue_crowding

LOOKED_AT = timedelta(hours=3)  # one bin out of so many hours stands for a day: each holds every venue


@dataclass(frozen=True, slots=True)
class ToldShare:
    """Of the open venues of one band of capacity (its number): in how many venues-and-hours a level could be told."""

    band: int
    venues: int
    seen: int
    told: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the shares that the operators show lie from the registered ones: the median of |factor - 1|."""

    carriers: int
    bins: int
    median_share: float | None


def told_shares(connection: sa.Connection, now: datetime, edges: Sequence[float]) -> list[ToldShare]:
    """Return, by band of capacity, how often a level could be told in the 24 hours before `now`."""
    day = venue_crowding.c.time_bin_start.between(now - timedelta(days=1), now)
    bins = connection.execute(sa.select(venue_crowding.c.time_bin_start).where(day).distinct()).scalars()
    chosen = list({int(one.timestamp() // LOOKED_AT.total_seconds()): one for one in sorted(bins)}.values())
    if not chosen:
        return []
    capacity = sa.func.coalesce(venue.c.licensed_capacity, venue.c.seats)
    bands = [(capacity >= edge, number) for number, edge in reversed(list(enumerate(edges, start=1)))]
    band = sa.case(*bands, else_=0).label("band")
    told = sa.func.sum(sa.case((venue_crowding.c.state == "level", 1), else_=0)).label("told")
    query = (
        sa.select(band, sa.func.count(venue.c.id.distinct()).label("venues"), sa.func.count().label("seen"), told)
        .join(venue, venue.c.id == venue_crowding.c.venue_id)
        .where(venue_crowding.c.time_bin_start.in_(chosen), capacity.is_not(None))
        .where(sa.or_(venue_crowding.c.is_open.is_(None), venue_crowding.c.is_open.is_(sa.true())))
        .where(venue_crowding.c.state != "no_data")
        .group_by(band)
        .order_by(band)
    )
    return [ToldShare(**row._mapping) for row in connection.execute(query)]


def agreement(connection: sa.Connection, now: datetime) -> Agreement:
    """Return how far the operators agreed in the newest released bins of the 24 hours before `now`."""
    day = release.c.time_bin_start.between(now - timedelta(days=1), now)
    rows = connection.execute(sa.select(release.c.residuals).where(day)).scalars().all()
    carriers = {str(one.get("carrier")) for row in rows for one in row}
    found = [share for row in rows for one in row if (share := _distance(one)) is not None]
    return Agreement(len(carriers), len(rows), median(found) if found else None)


def _distance(residual: dict[str, Any]) -> float | None:
    factor = residual.get("share_factor")
    return None if factor is None else abs(float(factor) - 1)
