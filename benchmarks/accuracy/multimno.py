"""multimno's published method, written anew from its formulas (Eurostat multimno 1.0, docs and defaults).

Received power with a slope by kind of site, azimuth and tilt losses shaped like a normal curve, signal dominance
1 / (1 + exp(-0.2 (S + 92.5))), connection probability = dominance over the tile's sum, then an iteration towards the
most likely people by 100 m tile. Suppressed counts are dropped, as its aggregation does. It has no intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import sparse
from shapely.geometry.base import BaseGeometry

from benchmarks.accuracy.scenario import Ints, Registration
from geo import hexagons
from geo.coverage import RadioParameters
from geo.hexagons import Floats, HexIds

TILE_M = 100.0
STEEPNESS, MIDPOINT_DBM = 0.2, -92.5
DEEPEST_LOSS_DB = 30.0
MACRO = {"power_w": 10.0, "range_m": 10_000.0, "slope": 3.75, "height_m": 30.0}
MICRO = {"power_w": 5.0, "range_m": 1_000.0, "slope": 6.0, "height_m": 8.0}
TILT, BEAM, VERTICAL_BEAM = 5.0, 65.0, 9.0
MICRO_UP_TO_M = 1_000.0
LEAST_DOMINANCE = 0.005
MAX_ITERATIONS, MIN_DIFFERENCE = 20, 10_000.0
CONVERGED_ITERATIONS, CONVERGED_SHARE = 500, 1e-4
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True, eq=False)
class Footprint:
    """P (A, T): probability that a phone in a tile is on an area; `hexagon` (T,) and `city` say where tiles lie."""

    probability: sparse.csr_array
    hexagon: Ints
    city: HexIds


@dataclass(frozen=True, slots=True, eq=False)
class _Tiles:
    lon_lat: Floats
    hexagon: Ints


def tiles_of(boundary: BaseGeometry, city: HexIds) -> _Tiles:
    """Lay 100 m tiles over the city, each with the hexagon of its middle."""
    west, south, east, north = shapely.bounds(boundary)
    down = TILE_M / METRES_PER_DEGREE
    across = down / np.cos(np.radians((south + north) / 2))
    x, y = np.meshgrid(np.arange(west, east, across), np.arange(south, north, down))
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    ids = np.array([hexagons.hexagon_at(a, b, 9) for a, b in places.tolist()], dtype=np.uint64)
    at = np.minimum(np.searchsorted(city, ids), len(city) - 1)
    inside = city[at] == ids
    return _Tiles(places[inside], at[inside])


def footprint(registration: Registration, tiles: _Tiles, city: HexIds) -> Footprint:
    """Compute connection probabilities of a carrier's sectors."""
    assert registration.coverage.radio is not None
    dominance = _dominance(registration.coverage.radio, tiles.lon_lat)
    total = np.asarray(dominance.sum(axis=0)).ravel()
    scale = sparse.dia_array((1.0 / np.where(total > 0.0, total, 1.0)[None], [0]), (len(total), len(total)))
    return Footprint(sparse.csr_array(dominance @ scale), tiles.hexagon, city)


def _dominance(radio: RadioParameters, places: Floats) -> sparse.csr_array:
    rows, columns, values = [], [], []
    by_latitude = np.argsort(places[:, 1])
    latitudes = places[by_latitude, 1]
    for cell in range(len(radio.longitude)):
        reach, *rest = _defaults(radio, cell)
        span = reach / METRES_PER_DEGREE
        first, last = np.searchsorted(latitudes, [radio.latitude[cell] - span, radio.latitude[cell] + span])
        near = by_latitude[first:last]
        strength = _received_dbm(radio, cell, places[near], *rest)
        dominance = 1.0 / (1.0 + np.exp(-STEEPNESS * (strength.level - MIDPOINT_DBM)))
        keep = (strength.distance <= reach) & (dominance >= LEAST_DOMINANCE)
        rows.append(np.full(int(keep.sum()), cell, dtype=np.int32))
        columns.append(near[keep].astype(np.int32))
        values.append(dominance[keep].astype(np.float32))
    index = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), index), shape=(len(radio.longitude), len(places)))


