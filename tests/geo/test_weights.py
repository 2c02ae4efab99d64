"""Weights: shares of areas, connection probabilities, and hexagons among themselves."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from scipy import sparse

from geo import hexagons
from geo.coverage import Coverage, coverage_of_geohashes, coverage_of_hexagons
from geo.errors import PackedBytesError, WeightsError
from geo.radio_weights import DEFAULT_RADIO, RadioModel
from geo.weights import SpreadingWeights, compute_weights
from tests.geo.builders import ALMATY, NAN, area_coverage, box_at, coverages, radio_coverage, radio_coverages

few = settings(max_examples=60, deadline=None)


def sums(matrix: sparse.csr_array, axis: int) -> np.ndarray:
    return np.asarray(matrix.sum(axis=axis)).ravel()


@few
@given(coverages)
def test_rows_of_spread_sum_to_one_for_any_polygons(coverage: Coverage) -> None:
    weights = compute_weights(coverage)
    assert sums(weights.spread, 1) == pytest.approx(np.ones(len(coverage.source_area_ids)), rel=1e-12)
    assert (weights.spread.data >= 0).all()
    assert ((weights.cover.data >= 0) & (weights.cover.data <= 1)).all()


@few
@given(radio_coverages())
def test_rows_of_spread_and_columns_of_cover_sum_to_one_for_radio_cells(coverage: Coverage) -> None:
    weights = compute_weights(coverage)
    assert sums(weights.spread, 1) == pytest.approx(np.ones(len(coverage.source_area_ids)), rel=1e-12)
    assert sums(weights.cover, 0) == pytest.approx(np.ones(len(weights.hexagons)), rel=1e-12)


@few
@given(coverages)
def test_pieces_agree_with_an_independent_intersection(coverage: Coverage) -> None:
    weights = compute_weights(coverage)
    cover = weights.cover.toarray()
    outlines = hexagons.polygons(weights.hexagons)
    expected = shapely.area(shapely.intersection(coverage.shapes[:, None], outlines)) / shapely.area(outlines)
    assert cover == pytest.approx(expected, abs=2e-5)


@few
@given(coverages)
def test_weights_survive_packing_to_the_last_bit(coverage: Coverage) -> None:
    weights = compute_weights(coverage)
    again = SpreadingWeights.from_bytes(weights.to_bytes())
    assert again.source_area_ids == weights.source_area_ids
    assert (again.hexagons == weights.hexagons).all()
    assert (again.spread != weights.spread).nnz == 0
    assert (again.cover != weights.cover).nnz == 0


def test_bytes_of_something_else_are_refused() -> None:
    with pytest.raises(PackedBytesError):
        SpreadingWeights.from_bytes(b"anything")
    with pytest.raises(PackedBytesError):
        SpreadingWeights.from_bytes(area_coverage([box_at(0, 0, 0.01, 0.01)]).to_bytes())


def test_a_tiling_covers_every_inner_hexagon_exactly_once() -> None:
    squares = [box_at(x / 100, y / 100, 0.01, 0.01) for x in range(6) for y in range(6)]
    weights = compute_weights(area_coverage(squares))
    inner = shapely.contains(box_at(0, 0, 0.06, 0.06), hexagons.polygons(weights.hexagons))
    assert inner.sum() > 50
    assert sums(weights.cover, 0)[inner] == pytest.approx(np.ones(inner.sum()), rel=1e-9)


def test_area_is_the_true_area_on_h3s_own_sphere() -> None:
    ids = hexagons.hexagons_over(box_at(0, 0, 0.01, 0.01), 9)
    weights = compute_weights(area_coverage([shapely.union_all(hexagons.polygons(ids))]))
    assert weights.area_km2[0] == pytest.approx(hexagons.area_km2(ids).sum(), rel=1e-6)


def test_many_hexagons_and_many_vertices_take_the_short_cuts_to_the_same_result() -> None:
    circle = shapely.Point(ALMATY).buffer(0.08, quad_segs=200)
    weights = compute_weights(area_coverage([circle, box_at(0, 0, 0.3, 0.001)]))
    outlines = hexagons.polygons(weights.hexagons)
    expected = shapely.area(shapely.intersection(circle, outlines)) / shapely.area(outlines)
    assert weights.cover.toarray()[0] == pytest.approx(expected, abs=2e-5)


def test_an_area_too_thin_to_measure_goes_to_the_hexagon_it_lies_in() -> None:
    thread = shapely.Polygon([(76.95, 43.24), (76.95 + 1e-13, 43.24), (76.95, 43.24 + 1e-13)])
    weights = compute_weights(area_coverage([thread, box_at(0, 0, 0.01, 0.01)]))
    row = weights.spread.toarray()[0]
    assert row.sum() == pytest.approx(1.0)
    assert weights.hexagons[row.argmax()] == hexagons.hexagon_at(76.95, 43.24, 9)


def test_a_continent_is_refused_before_memory_runs_out() -> None:
    with pytest.raises(WeightsError) as error:
        compute_weights(area_coverage([shapely.box(46, 40, 87, 55)]))
    assert error.value.code == "weights-too-many-hexagons"


def test_hexagons_of_resolution_9_are_spread_to_themselves() -> None:
    ids = hexagons.hexagon_text(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 2))
    weights = compute_weights(coverage_of_hexagons(ids))
    assert hexagons.hexagon_text(weights.hexagons) == list(weights.source_area_ids)
    assert (weights.spread.toarray() == np.eye(19)).all()
    assert (weights.cover.toarray() == np.eye(19)).all()


def test_a_coarser_hexagon_goes_to_its_children_by_true_area() -> None:
    parent = hexagons.hexagon_at(*ALMATY, 8)
    weights = compute_weights(coverage_of_hexagons([f"{parent:x}"]))
    area = hexagons.area_km2(weights.hexagons)
    assert len(weights.hexagons) == 7
    assert weights.spread.toarray()[0] == pytest.approx(area / area.sum())
    assert (weights.cover.data == 1.0).all()


def test_finer_hexagons_go_to_their_parent_and_cover_it_together() -> None:
    parent = hexagons.hexagon_at(*ALMATY, 9)
    weights = compute_weights(coverage_of_hexagons(hexagons.hexagon_text(hexagons.children(parent, 10))))
    assert weights.hexagons.tolist() == [parent]
    assert (weights.spread.data == 1.0).all()
    assert weights.cover.sum() == pytest.approx(1.0)


def test_a_geohash_is_spread_over_its_rectangle() -> None:
    weights = compute_weights(coverage_of_geohashes(["txwwj7"]))
    west, south, east, north = coverage_of_geohashes(["txwwj7"]).shapes[0].bounds
    expected = np.radians(east - west) * (np.sin(np.radians(north)) - np.sin(np.radians(south))) * 6371.007180918475**2
    assert weights.area_km2[0] == pytest.approx(expected, rel=1e-6)


def test_a_lone_radio_cell_takes_every_hexagon_in_range_by_area() -> None:
    weights = compute_weights(radio_coverage([ALMATY[0]], [ALMATY[1]], [1500.0], [NAN], [NAN]))
    area = hexagons.area_km2(weights.hexagons)
    assert weights.area_km2[0] == pytest.approx(np.pi * 1.5**2, rel=0.1)
    assert weights.spread.toarray()[0] == pytest.approx(area / area.sum())


def test_all_hexagons_in_range_are_found_however_far_it_reaches() -> None:
    weights = compute_weights(radio_coverage([ALMATY[0]], [ALMATY[1]], [9_000.0], [NAN], [NAN]))
    degrees = 9_000.0 / 6_371_007.0 * 180.0 / np.pi
    box = box_at(-2 * degrees, -1.1 * degrees, 4 * degrees, 2.2 * degrees)
    ids = hexagons.hexagons_over(box, 9)
    place = hexagons.centres(ids) - np.array(ALMATY)
    across = np.radians(place[:, 0]) * np.cos(np.radians(ALMATY[1] + place[:, 1] / 2))
    near = np.hypot(across, np.radians(place[:, 1])) * 6_371_007.0 <= 9_000.0
    assert set(ids[near].tolist()) <= set(weights.hexagons.tolist())


def test_a_sector_prefers_the_side_it_looks_at() -> None:
    east_and_west = radio_coverage([ALMATY[0]] * 2, [ALMATY[1]] * 2, [2000.0] * 2, [90.0, 270.0], [65.0] * 2)
    weights = compute_weights(east_and_west)
    eastern = hexagons.centres(weights.hexagons)[:, 0] > ALMATY[0] + 0.01
    assert eastern.sum() > 10
    assert (weights.cover.toarray()[0, eastern] > 0.9).all()


def test_a_cell_that_reaches_nowhere_still_has_its_own_hexagon() -> None:
    weights = compute_weights(radio_coverage([76.95, 76.95], [43.24, 43.24], [1.0, 5000.0], [NAN] * 2, [NAN] * 2))
    row = weights.spread.toarray()[0]
    assert weights.hexagons[np.flatnonzero(row)].tolist() == [hexagons.hexagon_at(76.95, 43.24, 9)]


def test_a_harder_choice_of_cell_leaves_a_hexagon_to_its_strongest() -> None:
    two = radio_coverage([ALMATY[0] - 0.01, ALMATY[0] + 0.01], [ALMATY[1]] * 2, [4000.0] * 2, [NAN] * 2, [NAN] * 2)
    soft = compute_weights(two, radio=RadioModel(3.75, 8.0)).cover.toarray()
    hard = compute_weights(two, radio=RadioModel(3.75, 1.0)).cover.toarray()
    assert hard.sum(axis=0) == pytest.approx(1.0)
    assert (hard.max(axis=0) > 0.95).mean() > 2.0 * (soft.max(axis=0) > 0.95).mean()
    assert (hard.argmax(axis=0) == soft.argmax(axis=0)).all()


def test_a_steeper_slope_draws_a_hexagon_to_the_nearer_cell() -> None:
    two = radio_coverage([ALMATY[0], ALMATY[0] + 0.02], [ALMATY[1]] * 2, [3000.0] * 2, [NAN] * 2, [NAN] * 2)
    at = np.array([hexagons.hexagon_at(ALMATY[0] + 0.006, ALMATY[1], 9)], dtype=np.uint64)
    nearer = {}
    for slope in (2.0, 4.0):
        weights = compute_weights(two, radio=RadioModel(slope, 5.0))
        nearer[slope] = weights.cover.toarray()[0, np.searchsorted(weights.hexagons, at)][0]
    odds = {slope: np.log(one / (1.0 - one)) for slope, one in nearer.items()}
    # Two cells of one power: the logarithm of their odds at a point is their difference in level, which the slope
    # scales; the mean over the points of a hexagon is a little nearer to one half.
    assert 1.8 * odds[2.0] < odds[4.0] < 2.0 * odds[2.0]
    assert odds[2.0] > 0.0


def test_the_default_radio_model_is_the_one_of_no_fit() -> None:
    coverage = radio_coverage([76.95, 76.96], [43.24, 43.25], [2500.0] * 2, [90.0, NAN], [65.0] * 2)
    assert compute_weights(coverage).to_bytes() == compute_weights(coverage, radio=DEFAULT_RADIO).to_bytes()


def test_polygons_have_no_radio_model() -> None:
    coverage = area_coverage([box_at(0, 0, 0.01, 0.01)])
    assert compute_weights(coverage).to_bytes() == compute_weights(coverage, radio=RadioModel(2.0, 1.0)).to_bytes()


def test_a_hexagon_whose_end_lies_nearer_to_another_cell_is_shared_with_it() -> None:
    own = hexagons.hexagon_at(*ALMATY, 9)
    east, north = hexagons.centres(np.array([own], dtype=np.uint64))[0]
    two = radio_coverage([east - 0.001, east + 0.003], [north] * 2, [4000.0] * 2, [NAN] * 2, [NAN] * 2)
    weights = compute_weights(two, radio=RadioModel(3.75, 0.1))
    nearer = weights.cover.toarray()[0, np.searchsorted(weights.hexagons, np.uint64(own))]
    assert 0.5 < nearer < 0.95
