"""Say how probable it is that a closed venue holds a gathering, from what counts say beyond what was expected.

Promises: a signal of its own, never a level: a probability between "nobody but staff" and "a gathering of the size that
the policy names", discounted where many people live, and None where nothing may or can be said: the venue is open,
has just closed, or it is not known how many live there.
"""

from __future__ import annotations

from math import exp, isnan, log, pi

from rules.crowding import VenueFigures
from rules.crowding_policy import CrowdingPolicy

LEAST_KERNEL = 1e-3  # below, a released kernel is a rounded zero and counts have told nothing


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
    known = figures.state == "estimated" and figures.reach >= policy.reach_min and capacity > 0.0
    if not known or isnan(residents) or closed_minutes is None or closed_minutes < rule.wait_minutes:
        return None
    kernel = min(figures.kernel, 1.0 - LEAST_KERNEL)
    if not kernel >= LEAST_KERNEL:
        return None
    counted, variance = figures.best / kernel, expected_sd**2 * (1.0 - kernel) / kernel
    staff, party = rule.staff_share * capacity, rule.gathering_share * capacity
    quiet = _log_density(counted, 0.0, variance + staff**2) + log(1.0 - rule.prior)
    # More people than such a gathering has are no reason to believe in none.
    like_party = _log_density(min(counted, party), party, variance + (rule.gathering_sd_share * capacity) ** 2)
    crowd = like_party + log(rule.prior)
    return _logistic(crowd - quiet) * capacity / (capacity + policy.residents_margin * residents)


def _log_density(value: float, mean: float, variance: float) -> float:
    variance = max(variance, 1.0)  # a person: people are whole
    return -0.5 * (log(2.0 * pi * variance) + (value - mean) ** 2 / variance)


def _logistic(odds: float) -> float:
    return 1.0 / (1.0 + exp(-min(max(odds, -50.0), 50.0)))
