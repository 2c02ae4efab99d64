"""People at venues: bounds that hold whoever else is there."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import hexagons
from geo.crowding import VenuePeople, venue_membership, venue_people
from geo.release import Released
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED
from tests.geo.builders import ALMATY, NAN, box_at, polygons

CITY = np.sort(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 40))
HOME = int(np.searchsorted(CITY, hexagons.hexagon_at(*ALMATY, 9)))
INSIDE = tuple(hexagons.centres(CITY[HOME : HOME + 1])[0].tolist())


def released(people: float, low: float, high: float, state: int = ESTIMATED) -> Released:
    best, lows, highs = (np.full(len(CITY), v) for v in (people, low, high))
    states = np.full(len(CITY), ESTIMATED, dtype=np.uint8)
    best[HOME], states[HOME] = (people if state == ESTIMATED else NAN), state
    return Released(CITY, best, lows, highs, states)


def at_home(capacity: list[float], residents: float, rows: Released | None = None) -> VenuePeople:
    """Venues that all stand in one hexagon, with 1,000 (800 to 1,200) people in it."""
    membership = venue_membership([INSIDE] * len(capacity), CITY)
    homes = np.full(len(CITY), residents)
    return venue_people(membership, rows or released(1000.0, 800.0, 1200.0), np.array(capacity), homes, 1.25)


@settings(max_examples=40, deadline=None)
@given(st.lists(polygons(), min_size=1, max_size=4))
def test_a_venue_is_shared_out_over_its_hexagons_whole(shapes: list[object]) -> None:
    membership = venue_membership([shapely.to_wkb(shape) for shape in shapes], CITY)
    assert np.asarray(membership.sum(axis=1)).ravel() == pytest.approx(np.ones(len(shapes)))


def test_a_point_belongs_to_its_hexagon() -> None:
    membership = venue_membership([INSIDE, shapely.to_wkb(shapely.Point(INSIDE))], CITY)
    assert membership.toarray()[:, HOME].tolist() == [1.0, 1.0]


def test_a_lone_venue_without_homes_around_has_all_the_people() -> None:
    found = at_home([500.0], 0.0)
    assert (found.low[0], found.best[0], found.high[0]) == (800.0, 1000.0, 1200.0)
    assert found.neighbours.tolist() == [0]


def test_homes_and_other_venues_may_hold_the_people_instead() -> None:
    found = at_home([500.0, 100.0], 400.0)
    assert found.low[0] == 800.0 - 400.0 * 1.25 - 100.0
    assert found.best[0] == pytest.approx(1000.0 * 500 / (500 + 100 + 400))
    assert found.neighbours.tolist() == [1, 1]


def test_a_closed_neighbour_takes_nobody_away() -> None:
    found = at_home([500.0, 0.0], 0.0)
    assert found.low.tolist() == [800.0, 300.0]
    assert found.neighbours.tolist() == [0, 1]


@pytest.mark.parametrize(("capacity", "residents"), [([500.0, NAN], 0.0), ([500.0, 100.0], NAN)])
def test_what_is_not_known_makes_the_lower_bound_zero(capacity: list[float], residents: float) -> None:
    found = at_home(capacity, residents)
    assert found.low[0] == 0.0
    assert found.high[0] == 1200.0


@pytest.mark.parametrize("state", [MISSING, SUPPRESSED])
def test_a_missing_or_suppressed_hexagon_marks_its_venues_and_no_others(state: int) -> None:
    elsewhere = tuple(hexagons.centres(CITY[:1])[0].tolist())
    membership = venue_membership([INSIDE, elsewhere], CITY)
    rows = released(1000.0, 800.0, 1200.0, state)
    found = venue_people(membership, rows, np.array([5.0, 5.0]), np.zeros(len(CITY)), 1.25)
    assert found.state.tolist() == [state, ESTIMATED]
    assert np.isnan(found.best).tolist() == [True, False]


def test_a_venue_beyond_the_map_has_no_data() -> None:
    across_the_edge = shapely.box(*ALMATY, ALMATY[0] + 1.0, ALMATY[1] + 0.001)
    membership = venue_membership([(10.0, 50.0), shapely.to_wkb(across_the_edge)], CITY)
    found = venue_people(membership, released(1.0, 1.0, 1.0), np.ones(2), np.zeros(len(CITY)), 1.25)
    assert found.state.tolist() == [MISSING, MISSING]


@given(st.floats(0, 1e5), st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4))
def test_low_best_and_high_stay_in_order(people: float, own: float, other: float, homes: float) -> None:
    found = at_home([own, other], homes, released(people, people * 0.8, people * 1.2))
    assert (found.low <= found.best).all()
    assert (found.best <= found.high).all()


def test_a_venue_over_two_hexagons_counts_the_people_of_both() -> None:
    wide = box_at(0.0, 0.0, 0.004, 0.0001)
    membership = venue_membership([shapely.to_wkb(wide)], CITY)
    touched = membership.nnz
    found = venue_people(membership, released(10.0, 8.0, 12.0), np.array([1.0]), np.zeros(len(CITY)), 1.25)
    assert touched >= 2
    assert found.high[0] == pytest.approx(12.0 * touched)
