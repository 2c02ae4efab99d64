"""The three invented carriers: their shares, networks and source areas, and how phones in a hexagon reach those areas.

A carrier's `share` (people present that one count stands for) is what it registers with; the true share differs by
district and hour around it, as market shares, phones switched on and phones in a pocket do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.city.geography import district_of, geography, nearest, to_degrees, to_metres
from ingest.city.network import Network, build_network
from ingest.city.noise import Floats, generator
from ingest.city.people import ground
from ingest.city.radio import RING, Serving, draw_serving
from ingest.city.rhythms import activity_shares

SQUARE_M = 500.0
DISTRICT_SHARE_CV = 0.12
PULL_TO_SITE = 0.3
LOCATION_ERROR_M = 150.0
MOBILE_COUNTRY_CODE, MOBILE_NETWORK_CODE = 401, 93


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided about a carrier before anything is drawn. `evening` > 0: its share grows when people go out."""

    code: str
    name: str
    share: float
    delivery: str
    sites: int
    evening: float


PLANS = (
    Plan("tulpar", "Тұлпар Телеком", 0.42, "multimno", 200, 0.10),
    Plan("jusan", "Жусан Мобайл", 0.33, "squares", 160, 0.16),
    Plan("samal", "Самал Байланыс", 0.20, "opencellid", 120, -0.05),
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Pairs (P,) of a hexagon and a source area with the share of the hexagon's phones found there, day and night."""

    hexagon: NDArray[np.intp]
    area: NDArray[np.intp]
    day: Floats
    night: Floats


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier: `source_area_ids` (A,), `squares` (A, 4, 2) degrees or None, its network, and what only we know.

    `district_share` (8,) multiplies `share`; `reach` says which area counts whom.
    """

    code: str
    name: str
    share: float
    delivery: str
    evening: float
    source_area_ids: tuple[str, ...]
    network: Network
    squares: Floats | None
    district_share: Floats
    reach: Reach

    def true_share(self, week_bin: int) -> Floats:
        """Return the true share over the hexagons, (H,), in a quarter of the week; 0 where nobody lives."""
        home = activity_shares()[0]
        hour = 1.0 + self.evening * (home.mean() - home[week_bin])
        padded = np.append(self.district_share, 0.0)
        true: Floats = self.share * hour * padded[ground().district]
        return true


def build_carrier(seed: int, plan: Plan, day_people: Floats, night_people: Floats) -> Carrier:
    """Draw a carrier for the usual people (H,) of a busy and of a quiet hour."""
    network = build_network(seed, plan.code, plan.sites, day_people)
    serving = draw_serving(seed, plan.code, network, day_people, night_people)
    if plan.delivery == "squares":
        ids, squares, reach = _square_areas(seed, plan.code, network, serving)
    else:
        ids, squares, reach = _sector_ids(plan, network), None, _reach(serving.rows, serving.day, serving.night)
    return Carrier(
        plan.code,
        plan.name,
        plan.share,
        plan.delivery,
        plan.evening,
        ids,
        network,
        squares,
        _district_share(seed, plan.code, night_people),
        reach,
    )


def _district_share(seed: int, code: str, people: Floats) -> Floats:
    """Draw how a carrier's share differs by district; over all people the factors average to 1."""
    rng = generator(seed, "share", code)
    factor = rng.lognormal(0.0, DISTRICT_SHARE_CV, len(geography().districts))
    lived_in = ground().district >= 0
    weight = np.bincount(ground().district[lived_in], weights=people[lived_in], minlength=len(factor))
    share: Floats = factor * weight.sum() / (factor * weight).sum()
    return share


def _sector_ids(plan: Plan, network: Network) -> tuple[str, ...]:
    """Name the sectors: a code of its own, or the four parts that make an OpenCelliD cell unique."""
    pairs = [(site, number) for site in range(len(network.site_m)) for number in range(3)]
    if plan.delivery == "multimno":
        return tuple(f"TP{site + 1:04d}-{number + 1}" for site, number in pairs)
    return tuple(opencellid_id(site, number) for site, number in pairs)


def opencellid_parts(site: int, number: int) -> tuple[int, int, int, int]:
    """Return country code, network code, tracking area and cell of a sector."""
    return MOBILE_COUNTRY_CODE, MOBILE_NETWORK_CODE, 7100 + site // 20, (site + 1) * 256 + number + 1


def opencellid_id(site: int, number: int) -> str:
    """Return the id that stands for the four parts, joined with hyphens."""
    return "-".join(str(part) for part in opencellid_parts(site, number))


def _reach(rows: NDArray[np.intp], day: NDArray[np.int32], night: NDArray[np.int32]) -> Reach:
    """Count how often the draws (L, 7, N) of a hexagon end in an area."""
    draws = day[0].size
    hexagon = np.repeat(rows, draws)
    span = int(max(day.max(), night.max())) + 1
    keys_day, keys_night = hexagon * span + day.ravel(), hexagon * span + night.ravel()
    keys = np.unique(np.concatenate([keys_day, keys_night]))
    day_share = np.bincount(np.searchsorted(keys, keys_day), minlength=len(keys)) / draws
    night_share = np.bincount(np.searchsorted(keys, keys_night), minlength=len(keys)) / draws
    return Reach(keys // span, keys % span, day_share, night_share)


def _square_areas(seed: int, code: str, network: Network, serving: Serving) -> tuple[tuple[str, ...], Floats, Reach]:
    """Count phones in 500 m squares where the carrier BELIEVES them: drawn to the serving site, and off by chance."""
    corners = _covered_squares()
    middles: Floats = (corners + 0.5).astype(np.float64) * SQUARE_M
    rng = generator(seed, "location", code)
    points = (ground().metres[serving.rows][:, None, :] + RING)[:, :, None, :]
    error = rng.normal(0.0, LOCATION_ERROR_M, (*serving.day.shape, 2))

    def located(sector: NDArray[np.int32]) -> NDArray[np.int32]:
        site = network.site_m[network.sector_site[sector]]
        believed = points + PULL_TO_SITE * (site - points) + error
        return _square_of(believed.reshape(-1, 2), corners, middles).reshape(sector.shape)

    reach = _reach(serving.rows, located(serving.day), located(serving.night))
    west, south = corners.min(axis=0)
    ids = tuple(f"ALM-{x - west:02d}-{y - south:02d}" for x, y in corners.tolist())
    around = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    outlines = ((corners[:, None, :] + around) * SQUARE_M).reshape(-1, 2)
    return ids, to_degrees(outlines).reshape(-1, 4, 2), reach


def _covered_squares() -> NDArray[np.int64]:
    """Return the south-west corners, in squares from the centre, of the squares (A, 2) with a middle in the city."""
    west, south, east, north = geography().bounds
    low, high = np.floor(to_metres(np.array([[west, south], [east, north]])) / SQUARE_M).astype(np.int64)
    grid = np.stack(np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)), axis=2).reshape(-1, 2)
    return grid[district_of(to_degrees((grid + 0.5) * SQUARE_M)) >= 0]


def _square_of(points: Floats, corners: NDArray[np.int64], middles: Floats) -> NDArray[np.int32]:
    """Return the square (index) of each point (N, 2); one outside the covered squares goes to the nearest."""
    width = 1000
    keys = (corners[:, 1] + width // 2) * width + corners[:, 0] + width // 2
    order = np.argsort(keys)
    wanted = np.floor(points / SQUARE_M).astype(np.int64) + width // 2
    found = np.minimum(np.searchsorted(keys[order], wanted[:, 1] * width + wanted[:, 0]), len(keys) - 1)
    square = order[found]
    missed = keys[square] != wanted[:, 1] * width + wanted[:, 0]
    square[missed] = nearest(points[missed], middles)
    return square.astype(np.int32)
