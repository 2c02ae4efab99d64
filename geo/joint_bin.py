"""One time bin, region by region: what is most probable now, and how it differs from what is usual.

Without history a bin is solved around the trend. With it, first what is usual is solved from the usual counts; then the
bin as a change of it, each count measured against its own past, so that what is always wrong with a source area
does not matter. What is unknown of the usual stays in the variance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from geo.hexagons import Floats
from geo.joint_layout import Ints, Layout
from geo.joint_posterior import Posterior, posterior
from geo.joint_rows import Rows, alike, gather, noise, predicted, relative_error, taken, usual_counts
from geo.joint_solve import LEVEL_SD, Prior, Solved, Told, solve
from geo.joint_trend import prior_mean, spread_out
from geo.joint_types import History, Theta, VenuePrior
from geo.own_cells import inside_venues, seen_in
from geo.regions import MOST_ROWS, Region, cut, rows_within
from geo.spreading import Bools, CarrierCounts

OUTSIDE_ERROR = 0.5  # relative: people beyond the margin are as the rough estimate has them
START_STEPS = 3
INNOVATION_LEVEL_SD = 0.1  # a whole city's day against its usual one, in logarithms
_LEAST_MARGIN_M = 2000.0
_BACKGROUND_LEFT = 0.3  # of the trend at least, however many people venues are expected to hold
_MOST_IN_VENUES = 0.25  # of everybody, before any count
_STEADY = (0.5, 2.0)  # how far a source area's own past may correct it
_USUALS_KEPT = 8  # regions: two of a city, and as many hours as there are at work side by side
_PAST_NEEDED = 0.5  # of the areas: with less, what is usual is not told by counts


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Everything about a bin that does not depend on the region."""

    ground: Layout
    rows: Rows
    theta: Theta
    venues: VenuePrior
    k_min: int
    trend: Floats
    rough: Floats
    own_cells: tuple[Ints, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a region says of its own hexagons, and of the venues (indexes) that it sees.

    `venues_own`: places among `venues` of those whose first hexagon it owns.
    """

    region: Region
    venues: Ints
    venues_own: Ints
    found: Posterior
    expected: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """The usual state of a region: logarithms `point` (H,) and people in `venues` (V,), and how sure they are."""

    prior: Prior
    point: Floats
    venues: Floats
    found: Posterior


def solve_bin(
    ground: Layout,
    counts: Sequence[CarrierCounts],
    theta: Theta,
    venues: VenuePrior,
    *,
    layer: Floats | None,
    history: History | None,
    k_min: int,
    most_areas: int = MOST_ROWS,
) -> tuple[Case, list[Part]]:
    """Solve a bin in regions; each answers for its own hexagons and venues."""
    now = _case(ground, gather(ground, counts, theta, k_min), theta, venues, k_min, layer)
    usual, steady = _usual(ground, counts, theta, venues, k_min, layer, history, now)
    if usual is None and history is not None:  # other source areas then: their people are a guess for these
        now = _case(ground, now.rows, theta, venues, k_min, layer, history.mean)
    most = (usual or now).rows  # with the past of carriers that are missing now
    regions = cut(ground.metres, most.matrix, max(_LEAST_MARGIN_M, 2.0 * theta.shape.length_m), most_areas)
    bins = history.bins if history else 0
    return now, [_part(now, usual, steady, region, bins) for region in regions]


def log_evidence(
    ground: Layout, counts: Sequence[CarrierCounts], theta: Theta, venues: VenuePrior, layer: Floats | None, k_min: int
) -> float:
    """Return Laplace's log-likelihood of a bin in one piece."""
    case = _case(ground, gather(ground, counts, theta, k_min), theta, venues, k_min, layer)
    if not len(case.rows.value):
        return 0.0
    everything = Region(*(np.arange(n) for n in (len(case.trend), len(case.trend), len(case.rows.value))))
    return _solved(case, everything)[2].log_likelihood


def _case(ground: Layout, rows: Rows, theta: Theta, venues: VenuePrior, k_min: int, *layers: Floats | None) -> Case:
    trend, _ = prior_mean(ground, rows, *layers)
    own = inside_venues(ground, venues.outlines)
    venues = _filled(venues, float(trend.sum()))
    return Case(ground, rows, theta, venues, k_min, trend, spread_out(rows, trend, START_STEPS), own)


def _filled(venues: VenuePrior, people: float) -> VenuePrior:
    """Expect no more than a part of all `people` in venues together: a registry may be too large for its town."""
    expected = float((venues.mean * np.asarray(venues.membership.sum(axis=1)).ravel()).sum())
    if expected <= _MOST_IN_VENUES * people:
        return venues
    part = _MOST_IN_VENUES * people / expected
    usual_sd = None if venues.usual_sd is None else part * venues.usual_sd
    return replace(venues, mean=part * venues.mean, sd=part * venues.sd, usual_sd=usual_sd)


def _usual(
    ground: Layout,
    counts: Sequence[CarrierCounts],
    theta: Theta,
    venues: VenuePrior,
    k_min: int,
    layer: Floats | None,
    history: History | None,
    now: Case,
) -> tuple[Case | None, Floats]:
    """Give the case of the usual counts and, for each row of now, its usual count (NaN: none).

    What is usual is told by every source area that has a past, also by those that are missing now.
    """
    none = np.full(len(now.rows.value), np.nan)
    if history is None or not len(now.rows.value):
        return None, none
    rows = gather(ground, usual_counts(counts, history), theta, k_min)
    if len(rows.value) < _PAST_NEEDED * len(now.rows.value):
        return None, none
    place = {(int(s), int(a)): n for n, (s, a) in enumerate(zip(rows.source, rows.area, strict=True))}
    at = [place.get((int(s), int(a)), -1) for s, a in zip(now.rows.source, now.rows.area, strict=True)]
    usual = np.where(np.array(at) >= 0, rows.value[at], np.nan)
    expected = venues if venues.usual_sd is None else replace(venues, sd=venues.usual_sd)
    return _case(ground, rows, theta, expected, k_min, layer), usual


def _part(now: Case, usual: Case | None, steady: Floats, region: Region, bins: int) -> Part:
    here = _venues_here(now.venues, region)
    first = _first_hexagon(now.venues, here)
    own = np.isin(first, region.own)
    region = replace(region, rows=rows_within(now.rows.matrix, region.hexagons))
    if usual is None:
        prior, matrix, solved = _solved(now, region)
        return Part(region, here, np.flatnonzero(own), posterior(matrix, prior, solved), solved.expected)
    before = _before(usual, replace(region, rows=rows_within(usual.rows.matrix, region.hexagons)))
    changed, its_matrix, after = _changed(now, region, before, steady[region.rows], bins)
    found = _joined(before.found, posterior(its_matrix, changed, after))
    return Part(region, here, np.flatnonzero(own), found, after.expected)


def _before(usual: Case, region: Region) -> Usual:
    """Solve what is usual in a region; the last few are kept, as quarters of an hour often share their past."""
    kept, key = usual.ground.usuals, _key(usual, region)
    known = kept.get(key)
    if known is None:
        prior, matrix, solved = _solved(usual, region)
        known = Usual(prior, solved.point, solved.venues, posterior(matrix, prior, solved))
        while len(kept) >= _USUALS_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = known
    return known


def _key(usual: Case, region: Region) -> bytes:
    """Name everything that the usual state of a region follows from."""
    rows, venues = usual.rows, usual.venues
    arrays = (
        rows.value,
        rows.censored,
        rows.source,
        rows.area,
        rows.time_error,
        rows.hidden_below,
        usual.trend,
        usual.rough,
    )
    errors = (rows.per_device, rows.rounding_sd)
    of_venues = (venues.mean, venues.sd, venues.ceiling, venues.membership.indices, venues.membership.data)
    name = hashlib.sha256(f"{usual.theta!r}|{usual.k_min}".encode())
    for array in (*arrays, *errors, *of_venues, region.hexagons, region.rows):
        name.update(np.ascontiguousarray(array).tobytes())
    return name.digest()


def _solved(case: Case, region: Region) -> tuple[Prior, sparse.csr_array, Solved]:
    prior = _prior(case, region)
    rows, _, told = _told(case, region)
    start = np.maximum(case.rough[region.hexagons] - prior.held.T @ prior.venue_mean, 0.1 * np.exp(prior.level))
    return prior, rows.matrix, solve(rows.matrix, prior, told, start)


def _prior(case: Case, region: Region) -> Prior:
    here = _venues_here(case.venues, region)
    held = sparse.csr_array(case.venues.membership[here][:, region.hexagons])
    trend = np.maximum(case.trend[region.hexagons], 1e-9)
    shape = case.theta.shape
    level = np.log(np.maximum(trend - held.T @ case.venues.mean[here], _BACKGROUND_LEFT * trend))
    return Prior(
        level=level - 0.5 * (shape.cv**2 + shape.nugget_cv**2),
        field=case.ground.field(region.hexagons, shape.length_m),
        cv=shape.cv,
        nugget_cv=shape.nugget_cv,
        level_sd=LEVEL_SD,
        held=held,
        venue_mean=case.venues.mean[here],
        venue_sd=case.venues.sd[here],
        ceiling=case.venues.ceiling[here],
        seen=_seen(case, region, held),
    )


def _seen(case: Case, region: Region, held: sparse.csr_array) -> sparse.csr_array:
    """Give the counts of one person in each venue of a region, with the venues' own cells."""
    here = {venue: at for at, venue in enumerate(_venues_here(case.venues, region).tolist())}
    pairs = [
        (area, here[one]) for area, one in zip(*map(np.ndarray.tolist, case.own_cells), strict=True) if one in here
    ]
    return seen_in(taken(case.rows, region.rows, region.hexagons), held, pairs)


def _told(case: Case, region: Region) -> tuple[Rows, Floats, Told]:
    """Give a region's rows and what they tell; people outside are taken as the rough estimate has them."""
    rows = taken(case.rows, region.rows, region.hexagons)
    outside = _outside(case, region, rows)
    common = alike(rows, case.theta)

    def told(expected: Floats) -> tuple[Floats, Floats]:
        whole = expected + outside
        known = predicted(rows, case.theta, whole)
        errors = noise(known, case.theta, whole, common)
        errors[np.diag_indices(len(whole))] += (OUTSIDE_ERROR * outside) ** 2
        return known.value - outside, errors

    return rows, outside, told


def _outside(case: Case, region: Region, rows: Rows) -> Floats:
    if len(region.hexagons) == len(case.rough):
        return np.zeros(len(rows.value))
    whole = case.rows.matrix[region.rows] @ case.rough
    outside: Floats = np.maximum(whole - rows.matrix @ case.rough[region.hexagons], 0.0)
    return outside


def _changed(
    now: Case, region: Region, before: Usual, past: Floats, bins: int
) -> tuple[Prior, sparse.csr_array, Solved]:
    """Solve the bin as a change of what is usual; `past` (N,): each count's own usual one, NaN where it has none."""
    shape = now.theta.innovation
    prior = replace(
        before.prior,
        level=before.point,
        field=now.ground.field(region.hexagons, shape.length_m),
        cv=shape.cv,
        nugget_cv=shape.nugget_cv,
        level_sd=INNOVATION_LEVEL_SD,
        venue_mean=before.venues,
        venue_sd=now.venues.sd[_venues_here(now.venues, region)],
        seen=_seen(now, region, before.prior.held),
    )
    rows, outside, _ = _told(now, region)
    people = np.exp(before.point)
    base = rows.matrix @ people + prior.seen @ before.venues + outside
    known_past = np.isfinite(past) & ~rows.censored
    steady = np.clip((base + 0.5) / (np.where(known_past, past, base) + 0.5), *_STEADY)

    def told(expected: Floats) -> tuple[Floats, Floats]:
        whole = expected + outside
        known = predicted(rows, now.theta, whole)
        value = np.where(known_past, known.value * steady, known.value)
        errors = _innovation_noise(known, now.theta, whole, _claimed(rows, value - base), known_past, bins)
        return value - outside, errors

    return prior, rows.matrix, solve(rows.matrix, prior, told, people)


def _claimed(rows: Rows, change: Floats) -> Floats:
    """Return the size of each count's change (N,): its own, or what it would be if the counts around it are right.

    A count that did not move where others did is no proof that nothing happened: it may look past the place.
    """
    size = np.abs(change)
    reach = np.asarray(rows.matrix.sum(axis=0)).ravel()
    people = (rows.matrix.T @ size) / np.where(reach > 0.0, reach, 1.0)
    claimed: Floats = np.maximum(size, rows.matrix @ people)
    return claimed


def _innovation_noise(
    rows: Rows, theta: Theta, expected: Floats, change: Floats, known_past: Bools, bins: int
) -> Floats:
    """Give the errors of counts against their own past: chance of both, drift, and what is misplaced of a change."""
    shape = theta.innovation
    chance = expected * rows.per_device * (1.0 + 1.0 / max(bins, 1))
    whole = (relative_error(rows, theta) * expected) ** 2
    moved = np.maximum(change**2 - 2.0 * chance, 0.0)
    steady = (shape.drift * expected) ** 2 + relative_error(rows, theta) ** 2 * moved
    own = (rows.time_error * expected) ** 2 + rows.rounding_sd**2 + rows.censored_variance + 0.25
    same = rows.number[:, None] == rows.number
    covariance = np.where(same, shape.share_error**2, 0.0) * np.outer(expected, expected)
    covariance[np.diag_indices(len(expected))] += chance + own + np.where(known_past, steady, whole)
    return covariance


def _joined(usual: Posterior, change: Posterior) -> Posterior:
    """Add what is unknown of the usual, in proportion, to what is unknown of the change."""
    growth = np.where(usual.total > 0.0, change.total / np.maximum(usual.total, 1e-9), 1.0)
    return replace(
        change,
        variance=change.variance + np.minimum(growth, 2.0) ** 2 * usual.variance,
        venue_variance=change.venue_variance + usual.venue_variance,
        area_variance=change.area_variance + usual.area_variance,
        with_area=change.with_area + usual.with_area,
        between=sparse.csr_array(change.between + usual.between),
    )


def _venues_here(venues: VenuePrior, region: Region) -> Ints:
    """Give the venues that touch a region's hexagons."""
    if not len(venues.mean):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.diff(venues.membership[:, region.hexagons].indptr) > 0)


def _first_hexagon(venues: VenuePrior, here: Ints) -> Ints:
    first: Ints = venues.membership.indices[venues.membership.indptr[here]]
    return first
