"""A carrier that counts in 500 m squares: where it believes its phones to be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.city.geography import district_of, geography, nearest, to_degrees, to_metres
from ingest.city.network import Network
from ingest.city.noise import Floats, generator
from ingest.city.people import ground
from ingest.city.radio import RING, Serving

SQUARE_M = 500.0
PULL_TO_SITE = 0.3
LOCATION_ERROR_M = 150.0
Places = NDArray[np.int32]


def covered_squares() -> NDArray[np.int64]:
    """Return the south-west corners, in squares from the centre, of the squares (A, 2) with a middle in the city."""
    west, south, east, north = geography().bounds
    low, high = np.floor(to_metres(np.array([[west, south], [east, north]])) / SQUARE_M).astype(np.int64)
    grid = np.stack(np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)), axis=2).reshape(-1, 2)
    return grid[district_of(to_degrees((grid + 0.5) * SQUARE_M)) >= 0]


def square_ids(corners: NDArray[np.int64]) -> tuple[str, ...]:
    """Name squares by column and row."""
    west, south = corners.min(axis=0)
    return tuple(f"ALM-{x - west:02d}-{y - south:02d}" for x, y in corners.tolist())


def square_outlines(corners: NDArray[np.int64]) -> Floats:
    """Return the outlines of squares in degrees, (A, 4, 2)."""
    around = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    return to_degrees(((corners[:, None, :] + around) * SQUARE_M).reshape(-1, 2)).reshape(-1, 4, 2)


def believed_squares(
    seed: int, carrier: str, network: Network, serving: Serving, corners: NDArray[np.int64]
) -> tuple[Places, Places]:
    """Return the square each served phone is believed in, by day and night: drawn to its site, and off by chance."""
    rng = generator(seed, "location", carrier)
    points = (ground().metres[serving.rows][:, None, :] + RING)[:, :, None, :]
    error = rng.normal(0.0, LOCATION_ERROR_M, (*serving.day.shape, 2))

    def located(sector: Places) -> Places:
        site = network.site_m[network.sector_site[sector]]
        believed = points + PULL_TO_SITE * (site - points) + error
        return square_of(believed.reshape(-1, 2), corners).reshape(sector.shape)

    return located(serving.day), located(serving.night)


def square_of(points: Floats, corners: NDArray[np.int64]) -> Places:
    """Return the square (index) of each point (N, 2); one outside the covered squares goes to the nearest."""
    width = 1000
    keys = (corners[:, 1] + width // 2) * width + corners[:, 0] + width // 2
    order = np.argsort(keys)
    wanted = np.floor(points / SQUARE_M).astype(np.int64) + width // 2
    found = np.minimum(np.searchsorted(keys[order], wanted[:, 1] * width + wanted[:, 0]), len(keys) - 1)
    square = order[found]
    missed = keys[square] != wanted[:, 1] * width + wanted[:, 0]
    square[missed] = nearest(points[missed], (corners + 0.5).astype(np.float64) * SQUARE_M)
    return square.astype(np.int32)
