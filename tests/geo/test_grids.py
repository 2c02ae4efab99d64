"""Grids whose ids say where they lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import coverage_of_geohashes, coverage_of_hexagons, looks_like
from geo.errors import CoverageError
from geo.grids import geohash_bounds

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"


def test_a_geohash_of_the_literature() -> None:
    west, south, east, north = geohash_bounds("ezs42")
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((-5.603, 42.605), abs=1e-3)
    assert geohash_bounds("s") == (0.0, 0.0, 45.0, 45.0)


@given(st.text(ALPHABET, min_size=1, max_size=11), st.sampled_from(ALPHABET))
def test_a_longer_geohash_lies_within_the_shorter(text: str, letter: str) -> None:
    outer, inner = geohash_bounds(text), geohash_bounds(text + letter)
    assert outer[0] <= inner[0] < inner[2] <= outer[2]
    assert outer[1] <= inner[1] < inner[3] <= outer[3]


@pytest.mark.parametrize("text", ["", "a", "txw!", "txwwj7txwwj7t"])
def test_a_bad_geohash_is_named(text: str) -> None:
    with pytest.raises(CoverageError) as error:
        coverage_of_geohashes(["txwwj7", text])
    assert error.value.code == "coverage-geohash-unknown"


def test_a_bad_hexagon_is_named() -> None:
    with pytest.raises(CoverageError) as error:
        coverage_of_hexagons(["8920a4d8b5bffff", "8920a4d8b5bfff0"])
    assert error.value.params == {"id": "8920a4d8b5bfff0"}


@pytest.mark.parametrize(
    ("ids", "grid"),
    [
        (["8920a4d8b5bffff"], "h3"),
        (["txwwj7", "TXWWJ8"], "geohash"),
        (["53394509", "53394518"], None),
        ([], None),
        (["8920a4d8b5bffff", "txwwj7"], None),
        (["11110530"], None),
        (["zone-1"], None),
    ],
)
def test_what_ids_look_like(ids: list[str], grid: str | None) -> None:
    assert looks_like(ids) == grid
