"""Counts of small areas, into which an operator put phones that it had located some 200 m off.

Timing (78 m a step), angle and reflections displace a phone by that in a city. Of those in an area as wide as `side`,
1.6 * error / side are over its border (two normal tails either way). A count then says less than its borders promise
(geo/fitting.py takes a larger model error), and to tell apart what lies within the error sharpens chance: there the
estimate keeps a part of plain spreading, which tells nothing apart. Two that err differently err less together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geo.hexagons import Floats
from geo.joint_rows import Rows, taken
from geo.joint_trend import as_many, spread_out
from geo.weights import SpreadingWeights

LOCATION_ERROR_M = 200.0
BORDERS_CROSSED = 1.6
PLAIN_PART = 0.5  # where every phone may be over a border, both are believed alike


def over_border(weights: SpreadingWeights) -> float:
    """Return which part of the phones of a coverage's usual area may belong to the next, 0..1; 0 for radio cells."""
    if len(weights.masts) or not len(weights.area_km2):
        return 0.0
    side_m = 1000.0 * float(np.sqrt(np.median(weights.area_km2)))
    return min(BORDERS_CROSSED * LOCATION_ERROR_M / max(side_m, 1.0), 1.0)


def softened(
    weights: Sequence[SpreadingWeights], rows: Rows, ground_km2: Floats, background: Floats, in_venues: Floats
) -> tuple[Floats, Floats]:
    """Return the background (H,) with a part of plain spreading where small areas count; as it is where none does.

    And the variance that this adds: how far the two are apart, as of a mixture of both.

    `weights`: those that the rows' numbers name; `ground_km2` (H,): over which a count is spread, but for the people
    `in_venues` (H,), whose place is known.
    """
    crossed = np.array([over_border(one) for one in weights])[rows.number]
    at = np.flatnonzero(crossed)
    if not len(at):
        return background, np.zeros(len(background))
    everybody = np.asarray(rows.matrix.sum(axis=0)).ravel()
    part = PLAIN_PART * (rows.matrix.T @ crossed) / np.where(everybody > 0.0, everybody, 1.0)
    located = taken(rows, at, np.arange(len(background)))
    located = replace(located, value=np.maximum(located.value - located.matrix @ in_venues, 0.0))
    plain = spread_out(located, as_many(located, ground_km2), 1)
    mixed: Floats = (1.0 - part) * background + part * plain
    return mixed, part * (1.0 - part) * (plain - background) ** 2
