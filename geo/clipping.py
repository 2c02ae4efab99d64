"""Areas of polygons inside hexagons, many pairs at a time.

Each ring is cut by the six half-planes of its hexagon (Sutherland and Hodgman 1974) in one sweep over flat arrays; the
bridges that the method leaves along an edge of the hexagon enclose nothing, so the signed area is exact for any simple
ring, holes included. Cutting is done in longitude and latitude relative to the hexagon's centre, as the file means its
straight edges; the area of a piece is taken on the sphere (Lambert's cylindrical projection), as h3 does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.hexagons import Floats

Ints = NDArray[np.int64]

EARTH_RADIUS_KM = 6371.007180918475  # h3's own, so that source areas and hexagons are measured alike
_VERTICES_AT_ONCE = 500_000


class Rings:
    """The rings of many polygons, flat: shells anticlockwise, holes clockwise, not closed.

    `shape_start[i]:shape_start[i+1]` are the rings of shape i; `start[r]:start[r+1]` the vertices of ring r.
    """

    def __init__(self, shapes: NDArray[Any]) -> None:
        oriented = shapely.orient_polygons(shapes)
        parts, part_shape = shapely.get_parts(oriented, return_index=True)
        rings, ring_part = shapely.get_rings(parts, return_index=True)
        coordinates, vertex_ring = shapely.get_coordinates(rings, return_index=True)
        closing = np.r_[vertex_ring[1:] != vertex_ring[:-1], True] if len(vertex_ring) else np.array([], bool)
        self.vertices: Floats = coordinates[~closing]
        self.start = _starts(vertex_ring[~closing], len(rings))
        self.shape_start = _starts(part_shape[ring_part], len(shapes))
        self.vertex_count: Ints = self.start[self.shape_start[1:]] - self.start[self.shape_start[:-1]]


def _starts(group_of: NDArray[Any], groups: int) -> Ints:
    return np.searchsorted(group_of, np.arange(groups + 1)).astype(np.int64)


def areas_inside(rings: Rings, shape_of: Ints, hexagon_of: Ints, hexagon_vertices: Floats) -> Floats:
    """Measure |shape ∩ hexagon| for each pair, on the unit sphere, (pairs,).

    `shape_of` and `hexagon_of` name the pairs; `hexagon_vertices` is (H, 6, 2) degrees, anticlockwise.
    """
    areas = np.zeros(len(shape_of))
    load = np.cumsum(rings.vertex_count[shape_of])
    budgets = np.arange(_VERTICES_AT_ONCE, load[-1] if len(load) else 0, _VERTICES_AT_ONCE)
    edges = np.unique(np.r_[0, np.searchsorted(load, budgets) + 1, len(shape_of)])
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = slice(first, min(last, len(shape_of)))
        areas[part] = _areas_of_pairs(rings, shape_of[part], hexagon_vertices[hexagon_of[part]])
    return np.maximum(areas, 0.0)


def _areas_of_pairs(rings: Rings, shape_of: Ints, hexagons: Floats) -> Floats:
    anchors = hexagons.mean(axis=1)
    hexagons = np.radians(hexagons - anchors[:, None, :])
    pair, vertices, start = _rings_of_pairs(rings, shape_of)
    x, y = np.radians(vertices - anchors[pair]).T
    group = np.repeat(np.arange(len(start) - 1), np.diff(start))
    ring_pair = pair[start[:-1]] if len(start) > 1 else np.array([], dtype=np.int64)
    for edge in range(6):
        a, b = hexagons[:, edge], hexagons[:, (edge + 1) % 6]
        x, y, group = _cut(x, y, group, ring_pair, a, b - a)
    piece = _signed_areas(x, y, group, ring_pair, np.radians(anchors[:, 1]))
    return np.bincount(ring_pair[group], weights=piece, minlength=len(shape_of)).astype(np.float64)


def _rings_of_pairs(rings: Rings, shape_of: Ints) -> tuple[Ints, Floats, Ints]:
    """Copy the rings of each pair's shape: pair of every vertex, vertices, starts of the copied rings."""
    ring_count = np.diff(rings.shape_start)[shape_of]
    ring = _ranges(rings.shape_start[shape_of], ring_count)
    length = np.diff(rings.start)[ring]
    pair = np.repeat(np.repeat(np.arange(len(shape_of)), ring_count), length)
    return pair, rings.vertices[_ranges(rings.start[ring], length)], np.r_[0, np.cumsum(length)]


