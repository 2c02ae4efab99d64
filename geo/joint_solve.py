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
from scipy import sparse

from geo import triangular
from geo.hexagons import Floats
from geo.joint_field import Field
from geo.triangular import Array

LEVEL_SD = 2.0  # of the trend's level, in logarithms: how many people there are is left to the counts
STEPS = 5
_LARGEST_STEP = 1.5
_CLOSE = 0.05  # the exact step corrects as much of what the knots left
_LEAST_PEOPLE = 1e-6
_LARGEST_LOGARITHM = 25.0
_JITTER = 1e-9
_ROUGH_JITTER = 1e-5  # of a variance: what single precision needs

Singles = NDArray[np.float32]
Told = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is believed before the counts, over H hexagons and V venues.

    `level` (H,): logarithm of people in the trend; `field`, `cv` and `nugget_cv` of errors around it;
    `level_sd` of an error common to all; `held` (V, H) membership, `venue_mean`, `venue_sd`, `ceiling` (V,); `seen`
    (N, V): counts of one person in each venue.
    """

    level: Floats
    field: Field
    cv: float
    nugget_cv: float
    level_sd: float
    held: sparse.csr_array
    venue_mean: Floats
    venue_sd: Floats
    ceiling: Floats
    seen: sparse.csr_array


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
        if state.step(state.roughly) < _CLOSE:
            break
    state.step(state.exactly)
    return state.solved()


class _Search:
    def __init__(self, matrix: sparse.csr_array, prior: Prior, told: Told, start: Floats) -> None:
        self._matrix, self._prior, self._told = matrix, prior, told
        self._seen = prior.seen
        self.point = np.log(np.maximum(start, _LEAST_PEOPLE))
        self.venues = prior.venue_mean.copy()
        most = np.where(np.isfinite(prior.ceiling), prior.ceiling, np.inf)
        self._most = np.maximum(most, 0.0)
        self._to_hexagons: Field | None = None

    def step(self, covariance: Callable[[], Array]) -> float:
        """Move to the most probable state as it looks from here; give the mean step."""
        prior = self._prior
        people = np.exp(np.clip(self.point, -_LARGEST_LOGARITHM, _LARGEST_LOGARITHM))
        self._expected = self._matrix @ people + self._seen @ self.venues
        self._slope = sparse.csr_array(self._matrix @ sparse.diags_array(people))
        self._level = np.asarray(self._slope.sum(axis=1)).ravel()
        value, errors = self._told(self._expected)
        self._rest = value - self._expected + self._slope @ (self.point - prior.level)
        self._rest += self._seen @ (self.venues - prior.venue_mean)
        pull = self._pull_of(errors, covariance)
        wanted = prior.level + self._pulled(pull) + prior.level_sd**2 * float(self._level @ pull)
        moved = np.clip(wanted - self.point, -_LARGEST_STEP, _LARGEST_STEP)
        self.point = self.point + moved
        back = self._seen.T @ pull
        self.venues = np.clip(prior.venue_mean + prior.venue_sd**2 * back, 0.0, self._most)
        return float(np.abs(moved).mean()) if len(moved) else 0.0

    def _pull_of(self, errors: Floats, covariance: Callable[[], Array]) -> Floats:
        """Return what each count pulls at the state, (N,): roughly in single precision where that goes well."""
        total = self._with_all(covariance(), errors)
        if total.dtype == np.float32:
            try:
                return _solved_roughly(total, self._rest)
            except np.linalg.LinAlgError:
                total = self._with_all(self.exactly(), errors)
        self._factor = triangular.cholesky(total)
        return np.asarray(triangular.solve(self._factor, self._rest))

    def _with_all(self, total: Array, errors: Floats) -> Array:
        """Add to the background's covariance (N, N), in place, that of errors, level and venues."""
        level = self._level.astype(total.dtype)
        total += errors.astype(total.dtype, copy=False)
        total += total.dtype.type(self._prior.level_sd**2) * np.outer(level, level)
        if self._seen.nnz:
            _add(total, sparse.csr_array((self._seen @ sparse.diags_array(self._prior.venue_sd**2)) @ self._seen.T))
        total[np.diag_indices(len(total))] *= 1.0 + _JITTER
        return total

    def roughly(self) -> Array:
        """Return the counts' covariance by the background, by way of knots (N, N)."""
        field = self._prior.field
        if field.from_knots is None:
            return self.exactly()
        knots = np.float32(self._prior.cv) * (self._slope.astype(np.float32) @ field.from_knots).toarray()
        self._smooth = knots @ field.root  # (N, K)
        self._to_hexagons = field
        self._alone = self._prior.nugget_cv**2 + self._prior.cv**2 * field.own
        return self._with_own(self._smooth @ self._smooth.T)

    def exactly(self) -> Array:
        """Return the counts' covariance by the background (N, N)."""
        slope = self._slope.astype(np.float32)
        self._smooth = np.float32(self._prior.cv**2) * (slope @ self._prior.field.alike)  # (N, H)
        self._to_hexagons = None
        self._alone = np.full(slope.shape[1], self._prior.nugget_cv**2)
        total: Floats = (slope @ self._smooth.T).astype(np.float64)
        return self._with_own(total)

    def solved(self) -> Solved:
        cross = self._smooth
        _add(cross, sparse.csr_array(self._slope @ sparse.diags_array(self._alone)))
        cross += (self._prior.level_sd**2 * self._level[:, None]).astype(np.float32)
        white = triangular.solve_lower(self._factor, self._rest)
        size = 0.5 * len(white) * np.log(2.0 * np.pi)
        likely = float(-0.5 * white @ white - np.log(np.diag(self._factor)).sum() - size)
        return Solved(self.point, self.venues, self._factor, cross, self._seen, self._expected, likely)

    def _with_own(self, total: Array) -> Array:
        _add(total, sparse.csr_array((self._slope @ sparse.diags_array(self._alone)) @ self._slope.T))
        return total

    def _pulled(self, pull: Floats) -> Floats:
        """Give what the counts' pull (N,) makes of the background's logarithm (H,)."""
        smooth = self._smooth.T @ pull.astype(np.float32)
        if self._to_hexagons is not None:
            field = self._to_hexagons
            smooth = np.float32(self._prior.cv) * np.asarray(field.from_knots @ (field.root @ smooth))
        return np.asarray(smooth + self._alone * (self._slope.T @ pull), dtype=np.float64)


def _solved_roughly(total: Singles, right: Floats) -> Floats:
    """Return A⁻¹ b for a covariance (N, N), which is overwritten, in single precision, scaled to a diagonal of 1."""
    scale = 1.0 / np.sqrt(np.diag(total).astype(np.float64))
    thin = scale.astype(np.float32)
    total *= thin[:, None]
    total *= thin
    total[np.diag_indices(len(total))] += _ROUGH_JITTER
    factor = triangular.cholesky(total)
    return scale * triangular.solve(factor, (scale * right).astype(np.float32))


def whitened(factor: Floats, cross: Array) -> Singles:
    """Return L⁻¹ of a covariance with counts (N, X) in single precision: its columns' products are what is learnt."""
    return triangular.solve_lower(factor.astype(np.float32), cross.astype(np.float32, copy=False))


def _add(total: Array, some: sparse.csr_array) -> None:
    """Add a sparse matrix to a full one, in place."""
    row = np.repeat(np.arange(some.shape[0]), np.diff(some.indptr))
    total[row, some.indices] += some.data
