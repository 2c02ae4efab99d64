"""Choose what an estimate cannot know beforehand, from past counts: empirical Bayes (estimation.md section 9).

For one set of coverages: slope and softness of the radio model of each that is made of radio cells, model error of
each, share error, and length, spread and nugget of the prior, by the marginal likelihood of past counts in pieces of
the network (geo/fitting_pieces.py). A prior around what is usual keeps a setting of which the counts say little where
it was. Last the interval factor: how far off counts were that were predicted from the other carriers'.

A pure function of its arguments: the same counts give the same settings. What was tried is part of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from geo.coverage import Coverage
from geo.fitting_pieces import Piece, choose_places, make_pieces
from geo.hexagons import Floats, HexIds
from geo.joint_layout import Layout, layout
from geo.joint_types import DEFAULT_THETA, CarrierErrors, Theta
from geo.located import over_border
from geo.radio_weights import DEFAULT_RADIO, RadioModel
from geo.spreading import CarrierCounts
from geo.weights import Progress, SpreadingWeights, compute_weights

LEAST_COUNTS = 60  # a handful of parameters from fewer counts would be chance
LEAST_HELD_OUT = 60
MOST_RADIO_CELLS = 6_000  # of a coverage: beyond, trying a radio model takes seconds each, and the usual one is taken
FIRST_STEPS, NEXT_STEPS = 6, 2  # of Gauss-Newton, from nowhere and from where another setting had come
LEAST_GAIN = 0.5  # of the log-likelihood: less is what the linearisation leaves open
ROUNDS = 2  # of the search over each parameter in turn; a third changed nothing in the trials

# What is tried. Model errors below 0.2 are not: intervals would lie (estimation.md section 9).
LENGTHS_M = (600.0, 1000.0, 1500.0, 2200.0, 3000.0)
SPREADS = (0.5, 0.7, 1.0, 1.4, 2.0)
NUGGETS = (0.1, 0.2, 0.3, 0.45, 0.65, 0.9)
MODEL_ERRORS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.65, 0.8)
CLUMPED_ERRORS = (0.03, 0.08, 0.15, 0.25, 0.4)
SHARE_ERRORS = (0.03, 0.06, 0.1, 0.15, 0.2, 0.3)
SHAPE_VALUES = (("length_m", LENGTHS_M), ("cv", SPREADS), ("nugget_cv", NUGGETS))
ERROR_VALUES = (("clumped_error", CLUMPED_ERRORS), ("share_error", SHARE_ERRORS))  # of all carriers alike
SOFTNESSES_DB = (1.5, 2.5, 3.5, 5.0, 7.0, 10.0)
SLOPES = (2.5, 3.0, 3.75, 4.5)
RadioGrid = tuple[tuple[str, tuple[float, ...]], ...]
EVERYTHING: RadioGrid = (("softness_db", SOFTNESSES_DB), ("slope", SLOPES), ("softness_db", SOFTNESSES_DB))
# Errors of counts are neither Gaussian nor independent, so the likelihood may prefer what is worse on the ground by up
# to a tenth a count (invented worlds of three kinds). A setting has to be likelier by that for each STEP (difference of
# logarithms) away from the usual one, for each count that it is about.
GAIN_A_STEP = 0.1
STEP = {
    "length_m": 0.4,
    "cv": 0.35,
    "nugget_cv": 0.35,
    "model_error": 0.15,
    "clumped_error": 0.5,
    "share_error": 0.5,
    "softness_db": 0.28,
    "slope": 0.15,
}
USUAL_RADIO = RadioModel(3.75, 6.0)  # as near to 5 as to 7: seven invented worlds told between the two by a hair
USUAL_ALONE: RadioGrid = (("softness_db", (USUAL_RADIO.softness_db,)),)
# Hardly narrower: what all carriers get wrong alike, no comparison between them shows. Beyond the upper end, something
# else is wrong than the width.
FACTOR_RANGE = (0.95, 1.3)
# A count that its operator's rivals predict errs by what is wrong with its own source area as well, a hexagon does not:
# its errors are about three quarters as wide (seven invented worlds, none of them the simulator's).
HEXAGONS_TO_COUNTS = 0.75
NORMAL_90 = 1.6449

FITTED, TOO_FEW = "fitted", "too-few-counts"


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting that was tried: `name` (with the coverage's number where it is of one), value, gain.

    `gain`: log-likelihood (with the weak prior) above that of the defaults; `chosen` where the search stayed there.
    """

    name: str
    coverage: int | None
    value: float
    gain: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """What was chosen for a set of coverages, in their order; `radios` None where a coverage has no radio cells.

    `reason`: 'fitted', or 'too-few-counts' and all is as by default. `counts`: numbers behind the choice, `held_out`:
    standardised errors behind the interval factor (0: it is 1).
    """

    radios: tuple[RadioModel | None, ...]
    theta: Theta
    reason: str
    counts: int
    held_out: int
    trials: tuple[Trial, ...]


