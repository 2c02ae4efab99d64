"""Less crowded places of the same kind nearby: open now, and released as really lower than this one.

Promises: "cannot tell" is never taken for empty; both levels are of one time bin and layer, which is not stale; every
row says how sure its level is. Where nothing can be offered, the reason is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.policy import UNCLASSIFIED
from store.records import Venue
from webapp.context import web
from webapp.open_now import is_open_by_hours
from webapp.scene import Scene
from webapp.speech import gettext as _
from webapp.venue_rows import distance_m, venue_row
from webapp.views import CrowdingCode, NearbyView
from webapp.wording.moments import age_class
from webapp.wording.venues import distance_words

SHOWN = 3
LEVELS: dict[CrowdingCode, tuple[int, int]] = {
    "level-1": (1, 1),
    "level-2": (2, 2),
    "level-3": (3, 3),
    "level-4": (4, 4),
    "between-1-2": (1, 2),
    "between-2-3": (2, 3),
    "between-3-4": (3, 4),
}
Place = tuple[float, float]


def less_crowded(venue: Venue, others: Sequence[Venue], scene: Scene) -> NearbyView | None:
    """Return the nearest less crowded places of the same kind; None where nothing could be less crowded, or is asked.

    `others`: venues that the scene's account may be shown.
    """
    own = LEVELS.get(scene.layer_code(venue.id))
    here, reach = _place(venue), web().policy(scene.now).map.nearby_m
    if here is None or venue.draft.category == UNCLASSIFIED or own == (1, 1) or not _is_of_now(scene):
        return None
    if own is None:
        return _untold(scene.layer_code(venue.id))
    found = sorted(
        (metres, one.id, one)
        for one in others
        if one.id != venue.id
        and one.draft.category == venue.draft.category
        and (metres := _metres(here, one)) <= reach
        and _is_lower(scene.layer_code(one.id), own)
        and _is_open_now(one, scene.now)
    )
    rows = [venue_row(one, scene, here) for _metres_, _id, one in found[:SHOWN]]
    words = _("None that is open and certainly less crowded within %(reach)s.", reach=distance_words(reach))
    return NearbyView(rows, None if rows else words)


def is_asked_for(venue: Venue, scene: Scene) -> bool:
    """Tell whether other places have to be looked at: only where the own level is told and not the lowest."""
    return LEVELS.get(scene.layer_code(venue.id), (1, 1)) != (1, 1)


def _is_of_now(scene: Scene) -> bool:
    return scene.observed_at is not None and age_class(scene.observed_at, scene.now, scene.layer) == "fresh"


def _untold(code: CrowdingCode) -> NearbyView | None:
    """Say why nothing is less crowded than a place whose own crowding is not told; nothing of a closed one."""
    if code == "closed":
        return None
    return NearbyView([], _("How crowded this place is cannot be told, so no other can be called less crowded."))


def _is_lower(code: CrowdingCode, own: tuple[int, int]) -> bool:
    levels = LEVELS.get(code)
    return levels is not None and levels[1] < own[0]


def _is_open_now(venue: Venue, now: datetime) -> bool:
    """Tell whether it is known to be open: hours that are not registered promise nothing."""
    return is_open_by_hours(venue.draft.opening_hours, venue.draft.region, web().policy(now), now) is True


def _metres(here: Place, venue: Venue) -> float:
    there = _place(venue)
    return float("inf") if there is None else distance_m(here, *there)


def _place(venue: Venue) -> Place | None:
    longitude, latitude = venue.draft.longitude, venue.draft.latitude
    return None if longitude is None or latitude is None else (longitude, latitude)
