"""Maps of one evening side by side: the truth, Oryn, and both baselines, in the same colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy import svg
from benchmarks.accuracy.plan import DENSE
from benchmarks.accuracy.scoring import MULTIMNO, OURS, VORONOI, Scored
from geo import hexagons
from geo.hexagons import Floats

PANELS = ("truth", OURS, VORONOI, MULTIMNO)
EDGES = (100.0, 500.0, 1_500.0, 4_000.0, 8_000.0, 15_000.0, 30_000.0)  # people per km²
RAMP = ("#f4f4f2", "#e3e9d3", "#c2dcae", "#8fc79a", "#58aa97", "#34858f", "#2a5b80", "#1d2f5e")
PANEL, GAP = 300, 14


def write(scored: Sequence[Scored], folder: Path) -> None:
    """Draw the dense network of each world, first seed, where it was run."""
    chosen = [one for one in scored if one.network == DENSE and one.seed == 1 and one.maps and one.hexagons is not None]
    body: list[str] = [svg.text(GAP, 22, "One evening, people per km²", 15), *_key(260)]
    y = 44.0
    for one in chosen:
        body.append(svg.text(GAP, y + 14, f"{one.world}, {one.network}, seed {one.seed}", 13))
        assert one.hexagons is not None
        outlines, height = _outlines(one.hexagons)
        area = hexagons.area_km2(one.hexagons)
        for n, name in enumerate(PANELS):
            x = GAP + n * (PANEL + GAP)
            body.append(svg.text(x, y + 34, name, 12))
            body += _panel(outlines, one.maps[name] / area, x, y + 42)
        y += height + 60
    width = GAP + len(PANELS) * (PANEL + GAP)
    (folder / "maps.svg").write_text(svg.document(width, int(y), body, "Maps of truth and estimates"), encoding="utf-8")


def _outlines(ids: np.ndarray) -> tuple[Floats, float]:
    """Give hexagons in panel coordinates, (H, 6, 2), and the panel's height."""
    corners = hexagons.boundaries(ids)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    across = np.cos(np.radians((low[1] + high[1]) / 2.0))
    scale = PANEL / ((high[0] - low[0]) * across)
    x = (corners[..., 0] - low[0]) * across * scale
    y = (high[1] - corners[..., 1]) * scale
    return np.stack([x, y], axis=2), float((high[1] - low[1]) * scale)


def _panel(outlines: Floats, density: Floats, left: float, top: float) -> list[str]:
    """Draw all hexagons of a colour as one path."""
    step = np.searchsorted(EDGES, np.nan_to_num(density), side="right")
    paths = []
    for number, colour in enumerate(RAMP):
        chosen = outlines[step == number]
        if len(chosen):
            rings = ["M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in ring * 10.0) + "Z" for ring in chosen]
            paths.append(
                f"<path transform='translate({left:.0f} {top:.0f}) scale(.1)' fill='{colour}' d='{''.join(rings)}'/>"
            )
    return paths


def _key(x: float) -> list[str]:
    parts = []
    for number, colour in enumerate(RAMP):
        edge = f"{EDGES[number - 1]:,.0f}+" if number else f"<{EDGES[0]:.0f}"
        parts += [svg.box(x, 11, 14, 12, colour), svg.text(x + 19, 22, edge, 11)]
        x += 84
    return parts
