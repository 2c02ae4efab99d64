"""What is released of venues tells nothing that their hexagons hide."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from geo.errors import PackedBytesError
from geo.joint_types import JointEstimate, VenueEstimate
from geo.release import Released, rounded
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED, HexagonEstimate
from geo.venue_release import ReleasedVenues, mean_of_venue_releases, release_venues, strongest_rivals

IDS = np.arange(4, dtype=np.uint64)
# Venue 0 in hexagon 0, venue 1 in 0 and 1, venue 2 in 2, venue 3 half off the map.
MEMBERSHIP = sparse.csr_array(np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0.5]], float))
PEOPLE = np.array([312.0, 87.4, 1234.0, 50.0])


def released_hexagons(*states: int) -> Released:
    ones = np.full(4, 500.0)
    return Released(IDS, ones, ones, ones, np.array(states or [ESTIMATED] * 4, np.uint8))


def joint(people: np.ndarray[Any, Any] = PEOPLE, share: float = 1.0, **facts: Any) -> JointEstimate:
    """An estimate of four venues, each with an sd of a tenth of its people."""
    ones = np.ones(len(people))
    venues = VenueEstimate(
        mean=people,
        sd=people / 10,
        low=people * 0.8,
        high=people * 1.2,
        kernel=ones * 0.71234,
        area_mean=ones * 500,
        area_sd=ones * 61,
        own_probability=ones * 0.876,
        reach=ones * 0.999,
        rivals=sparse.csr_array((len(people), len(people))),
        background_rival=ones * 0,
    )
    of_hexagons = np.full(4, 500.0)
    hexagons = HexagonEstimate(
        IDS, of_hexagons, of_hexagons, of_hexagons, np.full(4, ESTIMATED, np.uint8), of_hexagons, np.full(4, share),
        of_hexagons,
    )  # fmt: skip
    return JointEstimate(hexagons, of_hexagons, of_hexagons, replace(venues, **facts), ())


def released(*states: int, estimate: JointEstimate | None = None, k_min: int = 20) -> ReleasedVenues:
    hexagons = released_hexagons(*states)
    return release_venues(estimate or joint(), MEMBERSHIP, hexagons, k_min, rival_correlation=0.3, rivals_most=2)


def test_people_are_rounded_as_hexagons_are_and_shares_to_hundredths() -> None:
    found = released()
    assert found.best[:3].tolist() == [310.0, 85.0, 1200.0]
    assert np.array_equal(found.sd[:3], rounded(PEOPLE[:3] / 10))
    assert (found.kernel[0], found.own_probability[0], found.reach[0]) == (0.712, 0.88, 1.0)


def test_a_venue_is_hidden_where_a_hexagon_it_touches_is_and_no_other() -> None:
    found = released(ESTIMATED, SUPPRESSED, ESTIMATED, ESTIMATED)
    assert found.state.tolist() == [ESTIMATED, SUPPRESSED, ESTIMATED, MISSING]
    numbers = (found.best, found.low, found.high, found.sd, found.kernel, found.own_probability, found.reach)
    assert all(np.isnan(values[1]) for values in numbers)
    assert np.isnan(found.area_sd[1])


def test_a_venue_of_a_missing_hexagon_or_beyond_the_map_is_missing() -> None:
    assert released(MISSING, SUPPRESSED, ESTIMATED, ESTIMATED).state.tolist() == [
        MISSING, MISSING, ESTIMATED, MISSING,
    ]  # fmt: skip


def test_fewer_people_than_k_min_phones_stand_for_are_one_band_whatever_their_number() -> None:
    bands = []
    for people in (0.4, 7.0, 24.9):
        rest = [87.4, 1234.0, 50.0]
        sure = {"sd": np.array([8.0, *rest]), "high": np.array([people + 13.2, *rest])}
        found = released(estimate=joint(np.array([people, *rest]), share=0.8, **sure))
        assert found.few.tolist() == [True, False, False, False]
        bands.append((found.best[0], found.low[0], found.high[0], found.sd[0]))
    assert set(bands) == {(15.0, 0.0, 40.0, 15.0)}  # 20 phones stand for 25 people; all is rounded to 5
    assert not released(estimate=joint(np.array([25.0, 87.4, 1234.0, 50.0]), share=0.8)).few[0]
    assert not released(estimate=joint(np.array([0.0, 87.4, 1234.0, 50.0]))).few[0]


def test_what_is_packed_comes_back_to_the_last_bit() -> None:
    found = replace(released(ESTIMATED, SUPPRESSED, ESTIMATED, ESTIMATED), rivals=np.array([[0, 2]], np.int32))
    same = ReleasedVenues.from_bytes(found.to_bytes())
    assert same.to_bytes() == found.to_bytes()
    for name in (
        "state",
        "best",
        "low",
        "high",
        "sd",
        "few",
        "kernel",
        "own_probability",
        "reach",
        "area_sd",
        "rivals",
    ):
        assert np.array_equal(getattr(same, name), getattr(found, name), equal_nan=name not in ("few",)), name


def test_other_bytes_are_refused() -> None:
    with pytest.raises(PackedBytesError):
        ReleasedVenues.from_bytes(released_hexagons().to_bytes())


def test_no_venue_at_all_is_released_too() -> None:
    none = joint(np.zeros(0))
    found = release_venues(none, MEMBERSHIP[:0], released_hexagons(), 20, rival_correlation=0.3, rivals_most=2)
    assert len(ReleasedVenues.from_bytes(found.to_bytes())) == 0


def test_the_public_hour_is_a_mean_of_released_rows_and_hides_what_any_of_them_hides() -> None:
    first, second = released(), released(estimate=joint(PEOPLE * 2))
    hidden = released(SUPPRESSED, SUPPRESSED, ESTIMATED, ESTIMATED)
    assert mean_of_venue_releases([first, second]).best[0] == rounded(np.array([(310 + 620) / 2]))[0]
    assert mean_of_venue_releases([first, hidden]).state.tolist() == [SUPPRESSED, SUPPRESSED, ESTIMATED, MISSING]
    partly = mean_of_venue_releases([first, ReleasedVenues.missing(4)])
    assert partly.best[0] == first.best[0]
    with pytest.raises(ValueError, match="same venues"):
        mean_of_venue_releases([])


def test_rivals_are_named_both_ways_the_strongest_first_and_only_a_few() -> None:
    pairs = {(0, 1): -0.9, (0, 2): -0.8, (0, 3): -0.7, (2, 3): -0.31, (1, 3): -0.3, (1, 2): 0.9}
    correlation = np.zeros((4, 4))
    for (one, other), value in pairs.items():
        correlation[one, other] = correlation[other, one] = value
    told = np.ones(4, bool)
    assert strongest_rivals(sparse.csr_array(correlation), 0.3, 2, told).tolist() == [[0, 1], [0, 2], [2, 3]]
    told[1] = False
    assert strongest_rivals(sparse.csr_array(correlation), 0.3, 2, told).tolist() == [[0, 2], [0, 3], [2, 3]]


@given(st.lists(st.floats(0, 1e6), min_size=4, max_size=4), st.integers(15, 50), st.floats(0.1, 1.3))
def test_the_interval_holds_the_best_number(people: list[float], k_min: int, share: float) -> None:
    found = released(estimate=joint(np.array(people), share), k_min=k_min)
    told = found.state == ESTIMATED
    assert (found.low[told] <= found.best[told]).all()
    assert (found.best[told] <= found.high[told]).all()
