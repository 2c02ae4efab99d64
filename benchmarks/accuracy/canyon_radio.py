"""The second city's radio: rays through a map of buildings, two bands, and cells that share their load.

A ray from antenna to phone pays for every metre of wall on its way (up to what bends round), antennas have side lobes
and a real downtilt, phones take the upper band where it suffices, and of the cells within a few dB of the best the
emptier ones get more of the phones. No softmax, no single slope, no formula of the estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from benchmarks.accuracy.canyon_city import Form, cell_of, raster_metres
from benchmarks.accuracy.scenario import Ints
from geo.hexagons import Floats

NEAR_SITES = 14
RAY_STEPS = 28
WALL_DB_PER_M, DEEPEST_SHADOW_DB = 0.055, 34.0
FREE_SPACE_1_KM_DB = {0: 91.5, 1: 101.3}  # 0.9 and 2.8 GHz
DISTANCE_EXPONENT = 2.15
SUBCARRIERS_DB = 30.8  # a phone measures one of 1,200 subcarriers
CLUTTER_DB = 3.2
UPPER_BAND_FROM_DBM = -94.0
INDOORS, UPPER_BAND_WALL_DB = 0.6, 16.0  # phones behind an outer wall, which costs the upper band so much more
WITHIN_DB = 5.0
LOAD_ROUNDS = 6
LOBES_DB = 1.8
WEAKEST_SIDE_DB = -21.0
PHONE_M = 1.4
AROUND_CELLS = 10  # a planner looks 250 m around
LEAST_APART_M, MOST_APART_M = 320.0, 2600.0


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """S sites and C cells: places, mast heights; per cell its site, band, true azimuth, tilt, pattern and power."""

    place_m: Floats
    height_m: Floats
    site: Ints
    band: Ints
    azimuth: Floats
    tilt: Floats
    sharpness: Floats
    power_dbm: Floats


def draw_sites(rng: np.random.Generator, form: Form, count: int, day_people: Floats) -> Sites:
    """Place sites where people are by day, apart from each other, on roofs; two, three or four sectors each."""
    place = _site_places(rng, form, count, day_people)
    row, column = cell_of(place)
    height = form.height_m[row, column] + rng.uniform(4.0, 9.0, count)
    height = np.where(form.height_m[row, column] < 5.0, rng.uniform(22.0, 38.0, count), np.minimum(height, 55.0))
    sectors = rng.choice((2, 3, 4), count, p=(0.15, 0.75, 0.10))
    upper = rng.random(count) < 0.55
    site, band, azimuth, tilt = [], [], [], []
    for number in range(count):
        first = rng.uniform(0.0, 360.0)
        around = first + np.arange(sectors[number]) * 360.0 / sectors[number] + rng.normal(0.0, 11.0, sectors[number])
        for which in (0, 1) if upper[number] else (0,):
            site += [number] * sectors[number]
            band += [which] * sectors[number]
            azimuth += around.tolist()
            tilt += rng.uniform(1.0, 9.0, sectors[number]).tolist()
    cells = len(site)
    return Sites(
        place,
        height,
        np.array(site),
        np.array(band),
        np.mod(azimuth, 360.0),
        np.array(tilt),
        rng.uniform(5.5, 9.5, cells),
        rng.choice((43.0, 46.0, 48.0), cells),
    )


def _site_places(rng: np.random.Generator, form: Form, count: int, day_people: Floats) -> Floats:
    """Take places as a planner would: crowded quarters first and close together, a thin net over the rest."""
    crowd = ndimage.uniform_filter(day_people, 2 * AROUND_CELLS + 1).ravel() + 1e-3
    metres = raster_metres().reshape(-1, 2)
    weight = np.where(((form.hexagon >= 0) & ~form.wet).ravel(), crowd**0.8, 0.0)
    order = rng.choice(len(metres), 30_000, replace=False, p=weight / weight.sum())
    typical = np.average(crowd, weights=crowd)
    apart = np.clip(LEAST_APART_M * np.sqrt(typical / crowd[order]), LEAST_APART_M, MOST_APART_M)
    chosen: list[Floats] = []
    while len(chosen) < count:
        for place, gap in zip(metres[order], apart, strict=True):
            if len(chosen) < count and all(np.hypot(*(place - one)) > gap for one in chosen):
                chosen.append(place)
        apart *= 0.85
    return np.array(chosen)


def served(rng: np.random.Generator, form: Form, sites: Sites, points: Floats, people: Floats) -> sparse.csr_array:
    """Give the share of the phones at each point (N, 2) on each cell, (N, C), balanced for the people there (N,)."""
    level, cell = _levels(rng, form, sites, points)
    indoors = UPPER_BAND_WALL_DB * (rng.random(len(points)) < INDOORS)
    choice = _candidates(level - np.where(sites.band[cell] == 1, indoors[:, None], 0.0), sites.band[cell])
    room = np.ones(len(sites.site))
    for _ in range(LOAD_ROUNDS):
        pull = choice * room[cell]
        share = pull / pull.sum(axis=1, keepdims=True)
        load = np.bincount(cell.ravel(), (share * people[:, None]).ravel(), len(room))
        wanted = load.mean()
        room = np.clip(room * (wanted / np.maximum(load, 0.05 * wanted)) ** 0.35, 0.15, 4.0)
    rows = np.repeat(np.arange(len(points)), cell.shape[1])
    return sparse.csr_array((share.ravel(), (rows, cell.ravel())), shape=(len(points), len(room)))


def _candidates(level: Floats, band: Ints) -> Floats:
    """Mark the cells a phone may be on: within a few dB of the best one of the upper band, else of the lower."""
    upper = np.where(band == 1, level, -np.inf)
    takes_upper = upper.max(axis=1, keepdims=True) >= UPPER_BAND_FROM_DBM
    heard = np.where(takes_upper, upper, np.where(band == 0, level, -np.inf))
    best = heard.max(axis=1, keepdims=True)
    lonely = ~np.isfinite(best)
    heard = np.where(lonely, level, heard)
    best = np.where(lonely, level.max(axis=1, keepdims=True), best)
    nearness = np.clip(1.0 - (best - heard) / WITHIN_DB, 0.0, None)
    choice: Floats = np.where(np.isfinite(heard), nearness, 0.0)
    return choice


def _levels(rng: np.random.Generator, form: Form, sites: Sites, points: Floats) -> tuple[Floats, Ints]:
    """Give level in dBm and number of the cells of the nearest sites, (N, K) each, padded with silent ones."""
    most = int(np.bincount(sites.site).max())
    of_site = np.full((len(sites.place_m), most), -1)
    for number, site in enumerate(sites.site):
        of_site[site, np.flatnonzero(of_site[site] < 0)[0]] = number
    distance = np.hypot(*(points[:, None, :] - sites.place_m).transpose(2, 0, 1))
    near = np.argsort(distance, axis=1)[:, : min(NEAR_SITES, len(sites.place_m))]
    loss = _ray_loss(form, sites, points, near) + rng.normal(0.0, CLUTTER_DB, near.shape)
    cell = of_site[near].reshape(len(points), -1)
    offset = points[:, None, :] - sites.place_m[near]
    level = -np.repeat(loss, most, axis=1) + _antenna(sites, cell, np.repeat(offset, most, axis=1))
    return np.where(cell >= 0, level, -np.inf), np.maximum(cell, 0)


def _ray_loss(form: Form, sites: Sites, points: Floats, near: Ints) -> Floats:
    """Give the loss of each ray without the band's part: distance, and the walls it goes through."""
    start = sites.place_m[near]
    top = sites.height_m[near]
    along = (np.arange(RAY_STEPS) + 0.5) / RAY_STEPS
    length = np.hypot(*(points[:, None, :] - start).transpose(2, 0, 1))
    blocked = np.zeros(length.shape)
    for step in along:
        place = start + step * (points[:, None, :] - start)
        blocked += form.height_m[cell_of(place)] > top + step * (PHONE_M - top)
    walls = blocked / RAY_STEPS * length
    shadow = DEEPEST_SHADOW_DB * (1.0 - np.exp(-WALL_DB_PER_M * walls / DEEPEST_SHADOW_DB))
    slant = np.hypot(length, top)
    loss: Floats = 10.0 * DISTANCE_EXPONENT * np.log10(slant / 1000.0) + shadow
    return loss


def _antenna(sites: Sites, cell: Ints, offset: Floats) -> Floats:
    """Give power and gain of each cell towards a point: a power of a cosine with side lobes, tilted down."""
    turned = np.arctan2(offset[..., 0], offset[..., 1]) - np.radians(sites.azimuth[cell])
    front = np.clip(np.abs(np.cos(turned / 2.0)), 1e-3, None) ** 2
    side = 10.0 * sites.sharpness[cell] * np.log10(front) + LOBES_DB * np.sin(5.0 * turned)
    flat = np.hypot(offset[..., 0], offset[..., 1])
    down = np.degrees(np.arctan2(sites.height_m[sites.site[cell]], np.maximum(flat, 1.0))) - sites.tilt[cell]
    upright = -np.minimum(np.abs(down / 4.5) ** 1.5, 14.0)
    free = np.where(sites.band[cell] == 1, FREE_SPACE_1_KM_DB[1], FREE_SPACE_1_KM_DB[0])
    gain: Floats = sites.power_dbm[cell] - SUBCARRIERS_DB + 16.0 - free + np.maximum(side + upright, WEAKEST_SIDE_DB)
    return gain
