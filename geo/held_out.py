"""Check an estimate by counts that it was not given: each carrier's from the others', in pieces of a time bin.

The same pieces, errors and prior as where parameters are chosen (geo/fitting_pieces.py), on bins that took no part in
choosing them. A lone carrier's areas are predicted from its other areas. Censored counts are no measure of an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from geo.fitting import FIRST_STEPS, HEXAGONS_TO_COUNTS
from geo.fitting_pieces import FOLDS, Ints, Piece, choose_places, make_pieces
from geo.hexagons import Floats
from geo.joint_layout import Layout
from geo.joint_types import Theta
from geo.spreading import CarrierCounts

LEAST_EXPECTED = 1.0  # devices: of fewer no share is told


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Counts that were left out, arrays (N,): `error` against what was predicted, in standard deviations of the
    prediction, and `share`, the same in shares of what was predicted.
    """

    error: Floats
    share: Floats

    def __len__(self) -> int:
        return len(self.error)

    def held(self, deviations: float, factor: float) -> float:
        """Return the share of counts within so many standard deviations, widened as hexagons are by `factor`."""
        return float(np.mean(np.abs(self.error) <= deviations * factor / HEXAGONS_TO_COUNTS))


def held_out(
    ground: Layout, bins: Sequence[Sequence[CarrierCounts]], theta: Theta, *, layer: Floats | None, k_min: int
) -> HeldOut:
    """Predict what each carrier counted in some places of each bin; `layer` (H,) as in the joint estimate."""
    found: list[tuple[Floats, Floats]] = []
    for counts in bins:
        places = choose_places(ground, [counts], k_min)
        for piece in make_pieces(ground, [counts], places, layer=layer, k_min=k_min):
            piece.expand(theta, FIRST_STEPS)
            total = piece.covariance(theta)
            found += [_predicted(piece, total, fold) for fold in _folds(piece)]
    error, share = (np.concatenate(one) for one in zip(*found, strict=True)) if found else (np.zeros(0), np.zeros(0))
    known = np.isfinite(error)
    return HeldOut(error[known], share[known])


def _folds(piece: Piece) -> Iterator[Ints]:
    counted = np.flatnonzero(~piece.rows.censored)
    number = piece.rows.number[counted]
    carriers = np.unique(number)
    alone = len(carriers) == 1
    folds = [counted[at::FOLDS] for at in range(FOLDS)] if alone else [counted[number == one] for one in carriers]
    yield from (one for one in folds if 0 < len(one) < len(piece.rest))


def _predicted(piece: Piece, total: Floats, fold: Ints) -> tuple[Floats, Floats]:
    """Return the errors of a fold (K,) in standard deviations and in shares of what was predicted."""
    known = np.setdiff1d(np.arange(len(piece.rest)), fold)
    factor = linalg.cho_factor(total[np.ix_(known, known)], lower=True)
    cross = total[np.ix_(known, fold)]
    error = piece.rest[fold] - cross.T @ linalg.cho_solve(factor, piece.rest[known])
    variance = np.diag(total)[fold] - (cross * linalg.cho_solve(factor, cross)).sum(axis=0)
    predicted = np.maximum(piece.rows.value[fold] - error, LEAST_EXPECTED)
    return error / np.sqrt(np.maximum(variance, 1e-12)), np.abs(error) / predicted
