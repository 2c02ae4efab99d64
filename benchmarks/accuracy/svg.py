"""Just enough SVG to draw plots: shapes with rounded coordinates, text that scales, no library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

FONT = "font-family='system-ui, sans-serif'"
COLOURS = ("#1f5fa8", "#c2571a", "#6a6a6a", "#3c8a4f", "#9a4f9c", "#b0902a")


def document(width: int, height: int, body: Sequence[str], title: str) -> str:
    """Return an SVG file with a white ground and a title for those who cannot see it."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        f"role='img'><title>{escape(title)}</title><rect width='{width}' height='{height}' fill='#fff'/>"
        + "\n".join(body)
        + "</svg>\n"
    )


def text(x: float, y: float, words: str, size: int = 12, anchor: str = "start", colour: str = "#222") -> str:
    """Return a line of text with its baseline at y."""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' {FONT}>"
        f"{escape(words)}</text>"
    )


def line(points: Sequence[tuple[float, float]], colour: str, width: float = 1.5, dashes: str = "") -> str:
    """Return an open line through points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f" stroke-dasharray='{dashes}'" if dashes else ""
    return f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}'{dashed}/>"


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Return a filled rectangle."""
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>"


def dot(x: float, y: float, colour: str) -> str:
    """Return a filled circle."""
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.2' fill='{colour}'/>"


def legend(x: float, y: float, names: Sequence[str]) -> list[str]:
    """Return one row of swatches with their names, in the order of COLOURS."""
    parts = []
    for name, colour in zip(names, COLOURS, strict=False):
        parts += [box(x, y - 9, 11, 11, colour), text(x + 16, y, name)]
        x += 34 + 6.6 * len(name)
    return parts
