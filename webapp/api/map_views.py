"""The map for programs: what there is, the shapes, the bytes of each picture, the venues in their order."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Response, abort, json, jsonify, request, send_file

from ingest.faults import sentence
from rules.policy import UNCLASSIFIED
from store import map_frames, usual_weeks
from store.assess import status_of
from store.database import Connection
from store.records import MapLayer, Venue
from store.venues import list_venues
from webapp.api import bytes as answers
from webapp.api import pictures
from webapp.context import web
from webapp.languages import language
from webapp.place_names import base_map_path, place_name
from webapp.roles import actor, layer_of
from webapp.scene import visible_until
from webapp.wording.certainty import Reader
from webapp.wording.usual import hexagon_usual
from webapp.wording.venues import category_label

VENUES_KEPT_SECONDS = 300


def manifest() -> Response:
    """The map's table of contents, for the layer that the reader may see."""
    now, layer = web().clock(), layer_of(actor())
    with web().database.read() as connection:
        body = pictures.manifest(connection, layer, web().policy(now), now)
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store" if layer == "group" else "no-cache"
    known = json.dumps({key: value for key, value in body.items() if key != "generated_at"})
    response.set_etag(hashlib.sha256(known.encode()).hexdigest(), weak=True)
    response.vary.update(("Cookie", "Accept-Language"))
    return response.make_conditional(request)  # type: ignore[return-value,unused-ignore]


def area(digest: str, resolution: int) -> Response:
    """The hexagons of an area as one pack of bytes; the finest ones for groups only."""
    layer: MapLayer = "public" if resolution <= web().policy(web().clock()).map.public_resolution else "group"
    _only_for_own_layer(layer)
    with web().database.read() as connection:
        data = map_frames.geometry_pack(connection, digest, resolution)
    return answers.immutable(data, f"{digest}-{resolution}", layer)


def hexagon_usual_week(digest: str, resolution: int, index: int) -> Response:
    """The usual week of one hexagon, by its place in the area's geometry: in density steps, for groups in numbers."""
    now, policy = web().clock(), web().policy(web().clock()).map
    _only_for_own_layer("public" if resolution <= policy.public_resolution else "group")
    with web().database.read() as connection:
        map_frames.geometry_pack(connection, digest, resolution)  # or there is no such area
        found = usual_weeks.find_hexagon(connection, digest, resolution, index)
    reader: Reader = "numbers" if layer_of(actor()) == "group" else "public"
    response = jsonify(asdict(hexagon_usual(found, reader, now)))
    response.headers["Cache-Control"] = "no-store" if actor() else "no-cache"
    response.vary.update(("Cookie", "Accept-Language"))
    return response


def frame(digest: str) -> Response:
    """The bytes of one picture. What belongs to a layer that the reader may not see is not there."""
    with web().database.read() as connection:
        layer = _layer_of_bytes(connection, digest)
        return answers.immutable(map_frames.read_blob(connection, digest), digest, layer)


def window(layer: str, end: str) -> Response:
    """A day of pictures of the hexagons, oldest first, in one answer."""
    own, moment = _own_layer(layer), _moment(layer, end)
    with web().database.read() as connection:
        return answers.revalidated(pictures.window(connection, own, moment), own)


def venue_window(layer: str, end: str) -> Response:
    """A day of pictures of the venues, oldest first, in one answer."""
    own, moment = _own_layer(layer), _moment(layer, end)
    with web().database.read() as connection:
        return answers.revalidated(pictures.venue_window(connection, own, moment), own)


def map_venues(digest: str) -> Response:
    """The venues in the order of their bytes."""
    now = web().clock()
    with web().database.read() as connection:
        order = map_frames.venue_list(connection, digest)
        known = {venue.id: venue for venue in list_venues(connection)}
    listed = [_map_venue(known[one], now) if one in known else _gone(one) for one in order]
    response = Response(_compact({"venues": listed}), mimetype="application/json")
    response.headers["Cache-Control"] = f"private, max-age={VENUES_KEPT_SECONDS}"
    response.add_etag(weak=True)
    response.vary.add("Accept-Language")
    return response.make_conditional(request)  # type: ignore[return-value,unused-ignore]


def base_map() -> Response:
    """The installation's own base map, GeoJSON, where it has one."""
    path = base_map_path()
    if not path.is_file():
        abort(404)
    return send_file(path.resolve(), mimetype="application/geo+json", conditional=True, max_age=VENUES_KEPT_SECONDS)


def _layer_of_bytes(connection: Connection, digest: str) -> MapLayer:
    published = map_frames.layers_of_blob(connection, digest)
    now = web().clock()
    policy = web().policy(now)
    shown = (one for one in _own_layers() if one in published and published[one] <= visible_until(one, policy, now))
    return next(shown, None) or abort(404)


def _own_layers() -> tuple[MapLayer, ...]:
    return ("public", "group") if layer_of(actor()) == "group" else ("public",)


def _own_layer(name: str) -> MapLayer:
    return next((layer for layer in _own_layers() if layer == name), None) or abort(404)


def _only_for_own_layer(layer: MapLayer) -> None:
    if layer not in _own_layers():
        abort(404)


def _moment(layer: str, text: str) -> datetime:
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        abort(404)
    now = web().clock()
    if moment > visible_until(_own_layer(layer), web().policy(now), now):
        abort(404)
    return moment


def _map_venue(venue: Venue, now: datetime) -> dict[str, Any]:
    """Say of a venue what the map needs and no more: the list is most of what a phone loads."""
    draft = venue.draft
    status = status_of(venue, web().policies, now)
    return {
        "id": venue.id,
        "name": {"kk": draft.name_kk or draft.name, "ru": draft.name_ru or draft.name},
        "category": draft.category,
        "category_label": category_label(draft.category, now),
        "longitude": _to_a_metre(draft.longitude),
        "latitude": _to_a_metre(draft.latitude),
        "district": place_name(draft.district),
        "status": {"colour": status.colour, "word": sentence(status.word, {}, language())},
    }


def _gone(venue_id: str) -> dict[str, Any]:
    """Keep the place of a venue that has left the registry, or every byte after it would mean another venue."""
    place = {"longitude": None, "latitude": None, "district": None}
    status = {"colour": "grey", "word": sentence("status-word-not-known", {}, language())}
    kind = {"category": UNCLASSIFIED, "category_label": ""}
    return {"id": venue_id, "name": {"kk": "", "ru": ""}, "status": status} | kind | place


def _to_a_metre(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, 5)


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
