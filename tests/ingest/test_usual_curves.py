"""From delivered files to usual weeks: made when the history changes, of released rows, and gone with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from geo.frames import code_density
from geo.hexagons import area_km2, hexagon_ids
from ingest.usual_venues import hour_of_week
from store import releases, usual_weeks
from store.records import Receipt
from store.usual_weeks import UsualVenueWeek
from store.venues import list_venues
from tests.ingest.test_pipeline import settle, venue
from tests.ingest.town import CENTRE, QUARTER, START, Town, span_table

HOUR = timedelta(hours=1)
EVENING = hour_of_week((START + timedelta(hours=5)).replace(tzinfo=None))  # START is 15:00 of a Friday in Almaty


def history(town: Town, weeks: int, people: int = 1000) -> Receipt:
    """Deliver hours of history in one hexagon, and a live quarter."""
    first = START.replace(hour=0) - timedelta(weeks=weeks)
    spans = [(CENTRE, first + n * HOUR, first + (n + 1) * HOUR, people) for n in range(weeks * 168)]
    return town.receive(span_table(*spans, (CENTRE, START, START + QUARTER, people)))


def kept(town: Town, name: str = "hall") -> UsualVenueWeek | None:
    with town.database.read() as connection:
        ids = {one.draft.source_id: one.id for one in list_venues(connection)}
        return usual_weeks.find_venue_week(connection, ids[name])


def test_a_venue_alone_in_its_hexagon_gets_a_usual_week_and_the_map_a_picture(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall", seats=2000, licensed_capacity=2000), venue("secret", masked=True))
    history(town, weeks=3)
    week = kept(town)
    assert week is not None
    assert week.weeks == 3
    assert week.ground[EVENING] == pytest.approx(1000, rel=0.1)
    assert kept(town, "secret") is None
    with town.database.read() as connection:
        ref = releases.find_release(connection, START)
        assert ref is not None
        fine = usual_weeks.find_hexagon(connection, ref.area_digest, 9, 0)
        coarse = usual_weeks.find_hexagon(connection, ref.area_digest, 8, 0)
    assert fine is not None
    assert coarse is not None
    density = 1000 / float(area_km2(hexagon_ids([CENTRE]))[0])
    largest = town.place.policy.map.frame_density_max_per_km2
    assert code_density(fine.codes[EVENING], largest) == pytest.approx(density, rel=0.15)
    assert (fine.weeks, len(coarse.codes)) == (3, 168)


def test_one_week_is_kept_as_too_few(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall"))
    history(town, weeks=1)
    week = kept(town)
    assert week is not None
    assert week.weeks == 1
    assert {*week.people, *week.ground} == {None}


def test_what_was_usual_goes_with_the_counts_that_it_came_from(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall"))
    receipt = history(town, weeks=2)
    town.receive(span_table((CENTRE, START + QUARTER, START + 2 * QUARTER, 1000)))
    before = kept(town)
    assert before is not None
    assert before.ground[EVENING]
    town.withdraw(receipt)
    assert kept(town) is None
