"""A carrier that contradicts all others does not halve a city; one that merely differs is heard."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from geo import joint
from geo.agreement import doubted, out_of_line
from geo.hexagons import Floats
from geo.joint import DEFAULT_THETA, Layout
from geo.spreading import CarrierCounts
from tests.geo.joint_builders import K_MIN, Z, counted, town, voronoi

SHARES = (0.4, 0.3, 0.2)
WITHIN = 2.0
Change = Callable[[CarrierCounts], CarrierCounts]


@pytest.fixture(scope="module")
def place() -> tuple[Layout, Floats]:
    return town(voronoi(120, 1), voronoi(90, 2), voronoi(100, 3))


def delivered(place: tuple[Layout, Floats]) -> list[CarrierCounts]:
    return [counted(*place, number, share, 50 + number) for number, share in enumerate(SHARES)]


def zeros(one: CarrierCounts) -> CarrierCounts:
    return replace(one, counts=np.zeros(len(one.counts)), suppressed=np.zeros(len(one.counts), bool))


def hidden(one: CarrierCounts) -> CarrierCounts:
    size = len(one.counts)
    return replace(one, counts=np.full(size, np.nan), suppressed=np.ones(size, bool))


def times(factor: float, one: CarrierCounts) -> CarrierCounts:
    return replace(one, counts=one.counts * factor)


def judged(place: tuple[Layout, Floats], counts: list[CarrierCounts], within: float = WITHIN) -> list[bool]:
    return list(out_of_line(place[0], counts, k_min=K_MIN, believed_within=within))


@pytest.mark.parametrize("wrong", [zeros, hidden, lambda one: times(3.0, one), lambda one: times(0.3, one)])
def test_the_one_that_contradicts_two_that_agree_is_out_of_line(place: tuple[Layout, Floats], wrong: Change) -> None:
    first, *rest = delivered(place)
    assert judged(place, [first, *rest]) == [False, False, False]
    assert judged(place, [wrong(first), *rest]) == [True, False, False]
    assert judged(place, [wrong(first), *rest], within=np.inf) == [False, False, False]


def test_shares_that_are_wrong_by_a_half_are_heard(place: tuple[Layout, Floats]) -> None:
    first, *rest = delivered(place)
    assert judged(place, [times(1.5, first), *rest]) == [False, False, False]
    assert judged(place, [times(0.7, first), *rest]) == [False, False, False]


def test_of_two_nobody_can_say_who_is_wrong_unless_one_counts_nobody(place: tuple[Layout, Floats]) -> None:
    first, second, _third = delivered(place)
    assert judged(place, [times(5.0, first), second]) == [False, False]
    assert judged(place, [zeros(first), second]) == [True, False]
    assert judged(place, [zeros(first)]) == [False]


def test_where_nobody_is_counted_by_anybody_all_are_heard(place: tuple[Layout, Floats]) -> None:
    assert judged(place, [zeros(one) for one in delivered(place)]) == [False, False, False]


def test_a_village_whose_counts_are_all_hidden_is_no_contradiction(place: tuple[Layout, Floats]) -> None:
    ground, people = place
    few = people * 2_000.0 / people.sum()
    counts = [counted(ground, few, number, share, 70 + number) for number, share in enumerate(SHARES)]
    assert sum(one.suppressed.sum() for one in counts) > 200
    assert judged(place, counts) == [False, False, False]


@pytest.mark.parametrize("wrong", [zeros, hidden])
def test_a_feed_that_fell_silent_widens_the_interval_and_does_not_halve_the_city(
    place: tuple[Layout, Floats],
    wrong: Change,
) -> None:
    ground, people = place
    first, *rest = delivered(place)

    def total(counts: list[CarrierCounts]) -> tuple[float, float, joint.JointEstimate]:
        found = joint.estimate(ground, counts, DEFAULT_THETA, k_min=K_MIN, z=Z, believed_within=WITHIN)
        wide = found.hexagons.high - found.hexagons.low
        return float(np.nansum(found.hexagons.present_population)), float(np.nansum(wide)), found

    whole, narrow, before = total([first, *rest])
    silent, wide, after = total([wrong(first), *rest])
    assert silent == pytest.approx(people.sum(), rel=0.1)
    assert silent == pytest.approx(whole, rel=0.1)
    assert wide > 1.05 * narrow
    assert [one.left_out for one in before.residuals] == [False, False, False]
    assert [one.left_out for one in after.residuals] == [True, False, False]
    assert after.residuals[0].predicted > 0.0 or after.residuals[0].suppressed == len(first.counts)


def test_a_share_that_is_wrong_by_two_makes_every_interval_wide_enough(place: tuple[Layout, Floats]) -> None:
    ground, people = place
    right = delivered(place)
    wrong = [replace(right[0], share=2.0 * right[0].share), *right[1:]]

    def told(counts: list[CarrierCounts]) -> tuple[float, float, float]:
        found = joint.estimate(ground, counts, DEFAULT_THETA, k_min=K_MIN, z=Z, believed_within=WITHIN).hexagons
        held = (np.floor(found.low) <= people) & (people <= np.ceil(found.high))
        best = np.nansum(found.present_population)
        return float(best / people.sum()), float(np.nansum(found.high - found.low) / best), float(held.mean())

    total, width, holds = told(right)
    doubted_total, doubted_width, doubted_holds = told(wrong)
    assert total == pytest.approx(1.0, abs=0.03)
    assert doubted_total > 0.6
    assert doubted_width > 1.05 * width
    assert min(holds, doubted_holds) > 0.85


def test_shares_that_agree_are_not_doubted_and_a_sudden_difference_is(place: tuple[Layout, Floats]) -> None:
    ground, _people = place
    now, usual = delivered(place), [counted(*place, n, share, 90 + n) for n, share in enumerate(SHARES)]
    history = joint.History(np.full(len(ground.hexagons), np.nan), [one.counts for one in usual], 4)
    calm = doubted(ground, now, DEFAULT_THETA, history, K_MIN)
    assert calm.innovation == DEFAULT_THETA.innovation
    assert [calm.errors(n) for n in range(3)] == [DEFAULT_THETA.errors(n) for n in range(3)]
    sudden = doubted(ground, [times(1.6, now[0]), *now[1:]], DEFAULT_THETA, history, K_MIN)
    assert sudden.innovation.share_error > 0.15
    always = joint.History(history.mean, [1.6 * usual[0].counts, *(one.counts for one in usual[1:])], 4)
    lasting = doubted(ground, [times(1.6, now[0]), *now[1:]], DEFAULT_THETA, always, K_MIN)
    assert lasting.innovation == DEFAULT_THETA.innovation
    assert lasting.errors(0).share_error > 0.2
