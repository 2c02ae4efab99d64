"""Counts that were left out: predicted from the other carriers', within as many deviations as are promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geo.held_out import held_out
from geo.joint import DEFAULT_THETA, CarrierErrors
from geo.joint_layout import Layout
from geo.spreading import CarrierCounts
from tests.geo.joint_builders import K_MIN, counted, town, voronoi

FITTING = replace(DEFAULT_THETA, carriers=(CarrierErrors(0.2), CarrierErrors(0.2), CarrierErrors(0.2)))


Bins = tuple[Layout, list[CarrierCounts]]


@pytest.fixture(scope="module")
def bins() -> Bins:
    weights = (voronoi(220, 1), voronoi(180, 2), voronoi(150, 3))
    ground, people = town(*weights)
    counts = [counted(ground, people, n, share, 40 + n) for n, share in enumerate((0.4, 0.3, 0.2))]
    return ground, counts


def test_left_out_counts_lie_within_what_the_others_let_expect(bins: Bins) -> None:
    ground, counts = bins
    found = held_out(ground, [counts], FITTING, layer=None, k_min=K_MIN)
    assert len(found) > 100
    assert found.held(1.645, 1.0) > 0.85
    assert float(np.median(found.share)) < 0.25
    assert found.held(0.5, 1.0) < found.held(1.0, 1.0) < found.held(1.0, 1.3)


def test_a_carrier_that_contradicts_the_others_is_found_wrong(bins: Bins) -> None:
    ground, counts = bins
    rng = np.random.default_rng(5)
    shuffled = rng.permutation(counts[0].counts)
    wrong = [replace(counts[0], counts=shuffled, suppressed=np.isnan(shuffled)), *counts[1:]]
    right = held_out(ground, [counts], FITTING, layer=None, k_min=K_MIN)
    found = held_out(ground, [wrong], FITTING, layer=None, k_min=K_MIN)
    assert float(np.median(found.share)) > 1.5 * float(np.median(right.share))
    assert found.held(1.645, 1.0) < right.held(1.645, 1.0)


def test_without_any_bin_nothing_is_left_out(bins: Bins) -> None:
    assert len(held_out(bins[0], [], FITTING, layer=None, k_min=K_MIN)) == 0
