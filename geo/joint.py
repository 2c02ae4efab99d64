"""The joint estimate: people in every hexagon and registered venue from all carriers' counts of one time bin.

A count is share * Σ P_ih x_h + error, x = background + people in venues (estimation.md sections 4 and 9). The
background is exp(f), f Gaussian and correlated in space, so it is never negative and a full centre may differ from its
mean by more people than a quiet suburb. Late and missing areas are absent, so the interval widens; suppressed ones
enter by their censored expectation, never as 0.

How to use it: `layout` once for a set of coverages; `estimate` for what is shown; `plain_means` (no venues, no
history, means only, a few sparse products) for what makes history; `log_likelihood` to weigh a Theta.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from geo.agreement import doubted, out_of_line, without
from geo.hexagons import Floats
from geo.joint_bin import START_STEPS, log_evidence, solve_bin
from geo.joint_layout import Layout, layout
from geo.joint_result import estimate_of, residuals_of
from geo.joint_rows import gather
from geo.joint_trend import prior_mean, spread_out
from geo.joint_types import (
    DEFAULT_THETA,
    CarrierErrors,
    CarrierResidual,
    History,
    Innovation,
    JointEstimate,
    Shape,
    Theta,
    VenueEstimate,
    VenuePrior,
)
from geo.joint_zeros import with_zeros
from geo.regions import MOST_ROWS
from geo.spreading import CarrierCounts

__all__ = [
    "DEFAULT_THETA",
    "CarrierErrors",
    "CarrierResidual",
    "History",
    "Innovation",
    "JointEstimate",
    "Layout",
    "Shape",
    "Theta",
    "VenueEstimate",
    "VenuePrior",
    "estimate",
    "layout",
    "log_likelihood",
    "no_venues",
    "plain_means",
]


def estimate(
    ground: Layout,
    counts: Sequence[CarrierCounts],
    theta: Theta,
    *,
    layer: Floats | None = None,
    history: History | None = None,
    venues: VenuePrior | None = None,
    k_min: int,
    z: float,
    believed_within: float = math.inf,
    most_areas: int = MOST_ROWS,
) -> JointEstimate:
    """Estimate one time bin with all variances.

    `counts`: what was delivered, in any order, each of one of the layout's weights (by identity), possibly several
    of the same. `layer` (H,): a guess of where people are, in any unit, NaN where it says nothing; how far it is
    believed is learnt from the counts. `z`: half width of an interval in standard deviations (1.645 for 90 %).
    `believed_within`: counts that contradict all others more than so many times are left out, see `out_of_line`.
    `most_areas`: with more source areas the ground is solved in regions.
    """
    venues = venues or no_venues(len(ground.hexagons))
    left_out = out_of_line(ground, counts, k_min=k_min, believed_within=believed_within)
    believed = without(counts, left_out)
    theta = doubted(ground, believed, theta, history, k_min)
    case, parts = solve_bin(
        ground, believed, theta, venues, layer=layer, history=history, k_min=k_min, most_areas=most_areas
    )
    found = with_zeros(ground, believed, estimate_of(case, parts, believed, z))
    if not left_out.any():
        return found
    people = np.nan_to_num(found.hexagons.present_population)
    told = residuals_of(case, gather(ground, counts, theta, k_min), people, len(counts))
    residuals = (replace(one, left_out=bool(out)) for one, out in zip(told, left_out, strict=True))
    return replace(found, residuals=tuple(residuals))


def plain_means(
    ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, *, layer: Floats | None = None, k_min: int
) -> Floats:
    """Return rough means (H,) without history and venues, NaN where nothing was delivered: what history is made of."""
    rows = gather(ground, counts, theta, k_min)
    people = spread_out(rows, prior_mean(ground, rows, layer)[0], START_STEPS)
    return np.where(rows.cover > 0.0, people, np.nan)


def log_likelihood(
    ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, *, layer: Floats | None = None, k_min: int = 20
) -> float:
    """Return the marginal log-likelihood (Laplace's) of the counts under a theta."""
    return log_evidence(ground, counts, theta, no_venues(len(ground.hexagons)), layer, k_min)


def no_venues(size: int) -> VenuePrior:
    """Return the prior of no venue at all over `size` hexagons."""
    none = np.zeros(0)
    return VenuePrior(sparse.csr_array((0, size)), none, none, none)
