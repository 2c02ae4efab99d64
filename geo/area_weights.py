"""Which part of which hexagon a source area covers: polygons, squares, geohashes, and hexagons themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import hexagons
from geo.clipping import EARTH_RADIUS_KM, Ints, Rings, areas_inside, hexagon_areas
from geo.errors import WeightsError
from geo.hexagons import Floats, HexIds

MOST_HEXAGONS = 2_000_000
FARTHEST_LATITUDE = 88.0  # beyond, boxes of longitude and latitude no longer hold what they bound
_WORTH_PREPARING = 40
_WORTH_TRIMMING = 60
_PIECES_AT_ONCE = 20_000


class Overlaps:
    """Pairs of source area and hexagon that share ground: `row`, `column` into `hexagons`, and two measures each.

    `cover` is |h∩a|/|h|, `area_km2` is |h∩a|.
    """

    def __init__(self, ids: HexIds, row: Ints, column: Ints, cover: Floats, area_km2: Floats) -> None:
        keep = area_km2 > 0.0
        used, self.column = np.unique(column[keep], return_inverse=True)
        self.hexagons = ids[used]
        self.row, self.cover, self.area_km2 = row[keep], np.minimum(cover[keep], 1.0), area_km2[keep]


def overlaps_of_shapes(shapes: NDArray[Any], resolution: int) -> Overlaps:
    """Cut every shape (longitude, latitude) by the hexagons it touches."""
    ids = _hexagons_near(shapes, resolution)
    vertices = hexagons.boundaries(ids)
    row, column = _candidates(shapes, vertices)
    full = hexagon_areas(vertices)
    inside = _surely_inside(shapes, row, column, vertices)
    areas = np.where(inside, full[column], 0.0)
    cut = np.flatnonzero(~inside)
    areas[cut] = _areas_cut(shapes, row[cut], column[cut], vertices)
    row, column, areas = _every_row(shapes, ids, (row, column, areas), resolution)
    return Overlaps(ids, row, column, areas / full[column], areas * EARTH_RADIUS_KM**2)


def _areas_cut(shapes: NDArray[Any], row: Ints, column: Ints, vertices: Floats) -> Floats:
    """Measure pairs; of shapes with many vertices only the surroundings of each hexagon are looked at."""
    rings = Rings(shapes)
    areas = np.empty(len(row))
    intricate = rings.vertex_count[row] > _WORTH_TRIMMING
    plain, knotty = np.flatnonzero(~intricate), np.flatnonzero(intricate)
    areas[plain] = areas_inside(rings, row[plain], column[plain], vertices)
    for start in range(0, len(knotty), _PIECES_AT_ONCE):
        part = knotty[start : start + _PIECES_AT_ONCE]
        pieces = Rings(shapely.intersection(shapes[row[part]], _boxes(vertices[column[part]])))
        areas[part] = areas_inside(pieces, np.arange(len(part)), column[part], vertices)
    return areas


def _boxes(vertices: Floats) -> NDArray[Any]:
    low, high = vertices.min(axis=1), vertices.max(axis=1)
    return np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]), dtype=object)


def _every_row(
    shapes: NDArray[Any], ids: HexIds, pairs: tuple[Ints, Ints, Floats], resolution: int
) -> tuple[Ints, Ints, Floats]:
    """Give shapes too thin to measure the hexagon of a point within them, with the smallest area there is."""
    row, column, areas = pairs
    lost = np.flatnonzero(np.bincount(row, weights=areas, minlength=len(shapes)) == 0.0)
    if not len(lost):
        return pairs
    points = shapely.get_coordinates(shapely.point_on_surface(shapes[lost])).tolist()
    own = np.array([hexagons.hexagon_at(x, y, resolution) for x, y in points], dtype=np.uint64)
    tiny = np.full(len(lost), np.finfo(np.float64).tiny)
    return np.r_[row, lost], np.r_[column, np.searchsorted(ids, own)], np.r_[areas, tiny * 1e20]


def _hexagons_near(shapes: NDArray[Any], resolution: int) -> HexIds:
    """Give every hexagon that may touch a shape, filling boxes: one call a cluster of shapes, not one a shape."""
    bounds = shapely.bounds(shapes)
    farthest = float(np.abs(bounds[:, [1, 3]]).max())
    if farthest > FARTHEST_LATITUDE:
        raise WeightsError("weights-near-a-pole", {"latitude": round(farthest, 3), "most": FARTHEST_LATITUDE})
    boxes = _clusters(bounds)
    _refuse_too_many(float(_box_areas_km2(np.array(boxes)).sum()) / hexagons.MEAN_AREA_KM2[resolution])
    return np.unique(np.concatenate([hexagons.hexagons_over(shapely.box(*box), resolution) for box in boxes]))


def _refuse_too_many(expected: float) -> None:
    if expected > MOST_HEXAGONS:
        raise WeightsError("weights-too-many-hexagons", {"hexagons": int(expected), "most": MOST_HEXAGONS})


def _clusters(bounds: Floats) -> list[Floats]:
    """Split shapes into groups whose common box is mostly filled; give the boxes."""
    box = np.r_[bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)]
    own = _box_areas_km2(bounds).sum()
    if len(bounds) == 1 or _box_areas_km2(box[None])[0] <= 3.0 * own + 1.0:
        return [box]
    axis = int(np.argmax(box[2:] - box[:2]))
    order = np.argsort(bounds[:, axis] + bounds[:, axis + 2], kind="stable")
    half = len(order) // 2
    return _clusters(bounds[order[:half]]) + _clusters(bounds[order[half:]])


def _box_areas_km2(boxes: Floats) -> Floats:
    west, south, east, north = np.radians(boxes).T
    areas: Floats = (east - west) * (np.sin(north) - np.sin(south)) * EARTH_RADIUS_KM**2
    return areas


def _candidates(shapes: NDArray[Any], vertices: Floats) -> tuple[Ints, Ints]:
    tree = shapely.STRtree(_boxes(vertices))
    row, column = tree.query(shapes)
    order = np.lexsort((column, row))
    return row[order].astype(np.int64), column[order].astype(np.int64)


def _surely_inside(shapes: NDArray[Any], row: Ints, column: Ints, vertices: Floats) -> NDArray[np.bool_]:
    """Mark pairs whose hexagon lies wholly within the shape: asked only of shapes that hold many."""
    inside = np.zeros(len(row), dtype=bool)
    many = np.bincount(row, minlength=len(shapes)) > _WORTH_PREPARING
    asked = np.flatnonzero(many[row])
    if len(asked):
        shapely.prepare(shapes[many])
        for some in np.array_split(asked, len(asked) // _PIECES_AT_ONCE + 1):
            outlines = shapely.polygons(vertices[column[some]])
            inside[some] = shapely.contains_properly(shapes[row[some]], outlines)
        shapely.destroy_prepared(shapes[many])
    return inside


def overlaps_of_hexagons(ids: HexIds, resolution: int) -> Overlaps:
    """Match hexagons of any resolution to those of one: the same, their children, or their parent.

    Children stand for their parent whole, although they do not tile it exactly; a parent is covered by a child in
    proportion to the true areas of the siblings.
    """
    found = hexagons.resolutions(ids)
    _refuse_too_many(float((7.0 ** np.maximum(resolution - found, 0)).sum()))
    rows, columns, covers = [], [], []
    for row in np.flatnonzero(found < resolution).tolist():
        kin = hexagons.children(int(ids[row]), resolution)
        rows.append(np.full(len(kin), row))
        columns.append(kin)
        covers.append(np.ones(len(kin)))
    fine = np.flatnonzero(found >= resolution)
    rows.append(fine)
    columns.append(hexagons.parents(ids[fine], resolution))
    covers.append(_shares_of_parents(ids[fine], columns[-1]))
    targets, column = np.unique(np.concatenate(columns), return_inverse=True)
    cover = np.concatenate(covers)
    return Overlaps(targets, np.concatenate(rows), column, cover, cover * hexagons.area_km2(targets)[column])


def _shares_of_parents(ids: HexIds, parent_ids: HexIds) -> Floats:
    return np.array(
        [
            1.0 if own == parent else _share_of_parent(own, parent)
            for own, parent in zip(ids.tolist(), parent_ids.tolist(), strict=True)
        ]
    )


def _share_of_parent(own: int, parent: int) -> float:
    resolution = (own >> 52) & 15
    siblings = hexagons.area_km2(hexagons.children(parent, resolution))
    return float(hexagons.area_km2(np.array([own], dtype=np.uint64))[0] / siblings.sum())
