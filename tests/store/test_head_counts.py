"""Head counts in the store, on each kind of database: one a venue and moment, withdrawn for a reason, never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from store import audit, head_counts, venues
from store.calibrations import newest_calibration, save_calibration
from store.database import Connection, Database
from store.errors import NotFound
from store.head_counts import CountedPeople, CountStandsAlready
from store.records import VenueDraft
from tests.conftest import NOW

QUARTER = timedelta(minutes=15)


def bazaar(connection: Connection, source_id: str = "1") -> str:
    venues.upsert_venues(connection, [VenueDraft("test", source_id, "Bazaar")], NOW)
    return next(one.id for one in venues.list_venues(connection) if one.draft.source_id == source_id)


def counted(venue_id: str, people: int = 120) -> CountedPeople:
    return CountedPeople(venue_id, NOW - QUARTER, people, "account:1 Aigul", "side door")


def actions(connection: Connection) -> list[str]:
    return [one.action for one in reversed(audit.events_of(connection))]


def test_a_count_that_is_sent_twice_stands_once_and_is_logged_once(database: Database) -> None:
    with database.begin() as connection:
        venue_id = bazaar(connection)
        first = head_counts.enter(connection, counted(venue_id), "account:1 Aigul", NOW)
        again = head_counts.enter(connection, counted(venue_id), "account:1 Aigul", NOW + QUARTER)
        assert (first[1], again) == (True, (first[0], False))
        assert head_counts.standing_counts(connection) == [first[0]]
        assert actions(connection) == ["head-count-made"]


def test_another_number_for_the_same_moment_is_refused_until_the_first_is_withdrawn(database: Database) -> None:
    with database.begin() as connection:
        venue_id = bazaar(connection)
        wrong, _new = head_counts.enter(connection, counted(venue_id, 1200), "account:1 Aigul", NOW)
        with pytest.raises(CountStandsAlready) as refusal:
            head_counts.enter(connection, counted(venue_id, 120), "account:1 Aigul", NOW)
        assert refusal.value.params == {"id": wrong.id, "people": 1200}
        head_counts.withdraw(connection, wrong.id, "account:1 Aigul", "a nought too many", NOW)
        right, new = head_counts.enter(connection, counted(venue_id, 120), "account:1 Aigul", NOW)
        assert new
        assert [one.people for one in head_counts.standing_counts(connection)] == [120]
        assert [one.id for one in head_counts.counts_of(connection, [venue_id], 9)] == [right.id, wrong.id]


def test_a_withdrawal_keeps_the_row_and_its_reason_in_the_log(database: Database) -> None:
    with database.begin() as connection:
        made, _new = head_counts.enter(connection, counted(bazaar(connection)), "account:1 Aigul", NOW)
        head_counts.withdraw(connection, made.id, "account:2 Marat", "the wrong hall", NOW + QUARTER)
        kept = head_counts.get_head_count(connection, made.id)
        assert kept == replace(made, withdrawn_at=NOW + QUARTER)
        event = audit.events_of(connection)[0]
        assert (event.actor, event.action) == ("account:2 Marat", "head-count-withdrawn")
        assert json.loads(event.details)["reason"] == "the wrong hall"
        with pytest.raises(NotFound):
            head_counts.withdraw(connection, made.id, "account:2 Marat", "again", NOW)


def test_loading_a_file_again_adds_nothing_and_brings_nothing_back(database: Database) -> None:
    with database.begin() as connection:
        here, there = bazaar(connection), bazaar(connection, "2")
        file = [counted(here), counted(there, 80)]
        assert head_counts.load(connection, file, "command", "counts.csv", NOW) == 2
        assert head_counts.load(connection, file, "command", "counts.csv", NOW) == 0
        [first, _second] = head_counts.standing_counts(connection)
        head_counts.withdraw(connection, first.id, "command", "counted twice", NOW)
        assert head_counts.load(connection, file, "command", "counts.csv", NOW) == 0
        assert len(head_counts.standing_counts(connection)) == 1
        assert actions(connection) == ["head-counts-loaded", "head-count-withdrawn"]


def test_the_tally_says_how_many_stand_in_how_many_venues_since_when(database: Database) -> None:
    with database.begin() as connection:
        assert head_counts.tally(connection) == head_counts.HeadCountTally(0, 0, None)
        here, there = bazaar(connection), bazaar(connection, "2")
        early = replace(counted(here), counted_at=NOW - 9 * QUARTER)
        head_counts.load(connection, [counted(here), counted(there), early], "command", "counts.csv", NOW)
        assert head_counts.tally(connection) == head_counts.HeadCountTally(3, 2, NOW - 9 * QUARTER)


def test_a_calibration_is_a_row_only_where_something_changed(database: Database) -> None:
    with database.begin() as connection:
        assert newest_calibration(connection) is None
        assert save_calibration(connection, 1.25, 40, {"state": "calibrated"}, NOW)
        assert not save_calibration(connection, 1.25, 40, {"state": "calibrated"}, NOW + QUARTER)
        assert save_calibration(connection, 1.0, 20, {"state": "too-few"}, NOW + QUARTER)
        newest = newest_calibration(connection)
        assert newest is not None
        assert (newest.factor, newest.pairs, newest.computed_at) == (1.0, 20, NOW + QUARTER)
