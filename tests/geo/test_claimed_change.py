"""Where operators contradict each other about a change, the estimate says that it is not sure."""

from __future__ import annotations

import numpy as np

from geo import hexagons, joint
from geo.coverage import coverage_of_hexagons
from geo.joint_types import History
from geo.spreading import CarrierCounts
from geo.weights import compute_weights
from tests.geo.builders import ALMATY

CITY = np.sort(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 5))
HERE = int(np.searchsorted(CITY, hexagons.hexagon_at(*ALMATY, 9)))
SHARE, USUAL = 0.4, 200.0


def estimated(*changes: float) -> tuple[float, float]:
    """Return people and sd in one hexagon after each of several operators saw its count change by that many."""
    weights = compute_weights(coverage_of_hexagons(hexagons.hexagon_text(CITY)))
    usual = SHARE * np.full(len(CITY), USUAL)
    counts = []
    for change in changes:
        counted = usual.copy()
        counted[HERE] += change
        counts.append(CarrierCounts(weights, counted, np.zeros(len(CITY), bool), SHARE))
    ground = joint.layout([weights], CITY)
    history = History(np.full(len(CITY), USUAL), [usual] * len(changes))
    found = joint.estimate(ground, counts, joint.DEFAULT_THETA, history=history, k_min=20, z=1.645)
    return float(found.hexagons.present_population[HERE]), float(found.sd[HERE])


def test_an_operator_that_saw_nothing_has_no_veto_and_the_doubt_is_told() -> None:
    agreed, _ = estimated(200.0, 200.0)
    disputed, unsure = estimated(400.0, 0.0)
    _, calm = estimated(0.0, 0.0)
    assert agreed > disputed > 1.12 * USUAL
    assert unsure > 1.25 * calm


def test_where_nothing_changed_nothing_is_in_doubt() -> None:
    people, sd = estimated(0.0, 0.0)
    assert abs(people - USUAL) < 0.1 * USUAL
    assert sd < 0.5 * USUAL
