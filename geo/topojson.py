"""TopoJSON to GeoJSON features: arcs shared between neighbours, quantised or not (topojson-specification 1.0)."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from geo.errors import CoverageError

Point = list[float]


def features_of_topology(topology: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the features of all objects of a topology; raise CoverageError where arcs are missing or broken."""
    try:
        arcs = [_points(arc, topology.get("transform")) for arc in topology["arcs"]]
        members = [member for thing in topology["objects"].values() for member in _members(thing)]
        return [_feature(member, arcs) for member in members]
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as broken:
        raise CoverageError("coverage-topology-broken") from broken


def _points(arc: list[Point], transform: dict[str, Any] | None) -> list[Point]:
    if transform is None:
        return [[float(p[0]), float(p[1])] for p in arc]
    (scale_x, scale_y), (west, south) = transform["scale"], transform["translate"]
    steps = accumulate(arc, lambda at, step: [at[0] + step[0], at[1] + step[1]])
    return [[x * scale_x + west, y * scale_y + south] for x, y, *_ in steps]


def _members(thing: dict[str, Any]) -> list[dict[str, Any]]:
    if thing.get("type") != "GeometryCollection":
        return [thing]
    return [inner for member in thing["geometries"] for inner in _members(member)]


def _feature(member: dict[str, Any], arcs: list[list[Point]]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": member.get("id"),
        "properties": member.get("properties") or {},
        "geometry": _geometry(member, arcs),
    }


def _geometry(member: dict[str, Any], arcs: list[list[Point]]) -> dict[str, Any] | None:
    kind = member.get("type")
    if kind == "Polygon":
        return {"type": kind, "coordinates": [_ring(ring, arcs) for ring in member["arcs"]]}
    if kind == "MultiPolygon":
        return {"type": kind, "coordinates": [[_ring(r, arcs) for r in part] for part in member["arcs"]]}
    return None


def _ring(indices: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Join arcs end to end; ~i is arc i backwards, and each arc starts where the one before it ended."""
    ring: list[Point] = []
    for index in indices:
        points = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(points[1:] if ring else points)
    return ring
