"""The second city's carriers: what is true of them, what is on their records, and in which areas they count.

Records err as records do: turned and swapped sectors, missing azimuths, displaced sites, one beam for all, ranges from
whom a cell happened to serve. Phones in squares and geohashes are located by delay and angle, both off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import sparse

from benchmarks.accuracy import geohash
from benchmarks.accuracy.canyon_city import CENTRES, Form, to_degrees
from benchmarks.accuracy.canyon_radio import Sites, draw_sites, served
from benchmarks.accuracy.canyon_venues import INDOOR_FROM, Venues
from benchmarks.accuracy.scenario import Ints, Registration, sorted_like
from geo.coverage import Coverage, RadioParameters, coverage_of_geohashes
from geo.hexagons import Floats

AZIMUTH_ERROR, SWAPPED, WITHOUT_AZIMUTH = 7.0, 0.04, 0.03
DISPLACED, DISPLACED_M = 0.08, 150.0
DELAY_STEP_M, DELAY_ERROR_M, ANGLE_ERROR = 78.0, 45.0, 14.0
LOCATED_DRAWS = 24
SQUARE_M = 500.0
INDOOR_CATCH = 0.72
DISTRICT_SHARE_CV = 0.13


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided about a carrier. `delivery`: sectors, squares or geohashes; `swing`: its share grows in trade."""

    code: str
    share: float
    sites: int
    delivery: str
    swing: float


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Where phones are looked at: `metres` (N, 2), `owner` (N,) hexagon or venue, `district` (N,), `people` (N,)."""

    metres: Floats
    owner: Ints
    district: Ints
    people: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Carrier:
    """A carrier: `outside` (N, A) shares of areas at points, `inside` (M, A) at venues' points, true share factors."""

    plan: Plan
    registration: Registration
    outside: sparse.csr_array
    inside: sparse.csr_array
    district_share: Floats
    persistent: Floats


def build_carrier(
    seed: int, plan: Plan, form: Form, venues: Venues, points: tuple[Points, Points], day: Floats
) -> Carrier:
    """Draw a carrier. `points`: outside, then inside venues; `day` are the raster's people by day."""
    rng = np.random.default_rng([seed, 74, *plan.code.encode()])
    sites = draw_sites(rng, form, plan.sites, day)
    metres = np.concatenate([one.metres for one in points])
    people = np.concatenate([one.people for one in points])
    share = served(rng, form, sites, metres, people)
    if plan.delivery == "sectors":
        registration, by_area = _in_sectors(rng, plan, sites, share, metres, (venues, points))
    else:
        registration, by_area = _located(rng, plan, sites, share, metres)
    split = len(points[0].metres)
    district = rng.lognormal(0.0, DISTRICT_SHARE_CV, len(CENTRES))
    weight = np.bincount(points[0].district, points[0].people, len(CENTRES))
    areas = by_area.shape[1]
    return Carrier(
        plan,
        registration,
        sparse.csr_array(by_area[:split]),
        sparse.csr_array(by_area[split:]),
        district * weight.sum() / (district * weight).sum(),
        rng.lognormal(0.0, 0.05, areas),
    )


def _in_sectors(
    rng: np.random.Generator,
    plan: Plan,
    sites: Sites,
    share: sparse.csr_array,
    metres: Floats,
    inside: tuple[Venues, tuple[Points, Points]],
) -> tuple[Registration, sparse.csr_array]:
    """Count by cell; great venues have a cell of their own, on record for every second of them."""
    venues, (outer, inner) = inside
    indoor = np.flatnonzero(venues.capacity >= INDOOR_FROM)[::2]
    within = np.full(len(venues.capacity), -1)
    within[indoor] = np.arange(len(indoor))
    caught = np.r_[np.full(len(outer.metres), -1), within[inner.owner]]
    kept = share * np.where(caught >= 0, 1.0 - INDOOR_CATCH, 1.0)[:, None]
    rows = np.flatnonzero(caught >= 0)
    shape = (len(metres), len(indoor))
    small = sparse.csr_array((np.full(len(rows), INDOOR_CATCH), (rows, caught[rows])), shape=shape)
    radio = _records(rng, sites, share, metres, venues.middle_m[indoor])
    sectors = [f"{plan.code}-{site:03d}-{n:04d}" for n, site in enumerate(sites.site.tolist())]
    ids = (*sectors, *(f"{plan.code}-indoor-{n:02d}" for n in range(len(indoor))))
    points = np.asarray(shapely.points(radio.longitude, radio.latitude))
    order = np.argsort(np.array(ids))
    sorted_radio = RadioParameters(*(getattr(radio, name)[order] for name in RadioParameters.__dataclass_fields__))
    coverage = Coverage("radio_cell", tuple(np.array(ids)[order].tolist()), points[order], sorted_radio)
    by_area = sparse.hstack([sparse.csr_array(kept), small], format="csr")[:, order]
    return Registration(plan.code, plan.share, coverage, "sectors"), sparse.csr_array(by_area)


