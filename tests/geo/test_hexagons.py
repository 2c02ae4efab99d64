"""Hexagons as arrays: text, areas, kin, and neighbours that share their borders."""

import h3
import numpy as np
import pytest
import shapely

from geo import hexagons
from geo.errors import HexagonError
from tests.geo.builders import box_at

CITY = hexagons.hexagons_over(box_at(-0.02, -0.02, 0.04, 0.04), 9)


def test_text_and_numbers_are_the_same_ids() -> None:
    texts = hexagons.hexagon_text(CITY)
    assert (hexagons.hexagon_ids(texts) == CITY).all()
    assert texts[0] == h3.int_to_str(int(CITY[0]))


@pytest.mark.parametrize("text", ["", "nonsense", "8920a4d8b5bfff", "ffffffffffffffff", "12345"])
def test_a_text_that_is_no_hexagon_is_named(text: str) -> None:
    with pytest.raises(HexagonError) as error:
        hexagons.hexagon_ids([hexagons.hexagon_text(CITY[:1])[0], text])
    assert error.value.code == "hexagon-unknown"
    assert error.value.params["row"] == 2


def test_areas_are_true_areas_not_the_published_average() -> None:
    area = hexagons.area_km2(CITY)
    assert area[0] == h3.cell_area(h3.int_to_str(int(CITY[0])), "km^2")
    assert 1.17 < area.mean() / hexagons.MEAN_AREA_KM2[9] < 1.21


@pytest.mark.parametrize("resolution", [0, 3, 7, 8, 9])
def test_parents_by_bits_are_h3s_parents(resolution: int) -> None:
    expected = [int(h3.str_to_int(h3.cell_to_parent(text, resolution))) for text in hexagons.hexagon_text(CITY)]
    assert hexagons.parents(CITY, resolution).tolist() == expected


def test_a_parent_finer_than_its_child_is_refused() -> None:
    with pytest.raises(HexagonError):
        hexagons.parents(CITY, 10)


def test_centres_are_longitude_then_latitude() -> None:
    longitude, latitude = hexagons.centres(CITY).T
    assert (np.abs(longitude - 76.95) < 0.1).all()
    assert (np.abs(latitude - 43.24) < 0.1).all()


def test_hexagons_over_a_shape_cover_all_of_it() -> None:
    shape = box_at(0.0, 0.0, 0.02, 0.02).difference(box_at(0.005, 0.005, 0.01, 0.01))
    found = shapely.union_all(hexagons.polygons(hexagons.hexagons_over(shape, 9)))
    assert shape.difference(found).area < 1e-12


def test_a_pentagon_and_distorted_neighbours_have_six_vertices_and_tile() -> None:
    pentagon = int(h3.str_to_int(h3.get_pentagons(7)[5]))
    ids = np.unique(hexagons.disc(pentagon, 3))
    vertices = hexagons.boundaries(ids)
    assert vertices.shape == (len(ids), 6, 2)
    shapes = shapely.polygons(vertices)
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)


def test_a_hexagon_on_the_antimeridian_stays_in_one_piece() -> None:
    ids = np.array([hexagons.hexagon_at(180.0, 10.0, 4)], dtype=np.uint64)
    assert np.ptp(hexagons.boundaries(ids)[0, :, 0]) < 2.0
