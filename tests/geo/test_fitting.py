"""Parameters are chosen from counts: the same from the same counts, and those under which the counts were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import shapely

from geo import hexagons
from geo.coverage import Coverage, RadioParameters
from geo.fitting import (
    FACTOR_RANGE,
    FITTED,
    HEXAGONS_TO_COUNTS,
    TOO_FEW,
    USUAL_RADIO,
    Fit,
    Trial,
    fit,
    interval_factor,
    usual_errors,
)
from geo.hexagons import Floats, HexIds
from geo.joint import DEFAULT_THETA, CarrierErrors
from geo.radio_weights import DEFAULT_RADIO, RadioModel
from geo.spreading import CarrierCounts, union_of_hexagons
from geo.weights import compute_weights
from tests.geo.builders import ALMATY, area_coverage, box_at

SITES_ACROSS = 5
APART = 0.011  # degrees of longitude between sites: 900 m
SHARES = (0.4, 0.3)


def sectors(shift: float, *, azimuth_known: bool = True) -> Coverage:
    """Three sectors on each of 25 sites in a grid, moved by `shift` of their distance."""
    east, north = np.meshgrid(np.arange(SITES_ACROSS), np.arange(SITES_ACROSS))
    longitude = np.repeat(ALMATY[0] + APART * (east.ravel() + shift), 3)
    latitude = np.repeat(ALMATY[1] + 0.73 * APART * (north.ravel() + shift), 3)
    size = len(longitude)
    azimuth = np.tile([0.0, 120.0, 240.0], size // 3) if azimuth_known else np.full(size, np.nan)
    silent = np.full(size, np.nan)
    radio = RadioParameters(longitude, latitude, np.full(size, 2500.0), azimuth, silent, silent, silent)
    ids = tuple(f"s{number:03}" for number in range(size))
    return Coverage("radio_cell", ids, np.asarray(shapely.points(longitude, latitude), dtype=object), radio)


def squares(*, with_hole: bool = False) -> Coverage:
    """A hundred boxes over the same ground, some of them left out."""
    places = [(x, y) for x in range(10) for y in range(10) if not (with_hole and 3 <= x < 6 and 3 <= y < 6)]
    return area_coverage([box_at(0.0055 * x, 0.004 * y, 0.0055, 0.004) for x, y in places])


class Ground:
    """People over the hexagons of some coverages, drawn once, and the counts that carriers make of them."""

    def __init__(self, coverages: Sequence[Coverage], seed: int = 1) -> None:
        self.coverages = coverages
        self.weights = [compute_weights(one) for one in coverages]
        self.hexagons: HexIds = union_of_hexagons(self.weights)
        rng = np.random.default_rng(seed)
        places = hexagons.centres(self.hexagons) - np.array(ALMATY)
        waves = np.cos(places @ rng.normal(0.0, 120.0, (2, 24)) + rng.uniform(0.0, 2 * np.pi, 24)).sum(axis=1)
        self.people: Floats = np.exp(5.0 + 0.9 * waves * np.sqrt(2.0 / 24))

    def counts(self, truths: Sequence[RadioModel]) -> list[CarrierCounts]:
        """Draw one bin, each carrier's phones being served under a true radio model."""
        rng = np.random.default_rng(11)
        found = []
        for number, (coverage, truth) in enumerate(zip(self.coverages, truths, strict=True)):
            true = compute_weights(coverage, radio=truth)
            here = self.people[np.searchsorted(self.hexagons, true.hexagons)]
            drawn = rng.poisson(SHARES[number] * (true.cover @ here)).astype(np.float64)
            hidden = (drawn > 0) & (drawn < 20)
            counts = np.where(hidden, np.nan, drawn)
            found.append(CarrierCounts(self.weights[number], counts, hidden, SHARES[number]))
        return found

    def fit(self, *bins: Sequence[CarrierCounts]) -> Fit:
        return fit(self.coverages, self.weights, self.hexagons, bins, k_min=20)


@pytest.fixture(scope="module")
def two_networks() -> Ground:
    return Ground([sectors(0.0), sectors(0.45)])


def test_the_same_counts_give_the_same_parameters_in_whatever_order_carriers_come(two_networks: Ground) -> None:
    counts = two_networks.counts([DEFAULT_RADIO] * 2)
    first, again, turned = (two_networks.fit(one) for one in (counts, counts, counts[::-1]))
    assert first == again
    assert first.reason == FITTED
    assert (turned.radios, turned.theta.shape) == (first.radios, first.theta.shape)


def test_the_softer_the_choice_of_cell_was_the_softer_it_is_found(two_networks: Ground) -> None:
    truths = (1.0, 5.0, 16.0)
    found = [two_networks.fit(two_networks.counts([RadioModel(3.75, truth)] * 2)) for truth in truths]
    chosen = [np.mean([one.softness_db for one in fitted.radios if one is not None]) for fitted in found]
    assert chosen[0] <= chosen[1] <= chosen[2]
    assert chosen[0] < chosen[2]
    for coverage in (0, 1):
        tried = [{one.value: one.gain for one in fitted.trials if is_softness(one, coverage)} for fitted in found]
        softer = [gains[7.0] - gains[3.5] for gains in tried]
        assert softer[0] + 10.0 < min(softer[1:])