def _ranges(first: Ints, length: Ints) -> Ints:
    """Join the ranges first..first+length into one array of indices."""
    skipped = np.cumsum(length) - length
    return np.repeat(first - skipped, length) + np.arange(length.sum())


def _cut(
    x: Floats, y: Floats, group: Ints, ring_pair: Ints, point: Floats, direction: Floats
) -> tuple[Floats, Floats, Ints]:
    """Keep what lies left of each pair's edge; vertices of one ring stay together and in order."""
    pair = ring_pair[group]
    side = direction[pair, 0] * (y - point[pair, 1]) - direction[pair, 1] * (x - point[pair, 0])
    following = _following(group)
    inside = side >= 0.0
    crossing = np.flatnonzero(inside != inside[following])
    onward = following[crossing]
    at = side[crossing] / (side[crossing] - side[onward])
    slot = np.cumsum(inside) + np.searchsorted(crossing, np.arange(len(x)))
    kept_slot = slot[inside] - 1
    crossing_slot = slot[crossing]
    size = len(kept_slot) + len(crossing_slot)
    new_x, new_y, new_group = np.empty(size), np.empty(size), np.empty(size, dtype=np.int64)
    new_x[kept_slot], new_y[kept_slot], new_group[kept_slot] = x[inside], y[inside], group[inside]
    new_x[crossing_slot] = x[crossing] + at * (x[onward] - x[crossing])
    new_y[crossing_slot] = y[crossing] + at * (y[onward] - y[crossing])
    new_group[crossing_slot] = group[crossing]
    return new_x, new_y, new_group


def _following(group: Ints) -> Ints:
    """Give for each vertex the index of the next one on its ring."""
    following = np.arange(1, len(group) + 1)
    if len(group):
        last = np.flatnonzero(np.r_[group[1:] != group[:-1], True])
        following[last] = np.r_[0, last[:-1] + 1]
    return following


def _signed_areas(x: Floats, y: Floats, group: Ints, ring_pair: Ints, latitude: Floats) -> Floats:
    """Give each edge's share of its ring's signed area on the unit sphere."""
    following = _following(group)
    return _under_edges(x, y, x[following], y[following], latitude[ring_pair[group]])


def _under_edges(x0: Floats, y0: Floats, x1: Floats, y1: Floats, latitude: Floats) -> Floats:
    """Integrate sin(latitude) along edges that are straight in longitude and latitude, relative to an anchor.

    The shoelace of projected vertices, plus the second-order term for the bend that the projection gives an edge:
    without it a border and its parts would not enclose the same area.
    """
    h0, h1 = _height(y0, latitude), _height(y1, latitude)
    bend = (y1 - y0) ** 2 * np.sin(latitude + 0.5 * (y0 + y1)) / 12.0
    under: Floats = 0.5 * (x0 * h1 - x1 * h0) - (x1 - x0) * bend
    return under


def _height(y: Floats, latitude: Floats) -> Floats:
    """Give sin(latitude + y) - sin(latitude) without losing digits."""
    height: Floats = np.sin(y) * np.cos(latitude) - 2.0 * np.sin(y / 2.0) ** 2 * np.sin(latitude)
    return height


def hexagon_areas(hexagon_vertices: Floats) -> Floats:
    """Measure hexagons in the same way as the pieces inside them, on the unit sphere, (H,)."""
    anchor = hexagon_vertices.mean(axis=1, keepdims=True)
    x, y = np.moveaxis(np.radians(hexagon_vertices - anchor), 2, 0)
    latitude = np.radians(anchor[:, :, 1])
    areas: Floats = _under_edges(x, y, np.roll(x, -1, 1), np.roll(y, -1, 1), latitude).sum(axis=1)
    return areas
