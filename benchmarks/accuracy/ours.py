"""The product's own estimate, made of the product's own parts: weights, fit, history, venues, judgement.

What the pipeline does around a database is done here around arrays: a fit on the first day's bins, the counts of
the weeks before as history, registered venues with the policy's expectations. Nothing is set by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.accuracy.scenario import K_MIN, Moment, Registration, Scenario
from geo import joint
from geo.fitting import Fit, fit
from geo.hexagons import HexIds
from geo.joint_types import History, JointEstimate, Theta
from geo.radio_weights import DEFAULT_RADIO
from geo.spreading import CarrierCounts, union_of_hexagons
from geo.weights import SpreadingWeights, compute_weights
from ingest.history import centre
from ingest.venue_states import VenueStates
from rules.policy import Policy, parse_policy
from store.records import Venue

POLICY = "2020-12-01-kz.yaml"
FIRST_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, eq=False)
class Ours:
    """Estimates by moment over `hexagons`; `membership` of the venues in them; what was fitted, in words."""

    hexagons: HexIds
    membership: sparse.csr_array
    estimates: tuple[JointEstimate, ...]
    chosen: str


def policy() -> Policy:
    """Read the policy in force, as the product ships it."""
    return parse_policy(resources.files("config.policies").joinpath(POLICY).read_text(encoding="utf-8"), POLICY)


def estimate_all(scenario: Scenario, rules: Policy) -> Ours:
    """Estimate every moment of a scenario."""
    weights, theta, chosen = _fitted(scenario)
    ground = joint.layout(weights, union_of_hexagons(weights))
    states = VenueStates(rules, _venues(scenario), ground.hexagons)
    estimates = []
    for number, moment in enumerate(scenario.moments):
        past = scenario.past[number] if scenario.past else ()
        delivered = carrier_counts(scenario.registrations, weights, moment)
        silent = [_nothing_of(*one) for one in zip(scenario.registrations, weights, strict=True)] if past else delivered
        counts = [found for pair in zip(delivered, silent, strict=True) if (found := pair[0] or pair[1]) is not None]
        estimate = joint.estimate(
            ground,
            counts,
            theta,
            history=_history(ground, moment, past) if past else None,
            venues=states.prior_at(moment.start, ()),
            k_min=K_MIN,
            z=rules.estimation.interval_z,
            believed_within=rules.estimation.believed_within,
        )
        estimates.append(estimate)
    return Ours(ground.hexagons, states.membership, tuple(estimates), chosen)


_fits: dict[tuple[str, ...], tuple[tuple[SpreadingWeights, ...], Theta, str]] = {}


def _fitted(scenario: Scenario) -> tuple[tuple[SpreadingWeights, ...], Theta, str]:
    """Choose the parameters from the first day of a network, once for all scenarios that share it."""
    key = tuple(one.coverage.digest for one in scenario.registrations)
    if key not in _fits:
        _fits.clear()
        _fits[key] = _fit(scenario)
    return _fits[key]


def _fit(scenario: Scenario) -> tuple[tuple[SpreadingWeights, ...], Theta, str]:
    coverages = [one.coverage for one in scenario.registrations]
    weights = tuple(compute_weights(one) for one in coverages)
    first = [some[-1] for some in scenario.past] if scenario.past else list(scenario.moments)
    day = [one for one in first if one.start - first[0].start < FIRST_DAY]
    bins = [[c for c in carrier_counts(scenario.registrations, weights, one) if c is not None] for one in day]
    found = fit(coverages, weights, union_of_hexagons(weights), bins, k_min=K_MIN)
    radios = [one or DEFAULT_RADIO for one in found.radios]
    fitted = tuple(compute_weights(one, radio=radio) for one, radio in zip(coverages, radios, strict=True))
    return fitted, found.theta, _in_words(found)


def _in_words(found: Fit) -> str:
    theta = found.theta
    radio = ", ".join(f"slope {one.slope:g} softness {one.softness_db:g} dB" for one in found.radios if one is not None)
    shape = f"length {theta.shape.length_m:g} m, cv {theta.shape.cv:g}, nugget {theta.shape.nugget_cv:g}"
    errors = ", ".join(f"{one.model_error:g}" for one in theta.carriers)
    return f"{radio}; {shape}; model errors {errors}; interval factor {theta.interval_factor:.2f}"


def carrier_counts(
    registrations: tuple[Registration, ...], weights: tuple[SpreadingWeights, ...], moment: Moment
) -> list[CarrierCounts | None]:
    """Give a moment's counts as the estimator takes them; None for a carrier that did not deliver."""
    return [
        None
        if counted is None
        else CarrierCounts(one, counted.counts, counted.suppressed, registered.share, registered.counts_people)
        for registered, one, counted in zip(registrations, weights, moment.counted, strict=True)
    ]


def _nothing_of(registered: Registration, weights: SpreadingWeights) -> CarrierCounts:
    """Give counts without any number of a carrier that did not deliver: its past says what is usual."""
    size = len(weights.source_area_ids)
    nothing = np.full(size, np.nan)
    return CarrierCounts(weights, nothing, np.zeros(size, bool), registered.share, registered.counts_people)


def _history(ground: joint.Layout, moment: Moment, past: tuple[Moment, ...]) -> History:
    """Make the history of a bin: the centre of the counts of the same hour before, hidden ones as their middle."""
    usual = [centre([_middles(one, n) for one in past]) for n in range(len(moment.counted))]
    return History(mean=np.full(len(ground.hexagons), np.nan), usual_counts=usual, bins=len(past))


def _middles(moment: Moment, number: int) -> NDArray[np.float32]:
    counted = moment.counted[number]
    if counted is None:
        raise ValueError("a carrier of this bin was not there in the weeks before")
    return np.where(counted.suppressed, K_MIN / 2.0, counted.counts).astype(np.float32)


def _venues(scenario: Scenario) -> list[Venue]:
    return [Venue(draft.source_id, draft.source_id, draft) for draft in scenario.venues]
