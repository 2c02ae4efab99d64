from __future__ import annotations

import numpy as np

from geo.hexagons import hexagon_at
from ingest.city import base_map
from ingest.city.geography import distance_to_line, geography, in_parks, inside, nearest, to_degrees, to_metres
from ingest.city.people import activity_fields, ground, hexagon_index

KAZAKH_LETTERS = set("ӘәҒғҚқҢңӨөҰұҮүҺһІі")


def test_metres_and_degrees_are_inverse() -> None:
    points = np.array([[76.8, 43.2], [77.0, 43.35]])
    assert np.allclose(points, to_degrees(to_metres(points)))


def test_a_hundredth_of_a_degree_north_is_eleven_hundred_metres() -> None:
    south, north = to_metres(np.array([[76.945, 43.2], [76.945, 43.21]]))
    assert np.isclose(1112, north[1] - south[1], atol=1)


def test_a_point_is_inside_its_outline_only() -> None:
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    assert inside(np.array([[1.0, 1.0], [3.0, 1.0], [1.0, -1.0]]), square).tolist() == [True, False, False]


def test_distance_to_a_street_ends_at_its_ends() -> None:
    street = np.array([[0.0, 0.0], [10.0, 0.0]])
    assert distance_to_line(np.array([[5.0, 3.0], [13.0, 4.0]]), street).tolist() == [3.0, 5.0]


def test_nearest_of_no_points_is_nothing() -> None:
    assert len(nearest(np.empty((0, 2)), np.zeros((3, 2)))) == 0


def test_the_base_map_draws_eight_districts_streets_parks_and_mountains() -> None:
    kinds = [feature["properties"]["kind"] for feature in base_map()["features"]]
    assert kinds.count("district") == 8
    assert kinds.count("street") >= 12
    assert kinds.count("park") >= 4
    assert kinds.count("mountains") == 1


def test_everything_on_the_base_map_has_a_name_in_three_languages_and_lies_in_the_city() -> None:
    west, south, east, north = geography().bounds
    for feature in base_map()["features"]:
        names = [feature["properties"][f"name_{language}"] for language in ("kk", "ru", "en")]
        assert all(names)
        assert names[2].isascii()
        rings = feature["geometry"]["coordinates"]
        points = np.array(rings[0] if feature["geometry"]["type"] == "Polygon" else rings)
        assert (points >= [west - 0.001, south - 0.001]).all()
        assert (points <= [east + 0.001, north + 0.001]).all()


def test_polygons_of_the_base_map_are_closed() -> None:
    for feature in base_map()["features"]:
        if feature["geometry"]["type"] == "Polygon":
            ring = feature["geometry"]["coordinates"][0]
            assert ring[0] == ring[-1]


def test_most_districts_have_a_letter_that_only_kazakh_has() -> None:
    names = [district.kk for district in geography().districts]
    assert sum(bool(KAZAKH_LETTERS & set(name)) for name in names) >= 4


def test_districts_do_not_overlap() -> None:
    points = ground().lon_lat
    owners = np.sum([inside(points, district.points) for district in geography().districts], axis=0)
    assert owners.max() == 1


def test_hexagons_are_sorted_and_hold_their_own_centres() -> None:
    ids = ground().ids
    assert (np.diff(ids.astype(np.int64)) > 0).all()
    for number in (0, 999):
        longitude, latitude = ground().lon_lat[number].tolist()
        assert int(ids[number]) == hexagon_at(longitude, latitude, 9)
    assert hexagon_index(ground().lon_lat[5:8]).tolist() == [5, 6, 7]


def test_every_activity_is_shared_out_once() -> None:
    assert np.allclose(1.0, activity_fields(3).sum(axis=1))


def test_nobody_is_in_the_mountains_and_nobody_lives_in_a_park() -> None:
    fields = activity_fields(3)
    assert fields[:, inside(ground().lon_lat, geography().mountains.points)].max() == 0
    assert fields[0, in_parks(ground().lon_lat)].max() == 0


def test_each_district_has_its_share_of_the_residents() -> None:
    homes = activity_fields(3)[0]
    for number, share in enumerate(geography().residents_share):
        assert np.isclose(share, homes[ground().district == number].sum())


def test_another_seed_is_another_city() -> None:
    assert not np.allclose(activity_fields(3)[0], activity_fields(4)[0])