def _records(
    rng: np.random.Generator, sites: Sites, share: sparse.csr_array, metres: Floats, indoor_m: Floats
) -> RadioParameters:
    """Write down the cells as the carrier believes them to be."""
    cells = len(sites.site)
    azimuth = sites.azimuth + rng.laplace(0.0, AZIMUTH_ERROR, cells)
    swapped = (rng.random(len(sites.place_m)) < SWAPPED)[sites.site]
    azimuth = np.where(swapped, azimuth + 120.0, azimuth)
    azimuth = np.where(rng.random(cells) < WITHOUT_AZIMUTH, np.nan, np.round(np.mod(azimuth, 360.0)))
    moved = (rng.random(len(sites.place_m)) < DISPLACED)[:, None] * rng.normal(0.0, DISPLACED_M, sites.place_m.shape)
    place = to_degrees(np.concatenate([(sites.place_m + moved)[sites.site], indoor_m]))
    indoor = len(indoor_m)
    return RadioParameters(
        longitude=np.round(place[:, 0], 5),
        latitude=np.round(place[:, 1], 5),
        range_m=np.r_[_ranges(rng, sites, share, metres), np.full(indoor, 150.0)],
        azimuth=np.r_[azimuth, np.full(indoor, np.nan)],
        beam_width=np.r_[np.full(cells, 65.0), np.full(indoor, 360.0)],
        power_w=np.r_[np.full(cells, 20.0), np.full(indoor, 0.5)],
        height_m=np.r_[5.0 * np.round(sites.height_m[sites.site] / 5.0), np.full(indoor, 5.0)],
    )


def _ranges(rng: np.random.Generator, sites: Sites, share: sparse.csr_array, metres: Floats) -> Floats:
    """Give each cell the distance within which it served 97 % of its phones, roughly, in hundreds of metres."""
    pairs = share.tocoo()
    distance = np.hypot(*(metres[pairs.row] - sites.place_m[sites.site[pairs.col]]).T)
    order = np.lexsort((distance, pairs.col))
    ranges = np.full(len(sites.site), 300.0)
    cell, far, weight = pairs.col[order], distance[order], pairs.data[order]
    for one in np.unique(cell):
        mine = slice(*np.searchsorted(cell, [one, one + 1]))
        upto = np.cumsum(weight[mine])
        if upto[-1] > 0:
            ranges[one] = far[mine][np.searchsorted(upto, 0.97 * upto[-1])]
    rough = ranges * rng.lognormal(0.1, 0.15, len(ranges))
    return np.maximum(100.0 * np.ceil(rough / 100.0), 300.0)


def _located(
    rng: np.random.Generator, plan: Plan, sites: Sites, share: sparse.csr_array, metres: Floats
) -> tuple[Registration, sparse.csr_array]:
    """Locate phones by delay and angle from their site and count them in squares or geohashes."""
    rows = np.repeat(np.arange(len(metres)), LOCATED_DRAWS)
    site = sites.place_m[sites.site[_serving(rng, share).ravel()]]
    offset = metres[rows] - site
    length = np.hypot(*offset.T) + rng.normal(0.0, DELAY_ERROR_M, len(rows))
    length = (np.floor(np.maximum(length, 0.0) / DELAY_STEP_M) + rng.random(len(rows))) * DELAY_STEP_M
    bearing = np.arctan2(offset[:, 0], offset[:, 1]) + np.radians(rng.normal(0.0, ANGLE_ERROR, len(rows)))
    believed = site + length[:, None] * np.stack([np.sin(bearing), np.cos(bearing)], axis=1)
    ids, of, coverage = _squares(plan, believed) if plan.delivery == "squares" else _geohashes(believed)
    shape = (len(metres), len(ids))
    by_area = sparse.csr_array((np.full(len(rows), 1.0 / LOCATED_DRAWS), (rows, of)), shape=shape)
    by_area.sum_duplicates()
    by_area = sparse.csr_array(by_area[:, sorted_like(coverage, ids)])
    people = plan.delivery == "geohashes"
    return Registration(plan.code, plan.share, coverage, plan.delivery, counts_people=people), by_area


def _serving(rng: np.random.Generator, share: sparse.csr_array) -> Ints:
    """Draw the serving cell of each point some times, (N, draws)."""
    drawn = np.zeros((share.shape[0], LOCATED_DRAWS), dtype=np.int64)
    for row in range(share.shape[0]):
        mine = slice(share.indptr[row], share.indptr[row + 1])
        upto = np.cumsum(share.data[mine])
        at = np.searchsorted(upto, rng.random(LOCATED_DRAWS) * upto[-1], side="right")
        drawn[row] = share.indices[mine][np.minimum(at, len(upto) - 1)]
    return drawn


def _squares(plan: Plan, believed: Floats) -> tuple[tuple[str, ...], Ints, Coverage]:
    corner = np.floor(believed / SQUARE_M).astype(np.int64)
    squares, of = np.unique(corner, axis=0, return_inverse=True)
    ids = tuple(f"{plan.code}-{x + 500:03d}-{y + 500:03d}" for x, y in squares.tolist())
    around = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    outlines = to_degrees((squares[:, None, :] + around) * SQUARE_M)
    order = np.argsort(np.array(ids))
    shapes = np.asarray(shapely.polygons(outlines), dtype=object)[order]
    return ids, of.ravel(), Coverage("area", tuple(np.array(ids)[order].tolist()), shapes)


def _geohashes(believed: Floats) -> tuple[tuple[str, ...], Ints, Coverage]:
    ids, of = np.unique(geohash.encode(to_degrees(believed)), return_inverse=True)
    texts = tuple(ids.tolist())
    return texts, of.ravel(), coverage_of_geohashes(texts)
