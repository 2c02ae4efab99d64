"""What delivered zeros say: where every area that delivered for a hexagon counted nobody, nobody is there.

A smooth prior leaves a few people everywhere, and a few people are hidden (contract C2): without this a place that was
counted empty would be hidden instead of empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geo.hexagons import Floats
from geo.joint_layout import Layout
from geo.joint_types import JointEstimate
from geo.spreading import Bools, CarrierCounts


def with_zeros(ground: Layout, counts: Sequence[CarrierCounts], estimate: JointEstimate) -> JointEstimate:
    """Return the estimate with 0 people in each hexagon of which only zeros were delivered; its upper end stays."""
    nobody = _cover(ground, counts, [one.counts == 0.0 for one in counts])
    somebody = _cover(ground, counts, [one.suppressed | (one.counts > 0.0) for one in counts])
    empty = (nobody > 0.0) & (somebody <= 0.0)
    if not empty.any():
        return estimate
    found = estimate.hexagons
    none = {name: np.where(empty, 0.0, getattr(found, name)) for name in ("present_population", "low", "device_count")}
    return replace(estimate, hexagons=replace(found, **none), background=np.where(empty, 0.0, estimate.background))


def _cover(ground: Layout, counts: Sequence[CarrierCounts], chosen: Sequence[Bools]) -> Floats:
    """Give how far the chosen source areas of each carrier cover the hexagons, (H,)."""
    total = np.zeros(len(ground.hexagons))
    for one, areas in zip(counts, chosen, strict=True):
        start = ground.starts[ground.number_of(one)]
        total += ground.rows[start : start + len(areas)].T @ areas.astype(np.float64)
    return total
