"""Venues beside the people around them, history, and regions that must not show."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from geo.censoring import censored_moments
from geo.hexagons import Floats
from geo.joint import DEFAULT_THETA, History, Layout, VenuePrior, no_venues
from geo.joint_bin import solve_bin
from geo.joint_result import LEAST_DOUBT
from geo.regions import Region, cut
from geo.spreading import CarrierCounts, HexagonEstimate
from tests.geo.joint_builders import K_MIN, Z, counted, estimated, tiling, town, venue_at, voronoi


@pytest.fixture(scope="module")
def ground() -> Layout:
    return town(voronoi(220, 1), voronoi(180, 2))[0]


@pytest.fixture(scope="module")
def people() -> Floats:
    return town(voronoi(220, 1), voronoi(180, 2))[1]


def both(ground: Layout, people: Floats, seed: int = 30) -> list[CarrierCounts]:
    return [counted(ground, people, n, share, seed + n) for n, share in enumerate((0.4, 0.3))]


def quiet(ground: Layout, people: Floats) -> int:
    """A hexagon within the town where few people live."""
    inside = np.flatnonzero(ground.covered > 0.99)
    return int(inside[np.argmin(people[inside])])


def busy(people: Floats) -> int:
    return int(np.argmax(people))


def with_crowd(people: Floats, hexagon: int, crowd: float) -> Floats:
    there = people.copy()
    there[hexagon] += crowd
    return there


def test_a_crowd_in_a_quiet_place_is_found_in_its_venue(ground: Layout, people: Floats) -> None:
    hexagon = quiet(ground, people)
    counts = both(ground, with_crowd(people, hexagon, 2500.0))
    found = estimated(ground, counts, venues=venue_at(ground, hexagon, 600.0, 1500.0)).venues
    assert found.mean[0] == pytest.approx(2500.0, rel=0.4)
    assert found.kernel[0] > 0.5
    assert found.own_probability[0] > 0.8


def test_a_venue_among_many_residents_cannot_be_told_from_them(ground: Layout, people: Floats) -> None:
    hexagon = busy(people)
    found = estimated(ground, both(ground, people), venues=venue_at(ground, hexagon, 60.0, 100.0)).venues
    assert found.kernel[0] < 0.3
    assert found.own_probability[0] < 0.2
    assert found.sd[0] > 60.0
    assert -1.0 <= found.background_rival[0] < 0.0


def test_no_venue_is_surer_than_a_share_of_what_was_unknown_of_it(ground: Layout, people: Floats) -> None:
    hexagon = quiet(ground, people)
    counts = both(ground, with_crowd(people, hexagon, 2500.0))
    found = estimated(ground, counts, venues=venue_at(ground, hexagon, 600.0, 9000.0)).venues
    assert found.kernel[0] > 0.9
    assert found.sd[0] >= LEAST_DOUBT * 9000.0
    assert found.high[0] - found.mean[0] == pytest.approx(Z * found.sd[0])


def test_what_is_usual_may_be_surer_than_an_evening_and_still_lets_a_crowd_be_seen(
    ground: Layout, people: Floats
) -> None:
    hexagon = quiet(ground, people)
    usual, now = both(ground, with_crowd(people, hexagon, 600.0)), both(ground, with_crowd(people, hexagon, 2500.0))
    history = History(np.full(len(people), np.nan), [one.counts for one in usual])
    plain = venue_at(ground, hexagon, 600.0, 1500.0)
    surer = replace(plain, usual_sd=np.array([400.0]))
    there, before = (estimated(ground, now, history=history, venues=one).venues for one in (surer, plain))
    assert there.mean[0] == pytest.approx(2500.0, rel=0.3)
    assert there.sd[0] < before.sd[0]
    assert there.kernel[0] == pytest.approx(before.kernel[0], abs=0.05)


def test_neighbouring_venues_are_rivals_and_far_ones_are_not(ground: Layout, people: Floats) -> None:
    here, far = quiet(ground, people), busy(people)
    one = venue_at(ground, here, 300.0, 600.0)
    held = np.zeros((3, len(people)))
    held[[0, 1, 2], [here, here, far]] = 1.0
    three = VenuePrior(type(one.membership)(held), np.full(3, 300.0), np.full(3, 600.0), np.full(3, np.nan))
    rivals = estimated(ground, both(ground, with_crowd(people, here, 900.0)), venues=three).venues.rivals.toarray()
    assert rivals[0, 1] == rivals[1, 0] < -0.2
    assert rivals[0, 2] == 0.0


def test_neighbours_are_rivals_across_the_edge_of_a_hexagon_and_of_a_region(
    ground: Layout, people: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = quiet(ground, people)
    apart = np.linalg.norm(ground.metres - ground.metres[here], axis=1)
    beside = int(np.argsort(apart)[1])
    held = np.zeros((2, len(people)))
    held[[0, 1], [here, beside]] = 1.0
    prior = venue_at(ground, here, 300.0, 600.0)
    pair = VenuePrior(type(prior.membership)(held), np.full(2, 300.0), np.full(2, 600.0), np.full(2, np.nan))
    counts = both(ground, with_crowd(people, here, 900.0))
    whole = estimated(ground, counts, venues=pair).venues.rivals.toarray()
    assert whole[0, 1] == pytest.approx(whole[1, 0])
    assert whole[0, 1] < -0.1

    def between_them(metres: Floats, rows: Any, _margin_m: float, _most: int) -> list[Region]:
        east = metres[:, 0] > metres[[here, beside], 0].mean()
        everything = np.arange(len(metres))
        return [Region(np.flatnonzero(own), everything, np.arange(rows.shape[0])) for own in (east, ~east)]

    monkeypatch.setattr("geo.joint_bin.cut", between_them)
    parts = estimated(ground, counts, venues=pair).venues.rivals.toarray()
    assert parts == pytest.approx(whole, abs=1e-3)


def test_a_carrier_that_is_missing_now_still_tells_what_is_usual_and_the_interval_is_wider() -> None:
    ground, smooth = town(voronoi(40, 1), tiling(22, 22))
    people = smooth * np.random.default_rng(8).lognormal(0.0, 0.7, len(smooth))
    both_now = both(ground, people)
    size = len(people)
    past = [both(ground, people, seed)[n].counts for seed, n in ((70, 0), (71, 1))]
    missing = replace(both_now[1], counts=np.full(484, np.nan), suppressed=np.zeros(484, bool))
    everything = History(np.full(size, np.nan), past, 4)
    whole = estimated(ground, both_now, history=everything).hexagons
    late = estimated(ground, [both_now[0], missing], history=everything).hexagons
    alone = estimated(ground, both_now[:1], history=History(np.full(size, np.nan), past[:1], 4)).hexagons

    def misplaced(found: HexagonEstimate) -> float:
        return float(0.5 * np.abs(np.nan_to_num(found.present_population) - people).sum() / people.sum())

    assert misplaced(late) < 0.8 * misplaced(alone)
    assert np.nansum(late.present_population) == pytest.approx(np.nansum(whole.present_population), rel=0.05)
    assert np.nansum(late.high - late.low) > 1.1 * np.nansum(whole.high - whole.low)
    assert np.mean(late.high - late.low >= whole.high - whole.low) > 0.8


def test_people_of_the_past_are_a_guess_where_source_areas_were_others(ground: Layout, people: Floats) -> None:
    rng = np.random.default_rng(3)
    coarse_ground, crowd = town(tiling(4, 4))
    lumpy = crowd * rng.lognormal(0.0, 0.8, len(crowd))
    counts = [counted(coarse_ground, lumpy, 0, 0.4, 9)]
    nothing = [np.full(16, np.nan)]

    def misplaced(mean: Floats) -> float:
        found = estimated(coarse_ground, counts, history=History(mean, nothing, 4)).hexagons.present_population
        return float(0.5 * np.abs(np.nan_to_num(found) - lumpy).sum() / lumpy.sum())

    unknown = misplaced(np.full(len(crowd), np.nan))
    assert misplaced(lumpy * rng.lognormal(0.0, 0.2, len(crowd))) < 0.9 * unknown
    assert misplaced(rng.permutation(lumpy)) < 1.3 * unknown


def test_no_more_people_are_in_a_venue_than_fit(ground: Layout, people: Floats) -> None:
    hexagon = quiet(ground, people)
    counts = both(ground, with_crowd(people, hexagon, 2500.0))
    found = estimated(ground, counts, venues=venue_at(ground, hexagon, 100.0, 2000.0, ceiling=400.0)).venues
    assert 0.0 <= found.mean[0] <= 400.0


def test_a_registry_that_is_too_large_for_its_town_moves_nobody(ground: Layout, people: Floats) -> None:
    few = people * 5_000.0 / people.sum()
    at = np.random.default_rng(2).integers(0, len(few), 400)
    held = np.zeros((400, len(few)))
    held[np.arange(400), at] = 1.0
    one = venue_at(ground, 0, 1.0, 1.0)
    registry = VenuePrior(type(one.membership)(held), np.full(400, 200.0), np.full(400, 200.0), np.full(400, np.nan))
    counts = both(ground, few)

    def misplaced(venues: VenuePrior | None) -> float:
        found = estimated(ground, counts, venues=venues).hexagons.present_population
        return float(0.5 * np.abs(np.nan_to_num(found) - few).sum() / few.sum())

    assert misplaced(registry) < 1.75 * misplaced(None)


def test_a_venue_off_the_map_is_unknown_and_costs_nothing(ground: Layout, people: Floats) -> None:
    nowhere = venue_at(ground, 0, 100.0, 50.0)
    empty = VenuePrior(type(nowhere.membership)((1, len(people))), *(np.array([x]) for x in (100.0, 50.0, np.nan)))
    found = estimated(ground, both(ground, people), venues=empty).venues
    assert np.isnan(found.mean[0])
    assert found.reach[0] == 0.0


def test_hexagons_hold_their_venues(ground: Layout, people: Floats) -> None:
    hexagon = quiet(ground, people)
    found = estimated(
        ground, both(ground, with_crowd(people, hexagon, 2500.0)), venues=venue_at(ground, hexagon, 600.0, 1500.0)
    )
    assert found.hexagons.present_population[hexagon] >= 0.8 * found.venues.mean[0]
    assert found.venues.area_mean[0] == pytest.approx(found.hexagons.present_population[hexagon])


def usual(counts: list[CarrierCounts], size: int) -> History:
    return History(np.full(size, np.nan), [one.counts for one in counts], 4)


def test_with_history_what_is_always_wrong_with_an_area_no_longer_matters(ground: Layout, people: Floats) -> None:
    wrong = np.random.default_rng(4).lognormal(0.0, 0.4, ground.rows.shape[0])
    hexagon = quiet(ground, people)

    def delivered(there: Floats, seed: int) -> list[CarrierCounts]:
        found = []
        for number, share in enumerate((0.4, 0.3)):
            at = slice(ground.starts[number], ground.starts[number + 1])
            mean = share * (ground.rows[at] @ there) * wrong[at]
            drawn = np.random.default_rng(seed + number).poisson(mean).astype(float)
            found.append(CarrierCounts(ground.weights[number], drawn, np.zeros(len(drawn), bool), share))
        return found

    before, now = delivered(people, 1), delivered(with_crowd(people, hexagon, 1500.0), 3)
    venue = venue_at(ground, hexagon, 100.0, 800.0)
    size = len(people)
    quiet_then = estimated(ground, delivered(people, 5), history=usual(before, size), venues=venue)
    crowded = estimated(ground, now, history=usual(before, size), venues=venue)
    change = crowded.venues.mean[0] - quiet_then.venues.mean[0]
    assert change == pytest.approx(1500.0, rel=0.4)
    elsewhere = np.abs(ground.metres - ground.metres[hexagon]).max(axis=1) > 2500.0
    moved = (crowded.hexagons.present_population - quiet_then.hexagons.present_population)[elsewhere]
    assert np.abs(moved).sum() < 0.1 * people.sum()  # two draws of chance differ by this much


def test_a_history_without_counts_leaves_the_bin_as_it_is(ground: Layout, people: Floats) -> None:
    counts = both(ground, people)
    nothing = History(np.full(len(people), np.nan), [np.full(len(one.counts), np.nan) for one in counts], 4)
    without = estimated(ground, counts)
    assert estimated(ground, counts, history=nothing).hexagons.present_population == pytest.approx(
        without.hexagons.present_population
    )


def test_regions_of_as_many_areas_as_the_policy_allows_do_not_show(ground: Layout, people: Floats) -> None:
    counts = both(ground, people)
    whole = estimated(ground, counts)
    none = no_venues(len(people))
    _, parts = solve_bin(ground, counts, DEFAULT_THETA, none, layer=None, history=None, k_min=K_MIN, most_areas=320)
    assert len(parts) > 1
    pieces = estimated(ground, counts, most_areas=320)
    difference = np.abs(pieces.hexagons.present_population - whole.hexagons.present_population)
    assert difference.sum() < 0.02 * people.sum()
    assert (difference < 0.5 * whole.sd + 1.0).all()
    assert np.median(pieces.sd / whole.sd) == pytest.approx(1.0, abs=0.05)


def test_regions_own_every_hexagon_once_and_keep_within_their_size() -> None:
    ground, _ = town(tiling(20, 20))
    regions = cut(ground.metres, ground.rows, 500.0, 150)
    owned = np.concatenate([one.own for one in regions])
    assert sorted(owned) == list(range(len(ground.hexagons)))
    assert len(regions) > 2
    assert all(len(one.rows) <= 150 and np.isin(one.own, one.hexagons).all() for one in regions)


@pytest.mark.parametrize(("expected", "least", "most"), [(0.01, 1.0, 1.2), (8.0, 6.0, 10.0), (500.0, 12.0, 19.0)])
def test_a_suppressed_count_is_worth_what_its_surroundings_say_within_its_bounds(
    expected: float, least: float, most: float
) -> None:
    mean, variance = censored_moments(np.array([expected]), np.array([0.4]), K_MIN)
    assert least <= mean[0] <= most
    assert 0.0 <= variance[0] < 40.0


def test_each_suppressed_count_has_its_own_limit_however_high() -> None:
    expected, error = np.array([37.0, 37.0, 2e5, 3e5]), np.full(4, 0.4)
    mean, variance = censored_moments(expected, error, np.array([20.0, 100.0, 1e6, 20.0]))
    alone = [censored_moments(expected[n : n + 1], error[:1], limit) for n, limit in enumerate((20, 100, 10**6))]
    assert mean[:3] == pytest.approx(np.concatenate([one for one, _ in alone]), rel=0.02)
    assert mean[0] < 20.0 < 30.0 < mean[1] < 45.0
    assert mean[2] == pytest.approx(2e5, rel=0.1)
    assert mean[3] < 20.0
    assert np.sqrt(variance[2]) == pytest.approx(0.4 * 2e5, rel=0.15)


def test_where_one_is_hidden_only_one_it_can_be() -> None:
    mean, variance = censored_moments(np.array([0.1, 50.0]), np.array([0.4, 0.4]), 2)
    assert mean.tolist() == [1.0, 1.0]
    assert variance.tolist() == [0.0, 0.0]
