"""The joint estimate: people in every hexagon and registered venue from all carriers' counts of one time bin.

Linear-Gaussian with a spatially correlated prior (estimation.md sections 4 and 9): a count is
share * Σ P_ih x_h + error, x = background + people in venues. Late and missing areas are absent, so the
interval widens; suppressed ones enter by their censored expectation, never as 0.

How to use it: `layout` once for a set of coverages; `estimate` for what is shown; `plain_means` (no venues, no
history, means only, one factorisation for all bins with the same delivered areas) for what makes history;
`log_likelihood` to choose a Theta.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg, sparse

from geo.hexagons import Floats
from geo.joint_layout import Layout, layout
from geo.joint_rows import Rows, gather, noise, prior_mean
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
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED, CarrierCounts, HexagonEstimate

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
) -> JointEstimate:
    """Estimate one time bin with all variances.

    `counts`: what was delivered, in any order, each of one of the layout's weights (by identity), possibly several
    of the same. `layer` (H,): a guess of where people are, in any unit, NaN where it says nothing; how far it is
    believed is learnt from the counts. `z`: half width of an interval in standard deviations (1.645 for 90 %).
    """
    venues = venues or no_venues(len(ground.hexagons))
    rows = gather(ground, counts, theta, k_min)
    mean, scale = prior_mean(ground, rows, layer)
    if history is not None:
        mean = np.where(np.isfinite(history.mean), history.mean, mean)
    solved = _solve(ground, rows, theta, mean, scale, venues)
    return _result(ground, counts, rows, theta, venues, solved, z)


def plain_means(
    ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, *, layer: Floats | None = None, k_min: int
) -> Floats:
    """Return the means (H,) without history and venues, NaN where nothing was delivered: what history is made of."""
    rows = gather(ground, counts, theta, k_min)
    mean, scale = prior_mean(ground, rows, layer)
    people = _positive(_solve(ground, rows, theta, mean, scale, no_venues(len(mean))).mean)
    return np.where(rows.cover > 0.0, people, np.nan)


def log_likelihood(
    ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, *, layer: Floats | None = None, k_min: int = 20
) -> float:
    """Return the marginal log-likelihood of the counts under a theta, the prior's scale being learnt from them."""
    rows = gather(ground, counts, theta, k_min)
    mean, scale = prior_mean(ground, rows, layer)
    cross = _cross(ground, rows, theta, scale)
    expected = rows.matrix @ mean
    lower = linalg.cholesky(cross @ rows.matrix.T + noise(rows, theta, expected), lower=True)
    white = linalg.solve_triangular(lower, rows.value - expected, lower=True)
    return float(-0.5 * white @ white - np.log(np.diag(lower)).sum() - 0.5 * len(white) * np.log(2.0 * np.pi))


def no_venues(size: int) -> VenuePrior:
    """Return the prior of no venue at all over `size` hexagons."""
    none = np.zeros(0)
    return VenuePrior(sparse.csr_array((0, size)), none, none, none)


class _Solved:
    """Posterior of hexagons (totals) and venues of one bin."""

    def __init__(self, size: int, venues: int) -> None:
        self.mean, self.variance, self.kernel = (np.zeros(size) for _ in range(3))
        self.venue_mean, self.venue_variance, self.venue_kernel = (np.zeros(venues) for _ in range(3))
        self.between = np.zeros((venues, venues))  # posterior covariance of venues
        self.area_variance = np.zeros(venues)
        self.with_area = np.zeros(venues)


def _cross(ground: Layout, rows: Rows, theta: Theta, scale: Floats) -> Floats:
    """Return Cov(count, background), (N, H)."""
    shape = theta.shape
    scaled = rows.matrix @ sparse.diags_array(scale)
    smooth = (scaled @ ground.correlation(shape.length_m)).toarray() * scale * shape.cv**2
    dense: Floats = smooth + (rows.matrix @ sparse.diags_array((shape.nugget_cv * scale) ** 2)).toarray()
    return dense


def _solve(ground: Layout, rows: Rows, theta: Theta, mean: Floats, scale: Floats, venues: VenuePrior) -> _Solved:
    solved = _Solved(len(mean), len(venues.mean))
    held = venues.membership
    background = np.maximum(mean - held.T @ venues.mean, 0.1 * mean)
    total = background + held.T @ venues.mean
    venue_variance = venues.sd**2
    seen = (rows.matrix @ held.T).toarray()
    venue_cross = seen * venue_variance
    cross = _cross(ground, rows, theta, scale) + venue_cross @ held.toarray()
    expected = rows.matrix @ total
    lower = linalg.cholesky(cross @ rows.matrix.T + noise(rows, theta, expected), lower=True)
    weight = linalg.cho_solve((lower, True), rows.value - expected)
    prior_variance = scale**2 * (theta.shape.cv**2 + theta.shape.nugget_cv**2)
    prior_variance = prior_variance + (held.multiply(held)).T @ venue_variance
    gain = linalg.cho_solve((lower, True), cross)
    solved.mean = total + cross.T @ weight
    solved.variance = np.maximum(prior_variance - (cross * gain).sum(axis=0), 0.0)
    solved.kernel = np.asarray(rows.matrix.multiply(gain).sum(axis=0)).ravel()
    solved.venue_mean = venues.mean + venue_cross.T @ weight
    venue_gain = linalg.cho_solve((lower, True), venue_cross)
    solved.between = np.diag(venue_variance) - venue_cross.T @ venue_gain
    solved.venue_variance = np.maximum(np.diag(solved.between), 0.0)
    solved.venue_kernel = (seen * venue_gain).sum(axis=0)
    touched = (held > 0.0).astype(np.float64)
    area_cross = cross @ touched.T
    prior_area = _area_prior(ground, theta, scale, venues, touched)
    solved.area_variance = np.maximum(
        prior_area - (area_cross * linalg.cho_solve((lower, True), area_cross)).sum(axis=0), 0.0
    )
    solved.with_area = venue_variance - (area_cross * venue_gain).sum(axis=0)
    return solved


