"""Self-describing grids: ids that say themselves where their area lies (geohash, H3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import hexagons
from geo.errors import CoverageError

_ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_LONGEST = 12


def geohash_bounds(text: str) -> tuple[float, float, float, float]:
    """Decode one geohash to west, south, east, north in degrees.

    Raises CoverageError when it is no geohash of 1 to 12 characters. Bits alternate, longitude first (Niemeyer 2008).
    """
    letters = text.strip().lower()
    if not 1 <= len(letters) <= _LONGEST or not set(letters) <= _VALUE.keys():
        raise CoverageError("coverage-geohash-unknown", {"id": text[:40]})
    code = 0
    for letter in letters:
        code = code << 5 | _VALUE[letter]
    bits = 5 * len(letters)
    longitude_bits = (bits + 1) // 2
    column, row = _every_second_bit(code, bits)
    width, height = 360.0 / (1 << longitude_bits), 180.0 / (1 << (bits - longitude_bits))
    west, south = -180.0 + column * width, -90.0 + row * height
    return west, south, west + width, south + height


def _every_second_bit(code: int, bits: int) -> tuple[int, int]:
    pattern = f"{code:0{bits}b}"
    return int(pattern[0::2], 2), int(pattern[1::2] or "0", 2)


def geohash_shapes(ids: Sequence[str]) -> NDArray[Any]:
    """Give the rectangle of each geohash, (n,) shapely polygons."""
    west, south, east, north = np.array([geohash_bounds(text) for text in ids]).reshape(-1, 4).T
    return np.asarray(shapely.box(west, south, east, north), dtype=object)


def looks_like(ids: Sequence[str]) -> str | None:
    """Name the grid that all ids belong to: 'h3', 'geohash' or None.

    Digits alone are never taken for geohashes: they are more likely a list of numbered squares.
    """
    if not ids:
        return None
    if all(hexagons.is_hexagon(text) for text in ids):
        return "h3"
    letters = [text.strip().lower() for text in ids]
    plausible = all(4 <= len(text) <= _LONGEST and set(text) <= _VALUE.keys() for text in letters)
    return "geohash" if plausible and not all(text.isdigit() for text in letters) else None
