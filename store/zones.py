"""Announced epidemic zones by region and day."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from store.records import ZoneAnnouncement
from store.schema import zone_announcement
from store.writing import replace_rows


def save_announcements(connection: sa.Connection, announcements: Sequence[ZoneAnnouncement]) -> None:
    """Keep announcements; the same source may correct its own for a region and day."""
    rows = [
        {
            "region": one.region,
            "announced_on": one.on,
            "source": one.source,
            "zone": one.zone,
            "explicit": one.explicit,
            "note": one.note,
        }
        for one in announcements
    ]
    replace_rows(connection, zone_announcement, rows)


def announcements(connection: sa.Connection, region: str | None = None) -> list[ZoneAnnouncement]:
    """Return the announcements of a region, or of all, oldest first."""
    query = sa.select(zone_announcement).order_by(zone_announcement.c.announced_on, zone_announcement.c.source)
    if region is not None:
        query = query.where(zone_announcement.c.region == region)
    return [
        ZoneAnnouncement(row.region, row.announced_on, row.zone, row.explicit, row.source, row.note)
        for row in connection.execute(query)
    ]
