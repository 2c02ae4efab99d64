"""A share for each source area: the same everywhere it is as one share, and where it differs people come out right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geo.agreement import doubted, out_of_line
from geo.hexagons import Floats
from geo.joint import DEFAULT_THETA, Layout
from geo.joint_rows import gather
from geo.spreading import CarrierCounts, combine, combine_delivered
from tests.geo.joint_builders import K_MIN, Z, estimated, tiling, town, voronoi

WEST_SHARE, EAST_SHARE, SCALAR = 0.5, 0.25, 0.375
Place = tuple[Layout, Floats]


@pytest.fixture(scope="module")
def place() -> Place:
    return town(tiling(12, 12), voronoi(100, 2))


def delivered(place: Place, number: int, *, people_counted: bool = False) -> CarrierCounts:
    """Counts of a carrier that serves half of those in the west and a quarter of those in the east."""
    ground, people = place
    at = slice(ground.starts[number], ground.starts[number + 1])
    west = ground.row_metres[at, 0] < ground.metres[:, 0].mean()
    share = np.where(west, WEST_SHARE, EAST_SHARE)
    expected = ground.rows[at] @ people
    counts = np.round(expected if people_counted else share * expected)
    nothing = np.zeros(len(counts), bool)
    return CarrierCounts(ground.weights[number], counts, nothing, SCALAR, people_counted, area_share=share)


def halves(ground: Layout, people: Floats) -> Floats:
    west = ground.metres[:, 0] < ground.metres[:, 0].mean()
    return np.array([np.nansum(people[west]), np.nansum(people[~west])])


def one_everywhere(one: CarrierCounts) -> tuple[CarrierCounts, CarrierCounts]:
    return replace(one, area_share=None), replace(one, area_share=np.full(len(one.counts), one.share))


@pytest.mark.parametrize("people_counted", [False, True])
def test_one_share_for_each_area_alike_is_one_share(place: Place, *, people_counted: bool) -> None:
    scalar, alike = one_everywhere(delivered(place, 0, people_counted=people_counted))
    rows, same = (gather(place[0], [one], DEFAULT_THETA, K_MIN) for one in (scalar, alike))
    for name in ("value", "per_device", "reporting_share", "cover_share", "cover"):
        assert np.array_equal(getattr(rows, name), getattr(same, name)), name
    assert (rows.matrix != same.matrix).nnz == 0


@pytest.mark.parametrize("how", [combine, combine_delivered])
@pytest.mark.parametrize("people_counted", [False, True])
def test_the_linear_method_takes_each_areas_share(place: Place, how: object, *, people_counted: bool) -> None:
    ground, people = place

    def found(one: CarrierCounts) -> Floats:
        made = how(  # type: ignore[operator]
            [one], ground.hexagons, k_min=K_MIN, spread_relative_error=0.4, share_relative_error=0.1, z=Z
        )
        return np.asarray(made.present_population)

    own = delivered(place, 0, people_counted=people_counted)
    scalar, alike = one_everywhere(own)
    assert found(alike) == pytest.approx(found(scalar), nan_ok=True)
    assert halves(ground, found(own)) == pytest.approx(halves(ground, people), rel=0.03)


def test_the_joint_estimate_has_the_halves_right_with_the_table_and_wrong_without(place: Place) -> None:
    ground, people = place
    own = [delivered(place, 0)]
    truth = halves(ground, people)
    right = halves(ground, estimated(ground, own).hexagons.present_population)
    assert right == pytest.approx(truth, rel=0.03)
    scalar = [replace(one, area_share=None) for one in own]
    wrong = halves(ground, estimated(ground, scalar).hexagons.present_population) / truth
    assert wrong[0] > 1.25
    assert wrong[1] < 0.75


def test_where_only_the_regions_differ_nobody_is_doubted(place: Place) -> None:
    """The second carrier counts the same part of everybody; the first one's regions would look like a contradiction."""
    ground, people = place
    at = slice(ground.starts[1], ground.starts[2])
    even = np.round(0.3 * (ground.rows[at] @ people))
    second = CarrierCounts(ground.weights[1], even, np.zeros(len(even), bool), 0.3)
    first = delivered(place, 0)
    registered = replace(first, share=0.15)
    for one, is_doubted in ((registered, False), (replace(registered, area_share=None), True)):
        theta = doubted(ground, [one, second], DEFAULT_THETA, None, K_MIN)
        assert (theta.errors(0).share_error > DEFAULT_THETA.errors(0).share_error) == is_doubted
    assert not out_of_line(ground, [registered, second], k_min=K_MIN, believed_within=1.5).any()
