"""Say how probable it is that a closed venue holds a gathering, from what counts say beyond what was expected.

Promises: a signal of its own, never a level: a probability between "nobody but staff" and "a gathering of the size that
the policy names", discounted where many people live, and None where nothing may or can be said: the venue is open,
has just closed, or it is not known how many live there. The interval of a closed venue allows for such a gathering as
far as counts do, whoever lives there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, isnan, log, pi, sqrt

from rules.crowding import VenueFigures
from rules.crowding_policy import CrowdingPolicy

LEAST_KERNEL = 1e-3  # below, a released kernel is a rounded zero and counts have told nothing


STEPS = 40  # halvings: an interval's end is found to a person in any crowd


@dataclass(frozen=True, slots=True)
class Gathering:
    """What counts say of a gathering in a closed venue: its probability; its people and their sd if there is one."""

    probability: float
    people: float
    sd: float


def after_hours_probability(
    figures: VenueFigures,
    expected_sd: float,
    capacity: float,
    residents: float,
    closed_minutes: float | None,
    policy: CrowdingPolicy,
) -> float | None:
    """Return the probability of a gathering in a closed venue.

    `expected_sd`: standard deviation of the people expected (0) before counting, which the figures started from;
    `residents`: people who live in its hexagons, NaN unknown; `closed_minutes`: since it closed, None when open or not
    known. What the counts alone say follows from the kernel R: y = best / R, with variance expected_sd² (1 - R) / R.
    """
    rule = policy.after_hours
    if isnan(residents) or closed_minutes is None or closed_minutes < rule.wait_minutes:
        return None
    found = gathering_in(figures, expected_sd, capacity, policy)
    if found is None or not figures.reach >= policy.reach_min:
        return None
    return found.probability * capacity / (capacity + policy.residents_margin * residents)


def gathering_in(
    figures: VenueFigures, expected_sd: float, capacity: float, policy: CrowdingPolicy
) -> Gathering | None:
    """Return what counts say of a gathering in a closed venue, whoever lives there; None where they say nothing."""
    rule, kernel = policy.after_hours, min(figures.kernel, 1.0 - LEAST_KERNEL)
    if figures.state != "estimated" or not capacity > 0.0 or not kernel >= LEAST_KERNEL:
        return None
    counted, variance = figures.best / kernel, expected_sd**2 * (1.0 - kernel) / kernel
    staff, party = rule.staff_share * capacity, rule.gathering_share * capacity
    quiet = _log_density(counted, 0.0, variance + staff**2) + log(1.0 - rule.prior)
    # More people than such a gathering has are no reason to believe in none.
    like_party = _log_density(min(counted, party), party, variance + (rule.gathering_sd_share * capacity) ** 2)
    crowd = like_party + log(rule.prior)
    weight, before = 1.0 / max(variance, 1.0), 1.0 / max((rule.gathering_sd_share * capacity) ** 2, 1.0)
    people = (weight * counted + before * party) / (weight + before)
    return Gathering(_logistic(crowd - quiet), people, 1.0 / sqrt(weight + before))


def high_with_gathering(figures: VenueFigures, gathering: Gathering, factor: float, interval_z: float) -> float:
    """Return the upper end of a closed venue's interval: beyond it lies no more of both cases than of one before.

    `figures` are widened already, the gathering by the same `factor`. A gathering less probable than what an interval
    leaves out changes nothing.
    """
    left_out = _above(interval_z)
    if gathering.probability <= left_out:
        return figures.high
    sd = factor * gathering.sd
    low, high = figures.best, max(figures.high, gathering.people + interval_z * sd)
    for _step in range(STEPS):
        middle = 0.5 * (low + high)
        quiet = _above((middle - figures.best) / max(figures.sd, 1.0))
        crowd = _above((middle - gathering.people) / max(sd, 1.0))
        beyond = (1.0 - gathering.probability) * quiet + gathering.probability * crowd
        low, high = (middle, high) if beyond > left_out else (low, middle)
    return max(high, figures.high)


def _above(deviations: float) -> float:
    """Return the upper tail of the standard normal distribution."""
    return 0.5 * erfc(deviations / sqrt(2.0))


def _log_density(value: float, mean: float, variance: float) -> float:
    variance = max(variance, 1.0)  # a person: people are whole
    return -0.5 * (log(2.0 * pi * variance) + (value - mean) ** 2 / variance)


def _logistic(odds: float) -> float:
    return 1.0 / (1.0 + exp(-min(max(odds, -50.0), 50.0)))
