"""From counts to what is kept of a venue: whose the crowd is and what is unusual come all the way through."""

from __future__ import annotations

from ingest.pipeline import judge_bin
from store import crowding
from tests.ingest.test_pipeline import crowded, mark_live, settle, venue, with_history
from tests.ingest.town import START, Town


def test_a_crowd_far_above_the_usual_hour_is_told_of_the_ground_and_of_the_venue(town: Town) -> None:
    with_history(town, weeks=4)
    settle(town, venue("hall", seats=2000, licensed_capacity=2000))
    mark_live(town)
    row = crowded(town)["hall"]
    assert row.area_unusual_z is not None
    assert row.area_unusual_z > 3
    assert row.attribution in {"venue", "area", "cannot-tell"}
    assert row.attribution_probability is not None
    assert row.kernel is not None
    assert row.calibrated is False
    assert row.after_hours is None


def test_with_too_few_weeks_nothing_is_unusual(town: Town) -> None:
    with_history(town, weeks=2)
    settle(town, venue("hall", seats=2000, licensed_capacity=2000))
    mark_live(town)
    row = crowded(town)["hall"]
    assert (row.unusual_z, row.area_unusual_z) == (None, None)


def test_a_bin_that_is_judged_anew_says_what_was_drawn(town: Town) -> None:
    with_history(town, weeks=4)
    settle(town, venue("hall"), venue("small", seats=30, licensed_capacity=30))
    mark_live(town)
    with town.database.read() as connection:
        drawn = crowding.crowding_at(connection, START)
    anew = {one.venue_id: one for one in judge_bin(town.place, START)}
    assert drawn == anew
