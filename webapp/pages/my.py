"""The owner's page: my colour, how many guests, and who looked."""

from __future__ import annotations

from datetime import datetime

from flask import abort, render_template

from store import head_counts, venue_reads
from store.database import Connection
from store.head_counts import HeadCount
from store.records import Venue
from store.venue_reads import VenueRead
from store.venues import find_venue, venues_of
from webapp.context import web
from webapp.limits import limit_of
from webapp.roles import actor
from webapp.scene import Scene, scene_now
from webapp.speech import gettext as _
from webapp.speech import ngettext
from webapp.venue_rows import rival_ids, venue_row, visible
from webapp.views import OwnedVenue, ReadView
from webapp.wording.head_counts import counter_words, people_words
from webapp.wording.moments import age_words, clock
from webapp.wording.venues import limit_lines

READS_SHOWN = 50


def show() -> str:
    """Show the signed-in owner's venues, and nobody else's."""
    account, now = actor() or abort(403), web().clock()
    with web().database.read() as connection:
        venues = _own(connection, account.venue_ids)
        scene = scene_now(connection, account, web().policy(now), now, venues)
        limits = {venue.id: limit_of(connection, venue, now) for venue in venues}
        reads = venue_reads.reads_of(connection, account.venue_ids, READS_SHOWN)
        counts = venue_reads.count_reads(connection, account.venue_ids)
        counted = head_counts.counts_of(connection, account.venue_ids, READS_SHOWN)
        rivals = _rivals(connection, scene, venues)
    owned = [
        OwnedVenue(
            row=venue_row(venue, scene, rivals=rivals[venue.id]),
            limit_lines=limit_lines(limits[venue.id]),
            reads=_reads(venue.id, reads, counted, now),
            read_count_words=_read_count_words(counts.get(venue.id, 0)),
        )
        for venue in venues
    ]
    return render_template("my.html", venues=owned)


def _own(connection: Connection, venue_ids: tuple[str, ...]) -> list[Venue]:
    found = (find_venue(connection, venue_id) for venue_id in venue_ids)
    return [venue for venue in found if venue is not None]


def _rivals(connection: Connection, scene: Scene, venues: list[Venue]) -> dict[str, list[Venue]]:
    """Return by venue the others to which its people may belong, as the owner may be shown them."""
    ids = {venue.id: rival_ids(scene, venue.id) for venue in venues}
    found = visible(venues_of(connection, sorted({one for some in ids.values() for one in some})), scene)
    known = {one.id: one for one in found}
    return {venue_id: [known[one] for one in some if one in known] for venue_id, some in ids.items()}


def _reads(venue_id: str, reads: list[VenueRead], counted: list[HeadCount], now: datetime) -> list[ReadView]:
    """Return who looked and who counted, newest first."""
    acts = [(one.read_at, _read_view(one, now)) for one in reads if one.venue_id == venue_id]
    acts += [(one.counted_at, _count_view(one, now)) for one in counted if one.venue_id == venue_id]
    return [view for _at, view in sorted(acts, key=lambda act: act[0], reverse=True)][:READS_SHOWN]


def _count_view(count: HeadCount, now: datetime) -> ReadView:
    values = {"who": counter_words(count.counted_by), "people": people_words(count.people)}
    said = _("%(who)s counted %(people)s", **values)
    if count.withdrawn_at:
        said = _("%(who)s counted %(people)s and withdrew it", **values)
    return ReadView(said, clock(count.counted_at, now), age_words(count.counted_at, now))


def _read_view(read: VenueRead, now: datetime) -> ReadView:
    role = {"group": _("monitoring group"), "headquarters": _("headquarters")}.get(read.role, read.role)
    return ReadView(f"{read.reader} ({role})", clock(read.read_at, now), age_words(read.read_at, now))


def _read_count_words(count: int) -> str:
    if not count:
        return _("Nobody of the monitoring groups or headquarters has looked at this venue's page.")
    return ngettext("Looked at %(num)d time.", "Looked at %(num)d times.", count)
