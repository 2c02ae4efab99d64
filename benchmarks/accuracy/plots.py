"""The plots of numbers: misplaced mass by network, reliability of intervals, what can be resolved by capacity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy import svg
from benchmarks.accuracy.scoring import LINEAR, MULTIMNO, NOMINAL, OURS, VORONOI, Scored
from benchmarks.accuracy.table import Table
from benchmarks.accuracy.venue_scores import BANDS

SHOWN = (OURS, VORONOI, LINEAR, MULTIMNO)
WORLDS = ("simulator", "second world")


def write(scored: Sequence[Scored], table: Table, folder: Path) -> None:
    """Write the plots into a folder."""
    (folder / "misplaced.svg").write_text(_misplaced(table), encoding="utf-8")
    (folder / "reliability.svg").write_text(_reliability(scored), encoding="utf-8")
    (folder / "resolvable.svg").write_text(_resolvable(table), encoding="utf-8")


def _misplaced(table: Table) -> str:
    """Draw a bar for each method and network."""
    groups = [(w, n) for w in WORLDS for n in table.networks(w) if not n.startswith("town")]
    body = [svg.text(20, 24, "Misplaced mass at res 9 (less is better)", 15), *svg.legend(20, 48, SHOWN)]
    longest, top, step = 0.6, 66, 62
    for row, (world, network) in enumerate(groups):
        y = top + row * step
        body.append(svg.text(20, y + 12, f"{world}, {network}", 12))
        for n, method in enumerate(SHOWN):
            value = table.mean(world=world, network=network, method=method, measure="misplaced, res 9")
            if math.isnan(value):
                continue
            width = 380 * min(value, longest) / longest
            body.append(svg.box(300, y + n * 12, width, 10, svg.COLOURS[n]))
            body.append(svg.text(306 + width, y + n * 12 + 9, f"{value:.3f}", 10))
    return svg.document(760, top + step * len(groups) + 10, body, "Misplaced mass by network and method")


def _reliability(scored: Sequence[Scored]) -> str:
    """Draw, for each world, the share of truths held against the share promised."""
    body = [svg.text(20, 24, "Reliability of Oryn's intervals of hexagons", 15), *svg.legend(20, 48, WORLDS)]
    left, top, size = 60, 66, 380

    def at(x: float, y: float) -> tuple[float, float]:
        return left + size * (x - 0.4) / 0.6, top + size * (1.0 - (y - 0.4) / 0.6)

    for tick in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        body += [
            svg.line([at(0.4, tick), at(1.0, tick)], "#e3e3e3", 1),
            svg.line([at(tick, 0.4), at(tick, 1.0)], "#e3e3e3", 1),
        ]
        body += [svg.text(left - 8, at(0.4, tick)[1] + 4, f"{tick:.1f}", 11, "end")]
        body += [svg.text(at(tick, 0.4)[0], top + size + 16, f"{tick:.1f}", 11, "middle")]
    body.append(svg.line([at(0.4, 0.4), at(1.0, 1.0)], "#888", 1, "4 4"))
    body.append(svg.text(left + size / 2, top + size + 36, "promised; thin lines: single networks", 12, "middle"))
    for n, world in enumerate(WORLDS):
        curves = [one.reliability for one in scored if one.world == world and one.reliability is not None]
        for curve in curves:
            body.append(
                svg.line([at(x, max(float(y), 0.4)) for x, y in zip(NOMINAL, curve, strict=True)], svg.COLOURS[n], 0.4)
            )
        if curves:
            mean = np.mean(curves, axis=0)
            places = [at(x, max(float(y), 0.4)) for x, y in zip(NOMINAL, mean, strict=True)]
            body += [svg.line(places, svg.COLOURS[n], 2.2), *(svg.dot(*place, svg.COLOURS[n]) for place in places)]
    return svg.document(480, top + size + 50, body, "Reliability diagram of hexagon intervals")


def _resolvable(table: Table) -> str:
    """Draw the share of venues that can be judged, by capacity, for each network after head counts."""
    names = [f"{a:,}-{b:,} people" for a, b in BANDS]
    body = [
        svg.text(20, 24, "Share of open venues that can be judged, after 200 head counts", 15),
        *svg.legend(20, 48, names),
    ]
    groups = [(w, n) for w in WORLDS for n in table.networks(w) if table.has(world=w, network=n, measure="resolvable")]
    top, step = 66, 50
    for row, (world, network) in enumerate(groups):
        y = top + row * step
        body.append(svg.text(20, y + 12, f"{world}, {network}", 12))
        for n, (a, b) in enumerate(BANDS):
            chosen = {"world": world, "network": network, "moment": "after head counts"}
            value = table.mean(**chosen, measure=f"resolvable, {a}-{b}")
            if not math.isnan(value):
                body.append(svg.box(300, y + n * 12, 380 * value, 10, svg.COLOURS[n]))
                body.append(svg.text(306 + 380 * value, y + n * 12 + 9, f"{value:.2f}", 10))
    return svg.document(760, top + step * len(groups) + 10, body, "Resolvable venues by capacity")
