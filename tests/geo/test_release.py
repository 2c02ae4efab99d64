"""The release hides what is small, rounds on a ladder, and its parents know nothing more than its children."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import hexagons
from geo.errors import PackedBytesError
from geo.release import Released, coarser, ladder_codes, ladder_values, mean_of_releases, release, rounded
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED, HexagonEstimate
from tests.geo.builders import ALMATY, NAN

K_MIN = 20
CITY = np.sort(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 6))

cells = st.tuples(
    st.sampled_from([MISSING, SUPPRESSED, ESTIMATED, ESTIMATED, ESTIMATED]),
    st.one_of(st.just(0.0), st.floats(0.0, 60.0), st.floats(0.0, 1e6)),
    st.floats(0.05, 1.3),
)


def estimate_of(values: list[tuple[int, float, float]]) -> HexagonEstimate:
    state, people, share = (np.array(v, dtype=float) for v in zip(*values, strict=True))
    people = np.where(state == MISSING, NAN, people)
    return HexagonEstimate(
        CITY[: len(values)],
        people,
        people * 0.7,
        people * 1.4,
        state.astype(np.uint8),
        people * share,
        share,
        np.ones(len(values)),
    )


estimates = st.lists(cells, min_size=30, max_size=60).map(estimate_of)


@settings(deadline=None)
@given(estimates)
def test_nobody_sees_a_hexagon_with_fewer_devices_than_k_min(estimate: HexagonEstimate) -> None:
    released = release(estimate, K_MIN)[9]
    shown = np.isfinite(released.present_population)
    devices = estimate.device_count[shown]
    assert ((devices == 0) | (devices >= K_MIN)).all()
    assert (shown == (released.state == ESTIMATED)).all()
    assert (released.state[estimate.state == SUPPRESSED] == SUPPRESSED).all()


@settings(deadline=None)
@given(estimates)
def test_parents_are_made_of_released_children_only(estimate: HexagonEstimate) -> None:
    all_three = release(estimate, K_MIN)
    fine = all_three[9]
    for resolution in (8, 7):
        parent_of = hexagons.parents(fine.hexagons, resolution)
        for n, parent in enumerate(all_three[resolution].hexagons):
            kin = parent_of == parent
            told = np.nansum(fine.present_population[kin])
            states = fine.state[kin]
            assert all_three[resolution].state[n] == states.max()
            if states.max() == ESTIMATED:
                assert all_three[resolution].present_population[n] == rounded(np.array([told]))[0]
                assert all_three[resolution].high[n] == rounded(np.array([np.nansum(fine.high[kin])]))[0]
            else:
                assert np.isnan(all_three[resolution].present_population[n])


@given(st.integers(1, K_MIN - 1), st.integers(1, K_MIN - 1))
def test_a_suppressed_hexagon_looks_the_same_whatever_it_hides(one: int, other: int) -> None:
    first, second = (release(estimate_of([(ESTIMATED, n / 0.5, 0.5)]), K_MIN)[9] for n in (one, other))
    assert first.to_bytes() == second.to_bytes()
    assert first.low[0] == 0.0
    assert first.high[0] >= (K_MIN - 1) / 0.5


def test_exactly_k_min_devices_are_shown_and_one_less_is_not() -> None:
    shown = release(estimate_of([(ESTIMATED, 40.0, 0.5), (ESTIMATED, 39.9, 0.5), (ESTIMATED, 0.0, 0.5)]), K_MIN)[9]
    assert shown.state.tolist() == [ESTIMATED, SUPPRESSED, ESTIMATED]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (0, 0),
        (2.4, 0),
        (2.5, 5),
        (97.4, 95),
        (97.5, 100),
        (99.9, 100),
        (104, 100),
        (105, 110),
        (994, 990),
        (995, 1000),
        (1049, 1000),
        (1050, 1100),
        (9949, 9900),
        (9950, 10000),
        (123456, 120000),
        (999999, 1000000),
        (-3, 0),
    ],
)
def test_the_rounding_ladder(people: float, expected: float) -> None:
    assert rounded(np.array([people])).tolist() == [expected]


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_rounding_keeps_order_is_stable_and_is_never_far_off(one: float, other: float) -> None:
    low, high = rounded(np.array(sorted([one, other])))
    assert low <= high
    assert rounded(np.array([high])).tolist() == [high]
    assert abs(high - max(one, other)) <= max(2.5, 0.05001 * max(one, other))


def test_every_code_of_the_ladder_is_a_step_of_its_own() -> None:
    codes = np.arange(1000, dtype=np.uint16)
    values = ladder_values(codes)
    assert (np.diff(values) > 0).all()
    assert (ladder_codes(values) == codes).all()
    assert ladder_values(ladder_codes(np.array([NAN]))) == pytest.approx([NAN], nan_ok=True)


@settings(deadline=None)
@given(estimates)
def test_a_release_survives_packing(estimate: HexagonEstimate) -> None:
    released = release(estimate, K_MIN)[8]
    again = Released.from_bytes(released.to_bytes(), released.hexagons)
    for name in ("hexagons", "present_population", "low", "high", "state"):
        np.testing.assert_array_equal(getattr(again, name), getattr(released, name))


def test_a_release_of_other_hexagons_is_refused() -> None:
    released = release(estimate_of([(ESTIMATED, 100.0, 0.5)] * 30), K_MIN)[9]
    with pytest.raises(PackedBytesError):
        Released.from_bytes(released.to_bytes(), CITY[:29])


def test_the_mean_of_an_hour_leaves_out_missing_bins_and_hides_what_any_bin_hides() -> None:
    quarters = [
        release(estimate_of([(ESTIMATED, 100.0, 0.5), (MISSING, 0, 0.5), (ESTIMATED, 100.0, 0.5)]), K_MIN)[9],
        release(estimate_of([(ESTIMATED, 200.0, 0.5), (ESTIMATED, 80.0, 0.5), (ESTIMATED, 10.0, 0.5)]), K_MIN)[9],
    ]
    mean = mean_of_releases(quarters)
    assert mean.state.tolist() == [ESTIMATED, ESTIMATED, SUPPRESSED]
    assert mean.present_population == pytest.approx([150.0, 80.0, NAN], nan_ok=True)
    assert mean.low[2] == 0.0


def test_a_mean_needs_releases_of_the_same_hexagons() -> None:
    released = release(estimate_of([(ESTIMATED, 100.0, 0.5)] * 30), K_MIN)[9]
    for wrong in ([], [released, coarser(released, 8)]):
        with pytest.raises(ValueError, match="same hexagons"):
            mean_of_releases(wrong)
