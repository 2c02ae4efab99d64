"""The whole way: counts are released, people are counted, and the map is drawn again with intervals that hold."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import h3
import pytest

from geo.venue_release import ReleasedVenues
from ingest.leasing import CALIBRATE
from rules.policy import Policy
from store import blobs, crowding, head_counts, jobs, map_frames, releases, venues
from store.database import Database
from store.head_counts import CountedPeople
from store.records import VenueCrowding, VenueDraft
from tests.ingest.town import HEXAGONS, NOW, Town, quarter, table

QUARTERS = 8


@pytest.fixture
def town(sqlite_database: Database, policy: Policy, tmp_path: Path) -> Town:
    """Seven hexagons with a hall each, and two hours of counts of one carrier."""
    town = Town(sqlite_database, policy, tmp_path)
    town.carrier()
    drafts = []
    for number, hexagon in enumerate(HEXAGONS):
        latitude, longitude = h3.cell_to_latlng(hexagon)
        place = {"longitude": longitude, "latitude": latitude}
        drafts.append(VenueDraft("t", f"{number}", f"Hall {number}", **place, category="cinema", licensed_capacity=600))
    with sqlite_database.begin() as connection:
        venues.upsert_venues(connection, drafts, NOW)
    rows = [(one, number, 300 + 10 * at) for number in range(QUARTERS) for at, one in enumerate(HEXAGONS)]
    town.receive(table(*rows))
    return town


def released(town: Town, start: datetime) -> dict[str, tuple[float, float]]:
    """Return best and high of each venue as released, before any calibration."""
    with town.database.read() as connection:
        [ref] = releases.releases_of(connection, [start])
        order = map_frames.venue_list(connection, ref.venues_digest or "")
        rows = ReleasedVenues.from_bytes(blobs.read_blob(connection, ref.venue_blob_digest or ""))
    return {one: (float(rows.best[at]), float(rows.high[at])) for at, one in enumerate(order)}


def shown(town: Town, start: datetime) -> dict[str, VenueCrowding]:
    with town.database.read() as connection:
        return crowding.crowding_at(connection, start)


def count_all(town: Town, halves: float) -> None:
    """Count every hall in every quarter: each truth lies `halves` half-widths above what was released."""
    counted = [
        CountedPeople(venue_id, quarter(number), round(best + halves * (high - best)), "Aigul")
        for number in range(QUARTERS)
        for venue_id, (best, high) in released(town, quarter(number)).items()
    ]
    with town.database.begin() as connection:
        head_counts.load(connection, counted, "command", "counts.csv", NOW)
        jobs.enqueue(connection, CALIBRATE)
    worker = town.worker()
    while worker.run_once():
        pass


def test_the_map_is_drawn_again_with_intervals_as_wide_as_the_errors_ask(town: Town, policy: Policy) -> None:
    halves = 1.5 * policy.crowding.uncalibrated_factor  # wider than what nobody has counted
    start = quarter(QUARTERS - 1)
    before, releases_before = shown(town, start), town.released()
    assert before
    assert not any(one.calibrated for one in before.values())
    count_all(town, halves)
    after = shown(town, start)
    assert town.released() == releases_before  # what is released does not depend on who counted
    for venue_id, (best, high) in released(town, start).items():
        row = after[venue_id]
        assert row.calibrated
        assert row.high == pytest.approx(best + halves * (high - best), rel=0.06)
        assert (row.high or 0) > (before[venue_id].high or 0)


def test_a_withdrawal_takes_the_calibration_back(town: Town) -> None:
    start = quarter(QUARTERS - 1)
    before = shown(town, start)
    count_all(town, 1.8)
    with town.database.begin() as connection:
        for one in head_counts.standing_counts(connection):
            head_counts.withdraw(connection, one.id, "command", "a wrong list", NOW)
        jobs.enqueue(connection, CALIBRATE)
    worker = town.worker()
    while worker.run_once():
        pass
    assert shown(town, start) == before


def test_counts_that_came_before_their_deliveries_serve_with_the_release(
    sqlite_database: Database, policy: Policy, town: Town
) -> None:
    later = [(one, QUARTERS, 400) for one in HEXAGONS]
    ids = list(released(town, quarter(0)))
    with sqlite_database.begin() as connection:
        counted = [CountedPeople(one, quarter(QUARTERS), 390, "Aigul") for one in ids]
        head_counts.load(connection, counted, "command", "early.csv", NOW)
    count_all(town, 1.8)
    with sqlite_database.read() as connection:
        from store.calibrations import newest_calibration

        first = newest_calibration(connection)
        assert first is not None
    town.receive(table(*later))
    with sqlite_database.read() as connection:
        second = newest_calibration(connection)
        assert second is not None
        assert second.pairs == first.pairs + len(ids)


def test_a_bin_that_is_no_longer_drawn_is_judged_with_the_head_counts_of_today(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from webapp.commands import oryn

    start, later = quarter(QUARTERS - 1), quarter(4 * 48)
    town.receive_later(table((HEXAGONS[0], 4 * 48, 300)), later + 2 * (quarter(1) - quarter(0)))
    count_all(town, 1.8)
    assert not any(one.calibrated for one in shown(town, start).values())  # drawn two days ago, and not since
    monkeypatch.setenv("ORYN_HOME", str(tmp_path))
    monkeypatch.delenv("ORYN_DATABASE_URL", raising=False)
    told = CliRunner().invoke(oryn, ["crowding", "--at", start.isoformat()])
    assert told.exit_code == 0
    wide = {row.split(",")[0]: float(row.split(",")[5]) for row in told.output.splitlines()[1:]}
    for venue_id, (best, high) in released(town, start).items():
        assert wide[venue_id] == pytest.approx(best + 1.8 * (high - best), rel=0.06)
