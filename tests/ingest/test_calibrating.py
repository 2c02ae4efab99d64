"""From head counts and releases to factors: a function of both sets, drawn on the map when it changes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from geo.venue_release import ReleasedVenues
from ingest.calibrating import compare, current_calibration, recalibrate, refresh
from ingest.leasing import CALIBRATE, DRAW
from rules.policy import Policy
from store import head_counts, jobs, map_frames, releases, venues
from store.calibrations import newest_calibration
from store.database import Database
from store.head_counts import CountedPeople
from store.records import VenueDraft
from tests.ingest.town import NOW, QUARTER, START, Town

VENUES, BINS = 24, 10
SD = 20.0


def draft(number: int, **changed: Any) -> VenueDraft:
    plain = VenueDraft("t", f"{number}", f"Hall {number}", longitude=76.95, latitude=43.24, licensed_capacity=1000)
    return replace(plain, **changed)


class Halls:
    """Twenty-four halls, ten released quarters of an hour, and errors `wider` times as wide as their intervals say."""

    def __init__(
        self, database: Database, policy: Policy, drafts: Sequence[VenueDraft] | None = None, wider: float = 2.0
    ) -> None:
        self.database, self.policy = database, policy
        self._random = np.random.default_rng(1)
        with database.begin() as connection:
            venues.upsert_venues(connection, drafts or [draft(number) for number in range(VENUES)], NOW)
            self.ids = tuple(one.id for one in venues.list_venues(connection))
            releases.save_area(connection, "a" * 64, b"hexagons", 1, {}, NOW)
        self.best = self._random.integers(20, 100, (BINS, len(self.ids))) * 5.0
        self.truth = np.maximum(self.best + wider * SD * self._random.standard_normal(self.best.shape), 0).astype(int)

    def release(self, numbers: Sequence[int] = tuple(range(BINS)), kernel: float = 0.8) -> None:
        with self.database.begin() as connection:
            digest = map_frames.keep_venue_list(connection, self.ids)
            rows = [self._row(number, digest, kernel) for number in numbers]
            releases.save_releases(connection, rows)

    def _row(self, number: int, digest: str, kernel: float) -> dict[str, Any]:
        best, count = self.best[number], len(self.ids)
        nothing = ReleasedVenues.missing(count)
        told = replace(
            nothing,
            state=np.full(count, 2, np.uint8),
            best=best,
            low=np.maximum(best - 1.645 * SD, 0),
            high=best + 1.645 * SD,
            sd=np.full(count, SD),
            kernel=np.full(count, kernel),
        )
        row = {"time_bin_start": START + number * QUARTER, "area_digest": "a" * 64, "input_digest": "i", "data": b"h"}
        row |= {"released_at": NOW, "carriers": ["alpha"], "method": "joint", "residuals": []}
        return row | {"venues_digest": digest, "venue_data": told.to_bytes()}

    def counted(self, count: int) -> list[CountedPeople]:
        cells = [(at, number) for number in range(BINS) for at in range(len(self.ids))]
        random.Random(1).shuffle(cells)
        return [
            CountedPeople(
                self.ids[at], START + number * QUARTER + timedelta(minutes=7), int(self.truth[number, at]), "A"
            )
            for at, number in cells[:count]
        ]

    def load(self, counted: Sequence[CountedPeople]) -> None:
        with self.database.begin() as connection:
            head_counts.load(connection, counted, "command", "counts.csv", NOW)

    def recalibrate(self) -> bool:
        return recalibrate(self.database, self.policy, NOW)

    def details(self) -> dict[str, Any]:
        with self.database.read() as connection:
            record = newest_calibration(connection)
        assert record is not None
        return dict(record.details) | {"factor": record.factor, "pairs": record.pairs}

    def waiting(self) -> set[str]:
        with self.database.read() as connection:
            return set(jobs.kinds_waiting(connection))


@pytest.fixture
def halls(sqlite_database: Database, policy: Policy) -> Halls:
    return Halls(sqlite_database, policy)


def test_enough_head_counts_widen_intervals_that_were_too_narrow(sqlite_database: Database, policy: Policy) -> None:
    halls = Halls(sqlite_database, policy, wider=1.5 * policy.crowding.uncalibrated_factor)
    halls.release()
    halls.load(halls.counted(120))
    assert halls.recalibrate()
    details = halls.details()
    assert (details["state"], details["pairs"], details["told_pairs"]) == ("calibrated", 120, 120)
    assert details["told"] == [pytest.approx(3.0, abs=0.75)] * 4
    assert details["untold"] == [None] * 4
    assert details["told_held"] == next(one for one in details["held"] if one["promised"] == 0.9)  # all can be told
    promise = next(one for one in details["held"] if one["promised"] == 0.9)
    assert promise["before"] < 0.85 < promise["after"]
    assert halls.waiting() == {DRAW}


def test_too_few_head_counts_leave_the_map_uncalibrated_and_say_how_many_there_are(halls: Halls) -> None:
    halls.release()
    few = halls.policy.calibration.pairs_min - 1
    halls.load(halls.counted(few))
    assert not halls.recalibrate()
    details = halls.details()
    assert (details["state"], details["pairs"], details["counts"]) == ("too-few", few, few)
    with halls.database.read() as connection:
        assert current_calibration(connection) is None
    assert halls.waiting() == set()


def test_one_venue_counted_all_evening_calibrates_no_other(halls: Halls) -> None:
    halls.release()
    [first, *_rest] = halls.counted(1)
    every_minute = [replace(first, counted_at=START + timedelta(minutes=at)) for at in range(30)]
    halls.load(every_minute)
    assert not halls.recalibrate()
    details = halls.details()
    assert (details["state"], details["counts"], details["pairs"]) == ("too-few", 30, 2)  # one a quarter of an hour
    most = halls.policy.calibration.venue_pairs_max
    assert halls.policy.calibration.venues_min == -(-halls.policy.calibration.pairs_min // most) == 5
    all_day = [replace(one, venue_id=first.venue_id) for one in halls.counted(120)]
    halls.load(all_day)
    assert not halls.recalibrate()
    assert halls.details()["state"] == "too-few"


def test_errors_beyond_any_permitted_factor_are_not_called_calibrated(halls: Halls) -> None:
    halls.release()
    halls.load([replace(one, people=one.people + 900) for one in halls.counted(60)])
    assert not halls.recalibrate()
    assert halls.details()["state"] == "too-far"


def test_neither_order_nor_repetition_nor_the_way_in_pieces_matters(
    halls: Halls, policy: Policy, database: Database
) -> None:
    halls.release()
    counted = halls.counted(60)
    halls.load(counted)
    halls.recalibrate()
    other = Halls(database, policy)
    for some in (counted[40:][::-1], counted[:40], counted):
        other.load(some)
        other.recalibrate()
    other.release()
    other.recalibrate()
    assert other.details() == halls.details()


def test_a_withdrawn_count_serves_no_more(halls: Halls) -> None:
    halls.release()
    halls.load(halls.counted(halls.policy.calibration.pairs_min))
    assert halls.recalibrate()
    with halls.database.begin() as connection:
        [first, *_rest] = head_counts.standing_counts(connection)
        head_counts.withdraw(connection, first.id, "command", "wrong hall", NOW)
    assert halls.recalibrate()
    assert halls.details()["state"] == "too-few"


def test_counts_without_a_release_wait_until_their_bin_is_released(halls: Halls) -> None:
    halls.load(halls.counted(120))
    halls.recalibrate()
    assert halls.details()["pairs"] == 0
    halls.release()
    assert not refresh(halls.database, halls.policy, [NOW + timedelta(days=3)], NOW)
    assert refresh(halls.database, halls.policy, [START + n * QUARTER for n in range(BINS)], NOW)
    assert halls.details()["pairs"] == 120


def test_computing_it_again_keeps_no_second_row(halls: Halls) -> None:
    halls.release()
    halls.load(halls.counted(60))
    halls.recalibrate()
    with halls.database.read() as connection:
        first = newest_calibration(connection)
    assert not recalibrate(halls.database, halls.policy, NOW + timedelta(days=1))
    with halls.database.read() as connection:
        assert newest_calibration(connection) == first


def test_counts_older_than_the_window_no_longer_serve(halls: Halls, policy: Policy) -> None:
    halls.release()
    old = [replace(one, counted_at=one.counted_at - timedelta(days=400)) for one in halls.counted(40)]
    halls.load([*old, *halls.counted(10)])
    halls.recalibrate()
    assert (halls.details()["counts"], halls.details()["pairs"]) == (10, 10)


def test_counts_of_closed_venues_do_not_make_the_intervals_of_open_ones_narrow(
    sqlite_database: Database, policy: Policy
) -> None:
    shut = [draft(number, opening_hours="Mo-Su 01:00-02:00") for number in range(VENUES // 2)]
    halls = Halls(sqlite_database, policy, [*shut, *(draft(number) for number in range(VENUES // 2, VENUES))])
    halls.release()
    counted = halls.counted(200)
    halls.load(counted)
    with sqlite_database.read() as connection:
        registered = {one.id: one for one in venues.list_venues(connection)}
        pairs = compare(connection, head_counts.standing_counts(connection), policy)
    assert len(pairs) == sum(registered[one.venue_id].draft.opening_hours is None for one in counted)


def test_a_band_that_hides_people_and_a_venue_that_is_not_told_are_no_pairs(halls: Halls) -> None:
    halls.release()
    halls.load(halls.counted(5))
    with halls.database.begin() as connection:
        [ref] = releases.releases_of(connection, [START])
        order = map_frames.venue_list(connection, ref.venues_digest or "")
        hidden = replace(ReleasedVenues.missing(len(order)), state=np.full(len(order), 2, np.uint8),
                         few=np.ones(len(order), bool))  # fmt: skip
        rows = [halls._row(number, ref.venues_digest or "", 0.8) for number in range(BINS)]
        releases.save_releases(connection, [row | {"venue_data": hidden.to_bytes()} for row in rows])
    halls.recalibrate()
    assert halls.details()["pairs"] == 0


def test_no_number_of_a_single_venue_is_kept_for_the_page(sqlite_database: Database, policy: Policy) -> None:
    large = [draft(number, licensed_capacity=3000) for number in range(4)]
    halls = Halls(sqlite_database, policy, [*large, *(draft(number) for number in range(4, VENUES))])
    halls.release()
    halls.load(halls.counted(200))
    halls.recalibrate()
    details = halls.details()
    by_band = {one["from"]: one["error"] for one in details["bands"]}
    assert by_band[500] is not None
    assert by_band[1500] is None  # four venues: fewer than may be shown
    assert not [one for one in halls.ids if one in repr(details)]


def test_a_worker_calibrates_and_a_day_later_again(sqlite_database: Database, policy: Policy, tmp_path: Any) -> None:
    halls, town = Halls(sqlite_database, policy), Town(sqlite_database, policy, tmp_path)
    halls.release()
    halls.load(halls.counted(60))
    with sqlite_database.begin() as connection:
        jobs.enqueue(connection, CALIBRATE)
    assert town.worker().run_once()
    assert halls.details()["state"] == "calibrated"
    assert halls.waiting() == {DRAW, CALIBRATE}
