"""Counts of areas that are as small as the error with which phones are located."""

from __future__ import annotations

import numpy as np
import pytest

from geo.joint import DEFAULT_THETA, Layout
from geo.joint_rows import gather
from geo.located import PLAIN_PART, over_border, softened
from geo.spreading import CarrierCounts, combine
from geo.weights import compute_weights
from tests.geo.builders import ALMATY, radio_coverage
from tests.geo.joint_builders import K_MIN, Z, counted, tiling, town


@pytest.fixture(scope="module")
def squares() -> tuple[Layout, np.ndarray]:
    return town(tiling(10, 14), tiling(10, 14))


def _counts(ground: Layout, people: np.ndarray) -> list[CarrierCounts]:
    return [counted(ground, people, number, share, seed=number) for number, share in enumerate((0.5, 0.3))]


def test_the_part_over_a_border_follows_from_the_side_and_radio_cells_have_none() -> None:
    assert over_border(tiling(10, 14)) == pytest.approx(1.6 * 200.0 / 480.0, rel=0.05)
    assert over_border(tiling(2, 2)) < 0.15
    none = np.full(3, np.nan)
    cells = radio_coverage(ALMATY[0] + np.zeros(3), ALMATY[1] + np.zeros(3), np.full(3, 900.0), none, none)
    assert over_border(compute_weights(cells)) == 0.0


def test_what_is_kept_of_plain_spreading_is_plain_spreading(squares: tuple[Layout, np.ndarray]) -> None:
    ground, people = squares
    counts = _counts(ground, people)
    rows = gather(ground, counts, DEFAULT_THETA, K_MIN)
    sharp = people * np.random.default_rng(3).lognormal(0.0, 0.5, len(people))
    part = PLAIN_PART * over_border(ground.weights[0])
    mixed, apart = softened(ground.weights, rows, ground.ground_km2, sharp, np.zeros(len(people)))
    plain = (mixed - (1.0 - part) * sharp) / part
    inside = ground.covered > 0.99
    assert apart[inside] == pytest.approx(part * (1.0 - part) * (plain - sharp)[inside] ** 2, rel=1e-3)
    told = combine(counts, ground.hexagons, k_min=K_MIN, spread_relative_error=0.3, share_relative_error=0.1, z=Z)
    assert plain[inside] == pytest.approx(told.present_population[inside], rel=0.02, abs=1.0)


def test_where_only_radio_cells_count_nothing_is_changed() -> None:
    places = np.repeat(np.random.default_rng(1).normal(0.0, 0.01, (12, 2)), 3, axis=0)
    every = np.ones(len(places))
    azimuth = np.tile([0.0, 120.0, 240.0], 12)
    cells = radio_coverage(ALMATY[0] + places[:, 0], ALMATY[1] + places[:, 1], 3000.0 * every, azimuth, 65.0 * every)
    ground, people = town(compute_weights(cells))
    rows = gather(ground, [counted(ground, people, 0, 0.4)], DEFAULT_THETA, K_MIN)
    mixed, apart = softened(ground.weights, rows, ground.ground_km2, people, np.zeros(len(people)))
    assert mixed is people
    assert not apart.any()
