"""How many people a venue may hold now: facts from the store, judged by the rules."""

from __future__ import annotations

from datetime import datetime

from rules.occupancy import Limit, occupancy_limit
from rules.zones import zone_on
from store.database import Connection
from store.records import Venue
from store.zones import announcements
from webapp.context import web


def limit_of(connection: Connection, venue: Venue, now: datetime) -> Limit:
    """Return the permitted number of people, with every part that it comes from."""
    draft, policy = venue.draft, web().policy(now)
    zone = None
    if draft.region:
        today = web().local(now).date()
        zone = zone_on(announcements(connection, draft.region), draft.region, today)
    return occupancy_limit(
        policy,
        draft.category,
        zone.zone if zone else None,
        draft.seats,
        draft.area_m2,
        draft.licensed_capacity,
    )