def _area_prior(ground: Layout, theta: Theta, scale: Floats, venues: VenuePrior, touched: sparse.csr_array) -> Floats:
    """Return the prior variance of all people of the hexagons each venue touches, (V,)."""
    scaled = touched @ sparse.diags_array(scale)
    smooth = (scaled @ ground.correlation(theta.shape.length_m)).multiply(scaled).sum(axis=1)
    alone = touched @ ((theta.shape.nugget_cv * scale) ** 2)
    shared = touched @ venues.membership.T
    of_venues = shared.multiply(shared) @ (venues.sd**2)
    total: Floats = theta.shape.cv**2 * np.asarray(smooth).ravel() + alone + of_venues
    return total


def _positive(people: Floats) -> Floats:
    """Set what is below 0 to 0 and take it from the rest, so that the total stays."""
    clipped = np.maximum(people, 0.0)
    total = clipped.sum()
    return clipped * (max(people.sum(), 0.0) / total) if total > 0.0 else clipped


def _result(
    ground: Layout,
    counts: Sequence[CarrierCounts],
    rows: Rows,
    theta: Theta,
    venues: VenuePrior,
    solved: _Solved,
    z: float,
) -> JointEstimate:
    reached = rows.cover > 0.0
    people = _positive(solved.mean)
    sd = theta.interval_factor * np.sqrt(solved.variance)
    inside = np.maximum(np.minimum(solved.venue_mean, np.where(np.isfinite(venues.ceiling), venues.ceiling, np.inf)), 0)
    inside_sd = theta.interval_factor * np.sqrt(solved.venue_variance)
    return JointEstimate(
        hexagons=_hexagons(ground, rows, people, sd, solved.kernel, z),
        sd=np.where(reached, sd, np.nan),
        background=np.where(reached, np.maximum(people - venues.membership.T @ inside, 0.0), np.nan),
        venues=_venues(rows, venues, solved, people, inside, inside_sd, z, theta.interval_factor),
        residuals=tuple(_residual(rows, number, people, theta) for number in range(len(counts))),
    )


def _hexagons(ground: Layout, rows: Rows, people: Floats, sd: Floats, kernel: Floats, z: float) -> HexagonEstimate:
    reached = rows.cover > 0.0
    low, high = np.maximum(people - z * sd, 0.0), people + z * sd
    state = np.where(rows.counted_cover > 0.0, ESTIMATED, np.where(reached, SUPPRESSED, MISSING))
    share = np.where(reached, rows.reporting_share, 0.0)
    return HexagonEstimate(
        hexagons=ground.hexagons,
        present_population=np.where(reached, people, np.nan),
        low=np.where(reached, low, np.nan),
        high=np.where(reached, high, np.nan),
        state=state.astype(np.uint8),
        device_count=np.where(reached, people * share, np.nan),
        reporting_share=share,
        kernel=np.where(reached, np.clip(kernel, 0.0, 1.0), 0.0),
    )


def _venues(
    rows: Rows,
    venues: VenuePrior,
    solved: _Solved,
    people: Floats,
    inside: Floats,
    inside_sd: Floats,
    z: float,
    factor: float,
) -> VenueEstimate:
    held = venues.membership
    touched = (held > 0.0).astype(np.float64)
    area_mean = touched @ people
    margin = inside - 0.5 * area_mean
    spread = solved.venue_variance + 0.25 * solved.area_variance - solved.with_area
    sd = factor * np.sqrt(np.maximum(spread, 1e-12))
    roots = np.sqrt(np.maximum(solved.venue_variance, 1e-12))
    near = ((touched @ touched.T) > 0.0).multiply(solved.between / np.outer(roots, roots))
    background = np.sqrt(np.maximum(solved.area_variance - 2 * solved.with_area + solved.venue_variance, 1e-12))
    return VenueEstimate(
        mean=inside,
        sd=inside_sd,
        low=np.maximum(inside - z * inside_sd, 0.0),
        high=inside + z * inside_sd,
        kernel=np.clip(solved.venue_kernel, 0.0, 1.0),
        area_mean=area_mean,
        area_sd=factor * np.sqrt(solved.area_variance),
        own_probability=_normal_cdf(margin / sd),
        reach=np.clip(held @ rows.cover_share, 0.0, 1.0),
        rivals=sparse.csr_array(near - sparse.diags_array(near.diagonal())),
        background_rival=(solved.with_area - solved.venue_variance) / (roots * background),
    )


def _normal_cdf(values: Floats) -> Floats:
    from scipy.special import ndtr

    below: Floats = ndtr(values)
    return below


def _residual(rows: Rows, number: int, people: Floats, theta: Theta) -> CarrierResidual:
    own = rows.source == number
    counted = own & ~rows.censored
    predicted = (rows.matrix @ people)[counted]
    delivered = rows.value[counted]
    total = float(predicted.sum())
    factor = float(delivered.sum() / total) if total > 0.0 else float("nan")
    return CarrierResidual(
        delivered=float(delivered.sum()),
        predicted=total,
        areas=int(counted.sum()),
        suppressed=int((own & rows.censored).sum()),
        share_factor=factor,
        share_factor_sd=float("nan"),
    )
