"""Released bins of a handful of venues, so that a test of judging shows only what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo import hexagons
from geo.release import Released
from geo.spreading import ESTIMATED
from geo.venue_release import ReleasedVenues
from ingest.venue_figures import ReleasedBin
from store.records import Venue, VenueDraft, ZoneAnnouncement

PLACE = (76.95, 43.24)
CITY = np.sort(hexagons.disc(hexagons.hexagon_at(*PLACE, 9), 10))
HOME = int(np.searchsorted(CITY, hexagons.hexagon_at(*PLACE, 9)))
NOON = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)  # 12:00 in Almaty
GREEN = (ZoneAnnouncement("ALA", date(2026, 1, 1), "green", True, "test"),)
PERMITTED = 200  # half of the seats of a cinema in a green zone


def cinema(venue_id: str = "hall", **facts: Any) -> Venue:
    draft: dict[str, Any] = {
        "source": "test",
        "source_id": venue_id,
        "name": venue_id,
        "category": "cinema",
        "region": "ALA",
        "longitude": PLACE[0],
        "latitude": PLACE[1],
        "seats": 400,
        "licensed_capacity": 400,
        "area_m2": 900.0,
        "opening_hours": "Mo-Su 10:00-23:00",
    }
    return Venue(venue_id, venue_id, VenueDraft(**(draft | facts)))


def ground(people: float | NDArray[np.float64] = 500.0) -> Released:
    """The same people in every hexagon, or those given."""
    everywhere = np.broadcast_to(np.asarray(people, np.float64), (len(CITY),)).copy()
    return Released(CITY, everywhere, everywhere, everywhere, np.full(len(CITY), ESTIMATED, np.uint8))


def rows(best: Sequence[float], sd: Sequence[float], **facts: Any) -> ReleasedVenues:
    """Venues that are seen well, with these people."""
    count = len(best)
    people = {name: np.array(values, np.float64) for name, values in (("best", best), ("sd", sd))}
    seen: dict[str, Any] = {
        "state": np.full(count, ESTIMATED, np.uint8),
        "low": np.maximum(people["best"] - 1.645 * people["sd"], 0.0),
        "high": people["best"] + 1.645 * people["sd"],
        "few": np.zeros(count, bool),
        "kernel": np.full(count, 0.9),
        "own_probability": np.full(count, 0.95),
        "reach": np.ones(count),
        "area_sd": np.full(count, 30.0),
        "rivals": np.zeros((0, 2), np.int32),
    }
    given = {name: np.asarray(values) for name, values in facts.items()}
    return ReleasedVenues(**(people | seen | given))


def told(
    venues: ReleasedVenues | None, ids: Sequence[str] = ("hall",), at: datetime = NOON, people: Released | None = None
) -> ReleasedBin:
    return ReleasedBin(at, people or ground(), tuple(ids), venues)
