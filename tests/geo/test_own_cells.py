"""Cells inside a venue count its guests: found by place, told of the venue and not of the ground around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from geo import hexagons
from geo.coverage import RadioParameters
from geo.hexagons import Floats
from geo.joint import DEFAULT_THETA, Layout
from geo.joint_rows import gather
from geo.own_cells import CAUGHT, inside_venues, seen_in
from geo.radio_weights import SMALL_RANGE_M, small_cells
from geo.weights import SpreadingWeights
from tests.geo.joint_builders import K_MIN, counted, estimated, tiling, town, venue_at

METRE = 1 / 111_195


def square(place: Floats, metres: float = 100.0) -> Any:
    return shapely.box(*(place - metres / 2 * METRE), *(place + metres / 2 * METRE))


@pytest.fixture(scope="module")
def ground() -> Layout:
    """A town cut into boxes of two kilometres, of which each tells little of a single hexagon."""
    return town(tiling(3, 3), tiling(3, 3))[0]


def with_cell(ground: Layout, hexagon: int) -> tuple[Layout, Floats]:
    """The same, with one more area of the first carrier: a small cell that sees two hundredths of its hexagon."""
    place = hexagons.centres(ground.hexagons[[hexagon]])[0]
    first = ground.weights[0]
    row = np.zeros(len(first.hexagons))
    row[np.searchsorted(first.hexagons, ground.hexagons[hexagon])] = 0.02
    cover = type(first.cover)(np.vstack([first.cover.toarray(), row]))
    spread = type(first.cover)(np.vstack([first.spread.toarray(), row / row.sum()]))
    small = np.array([[len(first.source_area_ids), *place]])
    more = SpreadingWeights(
        (*first.source_area_ids, "zz"), first.hexagons, spread, cover, np.r_[first.area_km2, 0.1], small=small
    )
    return town(more, ground.weights[1])[0], place


def test_a_small_cell_radiates_all_round_and_not_far() -> None:
    assert small_numbers([150.0, 150.0, SMALL_RANGE_M + 1.0, 2000.0, 2000.0, 2000.0]) == [0]


def test_where_all_cells_are_said_to_reach_as_little_none_is_small() -> None:
    assert small_numbers([150.0, 150.0, 200.0, 250.0, 150.0, 180.0]) == []
    assert small_numbers([np.nan] * 6) == []


def small_numbers(ranges: list[float]) -> list[float]:
    """Return which of six cells are small; the second has an azimuth."""
    silent, place = np.full(6, np.nan), np.arange(6.0)
    azimuth = np.array([np.nan, 90.0, np.nan, np.nan, np.nan, np.nan])
    cells = RadioParameters(place, place, np.array(ranges), azimuth, silent, silent, silent)
    return [float(one) for one in small_cells(cells)[:, 0]]


def test_a_cell_is_a_venues_own_where_it_stands_in_that_one_and_no_other(ground: Layout) -> None:
    there, place = with_cell(ground, 40)
    row = len(there.weights[0].source_area_ids) - 1
    far, near = square(place + 0.02), square(place)
    area, venue = inside_venues(there, np.array([far, near]))
    assert (area.tolist(), venue.tolist()) == ([row], [1])
    assert not len(inside_venues(there, np.array([far]))[0])
    assert not len(inside_venues(there, np.array([near, square(place, 60.0)]))[0]), "of two it could be either's"
    assert not len(inside_venues(ground, np.array([near]))[0])


def test_its_guests_are_counted_there_and_nobody_is_counted_twice(ground: Layout) -> None:
    there, _place = with_cell(ground, 40)
    people = np.full(len(there.hexagons), 500.0)
    rows = gather(there, [counted(there, people, n, share) for n, share in enumerate((0.4, 0.3))], DEFAULT_THETA, K_MIN)
    held = venue_at(there, 40, 100.0, 50.0).membership
    cell = len(there.weights[0].source_area_ids) - 1
    plain, seen = seen_in(rows, held, []).toarray().ravel(), seen_in(rows, held, [(cell, 0)]).toarray().ravel()
    at = int(np.flatnonzero(rows.area == cell)[0])
    first = rows.source == 0
    assert seen[at] == pytest.approx(CAUGHT * plain[first].sum())
    assert seen[first].sum() == pytest.approx(plain[first].sum())
    assert seen[~first] == pytest.approx(plain[~first]), "another operator has no cell there"


def test_a_full_house_is_seen_by_its_own_cell(ground: Layout) -> None:
    there, place = with_cell(ground, 40)
    people = np.full(len(there.hexagons), 500.0)
    counts = [counted(there, people, n, share) for n, share in enumerate((0.4, 0.3))]
    cell = len(there.weights[0].source_area_ids) - 1
    inside = counts[0].counts.copy()
    inside[cell], hidden = 0.4 * CAUGHT * 2000.0, counts[0].suppressed.copy()
    hidden[cell] = False
    counts[0] = replace(counts[0], counts=inside, suppressed=hidden)
    plain = venue_at(there, 40, 500.0, 800.0)
    known = replace(plain, outlines=np.array([square(place)]))
    blind, found = (estimated(there, counts, venues=one).venues for one in (plain, known))
    assert found.mean[0] == pytest.approx(2000.0, rel=0.4)
    assert found.kernel[0] > 0.5
    assert abs(found.mean[0] - 2000.0) < abs(blind.mean[0] - 2000.0)
