"""The map page: how crowded it is around here now, and how sure we are. Complete as a list without any script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for

from store.blobs import read_blob
from store.database import Connection
from store.records import Venue
from store.venues import list_venues, search_venues
from webapp.arguments import near_place, order_of, page_number, search_text
from webapp.client_strings import client_strings
from webapp.context import web
from webapp.languages import language
from webapp.place_names import base_map_path
from webapp.roles import actor
from webapp.scene import Scene, scene_now
from webapp.speech import gettext as _
from webapp.speech import ngettext
from webapp.venue_rows import ORDERS, Listing, Order, listing, pager
from webapp.views import MapPage, SortChoice
from webapp.wording.crowding import venue_legend
from webapp.wording.density import legend, summary
from webapp.wording.moments import age_class, age_words, delay_words, seen_clock

START_ZOOM = 13
KEPT_IN_LINKS = ("q", "near", "sort", "page")
ALMATY = (76.93, 43.25)  # where the map opens while there are no venues


def show() -> str:
    """Show the list of venues, and what the script needs to draw the map."""
    now, near, search = web().clock(), near_place(), search_text()
    policy = web().policy(now)
    with web().database.read() as connection:
        everybody = list_venues(connection)
        scene = scene_now(connection, actor(), policy, now, everybody)
        venues = search_venues(connection, search) if search else everybody
        frame = _frame(connection, scene)
    order = order_of(near)
    found = listing(venues, scene, order, near, page_number())
    page = MapPage(
        rows=found.rows,
        venue_count_words=_count_words(found),
        pager=pager(found, lambda number: _here(page=str(number))),
        sort=order,
        sort_urls=_sort_urls(order),
        search=search,
        near=near,
        observed_words=age_words(scene.observed_at, now) if scene.observed_at else _("no data yet"),
        observed_clock=seen_clock(scene.observed_at, now, scene.layer) if scene.observed_at else "",
        age_class=age_class(scene.observed_at, now, scene.layer) if scene.observed_at else "old",
        delay_words=delay_words(scene.layer, now),
        layer=scene.layer,
        legend=legend(policy.map),
        venue_legend=venue_legend(policy.crowding),
        hex_summary_words=summary(frame, policy.map),
        client=_client(scene, everybody),
    )
    return render_template("map.html", page=page)


def _frame(connection: Connection, scene: Scene) -> bytes | None:
    return read_blob(connection, scene.frame.frame_digest) if scene.frame else None


def _count_words(found: Listing) -> str:
    return ngettext("%(num)d venue", "%(num)d venues", found.count)


def _sort_urls(chosen: Order) -> list[SortChoice]:
    words = {"crowding": _("Most crowded first"), "distance": _("Nearest first"), "name": _("By name")}
    return [SortChoice(order, words[order], _here(sort=order, page=None), order == chosen) for order in ORDERS]


def _here(**changed: str | None) -> str:
    query = {key: request.args[key] for key in KEPT_IN_LINKS if request.args.get(key)} | changed
    given = {key: value for key, value in query.items() if value is not None}
    return url_for("pages.map_page") + (f"?{urlencode(given)}" if given else "")


def _client(scene: Scene, venues: Sequence[Venue]) -> dict[str, Any]:
    return {
        "manifest_url": url_for("api.manifest"),
        "base_map_url": url_for("api.base_map") if base_map_path().is_file() else None,
        "language": language(),
        "layer": scene.layer,
        "centre": list(_centre(venues)),
        "zoom": START_ZOOM,
        "timezone": web().policy(scene.now).timezone,
        "strings": client_strings(_, ngettext),
    }


def _centre(venues: Sequence[Venue]) -> tuple[float, float]:
    places = [
        (venue.draft.longitude, venue.draft.latitude)
        for venue in venues
        if venue.draft.longitude is not None and venue.draft.latitude is not None
    ]
    if not places:
        return ALMATY
    middle = len(places) // 2
    return sorted(lon for lon, _lat in places)[middle], sorted(lat for _lon, lat in places)[middle]
