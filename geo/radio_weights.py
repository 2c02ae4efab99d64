"""Connection probabilities of radio cells: which cell a phone at each hexagon would most likely be served by.

estimation.md section 4: received level in dB from power, distance and antenna pattern; a softmax between the cells
that reach the hexagon, none beyond its range. How fast the level falls and how soft the choice is are a `RadioModel`,
chosen from past counts (geo/fitting.py). Cells six softnesses below the strongest (24 dB at least) are left out:
their probability is below e^-6. Works through the cells in batches, so that memory stays flat however long the ranges
are. A hexagon is wider than half the way between two masts of a dense city, so its probabilities are the mean over
seven of its points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from geo import hexagons
from geo.clipping import EARTH_RADIUS_KM, Ints
from geo.coverage import RadioParameters
from geo.errors import WeightsError
from geo.hexagons import Floats, HexIds

Progress = Callable[[float, str], None]

LARGEST_BACK_LOSS_DB = 25.0  # 3GPP TR 36.814, table A.2.1.1-2
HOPELESS_SOFTNESSES = 6.0  # e^-6: less than one phone in four hundred
ACROSS_DB = 24.0  # how far levels may differ between the middle of a hexagon and its ends
DEFAULT_RANGE_M = 2_000.0
DEFAULT_POWER_W = 10.0
DEFAULT_HEIGHT_M = 30.0
DEFAULT_BEAM_WIDTH = 65.0
SMALL_RANGE_M = 300.0  # of a pico cell on record
SMALL_SHARE = 1 / 3  # of the middle range of the coverage
LONGEST_RANGE_M = 35_000.0  # a GSM cell's timing advance ends here; longer ones are errors of measurement

# The middle of a hexagon and of its six outer sevenths, in units of its edge: seven parts of equal area.
_RING = np.sqrt(3.0 / 7.0)
_POINTS = ((0.0, 0.0), *((_RING * np.cos(a), _RING * np.sin(a)) for a in np.arange(6) * np.pi / 3))
_SPREAD = 5.0 / (18.0 * np.sqrt(3.0))  # mean squared distance from a hexagon's centre, of its area

MOST_HEXAGONS = 4_000_000
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class RadioModel:
    """How the received level falls with distance (`slope`, tens of dB a decade) and how soft the choice of a cell is.

    `softness_db` is the width of the softmax: shadowing, handover margins and the spread of phones over a hexagon in
    one number; 1 is nearly a best server.
    """

    slope: float
    softness_db: float


# Macro cells: Tennekes and Gootzen 2022; softness from the trials of estimation.md, sections 3 and 9.
DEFAULT_RADIO = RadioModel(3.75, 5.0)


@dataclass(frozen=True, slots=True)
class Connections:
    """Pairs of radio cell and hexagon with P_ah, columns summing to 1; `area_km2` of each hexagon."""

    hexagons: HexIds
    row: Ints
    column: Ints
    probability: Floats
    area_km2: Floats


def connections(
    radio: RadioParameters, resolution: int, progress: Progress, model: RadioModel = DEFAULT_RADIO
) -> Connections:
    """Compute P_ah for every cell and the hexagons in its range; its own hexagon is always among them."""
    cells = _Cells(radio, resolution)
    ids = _hexagons_in_range(cells)
    progress(0.2, "hexagons")
    places = np.radians(hexagons.centres(ids))
    areas = hexagons.area_km2(ids)
    strongest = np.full(len(ids), -np.inf)
    for pairs in _levels(cells, ids, places, areas, model):
        np.maximum.at(strongest, pairs.column, pairs.level)
    progress(0.6, "levels")
    kept = [_promising(pairs, strongest, model) for pairs in _levels(cells, ids, places, areas, model)]
    progress(0.9, "levels")
    return _normalised(cells, ids, places, areas, kept, model)


def small_cells(cells: RadioParameters) -> Floats:
    """Return number, longitude and latitude of the cells that may stand inside a building, (S, 3).

    On record they radiate all round, no farther than SMALL_RANGE_M, and much less far than is usual in this coverage:
    where every cell is said to reach 250 m, that says nothing of any.
    """
    known = cells.range_m[np.isfinite(cells.range_m)]
    most = min(SMALL_RANGE_M, SMALL_SHARE * float(np.median(known))) if len(known) else 0.0
    there = np.flatnonzero((cells.range_m <= most) & np.isnan(cells.azimuth))
    return np.column_stack([there, cells.longitude[there], cells.latitude[there]]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Levels:
    row: Ints
    column: Ints
    level: Floats
    own: Ints  # the column of the row's own hexagon


class _Cells:
    """The cells with defaults filled in, ordered so that cells of one site and reach share their disc."""

    def __init__(self, radio: RadioParameters, resolution: int) -> None:
        longitude, latitude = radio.longitude, radio.latitude
        places = zip(longitude.tolist(), latitude.tolist(), strict=True)
        own = np.array([hexagons.hexagon_at(x, y, resolution) for x, y in places], dtype=np.uint64)
        reach = np.minimum(_or_default(radio.range_m, DEFAULT_RANGE_M), LONGEST_RANGE_M)
        across_m = 1000.0 * np.sqrt(hexagons.area_km2(own) / (1.5 * np.sqrt(3.0))) * np.sqrt(3.0)
        # A disc of hexagons is a hexagon, whose apothem is 0.866 of its reach; the rest is for distorted hexagons
        # and for a cell that does not stand in the middle of its own.
        rings = np.ceil(reach / (0.75 * across_m) + 0.6).astype(np.int64)
        order = np.lexsort((rings, own))
        self.order, self.own, self.rings, self.reach_m = order, own[order], rings[order], reach[order]
        self.longitude, self.latitude = np.radians(longitude[order]), np.radians(latitude[order])
        self.azimuth = np.radians(radio.azimuth[order])
        self.beam_width = np.radians(_or_default(radio.beam_width, DEFAULT_BEAM_WIDTH)[order])
        self.power_dbm = 10.0 * np.log10(1000.0 * _or_default(radio.power_w, DEFAULT_POWER_W)[order])
        self.height_m = _or_default(radio.height_m, DEFAULT_HEIGHT_M)[order]


def _or_default(values: Floats, default: float) -> Floats:
    return np.where(np.isfinite(values) & (values > 0.0), values, default)


def _discs(cells: _Cells) -> Iterator[tuple[Ints, HexIds]]:
    """Give batches of (row, hexagon) within the rings of each cell."""
    rows: list[Ints] = []
    found: list[HexIds] = []
    waiting, previous, disc = 0, (-1, -1), np.array([], dtype=np.uint64)
    for n, key in enumerate(zip(cells.own.tolist(), cells.rings.tolist(), strict=True)):
        if key != previous:
            previous, disc = key, hexagons.disc(*key)
        rows.append(np.full(len(disc), n))
        found.append(disc)
        waiting += len(disc)
        if waiting > _PAIRS_AT_ONCE:
            yield np.concatenate(rows), np.concatenate(found)
            rows, found, waiting = [], [], 0
    if rows:
        yield np.concatenate(rows), np.concatenate(found)


def _hexagons_in_range(cells: _Cells) -> HexIds:
    ids = np.array([], dtype=np.uint64)
    sites = np.unique(np.stack([cells.own, cells.rings.astype(np.uint64)], axis=1), axis=0)
    batch: list[HexIds] = []
    waiting = 0
    for own, rings in sites.tolist():
        batch.append(hexagons.disc(own, rings))
        waiting += len(batch[-1])
        if waiting > _PAIRS_AT_ONCE:
            ids, batch, waiting = np.unique(np.concatenate([ids, *batch])), [], 0
        if len(ids) > MOST_HEXAGONS:
            raise WeightsError("weights-too-many-hexagons", {"hexagons": len(ids), "most": MOST_HEXAGONS})
    return np.unique(np.concatenate([ids, *batch]))


def _levels(cells: _Cells, ids: HexIds, places: Floats, areas: Floats, model: RadioModel) -> Iterator[_Levels]:
    """Compute the received level of each cell at each hexagon within its range, in dBm."""
    own_column = np.searchsorted(ids, cells.own)
    spread_m2 = _SPREAD * 1e6 * areas
    for row, found in _discs(cells):
        column = np.searchsorted(ids, found)
        east, north = _offsets_m(cells, row, places[column])
        distance2 = east**2 + north**2
        near = (distance2 <= cells.reach_m[row] ** 2) | (column == own_column[row])
        row, column, east, north, distance2 = (a[near] for a in (row, column, east, north, distance2))  # noqa: PLW2901
        level = _level(cells, row, (east, north), spread_m2[column], model)
        yield _Levels(row, column, level, own_column[row])


def _level(cells: _Cells, row: Ints, offset_m: tuple[Floats, Floats], spread_m2: Floats, model: RadioModel) -> Floats:
    """Give the level at an offset from the cell; `spread_m2` is the mean squared distance of phones from there."""
    east, north = offset_m
    path = east**2 + north**2 + cells.height_m[row] ** 2 + spread_m2
    loss = _pattern_loss_db(cells, row, east, north)
    level: Floats = cells.power_dbm[row] - 5.0 * model.slope * np.log10(path) - loss
    return level


def _offsets_m(cells: _Cells, row: Ints, places: Floats) -> tuple[Floats, Floats]:
    """Give metres east and north from the cell to the hexagon's centre (a plane is enough within a cell's range)."""
    longitude = (places[:, 0] - cells.longitude[row] + np.pi) % (2.0 * np.pi) - np.pi
    north = places[:, 1] - cells.latitude[row]
    east = longitude * np.cos(0.5 * (places[:, 1] + cells.latitude[row]))
    return 1000.0 * EARTH_RADIUS_KM * east, 1000.0 * EARTH_RADIUS_KM * north


def _pattern_loss_db(cells: _Cells, row: Ints, east: Floats, north: Floats) -> Floats:
    """Give the horizontal antenna pattern's loss, min(12 (θ/θ3dB)², 25); none for cells that radiate all round."""
    angle = np.arctan2(east, north) - cells.azimuth[row]
    angle = (angle + np.pi) % (2.0 * np.pi) - np.pi
    loss = np.minimum(12.0 * (angle / cells.beam_width[row]) ** 2, LARGEST_BACK_LOSS_DB)
    return np.nan_to_num(loss, nan=0.0)


