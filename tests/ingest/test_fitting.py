"""Parameters follow from the accepted counts of the first day under a set of coverages, whatever way they came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from geo.coverage import Coverage
from geo.fitting import FITTED, LEAST_COUNTS
from geo.radio_weights import DEFAULT_RADIO, RadioModel
from geo.weights import compute_weights
from ingest.coverage import load_coverage
from ingest.fitted import NOTHING_CHOSEN, chosen_of
from ingest.fitting import samples
from ingest.world import World
from rules.policy import Policy
from store import blobs, carriers, erasing, fits, uploads
from store.fits import FitRow
from tests.ingest.town import NOW, QUARTER, START, Row, Town, copied_database, table

ACROSS = 9
BOXES = {
    f"B{x}{y}": (76.90 + 0.005 * x, 43.20 + 0.004 * y, 76.905 + 0.005 * x, 43.204 + 0.004 * y)
    for x in range(ACROSS)
    for y in range(ACROSS)
}


def counted(number: int, scale: float = 1.0, seed: int = 1, error: float = 0.3) -> list[Row]:
    """Return a count for each box in a quarter: a centre, chance, and errors of a relative size."""
    rng = np.random.default_rng([seed, number])
    rows: list[Row] = []
    for name in BOXES:
        x, y = int(name[1]), int(name[2])
        mean = scale * (60.0 + 900.0 * np.exp(-((x - 4) ** 2 + (y - 5) ** 2) / 8.0))
        rows.append((name, number, int(rng.poisson(mean * rng.lognormal(0.0, error)))))
    return rows


def kept(town: Town) -> list[FitRow]:
    with town.database.read() as connection:
        return fits.list_fits(connection)


def parameters(town: Town) -> object:
    [row] = kept(town)
    return row.parameters


def world(town: Town) -> World:
    with town.database.read() as connection:
        return World(connection, town.place.cache)


@pytest.fixture
def boxes(town: Town) -> Town:
    town.carrier("alpha", 0.4)
    town.coverage(BOXES)
    return town


@pytest.fixture
def other(empty_database: Path, policy: Policy, tmp_path: Path) -> Iterator[Town]:
    """Another town without carriers."""
    folder = tmp_path / "other"
    with copied_database(empty_database, folder) as database:
        yield Town(database, policy, folder)


def test_one_delivered_bin_is_enough_and_says_from_what_it_was_chosen(boxes: Town) -> None:
    boxes.receive(table(*counted(0)))
    [row] = kept(boxes)
    assert row.parameters["reason"] == FITTED
    assert row.evidence["sample"]["bins"] == [START.isoformat()]
    assert row.evidence["counts"] >= LEAST_COUNTS
    assert {one["name"] for one in row.evidence["trials"]} >= {"length_m", "cv", "model_error"}
    assert row.fitted_at == NOW
    assert world(boxes).chosen_at(START) == chosen_of(row.parameters)
    assert world(boxes).chosen_at(START).digest != NOTHING_CHOSEN.digest


def test_a_few_areas_choose_nothing(town: Town) -> None:
    town.carrier()
    town.coverage(dict(list(BOXES.items())[:5]))
    town.receive(table(*(row for row in counted(0) if row[0] in list(BOXES)[:5])))
    assert kept(town) == []
    assert world(town).chosen_at(START) == NOTHING_CHOSEN


def test_order_and_splitting_of_files_change_neither_parameters_nor_releases(boxes: Town, other: Town) -> None:
    other.carrier("alpha", 0.4)
    other.coverage(BOXES)
    first, second = counted(0), counted(17, scale=1.5, error=1.8)
    boxes.receive(table(*first, *second))
    other.receive(table(*second))
    assert parameters(other) != parameters(boxes)
    other.receive(table(*first[40:]))
    other.receive(table(*first[:40]))
    assert parameters(other) == parameters(boxes)
    assert other.released() == boxes.released()
    assert len(kept(other)[0].evidence["earlier"]) == 2


def test_taking_a_file_back_takes_back_what_was_learnt_from_it(boxes: Town) -> None:
    boxes.receive(table(*counted(17)))
    before, released = parameters(boxes), boxes.released()
    wrong = boxes.receive(table(*counted(0, seed=9, error=3.0)))
    assert parameters(boxes) != before
    boxes.withdraw(wrong)
    assert parameters(boxes) == before
    assert boxes.released() == released


def test_later_days_leave_what_was_chosen(boxes: Town) -> None:
    boxes.receive(table(*counted(0)))
    [before] = kept(boxes)
    day = 96
    later = NOW + timedelta(days=1)
    boxes.receive_later(table(*counted(day)), later)
    assert kept(boxes) == [before]


def test_a_new_coverage_has_parameters_of_its_own_from_its_first_day_on(boxes: Town) -> None:
    boxes.receive(table(*counted(0), *counted(4)))
    moved = {name: (west, south + 0.001, east, north + 0.001) for name, (west, south, east, north) in BOXES.items()}
    boxes.coverage(moved, valid_from=START + timedelta(hours=1))
    boxes.process()
    old, new = sorted(kept(boxes), key=lambda row: row.evidence["sample"]["bins"][0])
    assert old.evidence["sample"]["bins"] == [START.isoformat()]
    assert new.evidence["sample"]["bins"] == [(START + timedelta(hours=1)).isoformat()]
    assert world(boxes).chosen_at(START) == chosen_of(old.parameters)
    assert world(boxes).chosen_at(START + timedelta(hours=1)) == chosen_of(new.parameters)


def test_of_each_four_hours_the_first_fullest_bin_is_the_sample(boxes: Town) -> None:
    boxes.carrier("beta", 0.3)
    boxes.coverage(BOXES, "beta")
    boxes.accept(table(*counted(0), *counted(1), *counted(2), *counted(16)))
    boxes.accept(table(*counted(1, seed=2), *counted(2, seed=2)), "beta")
    with boxes.database.read() as connection:
        [sample] = samples(connection, world(boxes), boxes.place.policy)
    assert [one.start for one in sample.delivered] == [START + 1 * QUARTER, START + 16 * QUARTER]


def test_parameters_stay_when_the_counts_they_came_from_are_erased_in_time(boxes: Town) -> None:
    receipt = boxes.receive(table(*counted(0)))
    before = parameters(boxes)
    with boxes.database.begin() as connection:
        erasing.erase_counts(connection, receipt.id, NOW)
    boxes.receive(table(*counted(1, scale=2.0, error=1.8)))
    assert parameters(boxes) == before


def test_nothing_is_written_where_nothing_changed(boxes: Town) -> None:
    boxes.receive(table(*counted(0)))
    before = boxes.dump()["estimation_fit"]
    with boxes.database.begin() as connection:
        uploads.mark_dirty(connection, [START])
    boxes.process(NOW + timedelta(hours=1))
    assert boxes.dump()["estimation_fit"] == before


def test_the_world_spreads_by_the_radio_model_that_was_chosen(town: Town, tmp_path: Path) -> None:
    town.carrier()
    cells = tmp_path / "cells.csv"
    cells.write_text("cell_id,latitude,longitude,range\nA,43.24,76.95,2000\nB,43.25,76.96,2000\n")
    load_coverage(town.place, "alpha", cells, None, None, NOW)
    before = weights_of(town)
    radio = RadioModel(3.0, 1.5)
    there = world(town).in_force_at(START)
    parameters = {
        "reason": FITTED,
        "radios": {"alpha": {"slope": radio.slope, "softness_db": radio.softness_db}},
        "theta": {"carriers": [{"model_error": 0.4, "share_error": 0.1}]},
    }
    with town.database.begin() as connection:
        fits.save_fit(connection, FitRow(there.digest, (), parameters, {"earlier": []}, NOW))
        [version] = carriers.list_coverages(connection)
        coverage = Coverage.from_bytes(blobs.read_blob(connection, version.digest))
    assert before == compute_weights(coverage, radio=DEFAULT_RADIO).to_bytes()
    assert weights_of(town) == compute_weights(coverage, radio=radio).to_bytes() != before
    assert world(town).chosen_at(START).theta.carriers[0].model_error == 0.4


def weights_of(town: Town) -> bytes:
    [one] = world(town).reporting_at(START)
    return one.weights.to_bytes()


def test_documents_of_parameters_come_back_as_they_were(boxes: Town) -> None:
    boxes.receive(table(*counted(0)))
    [row] = kept(boxes)
    again = chosen_of(row.parameters)
    assert len(again.theta.carriers) == 1
    assert again.theta.shape.length_m == row.parameters["theta"]["shape"]["length_m"]
    assert again.theta.interval_factor == row.parameters["theta"]["interval_factor"]
    assert again == chosen_of(row.parameters)
