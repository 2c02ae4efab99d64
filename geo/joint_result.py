"""From solved regions to what is reported: means that keep the carriers' totals, intervals, venues, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import ndtr
from scipy.stats import nbinom

from geo.hexagons import Floats
from geo.joint_bin import Case, Part
from geo.joint_posterior import LEAST_VARIANCE
from geo.joint_rows import Rows, predicted
from geo.joint_types import CarrierResidual, JointEstimate, VenueEstimate
from geo.located import softened
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED, CarrierCounts, HexagonEstimate

MOST_SKEW = 1.0  # variance of a logarithm beyond which the mean is not moved further from the median
TOTALS_KEPT_M = 2000.0  # over some such length people add up to what was counted
LEAST_DOUBT = 0.3  # of what is unknown before counting: no model knows how a building shares its phones among cells
_TOTALS_RANGE = (0.5, 2.0)
LATE_POWER = 0.25  # a guess: with one of three operators missing a tenth wider, with two a third
LEAST_DELIVERED = 0.05  # below, nothing gets wider
_FEW = 50.0  # people: below, whole persons show in an interval


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All hexagons (H,): people, of them in the background, variance, kernel."""

    people: Floats
    background: Floats
    variance: Floats
    kernel: Floats


def estimate_of(case: Case, parts: Sequence[Part], counts: Sequence[CarrierCounts], z: float) -> JointEstimate:
    """Put the regions' answers together."""
    state = _state(case, parts)
    reached = case.rows.cover > 0.0
    sd = case.theta.interval_factor * late(case.rows.cover_share) * np.sqrt(state.variance)
    return JointEstimate(
        hexagons=_hexagons(case, state, sd, z),
        sd=np.where(reached, sd, np.nan),
        background=np.where(reached, state.background, np.nan),
        venues=_venues(case, parts, state, z),
        residuals=residuals_of(case, case.rows, state.people, len(counts)),
    )


def late(delivered: Floats) -> Floats:
    """Return how many times wider an interval is where a share 0..1 of what could deliver did.

    What is missing could have contradicted what is there; variances do not know that.
    """
    return np.asarray(np.maximum(delivered, LEAST_DELIVERED) ** -LATE_POWER)


def kept_totals(case: Case, people: Floats) -> Floats:
    """Scale people (H,) so that over TOTALS_KEPT_M they add up to what all carriers counted."""
    rows = case.rows
    if not len(rows.value):
        return people
    expected = np.maximum(rows.matrix @ people, 1e-9)
    value = predicted(rows, case.theta, expected).value
    near = case.ground.correlation(TOTALS_KEPT_M)
    counted = near @ (people * (rows.matrix.T @ (value / expected)))
    summed = near @ (people * np.asarray(rows.matrix.sum(axis=0)).ravel())
    ratio = np.where(summed > 0.0, counted / np.where(summed > 0.0, summed, 1.0), 1.0)
    kept: Floats = people * np.clip(ratio, *_TOTALS_RANGE)
    return kept


def _state(case: Case, parts: Sequence[Part]) -> State:
    size = len(case.trend)
    people, background, variance, kernel = (np.zeros(size) for _ in range(4))
    for part in parts:
        found = part.found
        own = np.isin(part.region.hexagons, part.region.own)
        at = part.region.hexagons[own]
        skew = np.minimum(found.variance / np.maximum(found.background, LEAST_VARIANCE) ** 2, MOST_SKEW)
        in_venues = found.total - found.background
        background[at] = (found.background * np.exp(0.5 * np.log1p(skew)))[own]
        people[at] = background[at] + in_venues[own]
        variance[at] = found.variance[own]
        kernel[at] = found.kernel[own]
    in_venues = people - background
    soft, apart = softened(case.ground.weights, case.rows, case.ground.ground_km2, background, in_venues)
    kept = kept_totals(case, soft + in_venues)
    factor = np.where(people > 0.0, kept / np.where(people > 0.0, people, 1.0), 1.0)
    return State(kept, np.maximum(kept - in_venues, 0.0), (variance + apart) * factor**2, kernel)


def _hexagons(case: Case, state: State, sd: Floats, z: float) -> HexagonEstimate:
    rows = case.rows
    reached = rows.cover > 0.0
    low, high = interval(state.people, sd, z)
    word = np.where(rows.counted_cover > 0.0, ESTIMATED, np.where(reached, SUPPRESSED, MISSING))
    share = np.where(reached, rows.reporting_share, 0.0)
    return HexagonEstimate(
        hexagons=case.ground.hexagons,
        present_population=np.where(reached, state.people, np.nan),
        low=np.where(reached, low, np.nan),
        high=np.where(reached, high, np.nan),
        state=word.astype(np.uint8),
        device_count=np.where(reached, state.people * share, np.nan),
        reporting_share=share,
        kernel=np.where(reached, state.kernel, 0.0),
    )


