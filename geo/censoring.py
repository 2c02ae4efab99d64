"""What a suppressed count is worth: known to be 1 to a limit less one, never 0.

Its expectation and variance are those of a negative binomial around its own prediction, cut to that range; Poisson
chance and the model error together make its spread.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from geo.hexagons import Floats

_LEAST_DISPERSION = 1e-3
_MOST_VALUES = 1024  # with a limit beyond, neighbouring values stand for each other


def censored_moments(predicted: Floats, relative_error: Floats, limit: Floats | int) -> tuple[Floats, Floats]:
    """Return mean and variance of counts (N,) of which only 0 < count < limit is known.

    `predicted` (N,): expected counts; `relative_error` (N,): sd of what was expected, over it; `limit`: one, or (N,).
    """
    limits = np.maximum(np.broadcast_to(np.asarray(limit, np.float64), predicted.shape), 2.0)
    values, width = _values(float(limits.max(initial=2.0)))
    size = 1.0 / np.maximum(np.square(relative_error), _LEAST_DISPERSION)[:, None]
    mean = np.maximum(predicted, 1e-6)[:, None]
    log_mass = gammaln(values + size) - gammaln(values + 1.0) + values * np.log(mean / (mean + size)) + np.log(width)
    log_mass = np.where(values < limits[:, None], log_mass, -np.inf)
    mass = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    expected: Floats = mass @ values
    return expected, np.maximum(mass @ values**2 - expected**2, 0.0)


def _values(limit: float) -> tuple[Floats, Floats]:
    """Give the whole numbers below a limit, or some of them, and how many each stands for."""
    last = np.ceil(limit)
    if last <= _MOST_VALUES:
        return np.arange(1.0, last), np.ones(int(last) - 1)
    edges = np.unique(np.round(np.geomspace(1.0, last, _MOST_VALUES)))
    return edges[:-1], np.diff(edges)
