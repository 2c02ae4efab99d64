"""How sure a solved region is: variances and averaging kernels of its hexagons and venues.

Everything is linear around the most probable state; single precision is enough for what is subtracted here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from geo.hexagons import Floats
from geo.joint_solve import Prior, Singles, Solved, whitened

LEAST_VARIANCE = 1e-12
SINGLE_PRECISION = 1e-5  # of a variance: less than that is not left by what is subtracted in single precision
NEGLIGIBLE_CORRELATION = 0.05  # of two venues' errors: far below what makes them hard to tell apart
_VENUES_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Of one region: people `background` and `total` (H,) at the most probable state, `variance` (H,) of the total,
    `kernel` (H,), and of its venues (V,): `venues`, `venue_variance`, `venue_kernel`, `area_variance` of all people of
    the hexagons that each touches, `with_area` their covariance; `between` (V, V) covariance of venues with each
    other, where it is not negligible.
    """

    background: Floats
    total: Floats
    variance: Floats
    kernel: Floats
    venues: Floats
    venue_variance: Floats
    venue_kernel: Floats
    area_variance: Floats
    with_area: Floats
    between: sparse.csr_array


def posterior(matrix: sparse.csr_array, prior: Prior, solved: Solved) -> Posterior:
    """Give variances and kernels of a solved region; `matrix` (N, H) as it was solved with."""
    people = np.exp(solved.point)
    alone = prior.venue_sd**2
    venue_cross = solved.seen.toarray() * alone
    cross = solved.cross * people.astype(np.float32)
    if len(alone):
        cross += _through(venue_cross, prior.held).astype(np.float32)
    kernel = _kernel(matrix, solved.factor, cross)
    learnt = whitened(solved.factor, cross)
    learnt_venues = whitened(solved.factor, venue_cross)
    spread = prior.cv**2 + prior.nugget_cv**2 + prior.level_sd**2
    before = people**2 * spread + (prior.held.multiply(prior.held)).T @ alone
    known = np.einsum("nh,nh->h", learnt, learnt, dtype=np.float64)
    known_venues = np.einsum("nv,nv->v", learnt_venues, learnt_venues, dtype=np.float64)
    touched = sparse.csr_array(prior.held > 0.0, dtype=np.float64)
    learnt_areas = _through(learnt, sparse.csr_array(touched.T, dtype=np.float32))
    known_areas = np.einsum("nv,nv->v", learnt_areas, learnt_areas, dtype=np.float64)
    shared = np.einsum("nv,nv->v", learnt_venues, learnt_areas, dtype=np.float64)
    return Posterior(
        background=people,
        total=people + prior.held.T @ solved.venues,
        variance=_left(before, known),
        kernel=kernel,
        venues=solved.venues,
        venue_variance=_left(alone, known_venues),
        venue_kernel=known_venues / np.maximum(alone, LEAST_VARIANCE),
        area_variance=np.maximum(_areas_before(prior, people, touched) - known_areas, 0.0),
        with_area=alone - shared,
        between=_between(alone, known_venues, learnt_venues),
    )


def _left(before: Floats, known: Floats) -> Floats:
    """Give the variance that is left after what the counts tell: never less than arithmetic can tell from nothing."""
    return np.maximum(before - known, SINGLE_PRECISION * before)


def _through(dense: Singles | Floats, thin: sparse.csr_array) -> Singles | Floats:
    """Multiply a dense (N, X) with a sparse (X, Y)."""
    return np.asarray((thin.T @ dense.T).T)


def _kernel(matrix: sparse.csr_array, factor: Floats, cross: Singles) -> Floats:
    """Give, of a person more in a hexagon, how much its estimate finds: [Cov A' G⁻¹ A] on the diagonal, (H,)."""
    inverse, _ = linalg.lapack.spotri(factor.astype(np.float32), lower=1)
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    answered = sparse.csr_array(matrix.T, dtype=np.float32) @ inverse  # (H, N)
    found: Floats = np.einsum("hn,nh->h", answered, cross, dtype=np.float64)
    return np.clip(found, 0.0, 1.0)


def _areas_before(prior: Prior, people: Floats, touched: sparse.csr_array) -> Floats:
    """Return the prior variance of all people of the hexagons each venue touches, (V,)."""
    scaled = sparse.csr_array(touched @ sparse.diags_array(people))
    smooth = prior.field.variance(scaled)
    alone = touched @ people**2
    level = np.asarray(scaled.sum(axis=1)).ravel() ** 2
    within = sparse.csr_array(touched @ prior.held.T)  # how much of another venue lies in these hexagons
    of_venues = within.multiply(within) @ prior.venue_sd**2
    total: Floats = prior.cv**2 * smooth + prior.nugget_cv**2 * alone + prior.level_sd**2 * level + of_venues
    return total


def _between(alone: Floats, known: Floats, learnt: Singles) -> sparse.csr_array:
    """Give the posterior covariance of each two venues, where it is not negligible.

    Which hexagons they touch does not matter: a source area joins venues across the edge of a hexagon too.
    """
    of_venues = np.ascontiguousarray(learnt.T)
    unit = of_venues / np.sqrt(np.maximum(alone - known, LEAST_VARIANCE)).astype(np.float32)[:, None]
    row, col, value = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for first in range(0, len(of_venues), _VENUES_AT_ONCE):
        upper = np.triu(unit[first : first + _VENUES_AT_ONCE] @ unit[first:].T, k=1)
        one, other = np.nonzero(upper > NEGLIGIBLE_CORRELATION)
        row.append(first + one)
        col.append(first + other)
        value.append(-upper[one, other].astype(np.float64))
    at = (np.concatenate(row), np.concatenate(col))
    sd = np.sqrt(np.maximum(alone - known, LEAST_VARIANCE))
    found = sparse.coo_array((np.concatenate(value) * sd[at[0]] * sd[at[1]], at), shape=(len(alone), len(alone)))
    return sparse.csr_array(found + found.T)
