"""What masts say of people before they are told apart: operators build where people are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geo.joint import Layout, layout
from geo.spreading import union_of_hexagons
from geo.weights import SpreadingWeights, compute_weights
from tests.geo.builders import ALMATY, area_coverage, box_at, radio_coverage
from tests.geo.joint_builders import counted, estimated

APART = 0.008  # degrees: a quarter of the way out to the last masts


def _network(seed: int) -> SpreadingWeights:
    """Eighty three-sector masts around the middle, some far out: the rim is served from the town."""
    chance = np.random.default_rng(seed)
    places = np.repeat(chance.normal(0.0, 2.5 * APART, (80, 2)), 3, axis=0)
    azimuth = np.tile([0.0, 120.0, 240.0], 80)
    every = np.ones(240)
    return compute_weights(
        radio_coverage(ALMATY[0] + places[:, 0], ALMATY[1] + places[:, 1], 8000.0 * every, azimuth, 65.0 * every)
    )


def _far(ground: Layout) -> np.ndarray:
    middle = ground.rows.sum(axis=0) @ ground.metres / ground.rows.sum()
    return np.asarray(np.linalg.norm(ground.metres - middle, axis=1))


def test_nobody_is_put_far_from_all_masts_because_a_sector_at_the_rim_is_long() -> None:
    networks = [_network(1), _network(2)]
    ground = layout(networks, union_of_hexagons(networks))
    far = _far(ground)
    people = ground.ground_km2 * 8000.0 * np.exp(-((far / 2500.0) ** 2))
    blind = replace(ground, traits=np.zeros((len(far), 0)))
    outside = {}
    for name, told in (("masts", ground), ("nothing", blind)):
        counts = [counted(told, people, number, 0.4, seed=number) for number in (0, 1)]
        outside[name] = estimated(told, counts).hexagons.present_population[far > 6000.0].sum() / people.sum()
    truly = people[far > 6000.0].sum() / people.sum()
    assert outside["masts"] - truly < 0.5 * (outside["nothing"] - truly)


def test_a_mast_counts_once_however_many_cells_it_bears() -> None:
    cells = radio_coverage(
        ALMATY[0] + np.zeros(3), ALMATY[1] + np.zeros(3), np.full(3, 900.0), [0.0, 120.0, 240.0], np.full(3, 65.0)
    )
    assert compute_weights(cells).masts.shape == (1, 2)


def test_masts_survive_packing_and_areas_have_none() -> None:
    weights = _network(3)
    assert (SpreadingWeights.from_bytes(weights.to_bytes()).masts == weights.masts).all()
    assert compute_weights(area_coverage([box_at(0, 0, 0.01, 0.01)])).masts.shape == (0, 2)