def _defaults(radio: RadioParameters, cell: int) -> tuple[float, float, float, float, float]:
    """Return range, power, slope, height and beam; a small cell that radiates all round is a micro cell."""
    small = not np.isfinite(radio.azimuth[cell]) and radio.range_m[cell] <= MICRO_UP_TO_M
    kind = MICRO if small else MACRO
    reach, power, height = (
        value if np.isfinite(value) and value > 0.0 else kind[name]
        for value, name in (
            (float(radio.range_m[cell]), "range_m"),
            (float(radio.power_w[cell]), "power_w"),
            (float(radio.height_m[cell]), "height_m"),
        )
    )
    beam = float(radio.beam_width[cell])
    return reach, power, kind["slope"], height, beam if np.isfinite(beam) and beam > 0.0 else BEAM


@dataclass(frozen=True, slots=True, eq=False)
class _Received:
    level: Floats
    distance: Floats


def _received_dbm(
    radio: RadioParameters, cell: int, places: Floats, power: float, slope: float, height: float, beam: float
) -> _Received:
    north = (places[:, 1] - radio.latitude[cell]) * METRES_PER_DEGREE
    east = (places[:, 0] - radio.longitude[cell]) * METRES_PER_DEGREE * np.cos(np.radians(radio.latitude[cell]))
    flat = np.hypot(east, north)
    distance = np.hypot(flat, height)
    level = 10.0 * np.log10(1000.0 * power) - 10.0 * slope * np.log10(distance)
    azimuth = radio.azimuth[cell]
    if np.isfinite(azimuth):
        turned = (np.degrees(np.arctan2(east, north)) - azimuth + 180.0) % 360.0 - 180.0
        level -= _normal_loss(turned, beam)
        level -= _normal_loss(np.degrees(np.arctan2(height, flat)) - TILT, VERTICAL_BEAM)
    return _Received(level, distance)


def _normal_loss(degrees: Floats, beam: float) -> Floats:
    """Give the loss in dB: 0 in the axis, 3 at half the beam, 30 behind, along a normal curve."""
    sd = (beam / 2.0) / np.sqrt(-2.0 * np.log(1.0 - 3.0 / DEEPEST_LOSS_DB))
    loss: Floats = DEEPEST_LOSS_DB * (1.0 - np.exp(-(degrees**2) / (2.0 * sd**2)))
    return loss


def as_published(print_of: Footprint, counts: Floats) -> Floats:
    """Run its iteration with its defaults: (A, T) counts of T bins -> (H, T) devices.

    At most 20 rounds; it stops when the summed change falls below 10,000 devices.
    """
    return _iterate(print_of, counts, MAX_ITERATIONS, lambda change, _total: change < MIN_DIFFERENCE)


def converged(print_of: Footprint, counts: Floats) -> Floats:
    """Run the same iteration until a round moves less than a ten-thousandth of the devices, or 500 rounds."""
    return _iterate(print_of, counts, CONVERGED_ITERATIONS, lambda change, total: change < CONVERGED_SHARE * total)


def _iterate(print_of: Footprint, counts: Floats, rounds: int, enough: object) -> Floats:
    assert callable(enough)
    delivered = np.nan_to_num(counts)
    p = print_of.probability
    back = sparse.csr_array(p.T)
    found = []
    for column in delivered.T:
        x = np.full(p.shape[1], column.sum() / p.shape[1])
        for _ in range(rounds):
            expected = p @ x
            new = x * (back @ np.divide(column, expected, out=np.zeros(len(expected)), where=expected > 0.0))
            change = float(np.abs(new - x).sum())
            x = new
            if enough(change, float(column.sum())):
                break
        found.append(np.bincount(print_of.hexagon, x, len(print_of.city)))
    return np.array(found, dtype=float).T
