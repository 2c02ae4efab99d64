"""The linear estimate (policy: method `spread`) in the shape of the joint one: hexagons only, no venue is spoken of."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from geo.joint import JointEstimate, VenueEstimate
from geo.spreading import HexagonEstimate


def as_joint(hexagons: HexagonEstimate, z: float) -> JointEstimate:
    """Return a linear estimate with the standard deviations that its intervals (`z` of them to a side) stand for."""
    sd = (hexagons.high - hexagons.low) / (2.0 * z)
    return JointEstimate(hexagons, sd, hexagons.present_population, _no_venues(), ())


def _no_venues() -> VenueEstimate:
    none = np.zeros(0)
    return VenueEstimate(
        mean=none,
        sd=none,
        low=none,
        high=none,
        kernel=none,
        area_mean=none,
        area_sd=none,
        own_probability=none,
        reach=none,
        rivals=sparse.csr_array((0, 0)),
        background_rival=none,
    )
