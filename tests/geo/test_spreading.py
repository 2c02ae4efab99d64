"""Spreading conserves; combining keeps zero, missing and suppressed apart."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from geo import hexagons
from geo.coverage import Coverage, coverage_of_hexagons
from geo.spreading import (
    CarrierCounts,
    HexagonEstimate,
    combine,
    combine_delivered,
    spread,
    union_of_hexagons,
)
from geo.weights import SpreadingWeights, compute_weights
from tests.geo.builders import ALMATY, NAN, area_coverage, box_at, coverages, radio_coverages

few = settings(max_examples=60, deadline=None)
K_MIN = 20
DISC = np.sort(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 1))


def estimate(carriers: Sequence[CarrierCounts], how: Callable[..., HexagonEstimate] = combine) -> HexagonEstimate:
    ids = union_of_hexagons([c.weights for c in carriers])
    return how(carriers, ids, k_min=K_MIN, spread_relative_error=0.4, share_relative_error=0.1, z=1.645)


def carrier(weights: SpreadingWeights, counts: ArrayLike, share: float = 0.5, **more: Any) -> CarrierCounts:
    values = np.array(counts, dtype=float)
    suppressed = np.array(more.pop("suppressed", np.zeros(len(values), bool)), dtype=bool)
    return CarrierCounts(weights, values, suppressed, share, **more)


def of_hexagons(ids: np.ndarray = DISC) -> SpreadingWeights:
    return compute_weights(coverage_of_hexagons(hexagons.hexagon_text(ids)))


@few
@given(st.one_of(coverages, radio_coverages()), st.data())
def test_spreading_conserves_any_counts_of_any_coverage(coverage: Coverage, data: st.DataObject) -> None:
    size = len(coverage.source_area_ids)
    counts = np.array(data.draw(st.lists(st.integers(0, 10**9), min_size=size, max_size=size)), dtype=float)
    assert spread(compute_weights(coverage), counts).sum() == pytest.approx(counts.sum(), rel=1e-6)


@few
@given(st.one_of(coverages, radio_coverages()), st.floats(0.05, 1.3))
def test_one_carrier_alone_is_its_counts_over_its_share(coverage: Coverage, share: float) -> None:
    weights = compute_weights(coverage)
    counts = np.arange(1.0, len(coverage.source_area_ids) + 1) * 100
    found = estimate([carrier(weights, counts, share)])
    assert np.nansum(found.present_population) == pytest.approx(counts.sum() / share, rel=1e-6)
    assert np.nansum(found.device_count) == pytest.approx(counts.sum(), rel=1e-6)
    people = estimate([carrier(weights, counts, share, counts_people=True)])
    assert np.nansum(people.present_population) == pytest.approx(counts.sum(), rel=1e-6)


def test_many_bins_are_spread_at_once() -> None:
    weights = compute_weights(area_coverage([box_at(0, 0, 0.01, 0.01), box_at(0.01, 0, 0.01, 0.01)]))
    counts = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, NAN]])
    assert spread(weights, counts).sum(axis=0) == pytest.approx([5.0, 7.0, 3.0])


def test_two_carriers_combine_by_share() -> None:
    weights = of_hexagons()
    found = estimate([carrier(weights, [40.0] * 7, 0.4), carrier(weights, [36.0] * 7, 0.36)])
    assert found.present_population == pytest.approx(np.full(7, 100.0))
    assert found.reporting_share == pytest.approx(np.full(7, 0.76))
    assert found.device_count == pytest.approx(np.full(7, 76.0))


def test_a_missing_area_is_filled_by_the_other_carrier_and_by_nobody_otherwise() -> None:
    weights = of_hexagons()
    first = carrier(weights, [NAN] + [50.0] * 6, 0.5)
    alone, both = estimate([first]), estimate([first, carrier(weights, [20.0] * 7, 0.2)])
    assert alone.state.tolist() == [0] + [2] * 6
    assert np.isnan(alone.present_population[0])
    assert both.present_population == pytest.approx(np.full(7, 100.0))


def test_zero_is_not_missing_and_may_still_hide_a_few() -> None:
    found = estimate([carrier(of_hexagons(), [0.0] * 7, 0.5)])
    assert found.state.tolist() == [2] * 7
    assert found.present_population.tolist() == [0.0] * 7
    assert found.low.tolist() == [0.0] * 7
    assert found.high == pytest.approx(np.full(7, 1.645**2 / 0.5))


def test_a_suppressed_count_enters_as_its_expectation_and_is_never_zero() -> None:
    hidden = [True] + [False] * 6
    delivered = carrier(of_hexagons(), [NAN] + [100.0] * 6, 0.5, suppressed=hidden)
    found, bare = estimate([delivered]), estimate([delivered], combine_delivered)
    assert found.present_population[0] == pytest.approx(K_MIN / 2 / 0.5)
    assert bare.present_population[0] == 0.0
    assert bare.present_population.sum() == pytest.approx(600.0 / 0.5)
    for one in (found, bare):
        assert one.state.tolist() == [1] + [2] * 6
        assert one.low[0] <= 1 / 0.5
        assert one.high[0] >= (K_MIN - 1) / 0.5


def test_the_interval_holds_the_mean_and_widens_with_the_spread() -> None:
    sharp = estimate([carrier(of_hexagons(), [700.0] * 7)])
    parent = compute_weights(coverage_of_hexagons([f"{hexagons.hexagon_at(*ALMATY, 8):x}"]))
    blurred = estimate([carrier(parent, [4900.0])])
    for one in (sharp, blurred):
        assert (one.low <= one.present_population).all()
        assert (one.present_population <= one.high).all()
    assert sharp.kernel == pytest.approx(np.ones(7))
    assert blurred.kernel == pytest.approx(np.full(7, 1 / 7), rel=0.02)
    assert (blurred.high - blurred.low).min() > 2 * (sharp.high - sharp.low).max()


@few
@given(coverages, coverages, st.permutations([0, 1]))
def test_the_order_of_carriers_changes_nothing(first: Coverage, second: Coverage, order: list[int]) -> None:
    carriers = [
        carrier(compute_weights(c), np.full(len(c.source_area_ids), 50.0), share)
        for c, share in ((first, 0.3), (second, 0.5))
    ]
    expected, found = estimate(carriers), estimate([carriers[n] for n in order])
    assert found.present_population == pytest.approx(expected.present_population, nan_ok=True)
    assert ((expected.kernel >= 0) & (expected.kernel <= 1)).all()


def test_hexagons_that_a_carrier_reaches_must_be_listed() -> None:
    with pytest.raises(ValueError, match="every hexagon"):
        combine(
            [carrier(of_hexagons(), [1.0] * 7)],
            DISC[:3],
            k_min=20,
            spread_relative_error=0,
            share_relative_error=0,
            z=1,
        )
