"""Geohashes of six characters (Niemeyer 2008), the other way round from geo.grids: from places to ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geo.grids import geohash_bounds
from geo.hexagons import Floats

CHARACTERS = 6
_ALPHABET = np.array(list("0123456789bcdefghjkmnpqrstuvwxyz"))
_KM_PER_DEGREE = 111.195


def encode(lon_lat: Floats) -> np.ndarray:
    """Name the geohash of each place (N, 2); longitude has the first bit."""
    bits = 5 * CHARACTERS // 2
    column = np.floor((lon_lat[:, 0] + 180.0) / 360.0 * (1 << bits)).astype(np.int64)
    row = np.floor((lon_lat[:, 1] + 90.0) / 180.0 * (1 << bits)).astype(np.int64)
    code = np.zeros(len(lon_lat), dtype=np.int64)
    for bit in range(bits - 1, -1, -1):
        code = code << 2 | (column >> bit & 1) << 1 | (row >> bit & 1)
    letters = [_ALPHABET[code >> 5 * place & 31] for place in range(CHARACTERS - 1, -1, -1)]
    return np.array(["".join(one) for one in zip(*letters, strict=True)])


def areas_km2(ids: Sequence[str]) -> Floats:
    """Give the area of each geohash."""
    west, south, east, north = np.array([geohash_bounds(one) for one in ids]).T
    across = (east - west) * np.cos(np.radians((south + north) / 2.0))
    areas: Floats = across * (north - south) * _KM_PER_DEGREE**2
    return areas
