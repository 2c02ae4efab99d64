"""The list of venues: searched, sorted and cut into pages, each row in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from flask import url_for

from store.assess import status_of
from store.records import Venue
from webapp.context import web
from webapp.place_names import place_name
from webapp.roles import may_see_numbers
from webapp.scene import Scene
from webapp.speech import gettext as _
from webapp.views import CrowdingView, NeighbourView, Pager, VenueRow
from webapp.wording.crowding import CROWDED_FIRST
from webapp.wording.venues import category_label, distance_words, name_of, status_view

Order = Literal["crowding", "distance", "name"]
ORDERS: tuple[Order, ...] = ("crowding", "distance", "name")
ROWS_A_PAGE = 50
EARTH_RADIUS_M = 6_371_009


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list. `near`: (longitude, latitude) to measure distances from."""

    rows: list[VenueRow]
    count: int
    page: int
    pages: int


def venue_row(
    venue: Venue, scene: Scene, near: tuple[float, float] | None = None, rivals: Sequence[Venue] = ()
) -> VenueRow:
    """Return a venue as a list or card shows it; `rivals`: venues to which the same people may belong."""
    draft = venue.draft
    return VenueRow(
        id=venue.id,
        name=name_of(draft),
        category_label=category_label(draft.category, scene.now),
        district=place_name(draft.district),
        address=place_name(draft.address),
        status=status_view(status_of(venue, web().policies, scene.now)),
        crowding=_with_rivals(scene.view(venue.id), rivals),
        longitude=draft.longitude,
        latitude=draft.latitude,
        url=url_for("pages.venue_page", venue_id=venue.id),
        distance_words=_distance_words(venue, near),
    )


def listing(
    venues: Sequence[Venue], scene: Scene, order: Order, near: tuple[float, float] | None, page: int
) -> Listing:
    """Return one page of the venues, sorted."""
    ordered = sorted(visible(venues, scene), key=_key(order, near, scene))
    pages = max(1, math.ceil(len(ordered) / ROWS_A_PAGE))
    page = min(page, pages)
    shown = ordered[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
    return Listing([venue_row(venue, scene, near) for venue in shown], len(ordered), page, pages)


def pager(found: Listing, url: Callable[[int], str]) -> Pager:
    """Return the links to the pages before and after."""
    return Pager(
        previous_url=url(found.page - 1) if found.page > 1 else None,
        next_url=url(found.page + 1) if found.page < found.pages else None,
        page=found.page,
        pages=found.pages,
    )


def rival_ids(scene: Scene, venue_id: str) -> tuple[str, ...]:
    """Return the venues to which the people of a venue may belong as well, most alike first."""
    row = scene.base.get(venue_id)
    return row.neighbour_ids if row else ()


def distance_m(near: tuple[float, float], longitude: float, latitude: float) -> float:
    """Return metres along the sphere between two places (haversine)."""
    lon1, lat1, lon2, lat2 = (math.radians(value) for value in (*near, longitude, latitude))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def visible(venues: Iterable[Venue], scene: Scene) -> list[Venue]:
    """Return the venues that the scene's account may be shown: sensitive places stay off the public's lists."""
    return [venue for venue in venues if not venue.draft.masked or may_see_numbers(scene.account, venue.id)]


def _with_rivals(view: CrowdingView, rivals: Sequence[Venue]) -> CrowdingView:
    if not rivals:
        return view
    named = (NeighbourView(one.id, name_of(one.draft), url_for("pages.venue_page", venue_id=one.id)) for one in rivals)
    return replace(
        view, neighbours=tuple(named), neighbours_words=_("The same people may be guests of these places as well:")
    )


def _key(order: Order, near: tuple[float, float] | None, scene: Scene) -> Callable[[Venue], Any]:
    if order == "distance" and near is not None:
        return lambda venue: (_metres(venue, near), venue.id)
    if order == "crowding":
        return lambda venue: (CROWDED_FIRST.index(scene.code(venue.id)), name_of(venue.draft).casefold(), venue.id)
    return lambda venue: (name_of(venue.draft).casefold(), venue.id)


def _metres(venue: Venue, near: tuple[float, float]) -> float:
    draft = venue.draft
    if draft.longitude is None or draft.latitude is None:
        return math.inf
    return distance_m(near, draft.longitude, draft.latitude)


def _distance_words(venue: Venue, near: tuple[float, float] | None) -> str | None:
    if near is None or venue.draft.longitude is None:
        return None
    return distance_words(_metres(venue, near))
