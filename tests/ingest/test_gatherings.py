"""A crowd that nobody registered stays with its hexagon and becomes no venue's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from geo import hexagons, joint
from geo.conformal import Calibration
from geo.coverage import coverage_of_hexagons
from geo.joint_types import JointEstimate
from geo.release import release
from geo.spreading import CarrierCounts
from geo.venue_release import release_venues
from geo.weights import compute_weights
from ingest.crowding import VenueJudge
from ingest.venue_figures import ReleasedBin
from ingest.venue_states import VenueStates
from store.records import Venue, VenueCrowding
from tests.ingest.venue_rows import CITY, GREEN, HOME, NOON, cinema
from tests.rules.builders import draft_policy

POLICY = draft_policy()
RULES = POLICY.crowding
K_MIN, Z = 20, 1.645
SHARES = (0.5, 0.4)
CROWD = 1500.0
BESIDE = int(np.flatnonzero(np.isin(CITY, hexagons.disc(int(CITY[HOME]), 1)) & (CITY[HOME] != CITY))[0])


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one bin came to: the estimate, and what is said of each venue."""

    estimate: JointEstimate
    said: list[VenueCrowding]


def seen(
    people: NDArray[np.float64], *venues: Venue, resolution: int = 9, calibration: Calibration | None = None
) -> Seen:
    """Let two operators count people in H3 cells of a resolution, estimate, release and judge."""
    areas = np.unique(hexagons.parents(CITY, resolution)) if resolution < 9 else CITY
    weights = compute_weights(coverage_of_hexagons(hexagons.hexagon_text(areas)))
    whole = np.zeros(len(weights.hexagons))
    whole[np.searchsorted(weights.hexagons, CITY)] = people
    hidden = np.zeros(len(weights.source_area_ids), bool)
    counts = [CarrierCounts(weights, np.round(share * (weights.cover @ whole)), hidden, share) for share in SHARES]
    ground = joint.layout([weights], weights.hexagons)
    states = VenueStates(POLICY, venues, weights.hexagons)
    prior = states.prior_at(NOON, GREEN)
    estimate = joint.estimate(ground, counts, joint.DEFAULT_THETA, venues=prior, k_min=K_MIN, z=Z)
    released = release(estimate.hexagons, K_MIN, [9])[9]
    rows = release_venues(estimate, prior.membership, released, K_MIN, rival_correlation=0.3, rivals_most=3)
    judge = VenueJudge(POLICY, venues, GREEN, weights.hexagons, np.zeros(len(weights.hexagons)), calibration)
    bin_ = ReleasedBin(NOON, released, states.ids, rows)
    return Seen(estimate, judge.judge(bin_, timedelta(minutes=15)))


def crowd_at(place: int) -> NDArray[np.float64]:
    people = np.full(len(CITY), 200.0)
    people[place] += CROWD
    return people


def small_cafe() -> Venue:
    return cinema("cafe", seats=40, licensed_capacity=40, area_m2=80.0)


@pytest.mark.parametrize("resolution", [9, 8])
@pytest.mark.parametrize("place", [HOME, BESIDE])
def test_a_crowd_beside_a_small_cafe_is_not_the_cafe_s(place: int, resolution: int) -> None:
    [said] = seen(crowd_at(place), small_cafe(), resolution=resolution).said
    assert (said.state, said.level, said.level_high) == ("area_only", None, None)
    assert said.attribution != "venue"
    assert said.high is not None
    assert said.high <= 2 * 40  # nobody believes that it burst


def test_the_crowd_stays_in_its_hexagon() -> None:
    quiet, loud = seen(np.full(len(CITY), 200.0), small_cafe()), seen(crowd_at(BESIDE), small_cafe())
    at = np.searchsorted(loud.estimate.hexagons.hexagons, CITY[[HOME, BESIDE]])
    more = loud.estimate.hexagons.present_population[at] - quiet.estimate.hexagons.present_population[at]
    assert more[1] > 0.7 * CROWD
    assert abs(more[0]) < 0.15 * CROWD


def test_a_crowd_in_a_great_hall_is_the_hall_s_where_counts_resolve_it() -> None:
    hall = cinema("hall", seats=4000, licensed_capacity=4000, area_m2=9000.0)
    counted = Calibration(200, RULES.resolvable_kernel, (), (1.0,), (1.0,))
    [guess], [said] = seen(crowd_at(HOME), hall).said, seen(crowd_at(HOME), hall, calibration=counted).said
    assert (guess.attribution, said.attribution) == ("cannot-tell", "venue"), "head counts make it sure enough"
    assert said.kernel is not None
    assert said.kernel >= RULES.resolvable_kernel
    assert said.best == pytest.approx(CROWD, rel=0.3)


def test_two_great_halls_side_by_side_share_what_cannot_be_told_apart_and_name_each_other() -> None:
    halls = [cinema(name, seats=4000, licensed_capacity=4000, area_m2=9000.0) for name in ("a", "b")]
    first, second = seen(crowd_at(HOME), *halls).said
    assert (first.neighbour_ids, second.neighbour_ids) == (("b",), ("a",))
    assert first.best == second.best
    assert first.attribution != "venue"
