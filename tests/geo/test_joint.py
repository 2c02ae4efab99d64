"""The joint estimate of hexagons: honest about what is missing, indifferent to order, and right where it can be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import Coverage
from geo.joint import DEFAULT_THETA, CarrierErrors, Layout, Shape, Theta, layout, log_likelihood, plain_means
from geo.joint_result import interval
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED, CarrierCounts, union_of_hexagons
from geo.weights import SpreadingWeights, compute_weights
from tests.geo.builders import NAN, coverages, radio_coverages
from tests.geo.joint_builders import K_MIN, Z, counted, estimated, tiling, town, voronoi

WIDTH = 0.06


@pytest.fixture(scope="module")
def networks() -> list[SpreadingWeights]:
    return [voronoi(60, 1), voronoi(45, 2), voronoi(30, 3)]


@pytest.fixture(scope="module")
def ground(networks: list[SpreadingWeights]) -> Layout:
    return town(*networks)[0]


@pytest.fixture(scope="module")
def people(networks: list[SpreadingWeights]) -> np.ndarray:
    return town(*networks)[1]


def three(ground: Layout, people: np.ndarray, seed: int = 5) -> list[CarrierCounts]:
    return [counted(ground, people, n, share, seed + n) for n, share in enumerate((0.4, 0.3, 0.2))]


def misplaced(found: np.ndarray, people: np.ndarray) -> float:
    return float(0.5 * np.abs(np.nan_to_num(found) - people).sum() / people.sum())


def test_people_are_found_where_they_are(ground: Layout, people: np.ndarray) -> None:
    found = estimated(ground, three(ground, people)).hexagons.present_population
    assert misplaced(found, people) < 0.12
    assert found.sum() == pytest.approx(people.sum(), rel=0.03)
    assert np.corrcoef(found, people)[0, 1] > 0.97


def test_a_late_carrier_widens_the_interval_and_does_not_halve_the_city(ground: Layout, people: np.ndarray) -> None:
    counts = three(ground, people)
    whole, less = estimated(ground, counts), estimated(ground, counts[1:])
    assert less.hexagons.present_population.sum() == pytest.approx(people.sum(), rel=0.05)
    assert np.median(less.sd / less.hexagons.present_population) > np.median(
        whole.sd / whole.hexagons.present_population
    )


def test_the_order_of_carriers_does_not_matter(ground: Layout, people: np.ndarray) -> None:
    counts = three(ground, people)
    one, other = estimated(ground, counts), estimated(ground, counts[::-1])
    assert other.hexagons.present_population == pytest.approx(one.hexagons.present_population, rel=1e-4)
    assert other.sd == pytest.approx(one.sd, rel=1e-3)
    assert [r.delivered for r in other.residuals] == [r.delivered for r in one.residuals][::-1]


def test_the_order_of_source_areas_and_of_coverages_does_not_matter(
    networks: list[SpreadingWeights], people: np.ndarray, ground: Layout
) -> None:
    turned = [shuffled(one, n) for n, one in enumerate(networks)][::-1]
    other = layout([weights for weights, _ in turned], ground.hexagons)
    counts = three(ground, people)
    moved = [
        replace(one, weights=weights, counts=one.counts[order], suppressed=one.suppressed[order])
        for one, (weights, order) in zip(counts, turned[::-1], strict=True)
    ]
    found = estimated(other, moved).hexagons.present_population
    assert found == pytest.approx(estimated(ground, counts).hexagons.present_population, rel=1e-4)


def shuffled(weights: SpreadingWeights, seed: int) -> tuple[SpreadingWeights, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(weights.source_area_ids))
    ids = tuple(weights.source_area_ids[n] for n in order)
    return (
        replace(
            weights,
            source_area_ids=ids,
            spread=weights.spread[order],
            cover=weights.cover[order],
            area_km2=weights.area_km2[order],
        ),
        order,
    )


def test_suppressed_is_neither_zero_nor_missing() -> None:
    weights = tiling(6, 6)
    ground, _ = town(weights)
    hidden = np.zeros(36, bool)
    hidden[14] = True
    around = np.full(36, 400.0)

    def inside(value: float, suppressed: bool) -> float:
        values = around.copy()
        values[14] = NAN if suppressed else value
        counts = CarrierCounts(weights, values, hidden & suppressed, 0.4)
        found = estimated(ground, [counts]).hexagons.present_population
        return float(ground.rows[14] @ found) * 0.4

    nothing, censored, few = inside(0.0, False), inside(NAN, True), inside(19.0, False)
    assert nothing < censored < 1.5 * few
    assert censored < 130 < 400
    left_out = CarrierCounts(weights, np.where(hidden, NAN, around), np.zeros(36, bool), 0.4)
    missing = estimated(ground, [left_out]).hexagons
    inner = ground.rows[[14]].toarray()[0] > 0.99
    assert inner.any()
    assert (missing.state[inner] == MISSING).all()


def test_hiding_small_counts_hardly_moves_the_total_of_thirty_thousand_people() -> None:
    ground, people = town(voronoi(90, 4), voronoi(70, 5))
    people = people * 30_000 / people.sum()
    open_counts = [uncensored(ground, people, n, share) for n, share in enumerate((0.4, 0.3))]
    hidden = [counted(ground, people, n, share, 20 + n) for n, share in enumerate((0.4, 0.3))]
    assert sum(one.suppressed.sum() for one in hidden) > 10
    before = estimated(ground, open_counts).hexagons.present_population.sum()
    after = estimated(ground, hidden).hexagons.present_population.sum()
    assert after == pytest.approx(before, rel=0.02)


def test_a_carrier_that_hides_more_than_the_policy_asks_lowers_no_total(ground: Layout, people: np.ndarray) -> None:
    open_counts = [uncensored(ground, people, n, share) for n, share in enumerate((0.4, 0.3))]
    limit = 100.0

    def hiding(one: CarrierCounts, told: float | None) -> CarrierCounts:
        hidden = (one.counts > 0.0) & (one.counts < limit)
        below = None if told is None else np.where(hidden, told, NAN)
        return replace(one, counts=np.where(hidden, NAN, one.counts), suppressed=hidden, hidden_below=below)

    def total(told: float | None) -> float:
        counts = [hiding(one, told) for one in open_counts]
        assert sum(one.suppressed.sum() for one in counts) > 20
        return float(np.nansum(estimated(ground, counts).hexagons.present_population))

    unsaid, said = (total(told) / people.sum() for told in (None, limit))
    assert unsaid < 0.96
    assert abs(said - 1.0) < 0.75 * (1.0 - unsaid)


def uncensored(ground: Layout, people: np.ndarray, number: int, share: float) -> CarrierCounts:
    rows = ground.rows[ground.starts[number] : ground.starts[number + 1]]
    drawn = np.random.default_rng(20 + number).poisson(share * (rows @ people)).astype(float)
    return CarrierCounts(ground.weights[number], drawn, np.zeros(len(drawn), bool), share)


def test_states_tell_missing_suppressed_and_estimated_apart() -> None:
    weights = tiling(3, 3)
    ground, _ = town(weights)
    values, hidden = np.full(9, NAN), np.zeros(9, bool)
    values[:3], hidden[3:6] = 500.0, True
    found = estimated(ground, [CarrierCounts(weights, values, hidden, 0.4)]).hexagons
    cover = weights.cover.toarray()
    only_missing = (cover[:6].sum(axis=0) == 0.0) & (cover[6:].sum(axis=0) > 0)
    only_hidden = (cover[:3].sum(axis=0) == 0.0) & (cover[3:6].sum(axis=0) > 0)
    assert (found.state[only_missing] == MISSING).all()
    assert np.isnan(found.present_population[only_missing]).all()
    assert (found.state[only_hidden] == SUPPRESSED).all()
    assert (found.state[cover[:3].sum(axis=0) > 0] == ESTIMATED).all()


def test_more_counts_narrow_the_interval(ground: Layout, people: np.ndarray) -> None:
    few = estimated(ground, [counted(ground, people, 2, 0.2)])
    many = estimated(ground, [counted(ground, people, n, 0.3) for n in range(3)])
    assert np.median(many.sd / many.hexagons.present_population) < 0.9 * np.median(
        few.sd / few.hexagons.present_population
    )


def test_the_interval_factor_widens_every_interval(ground: Layout, people: np.ndarray) -> None:
    counts = three(ground, people)
    once, twice = estimated(ground, counts), estimated(ground, counts, theta=replace(DEFAULT_THETA, interval_factor=2))
    assert twice.sd == pytest.approx(2.0 * once.sd)
    assert (twice.hexagons.high >= once.hexagons.high).all()
    assert twice.hexagons.present_population == pytest.approx(once.hexagons.present_population)


def test_residuals_tell_a_share_that_is_not_what_was_registered(ground: Layout, people: np.ndarray) -> None:
    counts = three(ground, people)
    counts[0] = replace(counts[0], share=0.2)  # it counts twice what it says
    factors = [one.share_factor for one in estimated(ground, counts).residuals]
    assert factors[0] > 1.2 > 1.0 > factors[1]


def test_a_noisy_layer_does_no_harm_and_a_good_one_helps(ground: Layout, people: np.ndarray) -> None:
    counts = [counted(ground, people, 2, 0.3, 9)]
    rng = np.random.default_rng(3)
    without = misplaced(estimated(ground, counts).hexagons.present_population, people)
    good = misplaced(
        estimated(ground, counts, layer=people * rng.lognormal(0.0, 0.1, len(people))).hexagons.present_population,
        people,
    )
    noise = rng.lognormal(0.0, 1.0, len(people))
    noisy = misplaced(estimated(ground, counts, layer=noise).hexagons.present_population, people)
    assert good < without
    assert noisy < 1.15 * without


def test_likelihood_prefers_the_errors_that_the_counts_have(ground: Layout, people: np.ndarray) -> None:
    rng = np.random.default_rng(8)
    counts = [
        replace(one, counts=np.round(one.counts * rng.lognormal(0, 0.5, len(one.counts))))
        for one in three(ground, people)
    ]
    counts = [replace(one, suppressed=np.zeros(len(one.counts), bool)) for one in counts]

    def of(model_error: float) -> float:
        errors = (CarrierErrors(model_error, 0.1, 0.05),) * 3
        return log_likelihood(ground, counts, replace(DEFAULT_THETA, carriers=errors))

    assert of(0.1) < of(0.5) > of(1.5)


def test_plain_means_are_rough_and_cover_what_was_delivered(ground: Layout, people: np.ndarray) -> None:
    counts = three(ground, people)
    found = plain_means(ground, counts, DEFAULT_THETA, k_min=K_MIN)
    assert found.sum() == pytest.approx(people.sum(), rel=0.05)
    assert misplaced(found, people) < 0.2
    assert np.isnan(plain_means(ground, [], DEFAULT_THETA, k_min=K_MIN)).all()


@settings(max_examples=40, deadline=None)
@given(st.one_of(coverages, radio_coverages()), st.data())
def test_whatever_is_delivered_nothing_is_negative_or_undefined(coverage: Coverage, data: st.DataObject) -> None:
    weights = compute_weights(coverage)
    size = len(weights.source_area_ids)
    one_count = st.sampled_from([0.0, 1.0, 19.0, 20.0, 400.0, 1e9, NAN, -1.0])
    counts = []
    for share in data.draw(st.lists(st.sampled_from([0.01, 0.4, 1.4]), min_size=0, max_size=3)):
        values = np.array(data.draw(st.lists(one_count, min_size=size, max_size=size)))
        hidden = values == -1.0
        counts.append(CarrierCounts(weights, np.where(hidden, NAN, values), hidden, share))
    ground = layout([weights], weights.hexagons)
    found = estimated(ground, counts)
    there = found.hexagons.state != MISSING
    for values in (found.hexagons.present_population, found.hexagons.low, found.hexagons.high, found.sd):
        assert np.isfinite(values[there]).all()
        assert (values[there] >= 0.0).all()
        assert np.isnan(values[~there]).all()
    assert (found.hexagons.low[there] <= found.hexagons.present_population[there]).all()
    assert (found.hexagons.high[there] >= found.hexagons.present_population[there]).all()
    assert ((found.hexagons.kernel >= 0.0) & (found.hexagons.kernel <= 1.0)).all()


def test_the_same_areas_told_twice_are_no_reason_to_fail(people: np.ndarray, ground: Layout) -> None:
    counts = three(ground, people)
    twice = estimated(ground, [counts[0], counts[0], counts[1]])
    assert twice.hexagons.present_population.sum() == pytest.approx(people.sum(), rel=0.05)


def test_one_polygon_for_the_whole_town_gives_its_total_and_no_false_certainty() -> None:
    weights = tiling(1, 1)
    ground, _ = town(weights)
    found = estimated(ground, [CarrierCounts(weights, np.array([4000.0]), np.zeros(1, bool), 0.4)])
    assert found.hexagons.present_population.sum() == pytest.approx(10_000, rel=0.02)
    assert (found.sd > 0.5 * found.hexagons.present_population).all()
    assert (found.hexagons.kernel < 0.2).all()


def test_counts_of_other_weights_than_the_layouts_are_refused(ground: Layout) -> None:
    other = tiling(2, 2, WIDTH)
    with pytest.raises(ValueError, match="other weights"):
        estimated(ground, [CarrierCounts(other, np.full(4, 100.0), np.zeros(4, bool), 0.4)])


@pytest.mark.parametrize(("mean", "sd"), [(0.5, 0.4), (2.0, 1.5), (30.0, 10.0), (500.0, 100.0)])
def test_an_interval_holds_the_whole_people_that_its_mean_and_spread_make_likely(mean: float, sd: float) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.poisson(rng.gamma((mean / sd) ** 2, sd**2 / mean, 20_000))
    low, high = interval(np.array([mean]), np.array([sd]), Z)
    inside = ((drawn >= low[0]) & (drawn <= high[0])).mean()
    assert 0.86 < inside <= 1.0
    assert low[0] <= mean <= high[0]


def test_a_shorter_correlation_leaves_the_places_between_counts_less_sure() -> None:
    weights = tiling(4, 4)
    ground, people = town(weights)
    counts = counted(ground, people, 0, 0.4)
    counts = replace(counts, counts=np.where(np.arange(16) % 5 == 0, NAN, counts.counts))
    near = estimated(ground, [counts], theta=Theta(Shape(600.0, 1.0, 0.1)))
    far = estimated(ground, [counts], theta=Theta(Shape(4000.0, 1.0, 0.1)))
    there = far.hexagons.state == ESTIMATED
    assert np.median(near.sd[there] / near.hexagons.present_population[there]) > np.median(
        far.sd[there] / far.hexagons.present_population[there]
    )


def test_hexagons_that_nobody_covers_are_missing(networks: list[SpreadingWeights], people: np.ndarray) -> None:
    alone = networks[0]
    ground = layout([alone, networks[1]], union_of_hexagons(networks))
    found = estimated(ground, [CarrierCounts(alone, np.full(60, 200.0), np.zeros(60, bool), 0.4)]).hexagons
    seen = np.isin(ground.hexagons, alone.hexagons)
    assert (found.state[~seen] == MISSING).all()
    assert (found.state[seen] == ESTIMATED).all()


def test_a_layer_is_believed_by_bands_so_that_errors_of_its_own_hexagons_do_little_harm() -> None:
    rng = np.random.default_rng(12)
    ground, smooth = town(voronoi(60, 5), voronoi(40, 6))
    people = smooth * rng.lognormal(0.0, 0.6, len(smooth))
    counts = [counted(ground, people, n, share, 30 + n) for n, share in enumerate((0.4, 0.3))]
    inside = people > np.quantile(people, 0.4)

    def error(layer: np.ndarray | None) -> tuple[float, float]:
        found = estimated(ground, counts, layer=layer).hexagons
        held = (np.floor(found.low) <= people) & (people <= np.ceil(found.high))
        return misplaced(found.present_population, people), float(held[inside].mean())

    shuffled = people.copy()
    shuffled[inside] = rng.permutation(people[inside])
    noisy = people * rng.lognormal(0.0, 1.2, len(people))
    without, held = error(None)
    good, _ = error(np.where(inside, people, np.nan))
    assert good < 0.9 * without
    for wrong in (np.where(inside, shuffled, np.nan), np.where(inside, noisy, np.nan), np.where(inside, noisy, 0.0)):
        worse, holding = error(wrong)
        assert worse < 1.15 * without
        assert holding > held - 0.05


def test_shares_that_add_up_to_more_than_everybody_make_the_total_less_sure(ground: Layout, people: np.ndarray) -> None:
    def sure(shares: tuple[float, float, float]) -> float:
        counts = [counted(ground, people, n, share) for n, share in enumerate(shares)]
        return float(np.median(estimated(ground, counts).sd / people))

    honest, over = sure((0.5, 0.3, 0.2)), sure((0.6, 0.4, 0.3))
    assert 0.4 < (over**2 - honest**2) / (1.0 - 1.0 / 1.3) ** 2 < 1.1
