"""Randomness by name: the same seed and the same key always give the same draw, in whatever order they are asked for.

Nothing here reads a clock or keeps a state between calls.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def generator(seed: int, *key: str | int) -> np.random.Generator:
    """Return the generator that belongs to `seed` and `key` alone."""
    words = [crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.default_rng([seed, *words])


def smooth_field(rng: np.random.Generator, points_m: Floats, length_m: float, waves: int = 48) -> Floats:
    """Draw a standard normal field at points (N, 2) in metres that forgets itself over about `length_m` metres.

    A sum of random waves whose wave numbers follow the spectrum of a Gaussian correlation (random Fourier features).
    """
    numbers = rng.normal(0.0, 1.0 / length_m, (2, waves))
    phases = rng.uniform(0.0, 2 * np.pi, waves)
    field: Floats = np.cos(points_m @ numbers + phases).sum(axis=1) * np.sqrt(2.0 / waves)
    return field
