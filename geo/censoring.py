"""What a suppressed count is worth: known to be 1 to k_min - 1, never 0.

Its expectation and variance are those of a negative binomial around its own prediction, cut to that range; Poisson
chance and the model error together make its spread.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from geo.hexagons import Floats

_LEAST_DISPERSION = 1e-3


def censored_moments(predicted: Floats, relative_error: Floats, k_min: int) -> tuple[Floats, Floats]:
    """Return mean and variance of counts (N,) of which only 0 < count < k_min is known.

    `predicted` (N,): expected counts; `relative_error` (N,): sd of what was expected, over it.
    """
    values = np.arange(1.0, max(k_min, 2))
    size = 1.0 / np.maximum(np.square(relative_error), _LEAST_DISPERSION)[:, None]
    mean = np.maximum(predicted, 1e-6)[:, None]
    log_mass = gammaln(values + size) - gammaln(values + 1.0) + values * np.log(mean / (mean + size))
    mass = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    expected: Floats = mass @ values
    return expected, np.maximum(mass @ values**2 - expected**2, 0.0)
