"""Where source areas lie, roughly: a centre and a radius each. Enough to ask whether two of them may overlap.

Does not: know shapes exactly (geo/area_weights.py does).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.hexagons import Floats

if TYPE_CHECKING:
    from geo.coverage import Coverage

METRES_A_DEGREE = 111_195.0
DEFAULT_RANGE_M = 1_000.0  # of a radio cell whose range nobody wrote down


@dataclass(frozen=True, slots=True)
class Places:
    """Centres (A, 2) in degrees longitude, latitude and radii (A,) in metres of discs that hold the areas."""

    centres: Floats
    radius_m: Floats

    def near(self, centre: Floats, radius_m: float) -> NDArray[np.intp]:
        """Return the rows whose disc meets the disc at `centre` (2,) degrees."""
        narrowing = np.cos(np.radians(centre[1]))
        east = (self.centres[:, 0] - centre[0]) * METRES_A_DEGREE * narrowing
        north = (self.centres[:, 1] - centre[1]) * METRES_A_DEGREE
        return np.flatnonzero(np.hypot(east, north) <= self.radius_m + radius_m)


def places_of(coverage: Coverage) -> Places:
    """Return the place of every source area of a coverage, in its order."""
    if coverage.radio is not None:
        radio = coverage.radio
        radius = np.where(np.isfinite(radio.range_m), radio.range_m, DEFAULT_RANGE_M)
        return Places(np.stack([radio.longitude, radio.latitude], axis=1), radius)
    bounds = shapely.bounds(coverage.shapes)
    centres = np.stack([(bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2], axis=1)
    narrowing = np.cos(np.radians(centres[:, 1]))
    wide, high = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    return Places(centres, np.hypot(wide * narrowing, high) / 2 * METRES_A_DEGREE)
