"""The addresses of the interface, what each takes and gives, and what can go wrong at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint

from webapp.api import map_views, models, venue_views

PREFIX = "/api/v1"
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
GEOJSON = {"application/geo+json": {"schema": {"type": "object"}}}

blueprint = APIBlueprint("api", __name__, url_prefix=PREFIX, tag="Oryn")


def _json(path: str, name: str, view: Callable[..., Any], model: type[models.Given], *statuses: int) -> None:
    view = blueprint.output(model)(view)
    _route(path, name, view, dict.fromkeys(statuses, ""))


def _bytes(path: str, name: str, view: Callable[..., Any], content: dict[str, Any], *statuses: int) -> None:
    _route(path, name, view, {200: {"description": "The bytes", "content": content}, **dict.fromkeys(statuses, "")})


def _route(path: str, name: str, view: Callable[..., Any], responses: dict[int, Any]) -> None:
    view = blueprint.doc(operation_id=name, responses={**responses, 405: "", 500: ""})(view)
    blueprint.add_url_rule(path, name, view)


def _asked(model: type[models.Asked], view: Callable[..., Any]) -> Callable[..., Any]:
    return blueprint.input(model, location="query", arg_name="query")(view)


_json("/map/manifest", "manifest", map_views.manifest, models.Manifest, 304)
_bytes("/map/areas/<digest>/<int:resolution>", "area", map_views.area, BYTES, 304, 404)
_json(
    "/map/areas/<digest>/<int:resolution>/usual/<int:index>",
    "hexagon_usual",
    map_views.hexagon_usual_week,
    models.UsualWeek,
    404,
)
_bytes("/map/frames/<digest>", "frame", map_views.frame, BYTES, 304, 404)
_bytes("/map/window/<layer>/<end>", "window", map_views.window, BYTES, 304, 404)
_bytes("/map/window/<layer>/<end>/venues", "venue_window", map_views.venue_window, BYTES, 304, 404)
_json("/map/venues/<digest>", "map_venues", map_views.map_venues, models.MapVenues, 304, 404)
_bytes("/map/base-map", "base_map", map_views.base_map, GEOJSON, 304, 404)
_json("/venues", "venues", _asked(models.ListQuery, venue_views.venues), models.VenueList, 422)
_json("/venues/<venue_id>", "venue", _asked(models.AtQuery, venue_views.venue), models.VenueCard, 404, 422)
_json("/venues/<venue_id>/usual", "venue_usual", venue_views.venue_usual_week, models.UsualWeek, 404)
_json(
    "/venues/<venue_id>/status",
    "venue_status",
    _asked(models.AtQuery, venue_views.venue_status),
    models.VenueStatusAnswer,
    404,
    422,
)