def is_softness(trial: Trial, coverage: int) -> bool:
    return trial.name == "softness_db" and trial.coverage == coverage


def test_what_was_tried_is_told_with_its_gain_and_the_last_that_was_better_is_chosen(two_networks: Ground) -> None:
    found = two_networks.fit(two_networks.counts([RadioModel(3.75, 16.0)] * 2))
    last = [one for one in found.trials if is_softness(one, 1) and one.chosen][-1]
    assert last.gain > 0.0
    assert found.radios[1] is not None
    assert found.radios[1].softness_db == last.value
    assert {one.name for one in found.trials} == {
        "length_m", "cv", "nugget_cv", "model_error", "clumped_error", "share_error", "softness_db", "slope",
    }  # fmt: skip


def test_of_a_very_large_network_the_usual_radio_model_alone_is_tried(
    two_networks: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.fitting.MOST_RADIO_CELLS", 50)
    found = two_networks.fit(two_networks.counts([RadioModel(3.75, 1.0)] * 2))
    assert {one.value for one in found.trials if one.name == "softness_db"} == {USUAL_RADIO.softness_db}
    assert not [one for one in found.trials if one.name == "slope"]


def test_a_carrier_whose_counts_err_more_is_trusted_less(two_networks: Ground) -> None:
    good, bad = two_networks.counts([DEFAULT_RADIO] * 2)
    noise = np.random.default_rng(5).lognormal(0.0, 0.8, len(bad.counts))
    found = two_networks.fit([good, replace(bad, counts=np.round(bad.counts * noise))])
    assert found.theta.carriers[1].model_error > found.theta.carriers[0].model_error


def test_too_few_counts_choose_nothing_and_say_so(two_networks: Ground) -> None:
    first = np.arange(75) < 20
    some = [
        replace(one, counts=np.where(first, one.counts, np.nan), suppressed=one.suppressed & first)
        for one in two_networks.counts([DEFAULT_RADIO] * 2)
    ]
    found = two_networks.fit(some)
    assert (found.reason, found.held_out, found.trials) == (TOO_FEW, 0, ())
    assert found.radios == (DEFAULT_RADIO, DEFAULT_RADIO)
    assert found.theta.shape == DEFAULT_THETA.shape
    assert found.theta.interval_factor == 1.0


def test_nothing_delivered_at_all_chooses_nothing(two_networks: Ground) -> None:
    assert two_networks.fit().reason == TOO_FEW
    assert two_networks.fit([]).counts == 0


def test_shapes_have_no_radio_model_also_with_a_hole_in_the_coverage() -> None:
    ground = Ground([squares(with_hole=True), sectors(0.2)])
    found = ground.fit(ground.counts([DEFAULT_RADIO] * 2))
    assert found.reason == FITTED
    assert found.radios[0] is None
    assert found.radios[1] is not None
    assert len(found.theta.carriers) == 2


def test_a_carrier_alone_is_judged_by_areas_left_out_and_needs_no_azimuth() -> None:
    ground = Ground([sectors(0.0, azimuth_known=False)])
    found = ground.fit(ground.counts([DEFAULT_RADIO]), ground.counts([DEFAULT_RADIO]))
    assert found.reason == FITTED
    assert found.held_out >= found.counts * 0.9
    assert FACTOR_RANGE[0] <= found.theta.interval_factor <= FACTOR_RANGE[1]


def test_the_interval_factor_holds_ninety_of_a_hundred_errors() -> None:
    errors = np.random.default_rng(3).normal(0.0, 1.3, 4000)
    factor = interval_factor(errors)
    assert factor == pytest.approx(HEXAGONS_TO_COUNTS * 1.3, rel=0.05)
    assert (np.abs(errors) <= 1.6449 * factor / HEXAGONS_TO_COUNTS).mean() == pytest.approx(0.9, abs=0.002)


def test_intervals_are_not_narrowed_or_widened_beyond_reason() -> None:
    assert interval_factor(np.random.default_rng(3).normal(0.0, 0.5, 4000)) == FACTOR_RANGE[0]
    assert interval_factor(np.random.default_rng(3).normal(0.0, 5.0, 4000)) == FACTOR_RANGE[1]


def test_few_errors_leave_the_interval_factor_at_one() -> None:
    assert interval_factor(np.full(20, 9.0)) == 1.0


def test_small_squares_are_believed_less_than_sectors_and_large_areas_as_much() -> None:
    square, town = (
        compute_weights(area_coverage([box_at(0.0, 0.0, degrees, 0.73 * degrees)])) for degrees in (0.0062, 0.062)
    )
    assert usual_errors(square).model_error == pytest.approx(1.6 * 200.0 / 500.0, rel=0.05)
    assert usual_errors(town) == usual_errors(compute_weights(sectors(0.0))) == CarrierErrors()
    assert usual_errors(square).clumped_error == CarrierErrors().clumped_error
