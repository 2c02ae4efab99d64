"""Where people may be expected before the counts are told apart: the level, and what goes with it.

The logarithm of people per km² is a sum of what is known without any count: how dense a network is built there, how
many of the coverages reach there, and the loaded layer (near and smoothed). How far each is believed is learnt from the
counts of the bin by ridge regression, so that a noisy layer ends up nearly unused. `spread_out` makes a rough estimate
of it, in which every count is given back to the hexagons that may have caused it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse

from geo.hexagons import Floats
from geo.joint_layout import Layout, scaled
from geo.joint_rows import Rows
from geo.spreading import Bools

_ROUNDS = 4
_ROW_VARIANCE = 0.35  # of a count's logarithm around the trend: what hexagons and errors have of their own
_TRUST_VARIANCE = 1.0  # of a coefficient, of traits scaled to sd 1, before any count
_CHANCE = 2.0  # variances: a coefficient smaller than their root is taken for chance
_LAYER_FLOOR = 0.2  # of the layer's mean density: nobody in the layer is not nobody there
_LAYER_BANDS_M = (500.0, 1500.0)  # of smoothing: between hexagons, within a district, between districts
_STEEPEST = 8.0  # logarithms from the densest to the emptiest trend


def prior_mean(ground: Layout, rows: Rows, *layers: Floats | None) -> tuple[Floats, Floats]:
    """Return the trend of people (H,) with as many as were counted, and the scale its errors grow with (the same).

    `layers` (H,): guesses of where people are, each believed as far as the counts agree.
    """
    base = np.maximum(ground.ground_km2, 1e-9)
    traits = np.column_stack([ground.traits, *(trait for one in layers for trait in layer_traits(ground, one))])
    mean = as_many(rows, base)
    if not traits.shape[1] or not len(rows.value):
        return mean, mean
    weight = np.zeros(traits.shape[1])
    for _ in range(_ROUNDS):
        weight = _regressed(rows, traits, weight, mean)
        slope = np.clip(traits @ weight, -_STEEPEST, _STEEPEST)
        mean = as_many(rows, base * np.exp(slope - slope.max()))
    return mean, mean


def layer_traits(ground: Layout, layer: Floats | None) -> list[Floats]:
    """Return what a layer says of the logarithm of density (H,): where it says anything, and in bands of distance.

    Bands, because an error of each hexagon's own averages out in a source area while what is true of a district does
    not: one weight for both would believe the errors as far as the districts.
    """
    if layer is None:
        return []
    density = np.where(np.isfinite(layer) & (layer >= 0.0), layer, np.nan) / np.maximum(ground.ground_km2, 1e-9)
    known = np.isfinite(density) & (ground.ground_km2 > 0.0)
    if not known.any() or not density[known].any():
        return []
    ground_known = np.where(known, ground.ground_km2, 0.0)
    bands = [np.where(known, density, 0.0)]
    for length_m in _LAYER_BANDS_M:
        near = ground.correlation(length_m)
        bands.append((near @ (np.where(known, density, 0.0) * ground_known)) / np.maximum(near @ ground_known, 1e-9))
    floor = _LAYER_FLOOR * float(density[known].mean())
    logarithms = [np.log(np.maximum(one, 0.0) + floor) for one in bands]
    finer = [one - other for one, other in pairwise(logarithms)]
    return [_scaled_where(known, one) for one in (*finer, logarithms[-1])] + [scaled(known.astype(np.float64))]


def spread_out(rows: Rows, mean: Floats, steps: int) -> Floats:
    """Return people (H,) after some steps of expectation and maximisation from `mean`: fast, and never negative."""
    people = mean
    reach = np.asarray(rows.matrix.sum(axis=0)).ravel()
    seen = reach > 0.0
    for _ in range(steps):
        ratio = (rows.value + 0.5) / (rows.matrix @ people + 0.5)
        back = rows.matrix.T @ ratio
        people = np.where(seen, people * back / np.where(seen, reach, 1.0), people)
    return people


def _scaled_where(known: Bools, trait: Floats) -> Floats:
    """Scale a trait (H,) over the hexagons of which the layer says something; 0 in the others."""
    found = np.zeros(len(trait))
    found[known] = scaled(trait[known])
    return found


def as_many(rows: Rows, people: Floats) -> Floats:
    """Scale people (H,) to the sum that was counted."""
    expected = float((rows.matrix @ people).sum())
    factor = float(rows.value.sum()) / expected if expected > 0.0 else 0.0
    return people * max(factor, 1e-9)


def _regressed(rows: Rows, traits: Floats, weight: Floats, mean: Floats) -> Floats:
    """Take one step of the regression of the counts' logarithms on what their areas have of each trait.

    A coefficient is shrunk by what chance alone would make of it (James and Stein's rule, never beyond 0).
    """
    expected = np.maximum(rows.matrix @ mean, 1e-9)
    own = sparse.diags_array(1.0 / expected) @ (rows.matrix @ sparse.diags_array(mean))
    design = np.column_stack([np.ones(len(expected)), own @ traits])
    target = np.log((rows.value + 0.5) / (expected + 0.5)) + design[:, 1:] @ weight
    trust = 1.0 / (_ROW_VARIANCE + 1.0 / (expected + 0.5))
    ridge = np.diag([1e-6, *([1.0 / _TRUST_VARIANCE] * len(weight))])
    inverse = np.linalg.inv(design.T @ (trust[:, None] * design) + ridge)
    solved = inverse @ (design.T @ (trust * target))
    left = float((trust * (target - design @ solved) ** 2).sum()) / max(len(target) - len(solved), 1)
    chance = max(left, 1.0) * np.diag(inverse)
    return np.asarray(solved * np.maximum(1.0 - _CHANCE * chance / np.maximum(solved**2, 1e-12), 0.0))[1:]
