"""Frames are one byte a hexagon; the geometry they colour comes back exactly as it was packed."""

import struct

import h3
import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import hexagons
from geo.errors import PackedBytesError
from geo.frames import code_density, density_codes, frame_codes, interval_frame, window_pack, window_unpack
from geo.geometry_pack import geometry_pack, unpack_geometry
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED
from tests.geo.builders import ALMATY, NAN

MAXIMUM = 40_000.0
HIDDEN = np.array([MISSING, SUPPRESSED, ESTIMATED], dtype=np.uint8)

places = st.tuples(st.floats(-170.0, 170.0), st.floats(-70.0, 70.0), st.integers(5, 12), st.integers(0, 5))


def test_missing_suppressed_and_zero_are_three_bytes() -> None:
    assert frame_codes(np.array([NAN, NAN, 0.0]), HIDDEN, MAXIMUM) == bytes([0, 1, 2])


def test_the_last_step_holds_the_maximum_and_all_beyond() -> None:
    assert density_codes(np.array([MAXIMUM, 1e9]), MAXIMUM).tolist() == [65, 65]


@given(st.integers(2, 65))
def test_the_density_of_a_code_has_that_code(code: int) -> None:
    assert density_codes(np.array([code_density(code, MAXIMUM)]), MAXIMUM).tolist() == [code]


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_denser_is_never_a_lower_code(one: float, other: float) -> None:
    low, high = density_codes(np.array(sorted([one, other])), MAXIMUM)
    assert 2 <= low <= high <= 65


def test_missing_and_suppressed_have_no_density() -> None:
    assert np.isnan(code_density(np.array([0, 1]), MAXIMUM)).all()


def test_an_interval_frame_is_low_codes_then_high_codes() -> None:
    both = interval_frame(np.array([NAN, NAN, 0.0]), np.array([NAN, NAN, MAXIMUM]), HIDDEN, MAXIMUM)
    assert both == bytes([0, 1, 2, 0, 1, 65])


@given(st.integers(1, 6), st.integers(1, 30), st.data())
def test_a_window_of_frames_comes_back_in_order(count: int, size: int, data: st.DataObject) -> None:
    frames = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=count, max_size=count))
    assert window_unpack(window_pack(frames), count) == frames


def test_a_window_holds_differences_by_hexagon() -> None:
    assert window_pack([bytes([2, 9]), bytes([1, 12])]) == bytes([2, 255, 9, 3])


@settings(max_examples=60, deadline=None)
@given(places)
def test_the_geometry_pack_comes_back_exactly_anywhere_on_earth(place: tuple[float, float, int, int]) -> None:
    longitude, latitude, resolution, rings = place
    ids = np.unique(hexagons.disc(hexagons.hexagon_at(longitude, latitude, resolution), rings))
    found = unpack_geometry(geometry_pack(ids))
    assert found.resolution == resolution
    assert (found.hexagons == ids).all()
    assert found.centres == pytest.approx(2 * mercator(hexagons.centres(ids)), abs=0.51)
    expected = np.sort(np.rint(2 * mercator(hexagons.boundaries(ids))), axis=1)
    assert np.abs(np.sort(found.vertices, axis=1) - expected).max() <= 1


def mercator(places: np.ndarray) -> np.ndarray:
    transformer = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True)
    return np.stack(transformer.transform(places[..., 0], places[..., 1]), axis=-1)


CITY = np.unique(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 20))


def test_neighbours_share_their_vertices_to_the_last_digit() -> None:
    vertices = unpack_geometry(geometry_pack(CITY)).vertices.reshape(-1, 2)
    _, times = np.unique(vertices, axis=0, return_counts=True)
    assert times.max() == 3
    assert (times == 3).mean() > 0.85


def test_vertices_start_in_the_north_and_run_as_h3_gives_them() -> None:
    found = unpack_geometry(geometry_pack(CITY))
    assert (found.vertices[:, 0, 1] == found.vertices[:, :, 1].max(axis=1)).all()
    x, y = np.moveaxis(found.vertices, 2, 0).astype(float)
    assert ((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(axis=1) > 0).all()


def test_a_city_takes_few_bytes_a_hexagon() -> None:
    assert len(geometry_pack(CITY)) < 21 * len(CITY)


def test_the_pack_begins_as_its_description_says() -> None:
    packed = geometry_pack(CITY[:2])
    assert struct.unpack_from("<4sBBHI", packed) == (b"OHX1", 9, 0, 0, 2)
    size = struct.unpack_from("<I", packed, 12)[0]
    value, shift = 0, 0
    for byte in packed[16 : 16 + size]:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    assert h3.int_to_str(((value + 1) << 18) - 1) == hexagons.hexagon_text(CITY[:1])[0]


@pytest.mark.parametrize("wrong", [CITY[::-1], CITY[[0, 0]], CITY[:0], np.r_[hexagons.parents(CITY[:1], 8), CITY[:1]]])
def test_hexagons_that_are_not_a_sorted_set_of_one_resolution_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one resolution"):
        geometry_pack(wrong)


@pytest.mark.parametrize("cut", [0, 3, 11, 14, 40, -1])
def test_a_pack_that_breaks_off_is_refused(cut: int) -> None:
    with pytest.raises(PackedBytesError):
        unpack_geometry(geometry_pack(CITY)[:cut])