def interval(people: Floats, sd: Floats, z: float) -> tuple[Floats, Floats]:
    """Give the interval of whole people around a mean: lognormal, and where few are expected a negative binomial.

    The chance of who is there is part of both: where 2 are expected, 0 is within. A logarithm cannot be nobody, a
    hexagon can: the lower end is never above that of a normal distribution.
    """
    mean = np.maximum(people, 1e-9)
    variance = np.maximum(sd**2, 1e-12)
    spread = np.log1p((variance + mean) / mean**2)
    middle = mean * np.exp(-0.5 * spread)
    half = np.exp(z * np.sqrt(spread))
    low, high = middle / half, middle * half
    few = np.flatnonzero(mean < _FEW)
    size = mean[few] ** 2 / variance[few]
    chance = size / (size + mean[few])
    low[few] = nbinom.ppf(ndtr(-z), size, chance)
    high[few] = nbinom.ppf(ndtr(z), size, chance)
    low = np.minimum(low, mean - z * np.sqrt(variance + mean))
    return np.minimum(np.maximum(low, 0.0), people), np.maximum(high, people)


def _venues(case: Case, parts: Sequence[Part], state: State, z: float) -> VenueEstimate:
    size = len(case.venues.mean)
    names = ("mean", "variance", "kernel", "area_variance", "with_area")
    of = {name: np.full(size, np.nan) for name in names}
    between = sparse.csr_array((size, size))
    for part in parts:
        own, found = part.venues_own, part.found
        pairs = (found.venues, found.venue_variance, found.venue_kernel, found.area_variance, found.with_area)
        for name, values in zip(names, pairs, strict=True):
            of[name][part.venues[own]] = values[own]
        between = between + _owned(part, size)
    held = case.venues.membership
    reach = np.clip(held @ case.rows.cover_share, 0.0, 1.0)
    seen = reach > 0.0
    known = {name: np.where(seen, values, np.nan) for name, values in of.items()}
    return _venue_estimate(case, known, between, reach, sparse.csr_array(held > 0.0, dtype=float) @ state.people, z)


def _venue_estimate(
    case: Case, of: dict[str, Floats], between: sparse.csr_array, reach: Floats, area: Floats, z: float
) -> VenueEstimate:
    factor = case.theta.interval_factor
    mean, variance, area_variance = of["mean"], of["variance"], of["area_variance"]
    sd = late(reach) * np.hypot(np.sqrt(variance), LEAST_DOUBT * case.venues.sd)
    margin = np.sqrt(np.maximum(variance + 0.25 * area_variance - of["with_area"], LEAST_VARIANCE))
    rest = np.sqrt(np.maximum(area_variance - 2.0 * of["with_area"] + variance, LEAST_VARIANCE))
    root = np.sqrt(np.maximum(variance, LEAST_VARIANCE))
    unit = sparse.diags_array(np.nan_to_num(1.0 / root, nan=0.0))
    return VenueEstimate(
        mean=mean,
        sd=sd,
        low=np.maximum(mean - z * sd, 0.0),
        high=mean + z * sd,
        kernel=np.clip(of["kernel"], 0.0, 1.0),
        area_mean=np.where(np.isfinite(mean), area, np.nan),
        area_sd=factor * np.sqrt(area_variance),
        own_probability=np.asarray(ndtr((mean - 0.5 * area) / (factor * margin))),
        reach=reach,
        rivals=sparse.csr_array(unit @ between @ unit),
        background_rival=np.clip((of["with_area"] - variance) / (root * rest), -1.0, 1.0),
    )


def _owned(part: Part, size: int) -> sparse.csr_array:
    """Give the covariances (size, size) of each two venues of which a region owns the first."""
    found = sparse.coo_array(sparse.triu(part.found.between, k=1))
    own = np.isin(found.row, part.venues_own)
    at = (part.venues[found.row[own]], part.venues[found.col[own]])
    upper = sparse.coo_array((found.data[own], at), shape=(size, size))
    return sparse.csr_array(upper + upper.T)


def residuals_of(case: Case, rows: Rows, people: Floats, count: int) -> tuple[CarrierResidual, ...]:
    """Say how far `count` carriers' rows are from what people (H,) let expect."""
    return tuple(_residual(case, rows, number, people) for number in range(count))


def _residual(case: Case, rows: Rows, number: int, people: Floats) -> CarrierResidual:
    own = rows.source == number
    counted = own & ~rows.censored
    expected = (rows.matrix[counted] @ people) if counted.any() else np.zeros(0)
    delivered, total = float(rows.value[counted].sum()), float(expected.sum())
    known = total > 0.0
    return CarrierResidual(
        delivered=delivered,
        predicted=total,
        areas=int(counted.sum()),
        suppressed=int((own & rows.censored).sum()),
        share_factor=delivered / total if known else float("nan"),
        share_factor_sd=_share_sd(case, rows, counted, expected) if known else float("nan"),
    )


def _share_sd(case: Case, rows: Rows, counted: np.ndarray, expected: Floats) -> float:
    """Give the sd of a carrier's factor: chance and model errors of its areas, taken as independent."""
    error = case.theta.errors(int(rows.number[counted][0])).model_error
    variance = (expected * rows.per_device[counted] + (error * expected) ** 2).sum()
    return float(np.sqrt(variance) / expected.sum())
