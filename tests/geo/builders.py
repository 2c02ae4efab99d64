"""Furniture of the geo tests: small coverages around Almaty, drawn or made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from hypothesis import strategies as st

from geo.coverage import Coverage, RadioParameters

ALMATY = (76.95, 43.24)
NAN = float("nan")

nearby = st.floats(-0.03, 0.03)
sizes = st.one_of(st.floats(1e-7, 1e-4), st.floats(1e-4, 0.03))


def area_coverage(shapes: list[Any]) -> Coverage:
    """A named coverage of polygons."""
    return Coverage("area", tuple(f"a{n:03}" for n in range(len(shapes))), np.array(shapes, dtype=object))


def box_at(dx: float, dy: float, width: float, height: float) -> Any:
    return shapely.box(ALMATY[0] + dx, ALMATY[1] + dy, ALMATY[0] + dx + width, ALMATY[1] + dy + height)


@st.composite
def polygons(draw: st.DrawFn) -> Any:
    """Boxes, slivers, stars that are not convex, rings with a hole, and pairs: all valid, freely overlapping."""
    box = box_at(draw(nearby), draw(nearby), draw(sizes), draw(sizes))
    kind = draw(st.sampled_from(["box", "star", "ring", "pair"]))
    if kind == "star":
        return _star(box, draw(st.lists(st.floats(0.1, 1.0), min_size=5, max_size=12)))
    if kind == "ring":
        return box.difference(shapely.affinity.scale(box, 0.5, 0.5))
    if kind == "pair":
        return shapely.MultiPolygon([box, shapely.affinity.translate(box, 0.05, 0.0)])
    return box


def _star(box: Any, radii: list[float]) -> Any:
    angle = np.linspace(0.0, 2.0 * np.pi, len(radii), endpoint=False)
    west, south, east, north = box.bounds
    x = (west + east) / 2 + np.cos(angle) * np.array(radii) * (east - west)
    y = (south + north) / 2 + np.sin(angle) * np.array(radii) * (north - south)
    return shapely.Polygon(np.stack([x, y], axis=1))


coverages = st.lists(polygons(), min_size=1, max_size=6).map(area_coverage)

_azimuths = st.one_of(st.just(NAN), st.floats(0.0, 360.0))
_ranges = st.one_of(st.just(NAN), st.floats(1.0, 6000.0))
_cells = st.tuples(nearby, nearby, _ranges, _azimuths, st.sampled_from([NAN, 30.0, 65.0]))


@st.composite
def radio_coverages(draw: st.DrawFn) -> Coverage:
    """Up to eight radio cells, some on one mast, some of unknown range, some that radiate all round."""
    cells = draw(st.lists(_cells, min_size=1, max_size=8))
    dx, dy, reach, azimuth, beam = (np.array(values) for values in zip(*cells, strict=True))
    return radio_coverage(ALMATY[0] + dx, ALMATY[1] + dy, reach, azimuth, beam)


def radio_coverage(longitude: Any, latitude: Any, reach: Any, azimuth: Any, beam: Any) -> Coverage:
    longitude, latitude, reach, azimuth, beam = (
        np.asarray(v, dtype=float) for v in (longitude, latitude, reach, azimuth, beam)
    )
    silent = np.full(len(longitude), NAN)
    radio = RadioParameters(longitude, latitude, reach, azimuth, beam, silent, silent)
    ids = tuple(f"r{n:03}" for n in range(len(longitude)))
    return Coverage("radio_cell", ids, np.asarray(shapely.points(longitude, latitude), dtype=object), radio)
