"""Usual weeks as people see them: a row a venue, a picture an area and resolution. Made from released rows only.

Hours are local, counted from Monday 00:00. No behaviour: what is usual is decided by `ingest.usual_venues`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store.blobs import put_blob, read_blob
from store.errors import NotFound
from store.schema import UtcDateTime, metadata
from store.writing import replace_rows

WEEK_HOURS = 168

usual_venue_week = sa.Table(
    "usual_venue_week",
    metadata,
    sa.Column("venue_id", sa.ForeignKey("venue.id"), primary_key=True),
    sa.Column("weeks", sa.SmallInteger, nullable=False),
    sa.Column("people", sa.JSON, nullable=False),
    sa.Column("ground", sa.JSON, nullable=False),
    sa.Column("computed_at", UtcDateTime, nullable=False),
)

usual_picture = sa.Table(
    "usual_picture",
    metadata,
    sa.Column("area_digest", sa.String(64), primary_key=True),
    sa.Column("resolution", sa.SmallInteger, primary_key=True),
    sa.Column("weeks", sa.SmallInteger, nullable=False),
    sa.Column("blob_digest", sa.String(64), nullable=False),
    sa.Column("computed_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class UsualVenueWeek:
    """A venue's usual week: people in it, and on the ground that it touches, by hour of the week (168 each).

    None where nothing can be called usual. `weeks`: how many weeks of released bins stand behind it.
    """

    venue_id: str
    weeks: int
    people: tuple[float | None, ...]
    ground: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class UsualHexagon:
    """One hexagon's usual week as the bytes of map frames, 168 of them; `weeks` stand behind it."""

    codes: bytes
    weeks: int


def replace_venue_weeks(connection: sa.Connection, rows: Sequence[UsualVenueWeek], now: datetime) -> None:
    """Keep the usual weeks of these venues and forget those of all others."""
    connection.execute(sa.delete(usual_venue_week))
    many = [
        {
            "venue_id": one.venue_id,
            "weeks": one.weeks,
            "people": list(one.people),
            "ground": list(one.ground),
            "computed_at": now,
        }
        for one in rows
    ]
    if many:
        connection.execute(sa.insert(usual_venue_week), many)


def find_venue_week(connection: sa.Connection, venue_id: str) -> UsualVenueWeek | None:
    """Return a venue's usual week, or None."""
    query = sa.select(usual_venue_week).where(usual_venue_week.c.venue_id == venue_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else UsualVenueWeek(venue_id, row.weeks, tuple(row.people), tuple(row.ground))


def save_picture(
    connection: sa.Connection, area_digest: str, resolution: int, codes: bytes, weeks: int, now: datetime
) -> None:
    """Keep the usual week of an area: 168 map frames one after the other."""
    row = {
        "area_digest": area_digest,
        "resolution": resolution,
        "weeks": weeks,
        "blob_digest": put_blob(connection, codes),
        "computed_at": now,
    }
    replace_rows(connection, usual_picture, [row])


def forget_pictures(connection: sa.Connection, area_digest: str) -> None:
    """Forget the usual week of an area."""
    connection.execute(sa.delete(usual_picture).where(usual_picture.c.area_digest == area_digest))


def find_hexagon(connection: sa.Connection, area_digest: str, resolution: int, index: int) -> UsualHexagon | None:
    """Return the usual week of the hexagon at `index` of the area's geometry, or None where there is none yet.

    Raises NotFound where the area has no such hexagon.
    """
    here = (usual_picture.c.area_digest == area_digest) & (usual_picture.c.resolution == resolution)
    row = connection.execute(sa.select(usual_picture).where(here)).one_or_none()
    if row is None:
        return None
    data = read_blob(connection, row.blob_digest)
    count = len(data) // WEEK_HOURS
    if index >= count:
        raise NotFound(what="hexagon", name=str(index))
    return UsualHexagon(data[index::count], row.weeks)
