"""One venue: how full, how sure, whose crowd; its status and why; its last day and usual week; where else to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import render_template

from store import crowding as crowding_store
from store import map_frames
from store.assess import status_of
from store.database import Connection
from store.errors import NotFound
from store.records import MapFrame, Venue
from store.usual_weeks import find_venue_week
from store.venues import list_venues
from webapp.context import web
from webapp.limits import limit_of
from webapp.navigation import head_count_url
from webapp.nearby import less_crowded
from webapp.place_names import place_name
from webapp.reads import log_read
from webapp.roles import actor, layer_of, may_see_numbers
from webapp.scene import Scene, present, reader_of, scene_now, visible_until
from webapp.speech import gettext as _
from webapp.venue_rows import distance_m, rival_ids, venue_row, visible
from webapp.views import CrowdingView, DayStep, VenuePage
from webapp.wording.crowding import BYTE_CODES, numbers_view, public_view
from webapp.wording.moments import SHOWN_SPAN, clock, delay_words, span_words
from webapp.wording.usual import venue_usual
from webapp.wording.venues import hours_words, limit_lines, status_lines

NEIGHBOURS_SHOWN = 5
NEIGHBOURS_WITHIN_M = 400


def show(venue_id: str) -> str:
    """Show a venue's card; a group's or headquarters' look at it is logged for its owner (promise 9)."""
    now, account = web().clock(), actor()
    with web().database.read() as connection:
        everybody = list_venues(connection)
        venue = _get(everybody, venue_id)
        numbers = layer_of(account) == "group"  # whose neighbours have numbers too
        scene = scene_now(connection, account, web().policy(now), now, everybody, None if numbers else venue_id)
        if not visible([venue], scene):
            raise NotFound(what="venue", name=venue_id)
        day = _day(connection, scene, venue_id)
        others = visible(everybody, scene)
        limit = limit_of(connection, venue, now) if may_see_numbers(account, venue_id) else None
        week = find_venue_week(connection, venue_id)
    role = log_read(account, venue_id)
    rivals = _named(others, rival_ids(scene, venue_id))
    neighbours = [] if rivals else _neighbours(venue, others, _neighbour_count(scene, venue_id))
    page = VenuePage(
        row=venue_row(venue, scene, rivals=rivals),
        day=day,
        neighbours=[venue_row(one, scene, _place(venue)) for one in neighbours],
        limit_lines=limit_lines(limit) if limit else [],
        status_lines=status_lines(status_of(venue, web().policies, now)),
        opening_words=hours_words(venue.draft.opening_hours),
        place_words=place_name(venue.draft.address or venue.draft.district),
        head_count_url=head_count_url(venue_id),
        read_notice=_("The owner can see that you have looked at this page.") if role else None,
        usual=venue_usual(week, reader_of(account, venue_id), now, present(scene, venue_id)),
        nearby=less_crowded(venue, others, scene),
        delay_words=None if may_see_numbers(account, venue_id) else delay_words(scene.layer, now),
    )
    return render_template("venue.html", page=page)


def _day(connection: Connection, scene: Scene, venue_id: str) -> list[DayStep]:
    end = visible_until(scene.layer, web().policy(scene.now), scene.now)
    if may_see_numbers(scene.account, venue_id):
        rows = crowding_store.venue_day(connection, venue_id, scene.now - SHOWN_SPAN, scene.now)
        width = timedelta(minutes=web().policy(scene.now).counts.base_bin_minutes)
        return [
            _step(row.time_bin_start, row.time_bin_start + width, numbers_view(row, row.observed_at, scene.now), scene)
            for row in rows
            if row.observed_at <= scene.now
        ]
    frames = map_frames.frames_between(connection, scene.layer, end - SHOWN_SPAN, end)
    views = _public_views(connection, frames, scene, venue_id)
    return [_step(frame.bin_start, frame.bin_end, views[frame.bin_start.isoformat()], scene) for frame in frames]


def _step(start: datetime, end: datetime, crowding: CrowdingView, scene: Scene) -> DayStep:
    return DayStep(clock(start, scene.now), clock(end, scene.now), span_words(start, end, scene.now), crowding)


def _public_views(
    connection: Connection, frames: list[MapFrame], scene: Scene, venue_id: str
) -> Mapping[str, CrowdingView]:
    bytes_of = map_frames.read_blobs(connection, {frame.venue_frame_digest for frame in frames})
    places = {digest: _place_in(connection, digest, venue_id) for digest in {frame.venues_digest for frame in frames}}
    views = {}
    for frame in frames:
        place = places[frame.venues_digest]
        code = 0 if place is None else bytes_of[frame.venue_frame_digest][place]
        views[frame.bin_start.isoformat()] = public_view(BYTE_CODES[code], None, frame.observed_at, scene.now)
    return views


def _place_in(connection: Connection, digest: str, venue_id: str) -> int | None:
    order = map_frames.venue_list(connection, digest)
    return order.index(venue_id) if venue_id in order else None


def _place(venue: Venue) -> tuple[float, float] | None:
    longitude, latitude = venue.draft.longitude, venue.draft.latitude
    return None if longitude is None or latitude is None else (longitude, latitude)


def _get(everybody: Sequence[Venue], venue_id: str) -> Venue:
    found = next((one for one in everybody if one.id == venue_id), None)
    if found is None:
        raise NotFound(what="venue", name=venue_id)
    return found


def _named(others: list[Venue], ids: Sequence[str]) -> list[Venue]:
    known = {one.id: one for one in others}
    return [known[one] for one in ids if one in known]


def _neighbour_count(scene: Scene, venue_id: str) -> int:
    """Return how many neighbours an older row counts without naming them."""
    row = scene.base.get(venue_id)
    return min(row.neighbour_count, NEIGHBOURS_SHOWN) if row and row.kernel is None else 0


def _neighbours(venue: Venue, others: list[Venue], count: int) -> list[Venue]:
    """Return the nearest of those that share the venue's spot."""
    here = _place(venue)
    if here is None:
        return []
    near = []
    for other in others:
        there = _place(other)
        if other.id != venue.id and there is not None:
            metres = distance_m(here, *there)
            if metres <= NEIGHBOURS_WITHIN_M:
                near.append((metres, other.id, other))
    return [other for _metres, _id, other in sorted(near)[:count]]