def fit(
    coverages: Sequence[Coverage],
    weights: Sequence[SpreadingWeights],
    hexagons: HexIds,
    bins: Sequence[Sequence[CarrierCounts]],
    *,
    layer: Floats | None = None,
    k_min: int,
    progress: Progress | None = None,
) -> Fit:
    """Choose the settings for coverages by the counts of some time bins.

    `weights`: of the coverages under the default radio model, of which the counts are (by identity); `hexagons` (H,)
    sorted, every hexagon of every weights; `layer` (H,) as in the joint estimate.
    """
    search = _Search(coverages, weights, hexagons, bins, layer, k_min)
    if search.size < LEAST_COUNTS:
        return _defaults(coverages, weights, search.size)
    tell = progress or _silent
    search.begin()
    search.over_thetas()
    for number, coverage in enumerate(coverages):
        tell((number + 1) / (len(coverages) + 2), "fitting")
        if coverage.radio is not None:
            search.over_radios(number, USUAL_ALONE if len(coverage.source_area_ids) > MOST_RADIO_CELLS else EVERYTHING)
    search.over_thetas()
    tell(1.0, "fitting")
    return search.result()


def _silent(_fraction: float, _what: str) -> None:
    return None


def _defaults(coverages: Sequence[Coverage], weights: Sequence[SpreadingWeights], counts: int) -> Fit:
    radios = tuple(None if one.radio is None else DEFAULT_RADIO for one in coverages)
    return Fit(radios, _default_theta(weights), TOO_FEW, counts, 0, ())


def _default_theta(weights: Sequence[SpreadingWeights]) -> Theta:
    return replace(DEFAULT_THETA, carriers=tuple(usual_errors(one) for one in weights))


def usual_errors(weights: SpreadingWeights) -> CarrierErrors:
    """Return what is expected of a coverage's errors before any count: sectors as ever, small areas worse."""
    usual = CarrierErrors()
    return replace(usual, model_error=float(np.clip(over_border(weights), usual.model_error, MODEL_ERRORS[-1])))


