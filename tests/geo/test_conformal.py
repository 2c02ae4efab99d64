"""Conformal factors: fresh exchangeable pairs are held at least as often as asked, and few pairs promise nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.conformal import (
    Calibration,
    Pairs,
    Terms,
    calibrate,
    conformal_factor,
    held_out_share,
    held_share,
    median_error_share,
    scores_of,
)

Z = 1.6449
TERMS = Terms(0.9, 30, 0.5, 6.0, 0.5, (200.0, 500.0, 1500.0), math.inf, 1)
GUESS = 1.35


def simulated(seed: int, count: int, spread: float = 1.0, capacity: float = 1000.0, kernel: float = 0.2) -> Pairs:
    """Return pairs whose errors are `spread` times as wide as their intervals say, with heavy tails."""
    random = np.random.default_rng(seed)
    best = random.uniform(50, 900, count)
    sd = random.uniform(10, 120, count)
    truth = np.maximum(best + spread * sd * random.standard_t(5, count), 0.0)
    low, high = np.maximum(best - Z * sd, 0.0), best + Z * sd
    kernels, capacities = np.full(count, kernel), np.full(count, capacity)
    groups = random.integers(0, max(count // 4, 1), count)
    return Pairs(truth, best, low, high, kernels, capacities, groups, np.arange(count))


def joined(*many: Pairs) -> Pairs:
    return Pairs(
        **{
            name: np.concatenate([getattr(one, name) for one in many])
            for name in ("truth", "best", "low", "high", "kernel", "capacity", "time_bin")
        },
        group=np.concatenate([one.group + 1000 * number for number, one in enumerate(many)]),
    )


@pytest.mark.parametrize("count", [9, 30, 57, 200])
@pytest.mark.parametrize("spread", [0.6, 1.0, 2.2])
def test_fresh_exchangeable_pairs_are_held_as_often_as_asked(count: int, spread: float) -> None:
    terms = replace(TERMS, pairs_min=1, factor_min=0.0, factor_max=math.inf, band_edges=())
    held = []
    for seed in range(300):
        learnt = calibrate(simulated(seed, count, spread), terms)
        assert learnt is not None
        fresh = simulated(10_000 + seed, 400, spread)
        held.append(held_share(fresh, learnt.factors(fresh.capacity, fresh.kernel, math.nan)) or 0.0)
    promised = math.ceil((count + 1) * 0.9) / (count + 1)
    assert np.mean(held) == pytest.approx(promised, abs=3 * float(np.std(held)) / math.sqrt(len(held)) + 0.002)
    assert np.mean(held) >= 0.9 - 0.01


@given(st.lists(st.floats(0, 50), min_size=1, max_size=120), st.floats(0.5, 0.99))
def test_the_factor_is_a_score_that_at_least_the_asked_share_does_not_exceed(
    scores: list[float], coverage: float
) -> None:
    factor = conformal_factor(np.array(scores), coverage)
    if math.isfinite(factor):
        assert factor in scores
        assert sum(one <= factor for one in scores) >= coverage * (len(scores) + 1) - 1e-6
    else:
        assert coverage * (len(scores) + 1) > len(scores)


@given(st.permutations(range(40)))
def test_the_order_of_the_pairs_does_not_matter(order: list[int]) -> None:
    pairs = simulated(1, 40)
    assert calibrate(pairs.only(np.array(order)), TERMS) == calibrate(pairs, TERMS)


def test_eight_pairs_promise_nothing_at_nine_in_ten() -> None:
    assert conformal_factor(np.ones(8), 0.9) == math.inf
    assert conformal_factor(np.ones(9), 0.9) == 1.0


def test_too_few_pairs_leave_everything_uncalibrated() -> None:
    assert calibrate(simulated(2, 29), TERMS) is None
    assert calibrate(simulated(2, 30), TERMS) is not None
    assert held_out_share(simulated(2, 30), TERMS, GUESS) is None  # four fifths of thirty are too few to learn from


def test_one_venue_or_one_moment_teaches_nothing_however_often_it_is_counted() -> None:
    few = replace(TERMS, pairs_min=20, venue_pairs_max=4.0, bins_min=2)
    many = simulated(2, 400)
    assert calibrate(many, few) is not None
    assert calibrate(replace(many, group=np.zeros(400, np.int64)), few) is None
    assert calibrate(replace(many, group=np.arange(400) % 4), few) is None
    assert calibrate(replace(many, group=np.arange(400) % 5), few) is not None
    assert calibrate(replace(many, time_bin=np.zeros(400, np.int64)), few) is None


def test_a_venue_that_is_counted_all_day_does_not_drown_the_others() -> None:
    easy, others = simulated(3, 400, 0.1), simulated(4, 80, 2.0)
    once = joined(replace(easy, group=np.zeros(400, np.int64)), others)
    learnt, drowned = (calibrate(once, replace(TERMS, venue_pairs_max=most)) for most in (4.0, math.inf))
    alone = calibrate(others, TERMS)
    assert learnt is not None
    assert drowned is not None
    assert alone is not None
    assert (learnt.untold[0] or 0.0) > 0.85 * (alone.untold[0] or math.inf)
    assert (drowned.untold[0] or math.inf) < 0.7 * (alone.untold[0] or 0.0)


def test_intervals_that_are_too_wide_are_narrowed_down_to_the_bound() -> None:
    narrowed = calibrate(simulated(3, 400, 0.7), TERMS)
    assert narrowed is not None
    assert narrowed.untold[2] is not None
    assert 0.6 < narrowed.untold[2] < 1.0
    most = calibrate(simulated(3, 400, 0.01), TERMS)
    assert most == Calibration(400, 0.5, TERMS.band_edges, (0.5,) * 4, (None,) * 4, (None,) * 4)


def test_errors_beyond_every_permitted_factor_are_not_called_calibrated() -> None:
    assert calibrate(simulated(4, 200, 40.0), TERMS) is None


def test_a_band_with_pairs_enough_has_its_own_factor_and_a_smaller_one_shares_its_neighbour_s() -> None:
    small, large = simulated(5, 120, 2.0, capacity=100), simulated(6, 120, 0.8, capacity=2000)
    few = simulated(7, 10, 1.0, capacity=300)
    learnt = calibrate(joined(small, large, few), TERMS)
    assert learnt is not None
    factors = learnt.factors(np.array([100.0, 300.0, 700.0, 2000.0, math.nan]), np.zeros(5), GUESS)
    assert factors[0] > 1.5 * factors[3]
    assert factors[1] in {factors[0], factors[3]}
    assert factors[4] == factors[0]  # an unknown capacity counts as a small one


def test_venues_that_can_be_told_never_borrow_the_factor_of_the_others() -> None:
    """Where mostly the registry is known, intervals are far too wide; where counts speak, they are too narrow."""
    others, told = simulated(8, 190, 0.5, kernel=0.1), simulated(9, 29, 1.6, kernel=0.7)
    kernel, capacity = np.array([0.1, 0.49, 0.5, math.nan]), np.full(4, 1000.0)
    learnt = calibrate(joined(others, told), TERMS)
    assert learnt is not None
    assert learnt.holds(capacity, kernel).tolist() == [True, True, False, True]
    assert learnt.factors(capacity, kernel, GUESS)[2] == GUESS
    enough = calibrate(joined(others, simulated(9, 60, 1.6, kernel=0.7)), TERMS)
    assert enough is not None
    assert enough.holds(capacity, kernel).all()
    factors = enough.factors(capacity, kernel, GUESS)
    assert factors[2] > 2 * factors[0]


def test_every_kind_of_venue_keeps_the_promise_by_itself_and_so_do_all_together() -> None:
    """Bands of very unlike errors, some with few pairs: sharing a factor must not thin out what all are promised."""
    kinds = [(0.5, 100, 0.1, 90), (1.2, 300, 0.1, 20), (2.5, 2000, 0.1, 35), (1.7, 2000, 0.8, 55)]
    held = []
    for seed in range(120):
        learnt = calibrate(joined(*(simulated(4 * seed + n, k[3], *k[:3]) for n, k in enumerate(kinds))), TERMS)
        assert learnt is not None
        fresh = joined(*(simulated(10_000 + 4 * seed + n, 4 * k[3], *k[:3]) for n, k in enumerate(kinds)))
        held.append(held_share(fresh, learnt.factors(fresh.capacity, fresh.kernel, GUESS)))
    assert 0.9 <= np.mean(np.array(held, float)) < 0.93


def test_a_kind_that_no_permitted_factor_covers_stays_uncalibrated_alone() -> None:
    wild, tame = simulated(8, 40, 60.0, capacity=100), simulated(9, 600, 1.0, capacity=2000)
    learnt = calibrate(joined(wild, tame), TERMS)
    assert learnt is not None
    capacity = np.array([100.0, 2000.0])
    assert learnt.holds(capacity, np.zeros(2)).tolist() == [False, True]
    assert learnt.factors(capacity, np.zeros(2), GUESS)[0] == GUESS


def test_a_level_is_judged_by_the_worse_end_of_the_interval() -> None:
    even = simulated(12, 400, 1.0, kernel=0.9)
    above = replace(even, truth=np.where(np.arange(400) % 4, even.best + np.abs(even.truth - even.best), even.best))
    skewed, straight = calibrate(above, TERMS), calibrate(even, TERMS)
    assert skewed is not None
    assert straight is not None
    assert (skewed.levels[0] or 0.0) > 1.1 * (skewed.told[0] or math.inf), "all errors lie on one side"
    assert (straight.levels[0] or math.inf) < 1.2 * (straight.told[0] or 0.0)
    capacity = np.full(2, 300.0)
    wide = skewed.level_factors(capacity, np.array([0.9, 0.1]), GUESS)
    assert wide.tolist() == [skewed.levels[0], GUESS]
    before = replace(skewed, levels=())
    assert before.level_factors(capacity, np.array([0.9, 0.1]), GUESS)[0] == skewed.told[0]


def test_a_capacity_at_an_edge_belongs_to_the_band_above() -> None:
    learnt = Calibration(90, 0.5, (200.0, 500.0), (2.0, 3.0, 4.0), (None,) * 3)
    assert learnt.factors(np.array([199.0, 200.0, 500.0]), np.zeros(3), GUESS).tolist() == [2.0, 3.0, 4.0]


def test_a_venue_is_never_judged_by_its_own_counts() -> None:
    """Each venue errs by its own constant: learnt from itself it is held, from the others it is not."""
    random = np.random.default_rng(10)
    group = np.repeat(np.arange(20), 10)
    scale = np.where(group == 0, 50.0, 1.0)
    best = np.full(200, 500.0)
    truth = best + scale * 20.0 * random.uniform(-0.5, 0.5, 200)
    pairs = Pairs(truth, best, best - 30.0, best + 30.0, np.zeros(200), np.full(200, 2000.0), group, group)
    share = held_out_share(pairs, replace(TERMS, factor_max=100.0), GUESS)
    assert share is not None
    assert share < 0.97


def test_an_interval_that_was_rounded_to_nothing_is_no_certainty() -> None:
    ten = np.array([10.0])
    one = np.array([0])
    pairs = Pairs(np.array([12.0]), ten, ten, ten, np.zeros(1), np.array([50.0]), one, one)
    assert scores_of(pairs).tolist() == [2.0]


def test_each_side_of_an_interval_is_measured_by_its_own_width() -> None:
    truth, best = np.array([40.0, 130.0, 0.0]), np.array([100.0, 100.0, 100.0])
    low, high = np.array([20.0, 20.0, 0.0]), best + 20.0
    pairs = Pairs(truth, best, low, high, np.zeros(3), np.full(3, math.nan), np.arange(3), np.arange(3))
    assert scores_of(pairs).tolist() == [0.75, 1.5, 1.0]


def test_the_median_error_is_a_share_of_capacity_where_that_is_known() -> None:
    truth, best = np.array([10.0, 30.0, 90.0]), np.array([0.0, 0.0, 0.0])
    capacity = np.array([100.0, 100.0, math.nan])
    pairs = Pairs(truth, best, best, best, np.zeros(3), capacity, np.arange(3), np.arange(3))
    assert median_error_share(pairs) == pytest.approx(0.2)
    assert median_error_share(pairs.only(np.array([False, False, True]))) is None


def test_a_wider_promise_needs_a_wider_factor() -> None:
    scores = scores_of(simulated(11, 300))
    factors = [conformal_factor(scores, share) for share in (0.5, 0.8, 0.9, 0.95)]
    assert all(one < two for one, two in pairwise(factors))
