"""The demo's gathering in a private house raises no flag and stands in no list (contract C7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geo.release import Released
from geo.spreading import ESTIMATED
from geo.venue_release import ReleasedVenues
from ingest.city import City
from ingest.city.people import ground
from ingest.city.truth import bin_truth
from ingest.crowding import VenueJudge
from ingest.venue_figures import ReleasedBin
from ingest.venue_states import VenueStates
from ingest.venues import read_venues
from store.records import Venue, VenueCrowding, ZoneAnnouncement
from tests.rules.builders import draft_policy

POLICY = draft_policy()
YELLOW = (ZoneAnnouncement("ALA", date(2025, 1, 1), "yellow", True, "demo"),)
LATE = datetime(2025, 6, 6, 19, 0, tzinfo=UTC)  # midnight in the city: the house is full, most venues are closed
WEEK = timedelta(weeks=1)


def registry(city: City, folder: Path) -> list[Venue]:
    drafts = read_venues(city.write_registry(folder / "venues.geojson")).venues
    return [Venue(one.source_id, one.source_id, one) for one in drafts]


def released(ids: NDArray[np.uint64], people: NDArray[np.float64]) -> Released:
    return Released(ids, people, people, people, np.full(len(ids), ESTIMATED, np.uint8))


def well_seen(people: NDArray[np.float64]) -> ReleasedVenues:
    """Every venue with its true people, as if counts resolved all of them."""
    count, nothing = len(people), ReleasedVenues.missing(len(people))
    whole, sd = np.ones(count), np.full(count, 5.0)
    return ReleasedVenues(
        np.full(count, ESTIMATED, np.uint8), people, people, people, sd, nothing.few, whole, whole, whole, sd,
        nothing.rivals,
    )  # fmt: skip


def test_no_venue_touches_the_house_and_nothing_that_is_said_changes_with_the_people_in_it(
    city: City, tmp_path: Path
) -> None:
    order = np.argsort(ground().ids)
    ids = ground().ids[order]
    house = next(one for one in city.scenes if one.id == "house")
    at = int(np.searchsorted(ids, np.uint64(house.hexagon)))
    venues = registry(city, tmp_path)
    assert VenueStates(POLICY, venues, ids).membership[:, [at]].nnz == 0

    judge = VenueJudge(POLICY, venues, YELLOW, ids, city.residents[order].astype(np.float64))
    truth = bin_truth(city.world, LATE)
    people = truth.people[order].astype(np.float64)
    rows = well_seen(truth.venue_people.astype(np.float64))
    past = [
        (week, ReleasedBin(LATE - (week + 1) * WEEK, released(ids, people), judge.venue_ids, rows)) for week in range(4)
    ]

    def said(in_the_house: float) -> list[VenueCrowding]:
        there = people.copy()
        there[at] = in_the_house
        bin_ = ReleasedBin(LATE, released(ids, there), judge.venue_ids, rows)
        return judge.judge(bin_, timedelta(minutes=15), judge.usual_hour(past))

    assert len(judge.venue_ids) == len(city.venues)
    assert said(5.0) == said(5.0 + house.people) == said(5000.0)
