"""How much alike places are: the correlation of the hexagons' errors, exactly, and quickly by way of knots.

Most steps towards the most probable state need it only roughly: then the field is known at one knot for each parent
hexagon, between the knots by kriging from the nearest, and what that leaves of a hexagon's variance is its own (Snelson
and Ghahramani 2006). The last step, and the variances, take every hexagon as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from geo import hexagons as hexes
from geo import triangular
from geo.hexagons import Floats, HexIds

Singles = NDArray[np.float32]

REACH_IN_LENGTHS = 3.0  # exp(-3) = 0.05: beyond it the taper has brought the correlation to 0
EXACT_UP_TO = 1200  # hexagons: below, nothing is gained by knots
_NEAREST = 6  # knots that a hexagon is told from: its own, and those around
_JITTER = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Correlation of H hexagons: `alike` (H, H).

    Roughly it is K Kᵀ, K = `from_knots` (H, K) @ `root` (K, K), with `own` (H,) added on the diagonal; None where there
    are no knots.
    """

    alike: Singles
    from_knots: sparse.csr_array | None
    root: Singles
    own: Floats

    def variance(self, weights: sparse.csr_array) -> Floats:
        """Return the variance of weighted sums (V, H) of hexagons whose variance is 1, (V,)."""
        pairs = sparse.coo_array(weights.T @ weights)
        if not pairs.nnz:
            return np.zeros(weights.shape[0])
        near = sparse.csr_array((self.alike[pairs.row, pairs.col], (pairs.row, pairs.col)), shape=pairs.shape)
        total: Floats = np.asarray((weights @ near).multiply(weights).sum(axis=1)).ravel()
        return total


def field_of(ids: HexIds, metres: Floats, length_m: float) -> Field:
    """Return the field of hexagons (H,) at `metres` (H, 2), of one resolution, for a correlation length."""
    alike = resemblance(cdist(metres, metres).astype(np.float32), length_m)
    if len(ids) <= EXACT_UP_TO:
        return Field(alike, None, alike, np.zeros(len(ids)))
    knots = _knots(ids, metres)
    from_knots = _kriged(metres, knots, length_m)
    between = resemblance(cdist(knots, knots).astype(np.float32), length_m)
    root = triangular.cholesky(between.astype(np.float64) + _JITTER * np.eye(len(knots))).astype(np.float32)
    from_knots = from_knots.astype(np.float32)
    known = np.square(from_knots @ root).sum(axis=1, dtype=np.float64)
    return Field(alike, from_knots, root, np.clip(1.0 - known, 0.0, 1.0))


def resemblance(apart_m: NDArray[Any], length_m: float) -> NDArray[Any]:
    """Return exp(-d / length), tapered to 0 at three lengths (Wendland's function of smoothness 1 for the plane)."""
    reach = REACH_IN_LENGTHS * length_m
    near = np.maximum(1.0 - apart_m / reach, 0.0)
    near *= near
    alike: NDArray[Any] = np.exp(-apart_m / length_m) * (near * near) * (1.0 + 4.0 * apart_m / reach)
    return alike


def _knots(ids: HexIds, metres: Floats) -> Floats:
    """Give the middle of the hexagons of each parent, (K, 2)."""
    coarser = int(hexes.resolutions(ids[:1])[0]) - 1
    _, parent = np.unique(hexes.parents(ids, coarser), return_inverse=True)
    count = np.bincount(parent)
    return np.column_stack([np.bincount(parent, weights=metres[:, axis]) / count for axis in (0, 1)])


def _kriged(metres: Floats, knots: Floats, length_m: float) -> sparse.csr_array:
    """Give the weights of the nearest knots for each hexagon, (H, K)."""
    nearest = KDTree(knots).query(metres, k=min(_NEAREST, len(knots)))[1].reshape(len(metres), -1)
    places = knots[nearest]
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3)
    among = resemblance(apart, length_m) + _JITTER * np.eye(nearest.shape[1])
    to_knots = resemblance(np.linalg.norm(places - metres[:, None], axis=2), length_m)
    weight = np.linalg.solve(among, to_knots[:, :, None])[:, :, 0]
    row = np.repeat(np.arange(len(metres)), nearest.shape[1])
    shape = (len(metres), len(knots))
    return sparse.csr_array((weight.ravel(), (row, nearest.ravel())), shape=shape)
