"""Where venues lie in the hexagons."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import hexagons
from geo.area_weights import overlaps_of_shapes
from geo.crowding import outline_m2, venue_membership
from tests.geo.builders import ALMATY, box_at, polygons

CITY = np.sort(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 40))
HOME = int(np.searchsorted(CITY, hexagons.hexagon_at(*ALMATY, 9)))
INSIDE = tuple(hexagons.centres(CITY[HOME : HOME + 1])[0].tolist())


@settings(max_examples=40, deadline=None)
@given(st.lists(polygons(), min_size=1, max_size=4))
def test_a_venue_is_shared_out_over_its_hexagons_whole(shapes: list[Any]) -> None:
    membership = venue_membership([shapely.to_wkb(shape) for shape in shapes], CITY)
    assert np.asarray(membership.sum(axis=1)).ravel() == pytest.approx(np.ones(len(shapes)))


def test_a_point_belongs_to_its_hexagon() -> None:
    membership = venue_membership([INSIDE, shapely.to_wkb(shapely.Point(INSIDE))], CITY)
    assert membership.toarray()[:, HOME].tolist() == [1.0, 1.0]


def test_a_venue_beyond_the_map_has_a_share_of_less_than_one() -> None:
    across_the_edge = shapely.box(*ALMATY, ALMATY[0] + 1.0, ALMATY[1] + 0.001)
    membership = venue_membership([(10.0, 50.0), shapely.to_wkb(across_the_edge)], CITY)
    assert membership.sum(axis=1)[0] == 0.0
    assert 0.0 < membership.sum(axis=1)[1] < 1.0


def test_the_ground_of_an_outline_is_measured_in_square_metres() -> None:
    box = box_at(0.0, 0.0, 0.004, 0.001)
    ground = overlaps_of_shapes(np.array([box], dtype=object), 9).area_km2.sum() * 1e6
    assert outline_m2([shapely.to_wkb(box), INSIDE]) == pytest.approx([ground, 0.0], rel=0.002)


def test_no_venue_has_no_ground() -> None:
    assert outline_m2([]).shape == (0,)
