"""The most probable people of one region, given counts: Gauss-Newton on the logarithm of the background.

Background is exp(f), f Gaussian around its trend, correlated in space; people in venues are added as they are. A count
is a sum over both, with errors as large as what is expected there. Means take a few Cholesky factorisations of the
counts' covariance (N, N); variances one triangular solve more, in single precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from geo.hexagons import Floats

LEVEL_SD = 2.0  # of the trend's level, in logarithms: how many people there are is left to the counts
STEPS = 5
_LARGEST_STEP = 1.5
_CLOSE = 0.02
_LEAST_PEOPLE = 1e-6
_LARGEST_LOGARITHM = 25.0
_JITTER = 1e-9

Singles = NDArray[np.float32]
Told = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is believed before the counts, over H hexagons and V venues.

    `level` (H,): logarithm of people in the trend; `correlation` (H, H), `cv` and `nugget_cv` of errors around it;
    `level_sd` of an error common to all; `held` (V, H) membership, `venue_mean`, `venue_sd`, `ceiling` (V,).
    """

    level: Floats
    correlation: sparse.csr_array
    cv: float
    nugget_cv: float
    level_sd: float
    held: sparse.csr_array
    venue_mean: Floats
    venue_sd: Floats
    ceiling: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """The most probable state and how it answers: `factor` (N, N) lower, of the counts' covariance there.

    `point` (H,) logarithms, `venues` (V,); `cross` (N, H) covariance of counts with the logarithms, `seen` (N, V)
    counts of one person in each venue; `expected` (N,); `log_likelihood` by Laplace.
    """

    point: Floats
    venues: Floats
    factor: Floats
    cross: Singles
    seen: sparse.csr_array
    expected: Floats
    log_likelihood: float


def solve(matrix: sparse.csr_array, prior: Prior, told: Told, start: Floats, steps: int = STEPS) -> Solved:
    """Find the most probable state from people `start` (H,).

    `matrix` (N, H): counts of one person; `told` gives, for what is expected (N,), the counts' values (N,) and the
    covariance of their errors (N, N).
    """
    state = _Search(matrix, prior, told, start)
    for _ in range(max(steps, 1) - 1):
        if state.step() < _CLOSE:
            break
    state.step()
    return state.solved()


class _Search:
    def __init__(self, matrix: sparse.csr_array, prior: Prior, told: Told, start: Floats) -> None:
        self._matrix, self._prior, self._told = matrix, prior, told
        self._seen = sparse.csr_array(matrix @ prior.held.T)
        self.point = np.log(np.maximum(start, _LEAST_PEOPLE))
        self.venues = prior.venue_mean.copy()
        most = np.where(np.isfinite(prior.ceiling), prior.ceiling, np.inf)
        self._most = np.maximum(most, 0.0)

    def step(self) -> float:
        """Move to the most probable state as it looks from here; give the mean step."""
        prior = self._prior
        people = np.exp(np.clip(self.point, -_LARGEST_LOGARITHM, _LARGEST_LOGARITHM))
        self._expected = self._matrix @ people + self._seen @ self.venues
        slope = sparse.csr_array(self._matrix @ sparse.diags_array(people))
        level = np.asarray(slope.sum(axis=1)).ravel()
        smooth = sparse.csr_array(prior.cv**2 * (slope @ prior.correlation) + prior.nugget_cv**2 * slope)
        value, errors = self._told(self._expected)
        total = (smooth @ slope.T).toarray() + prior.level_sd**2 * np.outer(level, level) + errors
        if self._seen.nnz:
            total += ((self._seen @ sparse.diags_array(prior.venue_sd**2)) @ self._seen.T).toarray()
        total[np.diag_indices(len(total))] *= 1.0 + _JITTER
        self._factor = linalg.cholesky(total, lower=True, check_finite=False, overwrite_a=True)
        self._rest = value - self._expected + slope @ (self.point - prior.level)
        self._rest += self._seen @ (self.venues - prior.venue_mean)
        pull = linalg.cho_solve((self._factor, True), self._rest, check_finite=False)
        self._smooth, self._level = smooth, level
        wanted = prior.level + smooth.T @ pull + prior.level_sd**2 * float(level @ pull)
        moved = np.clip(wanted - self.point, -_LARGEST_STEP, _LARGEST_STEP)
        self.point = self.point + moved
        back = self._seen.T @ pull
        self.venues = np.clip(prior.venue_mean + prior.venue_sd**2 * back, 0.0, self._most)
        return float(np.abs(moved).mean()) if len(moved) else 0.0

    def solved(self) -> Solved:
        prior = self._prior
        cross = self._smooth.astype(np.float32).toarray()
        cross += (prior.level_sd**2 * self._level[:, None]).astype(np.float32)
        white = linalg.solve_triangular(self._factor, self._rest, lower=True, check_finite=False)
        size = 0.5 * len(white) * np.log(2.0 * np.pi)
        likely = float(-0.5 * white @ white - np.log(np.diag(self._factor)).sum() - size)
        return Solved(self.point, self.venues, self._factor, cross, self._seen, self._expected, likely)


def whitened(factor: Floats, cross: Singles | Floats) -> Singles:
    """Return L⁻¹ of a covariance with counts (N, X) in single precision: its columns' products are what is learnt."""
    return np.asarray(
        linalg.solve_triangular(
            factor.astype(np.float32), cross.astype(np.float32, copy=False), lower=True, check_finite=False
        )
    )