class _Search:
    """Coordinate search: one setting after the other, each kept where the counts are likelier under it."""

    def __init__(
        self,
        coverages: Sequence[Coverage],
        weights: Sequence[SpreadingWeights],
        hexagons: HexIds,
        bins: Sequence[Sequence[CarrierCounts]],
        layer: Floats | None,
        k_min: int,
    ) -> None:
        self._coverages, self._hexagons, self._bins = coverages, hexagons, bins
        self._layer, self._k_min = layer, k_min
        self._original, self._weights = list(weights), list(weights)
        self._radios = [None if one.radio is None else DEFAULT_RADIO for one in coverages]
        self._theta = self._usual = _default_theta(weights)
        self._places = choose_places(layout(weights, hexagons), bins, k_min)
        self._pieces = self._pieces_under(weights)
        self._counts = [self._rows_of(number) for number in range(len(coverages))]
        self._trials: list[Trial] = []
        self._tried: set[tuple[int, RadioModel]] = set()
        self._start = self._best = 0.0

    @property
    def size(self) -> int:
        """How many counts the pieces hold."""
        return sum(int((~one.rows.censored).sum()) for one in self._pieces)

    def begin(self) -> None:
        """Find the people behind the counts under the defaults, and how likely the counts are."""
        self._expand(self._pieces, FIRST_STEPS)
        self._start = self._best = self._score(self._pieces, self._theta, self._radios)

    def over_thetas(self) -> None:
        """Search length, spread, nugget and errors, each in turn."""
        for _ in range(ROUNDS):
            before = self._theta
            for name, values in SHAPE_VALUES:
                self._over(name, None, values, partial(_with_shape, name))
            for number in range(len(self._coverages)):
                self._over("model_error", number, MODEL_ERRORS, partial(_with_error, number))
            for name, values in ERROR_VALUES:
                self._over(name, None, values, partial(_with_errors, name))
            self._expand(self._pieces, NEXT_STEPS)
            self._best = self._score(self._pieces, self._theta, self._radios)
            if self._theta == before:
                break

    def over_radios(self, number: int, grid: RadioGrid) -> None:
        """Search softness and slope of one coverage of radio cells, uphill from where it stands."""
        for name, values in grid:
            here = getattr(self._radios[number], name)
            upwards = [one for one in values if one > here]
            downwards = [one for one in reversed(values) if one < here]
            for way in (upwards, downwards):
                for value in way:
                    if not self._try_radio(number, name, value):
                        break

    def result(self) -> Fit:
        """Return what was found, with the interval factor."""
        errors = np.concatenate([one.held_out(self._theta) for one in self._pieces])
        theta = replace(self._theta, interval_factor=interval_factor(errors))
        held_out = len(errors) if len(errors) >= LEAST_HELD_OUT else 0
        return Fit(tuple(self._radios), theta, FITTED, self.size, held_out, tuple(self._trials))

    def _over(
        self, name: str, coverage: int | None, values: Sequence[float], made: Callable[[Theta, float], Theta]
    ) -> None:
        for value in values:
            theta = made(self._theta, value)
            if theta == self._theta:
                continue
            score = self._score(self._pieces, theta, self._radios)
            if self._note(name, coverage, value, score):
                self._best, self._theta = score, theta

    def _try_radio(self, number: int, name: str, value: float) -> bool:
        """Try one setting of a radio model; tell whether the search goes there."""
        radio = replace(self._radios[number] or DEFAULT_RADIO, **{name: value})
        if (number, radio) in self._tried:
            return False
        self._tried.add((number, radio))
        weights, radios = list(self._weights), list(self._radios)
        weights[number], radios[number] = compute_weights(self._coverages[number], radio=radio), radio
        pieces = self._pieces_under(weights)
        for old, new in zip(self._pieces, pieces, strict=True):
            new.start_at(old.people_of(len(self._hexagons)), self._theta)
        self._expand(pieces, NEXT_STEPS)
        score = self._score(pieces, self._theta, radios)
        better = self._note(name, number, value, score)
        if better:
            self._best, self._weights, self._radios, self._pieces = score, weights, radios, pieces
        return better

    def _note(self, name: str, coverage: int | None, value: float, score: float) -> bool:
        better = score > self._best + LEAST_GAIN
        self._trials.append(Trial(name, coverage, value, score - self._start, better))
        return better

    def _expand(self, pieces: Sequence[Piece], steps: int) -> None:
        for one in pieces:
            one.expand(self._theta, steps)

    def _pieces_under(self, weights: Sequence[SpreadingWeights]) -> list[Piece]:
        moved = {id(old): new for old, new in zip(self._original, weights, strict=True)}
        bins = [[replace(one, weights=moved[id(one.weights)]) for one in some] for some in self._bins]
        ground: Layout = layout(weights, self._hexagons)
        return make_pieces(ground, bins, self._places, layer=self._layer, k_min=self._k_min)

    def _rows_of(self, number: int) -> int:
        return sum(int((one.rows.number == number).sum()) for one in self._pieces)

    def _score(self, pieces: Sequence[Piece], theta: Theta, radios: Sequence[RadioModel | None]) -> float:
        likely = sum(one.log_likelihood(theta) for one in pieces)
        return likely - GAIN_A_STEP * _strangeness(theta, self._usual, radios, self._counts)


def _with_shape(name: str, theta: Theta, value: float) -> Theta:
    return replace(theta, shape=replace(theta.shape, **{name: value}))


def _with_error(number: int, theta: Theta, value: float) -> Theta:
    carriers = list(theta.carriers)
    carriers[number] = replace(carriers[number], model_error=value)
    return replace(theta, carriers=tuple(carriers))


def _with_errors(name: str, theta: Theta, value: float) -> Theta:
    return replace(theta, carriers=tuple(replace(one, **{name: value}) for one in theta.carriers))


def _strangeness(theta: Theta, usual: Theta, radios: Sequence[RadioModel | None], counts: Sequence[int]) -> float:
    """Return how many steps a setting is away from the usual one, summed over the counts that each step is about.

    `counts`: how many there are of each coverage.
    """
    total = _far(theta.shape, usual.shape, [name for name, _values in SHAPE_VALUES]) * sum(counts)
    for number, errors in enumerate(theta.carriers):
        total += _far(errors, usual.carriers[number], ["model_error", "clumped_error", "share_error"]) * counts[number]
    for number, radio in enumerate(radios):
        if radio is not None:
            total += _far(radio, USUAL_RADIO, ["softness_db", "slope"]) * counts[number]
    return total


def _far(setting: object, usual: object, names: Sequence[str]) -> float:
    apart = (np.log(getattr(setting, name) / getattr(usual, name)) / STEP[name] for name in names)
    return sum(abs(float(one)) for one in apart)


def interval_factor(errors: Floats) -> float:
    """Return by how much hexagons' standard deviations are multiplied, by held-out standardised errors of counts (N,).

    Of the errors 90 % lie within the factor divided by HEXAGONS_TO_COUNTS.
    """
    if len(errors) < LEAST_HELD_OUT:
        return 1.0
    rank = min(int(np.ceil(0.9 * (len(errors) + 1))), len(errors)) - 1
    widest = float(np.sort(np.abs(errors))[rank])
    return float(np.clip(HEXAGONS_TO_COUNTS * widest / NORMAL_90, *FACTOR_RANGE))
