"""Venues for programs: the list, one card at a moment, a status at a moment with everything that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Response, jsonify

from store.assess import status_of
from store.database import Connection
from store.errors import NotFound
from store.records import Venue
from store.usual_weeks import find_venue_week
from store.venues import get_venue, list_venues, search_venues, venues_of
from webapp.api.models import AtQuery, ListQuery
from webapp.context import web
from webapp.nearby import is_asked_for, less_crowded
from webapp.reads import log_read
from webapp.roles import actor, may_see_numbers
from webapp.scene import Scene, reader_of, scene_at, scene_now
from webapp.venue_rows import listing, rival_ids, venue_row, visible
from webapp.views import NearbyView, VenueRow
from webapp.wording.usual import venue_usual
from webapp.wording.venues import say, status_view

LISTED_CROWDING = ("code", "words", "age_words", "observed_clock", "age_class")
LISTED_STATUS = ("colour", "word")


def venues(query: ListQuery) -> Response:
    """The list of venues, searched, sorted and cut into pages; numbers stand on the card only."""
    now, near = web().clock(), _place(query.near)
    with web().database.read() as connection:
        known = search_venues(connection, query.q) if query.q.strip() else list_venues(connection)
        scene = scene_now(connection, actor(), web().policy(now), now, known)
    order = "crowding" if query.sort == "distance" and near is None else query.sort
    found = listing(known, scene, order, near, query.page)
    rows = [_listed(row) for row in found.rows]
    return _private(jsonify(venues=rows, count=found.count, page=found.page, pages=found.pages))


def venue(venue_id: str, query: AtQuery) -> Response:
    """One venue's card now, or in the time bin that holds `at`."""
    now, account = web().clock(), actor()
    policy = web().policy(now)
    with web().database.read() as connection:
        known = get_venue(connection, venue_id)
        scene = (
            scene_at(connection, account, policy, query.at, now, venue_id)
            if query.at
            else scene_now(connection, account, policy, now, [known], venue_id)
        )
        nearby = None if query.at else _found_nearby(connection, known, scene)
        rivals = visible(venues_of(connection, rival_ids(scene, venue_id)), scene)
    if not visible([known], scene):
        raise NotFound(what="venue", name=venue_id)
    log_read(account, venue_id)
    return _private(jsonify(asdict(venue_row(known, scene, rivals=rivals)) | {"nearby": _nearby(nearby)}))


def venue_usual_week(venue_id: str) -> Response:
    """A venue's usual week, by local hour: in people for who may see them, else in four steps of its busiest hour."""
    now, account = web().clock(), actor()
    with web().database.read() as connection:
        known = get_venue(connection, venue_id)
        if known.draft.masked and not may_see_numbers(account, venue_id):
            raise NotFound(what="venue", name=venue_id)
        week = find_venue_week(connection, venue_id)
    log_read(account, venue_id)
    return _private(jsonify(asdict(venue_usual(week, reader_of(account, venue_id), now, None))))


def venue_status(venue_id: str, query: AtQuery) -> Response:
    """A venue's status now, or as it stood at `at`."""
    now = web().clock()
    at = query.at or now
    with web().database.read() as connection:
        known = get_venue(connection, venue_id)
    status = status_of(known, web().policies, at)
    words = status_view(status)
    return _private(
        jsonify(
            venue_id=venue_id,
            at=at.isoformat(),
            colour=status.colour,
            word=words.word,
            rule=status.rule,
            reason=words.reason,
            policy_version=status.policy_version,
            evidence=list(status.evidence),
            inputs=dict(status.inputs),
            what_would_change=[say(one) for one in status.what_would_change],
            valid_until=status.valid_until.isoformat() if status.valid_until else None,
        )
    )


def _listed(row: VenueRow, crowding: Sequence[str] = LISTED_CROWDING) -> dict[str, Any]:
    whole = asdict(row)
    whole["status"] = {key: whole["status"][key] for key in LISTED_STATUS}
    whole["crowding"] = {key: whole["crowding"][key] for key in crowding}
    return whole


def _found_nearby(connection: Connection, venue: Venue, scene: Scene) -> NearbyView | None:
    """Return less crowded places; the whole registry is read only where it has to be looked at."""
    if not is_asked_for(venue, scene):
        return less_crowded(venue, [], scene)
    now = scene.now
    everybody = list_venues(connection)
    whole = scene_now(connection, scene.account, web().policy(now), now, everybody) if scene.layer == "group" else scene
    return less_crowded(venue, visible(everybody, whole), whole)


def _nearby(found: NearbyView | None) -> dict[str, Any] | None:
    if found is None:
        return None
    rows = [_listed(row, (*LISTED_CROWDING, "sure_words")) for row in found.rows]
    return {"rows": rows, "none_words": found.none_words}


def _place(near: str | None) -> tuple[float, float] | None:
    if near is None:
        return None
    latitude, longitude = (float(part) for part in near.split(","))
    return longitude, latitude


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store" if actor() else "no-cache"
    response.vary.update(("Cookie", "Accept-Language"))
    return response
