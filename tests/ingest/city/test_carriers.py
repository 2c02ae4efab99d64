from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ingest.city import City
from ingest.city.carriers import PLANS, Carrier
from ingest.city.counting import (
    INDOOR_CATCH,
    K_MIN,
    OFF_AIR_AREA,
    expected_devices,
    history_counts,
    live_counts,
    usual_hours,
)
from ingest.city.people import ground
from ingest.city.radio import _balanced, _path_loss, _pattern
from ingest.city.rhythms import TIMEZONE, bin_of_week
from ingest.city.truth import bin_truth

EVENING = datetime(2025, 6, 6, 20, tzinfo=TIMEZONE).astimezone(UTC)
OFF_AIR = datetime(2025, 6, 6, 14, tzinfo=TIMEZONE).astimezone(UTC)
CODES = [plan.code for plan in PLANS]


@pytest.fixture(params=CODES)
def carrier(request: pytest.FixtureRequest, city: City) -> Carrier:
    return city.carrier(request.param)


def test_shares_add_up_to_no_more_than_the_contract_allows(city: City) -> None:
    assert 0.9 < sum(carrier.share for carrier in city.carriers) <= 1.3


def test_source_area_ids_are_unique(carrier: Carrier) -> None:
    assert len(set(carrier.source_area_ids)) == len(carrier.source_area_ids)


def test_every_inhabited_hexagon_is_served_once(carrier: Carrier) -> None:
    lived_in = np.flatnonzero(ground().district >= 0)
    for share in (carrier.reach.day, carrier.reach.night):
        served = np.bincount(carrier.reach.hexagon, share, len(ground().ids))
        assert np.allclose(1.0, served[lived_in])
        assert served.sum() == pytest.approx(len(lived_in))


def test_most_hexagons_are_shared_between_several_areas(carrier: Carrier) -> None:
    areas = np.bincount(carrier.reach.hexagon, minlength=len(ground().ids))[ground().district >= 0]
    assert 2 < areas.mean() < 20


def test_the_recorded_azimuth_is_wrong_by_about_eight_degrees(city: City) -> None:
    network = city.carrier("tulpar").network
    error = (network.recorded_azimuth - network.azimuth + 180) % 360 - 180
    assert 6.5 < error.std() < 9.5


def test_the_true_share_differs_by_district_and_hour_about_the_registered_one(city: City, carrier: Carrier) -> None:
    night, noon = (carrier.true_share(bin_of_week(EVENING.replace(hour=hour))) for hour in (22, 7))
    lived_in = ground().district >= 0
    assert night[lived_in].std() > 0.03 * carrier.share
    assert not np.allclose(night, noon)
    assert night[~lived_in].max() == 0
    weighted = (night * city.residents).sum() / city.residents.sum()
    assert weighted == pytest.approx(carrier.share, rel=0.08)


def test_expected_devices_are_the_people_times_the_true_share(city: City, carrier: Carrier) -> None:
    truth = bin_truth(city.world, EVENING)
    week_bin = bin_of_week(EVENING)
    expected = expected_devices(city.world, carrier, truth.people, truth.venue_people, week_bin)
    assert expected.sum() == pytest.approx((truth.people * carrier.true_share(week_bin)).sum(), rel=1e-3)


def test_counts_are_drawn_about_the_expected_devices(city: City, carrier: Carrier) -> None:
    truth = bin_truth(city.world, EVENING)
    expected = expected_devices(city.world, carrier, truth.people, truth.venue_people, bin_of_week(EVENING))
    draws = [live_counts(replace(city.world, seed=seed), carrier, truth).device_count for seed in range(40)]
    big = expected > 100
    deviation = (np.mean(draws, axis=0)[big] - expected[big]) / np.sqrt(expected[big] / 40)
    assert abs(deviation.mean()) < 0.3
    assert 0.8 < deviation.std() < 1.2


def test_small_counts_are_suppressed_and_zero_stays_zero(city: City, carrier: Carrier) -> None:
    counts = city.live_counts(carrier, EVENING)
    assert counts.suppressed.any()
    assert (counts.device_count[counts.suppressed] == 0).all()
    delivered = counts.device_count[~counts.suppressed]
    assert ((delivered == 0) | (delivered >= K_MIN)).all()


def test_one_sector_is_off_air_for_two_hours(city: City) -> None:
    tulpar = city.carrier("tulpar")
    off = ~city.live_counts(tulpar, OFF_AIR).on_air
    assert np.flatnonzero(off).tolist() == [OFF_AIR_AREA]
    assert city.live_counts(tulpar, EVENING).on_air.all()
    assert city.live_counts(city.carrier("samal"), OFF_AIR).on_air.all()


def test_an_indoor_cell_sees_most_of_its_venue(city: City) -> None:
    tulpar, truth = city.carrier("tulpar"), bin_truth(city.world, EVENING)
    row = tulpar.indoor_venue.tolist().index(1)
    counted = int(city.live_counts(tulpar, EVENING).device_count[tulpar.indoor_area[row]])
    share = tulpar.true_share(bin_of_week(EVENING))[tulpar.indoor_hexagon[row]]
    assert counted == pytest.approx(INDOOR_CATCH * share * truth.venue_people[1], rel=0.15)


def test_history_is_the_mean_of_the_usual_hour(city: City, carrier: Carrier) -> None:
    hours = usual_hours(city.world, carrier)
    assert hours.shape == (168, len(carrier.source_area_ids))
    counts = history_counts(city.world, carrier, hours, EVENING)
    usual = hours[bin_of_week(EVENING) // 4]
    assert counts.device_count.sum() == pytest.approx(usual[~counts.suppressed].sum(), rel=0.15)
    assert counts.on_air.all()


def test_the_same_bin_gives_the_same_counts(city: City, carrier: Carrier) -> None:
    once, again = (city.live_counts(carrier, EVENING).device_count for _ in range(2))
    assert np.array_equal(once, again)


def test_path_loss_bends_at_the_break_point_and_is_steeper_beyond() -> None:
    people = np.array([2000.0])
    near, at, beyond = (_path_loss(np.full((1, 1, 1), d), people).item() for d in (22.0, 220.0, 2200.0))
    assert at - near == pytest.approx(26.0)
    assert beyond - at == pytest.approx(43.0)


def test_an_antenna_hears_best_along_its_axis() -> None:
    assert _pattern(np.array([0.0, 65.0, -65.0, 180.0, 360.0])).tolist() == [0.0, 12.0, 12.0, 25.0, 0.0]


def test_balancing_moves_phones_off_a_full_sector() -> None:
    level = np.zeros((40, 7, 2), dtype=np.float32)
    level[..., 0] = 2.0
    sectors = np.tile(np.array([0, 1], dtype=np.int32), (40, 1))
    noise = np.random.default_rng(1).normal(0, 3, (16, 40, 7, 2)).astype(np.float32)
    unbalanced = np.mean((level + noise).argmax(axis=3) == 0)
    balanced = np.mean(_balanced(level, sectors, noise, np.ones(40), 2) == 0)
    assert 0.5 < balanced < unbalanced - 0.03
