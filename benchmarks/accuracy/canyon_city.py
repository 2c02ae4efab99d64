"""The second city: a river, an old centre and four younger ones, an industrial belt, blocks with streets between.

Drawn on a raster of 25 m: heights of buildings, where people sleep, work, trade, stroll. No constant is taken from the
demo's simulator or from the estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from benchmarks.accuracy.scenario import Bools, Ints
from geo import hexagons
from geo.hexagons import Floats, HexIds

CENTRE = (76.95, 52.28)
CELL_M = 25.0
WIDTH, DEPTH = 560, 440
METRES_PER_DEGREE = 111_195.0
# Centres: x, y and reach of their slope in metres, share of homes, share of trade, angle of streets.
CENTRES = (
    (-900.0, 400.0, 2600.0, 0.30, 0.48, 0.10),
    (3400.0, 2300.0, 2100.0, 0.22, 0.20, 0.55),
    (-4300.0, 2600.0, 1900.0, 0.17, 0.12, -0.30),
    (2300.0, -3100.0, 2200.0, 0.19, 0.13, 0.85),
    (-3900.0, -3000.0, 1700.0, 0.12, 0.07, 0.35),
)
BELT = (5000.0, -300.0, 900.0, 4200.0)
ACTIVITIES = ("sleep", "work", "industry", "trade", "stroll")
# Share of people at each activity but sleep: night, noon, evening, and a Saturday evening.
HOURS = {
    "night": (0.02, 0.035, 0.005, 0.01),
    "noon": (0.27, 0.09, 0.13, 0.07),
    "evening": (0.06, 0.05, 0.17, 0.14),
    "event": (0.03, 0.04, 0.18, 0.17),
}


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """The raster (DEPTH, WIDTH): `height_m` of buildings, `district`, `wet`, `fields` of ACTIVITIES summing to 1.

    `hexagons` (H,) of the city, `hexagon` (DEPTH, WIDTH) the index of each cell or -1.
    """

    height_m: Floats
    district: Ints
    wet: Bools
    fields: Floats
    hexagons: HexIds
    hexagon: Ints

    def by_hexagon(self, values: Floats) -> Floats:
        """Add up raster values (DEPTH, WIDTH) by hexagon."""
        known = self.hexagon >= 0
        return np.bincount(self.hexagon[known], values[known], len(self.hexagons)).astype(np.float64)


def to_degrees(metres: Floats) -> Floats:
    """Convert metres from the middle to longitude and latitude."""
    scale = np.array([METRES_PER_DEGREE * np.cos(np.radians(CENTRE[1])), METRES_PER_DEGREE])
    degrees: Floats = metres / scale + CENTRE
    return degrees


def raster_metres() -> Floats:
    """Give the middle of each raster cell, (DEPTH, WIDTH, 2)."""
    x = (np.arange(WIDTH) - WIDTH / 2 + 0.5) * CELL_M
    y = (np.arange(DEPTH) - DEPTH / 2 + 0.5) * CELL_M
    return np.stack(np.meshgrid(x, y), axis=2)


def cell_of(metres: Floats) -> tuple[Ints, Ints]:
    """Give row and column of places (N, 2); places outside are brought to the edge."""
    column = np.floor(metres[..., 0] / CELL_M + WIDTH / 2).astype(np.int64)
    row = np.floor(metres[..., 1] / CELL_M + DEPTH / 2).astype(np.int64)
    return np.clip(row, 0, DEPTH - 1), np.clip(column, 0, WIDTH - 1)


def draw_form(seed: int) -> Form:
    """Draw the city of a seed."""
    rng = np.random.default_rng([seed, 71])
    metres = raster_metres()
    x, y = metres[..., 0], metres[..., 1]
    wet = np.abs(y - 1300.0 - 700.0 * np.sin(x / 2100.0)) < 280.0 + 90.0 * np.cos(x / 900.0)
    district = np.argmin([np.hypot(x - c[0], y - c[1]) / c[2] for c in CENTRES], axis=0).astype(np.int64)
    street = _streets(x, y, district)
    block = _blocks(rng, x, y)
    near = [np.clip(1.0 - np.hypot(x - c[0], y - c[1]) / c[2], 0.0, None) for c in CENTRES]
    dense = np.sum([c[3] * n for c, n in zip(CENTRES, near, strict=True)], axis=0)
    fringe = 0.01 * (np.hypot(x / 1.2, y) < 5600.0)
    lived = (dense**1.2 + fringe) * block
    height = np.where(street | wet, 0.0, np.clip(6.0 + 140.0 * dense * block**0.7, 4.0, 60.0) * (lived > 0.002))
    fields = _fields(rng, near, lived, height, street, wet, (x, y))
    hexagon, ids = _hexagons(metres)
    return Form(height, district, wet, fields, ids, hexagon)


def _streets(x: Floats, y: Floats, district: Ints) -> Bools:
    """Lay a street of one or two cells around blocks of 150 by 225 m, turned as each district is."""
    angle = np.array([c[5] for c in CENTRES])[district]
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    streets: Bools = (np.mod(along, 150.0) < 26.0) | (np.mod(across, 225.0) < 34.0)
    return streets


def _blocks(rng: np.random.Generator, x: Floats, y: Floats) -> Floats:
    """Make blocks of some 175 m uneven: some are towers, some yards; whole quarters differ too."""
    rows, columns = (np.floor((v + 7000.0) / 175.0).astype(np.int64) for v in (y, x))
    own = rng.gamma(1.6, 1 / 1.6, (82, 82))
    quarter = ndimage.zoom(rng.gamma(4.0, 0.25, (21, 21)), 4, order=1)[:82, :82]
    blocks: Floats = (own * quarter)[rows, columns]
    return blocks


def _fields(
    rng: np.random.Generator,
    near: list[Floats],
    lived: Floats,
    height: Floats,
    street: Bools,
    wet: Bools,
    place: tuple[Floats, Floats],
) -> Floats:
    x, y = place
    dry = ~wet
    trade = np.sum([c[4] * n**2.2 for c, n in zip(CENTRES, near, strict=True)], axis=0)
    offices = trade**1.3 * height * rng.gamma(0.8, 1.25, height.shape)
    plants = np.zeros(height.shape)
    for _ in range(26):
        px = BELT[0] + BELT[2] * rng.uniform(-1, 1)
        py = BELT[1] + BELT[3] * rng.uniform(-1, 1)
        plants += rng.pareto(1.5) * ((np.abs(x - px) < 160) & (np.abs(y - py) < 110))
    banks = dry & ndimage.binary_dilation(wet, iterations=5)
    raw = (
        np.where(street, 0.02, 1.0) * lived * np.sqrt(height + 1.0),
        offices,
        plants,
        trade * np.where(street, 3.0, 1.0) * rng.gamma(1.2, 1 / 1.2, height.shape),
        trade * street + 0.25 * banks * (np.hypot(x, y) < 4000.0),
    )
    return np.array([field * dry / (field * dry).sum() for field in raw])


def _hexagons(metres: Floats) -> tuple[Ints, HexIds]:
    """Give each raster cell its hexagon; hexagons cut by the edge are in the city if half of them is."""
    lon_lat = to_degrees(metres.reshape(-1, 2))
    ids = np.array([hexagons.hexagon_at(a, b, 9) for a, b in lon_lat.tolist()], dtype=np.uint64)
    found, of, many = np.unique(ids, return_inverse=True, return_counts=True)
    kept = many >= np.median(many) / 2
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    return number[of].reshape(DEPTH, WIDTH), found[kept]


def crowd(form: Form, residents: int, label: str, drift: Floats) -> Floats:
    """Give the expected people of each raster cell at a moment; `drift` (DEPTH, WIDTH) are factors around 1."""
    away = np.array(HOURS[label])
    shares = np.r_[1.0 - away.sum(), away]
    field = np.tensordot(shares, form.fields, axes=1) * drift
    people: Floats = residents * field / field.sum()
    return people


def drift_of(seed: int, key: int) -> Floats:
    """Draw how one bin differs from the usual: patches of some 700 m and a general unrest, factors around 1."""
    rng = np.random.default_rng([seed, 72, key])
    patches = ndimage.zoom(rng.normal(0.0, 0.13, (DEPTH // 20, WIDTH // 20)), 20, order=1)
    own = ndimage.zoom(rng.normal(0.0, 0.12, (DEPTH // 8, WIDTH // 8)), 8, order=0)
    factors: Floats = np.exp(patches + own)
    return factors
