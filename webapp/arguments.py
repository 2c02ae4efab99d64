"""What a reader asks for in the address: read leniently for pages, so that a mistyped address still answers."""

from __future__ import annotations

import math

from flask import request

from webapp.venue_rows import ORDERS, Order

LONGEST_SEARCH = 80
FARTHEST_PAGE = 10_000


def search_text() -> str:
    """Return what was typed into the search field."""
    return request.args.get("q", "").strip()[:LONGEST_SEARCH]


def page_number() -> int:
    """Return the page asked for, from 1."""
    asked = request.args.get("page", "")
    return min(max(int(asked), 1), FARTHEST_PAGE) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def near_place() -> tuple[float, float] | None:
    """Return (longitude, latitude) of ?near=latitude,longitude, or None."""
    parts = request.args.get("near", "").split(",")
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError:
        return None
    inside = math.isfinite(latitude) and abs(latitude) <= 90 and math.isfinite(longitude) and abs(longitude) <= 180
    return (longitude, latitude) if inside else None


def order_of(near: tuple[float, float] | None) -> Order:
    """Return how to sort: as asked; by distance only where there is a place to measure from."""
    asked = next((order for order in ORDERS if order == request.args.get("sort")), None)
    if asked == "distance" and near is None:
        return "crowding"
    return asked or ("distance" if near else "crowding")