def _promising(pairs: _Levels, strongest: Floats, model: RadioModel) -> tuple[Ints, Ints]:
    least = strongest[pairs.column] - max(HOPELESS_SOFTNESSES * model.softness_db, ACROSS_DB)
    keep = (pairs.level >= least) | (pairs.column == pairs.own)
    return pairs.row[keep], pairs.column[keep]


def _normalised(
    cells: _Cells, ids: HexIds, places: Floats, areas: Floats, kept: list[tuple[Ints, Ints]], model: RadioModel
) -> Connections:
    """Share the phones at each point of a hexagon among its cells, and average over the points."""
    row, column = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    used, compact = np.unique(column, return_inverse=True)
    east, north = _offsets_m(cells, row, places[column])
    edge_m = 1000.0 * np.sqrt(areas[column] / (1.5 * np.sqrt(3.0)))
    spread_m2 = _SPREAD * 1e6 * areas[column] / len(_POINTS)
    probability = np.zeros(len(row))
    for x, y in _POINTS:
        level = _level(cells, row, (east + x * edge_m, north + y * edge_m), spread_m2, model)
        probability += _shares(level / model.softness_db, compact, len(used)) / len(_POINTS)
    return Connections(ids[used], cells.order[row], compact, probability, areas[used])


def _shares(level: Floats, column: Ints, columns: int) -> Floats:
    """Return the softmax of the levels within each column."""
    strongest = np.full(columns, -np.inf)
    np.maximum.at(strongest, column, level)
    weight = np.exp(level - strongest[column])
    total = np.bincount(column, weights=weight, minlength=columns)
    shares: Floats = weight / total[column]
    return shares
