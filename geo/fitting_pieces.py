"""Pieces of past time bins on which settings are weighed: small enough that a hundred settings take a second.

A piece is some 160 neighbouring counts of all carriers in one time bin. Its likelihood is that of the joint estimate
(same rows, same errors, same prior), with the prior's trend taken from the whole bin. Pieces are chosen by where source
areas lie and how much was counted there, so the same counts give the same pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.spatial.distance import cdist

from geo import hexagons
from geo.hexagons import Floats, HexIds
from geo.joint_field import resemblance
from geo.joint_layout import Layout
from geo.joint_rows import Rows, gather, noise, predicted
from geo.joint_solve import LEVEL_SD
from geo.joint_trend import prior_mean
from geo.joint_types import DEFAULT_THETA, Theta
from geo.spreading import CarrierCounts

Ints = NDArray[np.int64]

ROWS_OF_A_PIECE = 200  # two sites' distances and more across in a dense city; a Cholesky of it takes 1 ms
PIECES = 6
LEAST_ROWS = 12  # below, a piece tells nothing of correlation
LEAST_REACH = 0.003  # of the best covered hexagon: what is seen less matters to no count
LARGEST_STEP = 1.5  # of Gauss-Newton in logarithms
MOST_GROUPS = 1_500  # hexagons of one piece, else they are taken together: their distances fill 20 MB
FOLDS = 4  # of the areas of a carrier that stands alone


class Piece:
    """Some counts of one bin (N,) and the people behind them, linearised where these most probably are.

    The background is exp(f), f Gaussian around its trend; `expand` moves the point of linearisation by Gauss-Newton.
    Where sparse networks see thousands of hexagons from one piece, neighbours are taken together.
    """

    def __init__(self, ground: Layout, rows: Rows, trend: Floats, resolution: int) -> None:
        self.rows = rows
        reach = np.asarray(rows.matrix.sum(axis=0)).ravel()
        self._there = np.flatnonzero((reach > LEAST_REACH * reach.max(initial=0.0)) & (trend > 0.0))
        self._share, self._group = _grouped(ground.hexagons[self._there], trend[self._there], resolution)
        together = sparse.csr_array((self._share, (np.arange(len(self._share)), self._group)))
        self._matrix = sparse.csr_array(rows.matrix[:, self._there] @ together)
        self._level = np.log(np.bincount(self._group, weights=trend[self._there]))
        self._single = np.bincount(self._group, weights=self._share**2)  # how alone a hexagon is in its group
        metres = together.T @ ground.metres[self._there]
        self._apart = cdist(metres, metres)
        self._alike: dict[float, Floats] = {}
        self._point = self._level.copy()
        self._linearise(DEFAULT_THETA)

    def people_of(self, size: int) -> Floats:
        """Return the people at the point of linearisation over all hexagons (size,), NaN where no count sees them."""
        people = np.full(size, np.nan)
        people[self._there] = self._share * np.exp(self._point)[self._group]
        return people

    def start_at(self, people: Floats, theta: Theta) -> None:
        """Take the point of linearisation from people (H,) of all hexagons, NaN where nothing is known."""
        here = people[self._there]
        known = np.where(np.isfinite(here), here, self._share * np.exp(self._level)[self._group])
        self._point = np.log(np.maximum(np.bincount(self._group, weights=known), 1e-9))
        self._linearise(theta)

    def expand(self, theta: Theta, steps: int) -> None:
        """Move the point of linearisation towards the most probable people."""
        for _ in range(steps):
            pull = linalg.cho_solve((linalg.cholesky(self.covariance(theta), lower=True), True), self.rest)
            back = self._slope.T @ pull
            shape = theta.shape
            moved = shape.cv**2 * (self._alike_of(shape.length_m) @ back) + shape.nugget_cv**2 * self._single * back
            wanted = self._level + moved + LEVEL_SD**2 * back.sum()
            self._point = self._point + np.clip(wanted - self._point, -LARGEST_STEP, LARGEST_STEP)
            self._linearise(theta)

    def covariance(self, theta: Theta) -> Floats:
        """Return the covariance of the counts under a theta, (N, N), around the point of linearisation."""
        shape = theta.shape
        smooth = shape.cv**2 * self._smooth_of(shape.length_m) + shape.nugget_cv**2 * self._alone
        total: Floats = smooth + self._common + noise(self.rows, theta, self._expected)
        return total

    def log_likelihood(self, theta: Theta) -> float:
        """Return the marginal log-likelihood (Laplace's) of the counts under a theta."""
        lower = linalg.cholesky(self.covariance(theta), lower=True)
        white = linalg.solve_triangular(lower, self.rest, lower=True)
        return float(-0.5 * white @ white - np.log(np.diag(lower)).sum() - 0.5 * len(white) * np.log(2.0 * np.pi))

    def held_out(self, theta: Theta) -> Floats:
        """Return standardised errors of counts that were predicted from the other carriers' (or from other areas)."""
        total = self.covariance(theta)
        parts = [_standardised(total, self.rest, fold) for fold in self._folds()]
        return np.concatenate([one[np.isfinite(one)] for one in parts]) if parts else np.zeros(0)

    def _linearise(self, theta: Theta) -> None:
        people = np.exp(self._point)
        self._expected = self._matrix @ people
        self.rows = predicted(self.rows, theta, self._expected)
        self._slope = sparse.csr_array(self._matrix @ sparse.diags_array(people))
        self.rest = self.rows.value - self._expected + self._slope @ (self._point - self._level)
        self._alone = ((self._slope @ sparse.diags_array(self._single)) @ self._slope.T).toarray()
        self._common = LEVEL_SD**2 * np.outer(self._expected, self._expected)
        self._smooth: dict[float, Floats] = {}

    def _folds(self) -> list[Ints]:
        """Return which rows are held out together; censored ones are no measure of an error."""
        counted = np.flatnonzero(~self.rows.censored)
        carriers = np.unique(self.rows.number)
        if len(carriers) > 1:
            folds = [counted[self.rows.number[counted] == one] for one in carriers]
        else:
            folds = [counted[number::FOLDS] for number in range(FOLDS)]
        return [one for one in folds if 0 < len(one) < len(self.rest)]

    def _smooth_of(self, length_m: float) -> Floats:
        if length_m not in self._smooth:
            self._smooth[length_m] = self._slope @ (self._slope @ self._alike_of(length_m)).T
        return self._smooth[length_m]

    def _alike_of(self, length_m: float) -> Floats:
        """Return how much alike the places are, as geo.joint_field has it."""
        if length_m not in self._alike:
            self._alike[length_m] = resemblance(self._apart, length_m)
        return self._alike[length_m]


def _grouped(ids: HexIds, trend: Floats, resolution: int) -> tuple[Floats, Ints]:
    """Return of each hexagon (H,) its share of its group's people in the trend, and the group's number."""
    if not len(ids):
        return trend, np.zeros(0, np.int64)
    groups = ids if resolution == _resolution(ids) else hexagons.parents(ids, resolution)
    number = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    share: Floats = trend / np.bincount(number, weights=trend)[number]
    return share, number


def _resolution(ids: HexIds) -> int:
    return int(hexagons.resolutions(ids[:1])[0])


def _standardised(total: Floats, rest: Floats, fold: Ints) -> Floats:
    known = np.setdiff1d(np.arange(len(rest)), fold)
    factor = linalg.cho_factor(total[np.ix_(known, known)], lower=True)
    cross = total[np.ix_(known, fold)]
    error = rest[fold] - cross.T @ linalg.cho_solve(factor, rest[known])
    variance = np.diag(total)[fold] - (cross * linalg.cho_solve(factor, cross)).sum(axis=0)
    standardised: Floats = error / np.sqrt(np.maximum(variance, 1e-12))
    return standardised


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a piece is cut: number of the bin, areas of the layout, resolution at which hexagons are taken together."""

    bin: int
    areas: Ints
    resolution: int


def choose_places(ground: Layout, bins: Sequence[Sequence[CarrierCounts]], k_min: int) -> list[Place]:
    """Choose where pieces are cut: each bin gives some, each kind of place is seen."""
    parts = _parts(ground.row_metres)
    found: list[Place] = []
    for number, counts in enumerate(bins):
        rows = gather(ground, counts, DEFAULT_THETA, k_min)
        if len(rows.value):
            chosen = _chosen(parts, rows, _pieces_of(number, len(bins)), number)
            found += [Place(number, areas, _fine_enough(ground, areas)) for areas in chosen]
    return found


def make_pieces(
    ground: Layout,
    bins: Sequence[Sequence[CarrierCounts]],
    places: Sequence[Place],
    *,
    layer: Floats | None,
    k_min: int,
) -> list[Piece]:
    """Make the pieces of chosen places; the trend is that of the whole bin."""
    trends: dict[int, Floats] = {}
    pieces: list[Piece] = []
    for place in places:
        counts = bins[place.bin]
        if place.bin not in trends:
            trends[place.bin] = prior_mean(ground, gather(ground, counts, DEFAULT_THETA, k_min), layer)[0]
        inside = gather(ground, _within(ground, counts, place.areas), DEFAULT_THETA, k_min)
        pieces.append(Piece(ground, inside, trends[place.bin], place.resolution))
    return pieces


def _fine_enough(ground: Layout, areas: Ints) -> int:
    """Return the finest resolution at which the areas see no more than MOST_GROUPS hexagons."""
    ids = ground.hexagons[np.unique(ground.rows[areas].indices)]
    resolution, groups = _resolution(ids), ids
    while len(np.unique(groups)) > MOST_GROUPS and resolution > 0:
        resolution -= 1
        groups = hexagons.parents(ids, resolution)
    return resolution


def _pieces_of(number: int, bins: int) -> int:
    """Return how many pieces a bin gives, so that all bins together give PIECES."""
    return PIECES * (number + 1) // bins - PIECES * number // bins


def _chosen(parts: Sequence[Ints], rows: Rows, wanted: int, turn: int) -> list[Ints]:
    """Return some of the parts, from the fullest to the emptier ones, others in every bin."""
    size = int(rows.area.max()) + 1 + max(int(one.max()) for one in parts)
    delivered = np.bincount(rows.area, minlength=size)
    counted = np.bincount(rows.area, weights=np.maximum(rows.value, 0.0), minlength=size)
    enough = [one for one in parts if delivered[one].sum() >= LEAST_ROWS]
    enough.sort(key=lambda one: (-float(counted[one].sum()), int(one[0])))
    if not enough or not wanted:
        return []
    step = max(len(enough) / wanted, 1.0)
    shift = 0.5 * (turn % 2) * step if len(enough) > wanted else turn
    picked = dict.fromkeys(int(step * one + shift) % len(enough) for one in range(min(wanted, len(enough))))
    return [enough[one] for one in picked]


def _within(ground: Layout, counts: Sequence[CarrierCounts], place: Ints) -> list[CarrierCounts]:
    """Leave of the counts those of some areas of the layout; the others are as if not delivered."""
    inside = np.zeros(int(ground.starts[-1]), bool)
    inside[place] = True
    found = []
    for one in counts:
        start = int(ground.starts[ground.number_of(one)])
        own = inside[start : start + len(one.counts)]
        found.append(replace(one, counts=np.where(own, one.counts, np.nan), suppressed=one.suppressed & own))
    return found


def _parts(metres: Floats) -> list[Ints]:
    """Halve the areas across their longer side until no part is larger than a piece."""
    waiting, small = [np.arange(len(metres))], []
    while waiting:
        some = waiting.pop()
        if len(some) <= ROWS_OF_A_PIECE:
            small.append(some)
            continue
        across = metres[some][:, int(np.ptp(metres[some], axis=0).argmax())]
        order = some[np.argsort(across, kind="stable")]
        waiting += [order[len(order) // 2 :], order[: len(order) // 2]]
    return small
