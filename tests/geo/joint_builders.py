"""Furniture of the joint estimate's tests: a small town with two or three networks, its people known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from scipy import sparse

from geo.hexagons import Floats
from geo.joint import DEFAULT_THETA, JointEstimate, Layout, VenuePrior, estimate, layout
from geo.spreading import CarrierCounts, union_of_hexagons
from geo.weights import SpreadingWeights, compute_weights
from tests.geo.builders import area_coverage, box_at

K_MIN, Z = 20, 1.6449


def tiling(columns: int, rows: int, width: float = 0.06) -> SpreadingWeights:
    """A town cut into boxes."""
    east, north = width / columns, width / rows
    return compute_weights(
        area_coverage([box_at(x * east, y * north, east, north) for y in range(rows) for x in range(columns)])
    )


def voronoi(count: int, seed: int, width: float = 0.06) -> SpreadingWeights:
    """The same town cut into the Voronoi polygons of seeded towers."""
    box = box_at(0, 0, width, width)
    west, south, east, north = box.bounds
    points = np.random.default_rng(seed).uniform([west, south], [east, north], (count, 2))
    shapes = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points)))
    return compute_weights(area_coverage(list(shapely.intersection(shapes, box))))


def town(*weights: SpreadingWeights) -> tuple[Layout, Floats]:
    """The ground of some networks, and people: most of them around the middle of the town."""
    ground = layout(weights, union_of_hexagons(weights))
    centre = ground.metres.mean(axis=0) + np.array([300.0, -200.0])
    far = np.linalg.norm(ground.metres - centre, axis=1)
    return ground, ground.ground_km2 * (150.0 + 9000.0 * np.exp(-((far / 1200.0) ** 2)))


def counted(ground: Layout, people: Floats, number: int, share: float, seed: int | None = None) -> CarrierCounts:
    """What a network counts of people: as expected, or drawn; below K_MIN suppressed."""
    rows = ground.rows[ground.starts[number] : ground.starts[number + 1]]
    mean = share * (rows @ people)
    drawn = np.round(mean) if seed is None else np.random.default_rng(seed).poisson(mean).astype(float)
    hidden = (drawn > 0) & (drawn < K_MIN)
    return CarrierCounts(ground.weights[number], np.where(hidden, np.nan, drawn), hidden, share)


def estimated(ground: Layout, counts: Sequence[CarrierCounts], **more: Any) -> JointEstimate:
    return estimate(ground, counts, more.pop("theta", DEFAULT_THETA), k_min=K_MIN, z=Z, **more)


def venue_at(ground: Layout, hexagon: int, mean: float, sd: float, ceiling: float = np.nan) -> VenuePrior:
    """One venue in one hexagon."""
    held = sparse.csr_array(([1.0], ([0], [hexagon])), shape=(1, len(ground.hexagons)))
    return VenuePrior(held, np.array([mean]), np.array([sd]), np.array([ceiling]))
