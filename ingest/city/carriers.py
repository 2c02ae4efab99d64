"""The three invented carriers: their shares, networks and source areas, and how phones in a hexagon reach those areas.

A carrier's `share` (people present that one count stands for) is what it registers with; the true share differs by
district and hour around it, as market shares, phones switched on and phones in a pocket do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.city.geography import geography, to_degrees, to_metres
from ingest.city.network import SECTORS_OF_SITE, Network, build_network
from ingest.city.noise import Floats, generator
from ingest.city.people import ground, hexagon_index
from ingest.city.radio import draw_serving
from ingest.city.rhythms import activity_shares
from ingest.city.squares import believed_squares, covered_squares, square_ids, square_of, square_outlines
from ingest.city.venues import Venue

DISTRICT_SHARE_CV = 0.12
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
    Plan("tulpar", "Тұлпар Сигнал", 0.42, "multimno", 200, 0.10),
    Plan("jusan", "Жусан Желі", 0.33, "squares", 160, 0.16),
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

    `district_share` (8,) multiplies `share`; `reach` says which area counts whom; `indoor_area` (K,) counts the phones
    inside the venues `indoor_venue` (K,), which stand at `indoor_m` (K, 2) metres in `indoor_hexagon` (K,).
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
    indoor_venue: NDArray[np.intp]
    indoor_area: NDArray[np.intp]
    indoor_m: Floats
    indoor_hexagon: NDArray[np.intp]

    def true_share(self, week_bin: int) -> Floats:
        """Return the true share over the hexagons, (H,), in a quarter of the week; 0 where nobody lives."""
        home = activity_shares()[0]
        hour = 1.0 + self.evening * (home.mean() - home[week_bin])
        padded = np.append(self.district_share, 0.0)
        true: Floats = self.share * hour * padded[ground().district]
        return true


def build_carrier(seed: int, plan: Plan, day_people: Floats, night_people: Floats, venues: Sequence[Venue]) -> Carrier:
    """Draw a carrier for the usual people (H,) of a busy and of a quiet hour."""
    network = build_network(seed, plan.code, plan.sites, day_people)
    serving = draw_serving(seed, plan.code, network, day_people, night_people)
    indoor = np.array([number for number, venue in enumerate(venues) if venue.indoor_cell])
    places = to_metres(np.array([(venues[number].longitude, venues[number].latitude) for number in indoor]))
    if plan.delivery == "squares":
        corners = covered_squares()
        ids, squares = square_ids(corners), square_outlines(corners)
        day, night = believed_squares(seed, plan.code, network, serving, corners)
        indoor_area = square_of(places, corners).astype(np.intp)
    else:
        ids, squares = _sector_ids(plan, network, len(indoor)), None
        day, night = serving.day, serving.night
        indoor_area = len(network.azimuth) + np.arange(len(indoor))
    return Carrier(
        code=plan.code,
        name=plan.name,
        share=plan.share,
        delivery=plan.delivery,
        evening=plan.evening,
        source_area_ids=ids,
        network=network,
        squares=squares,
        district_share=_district_share(seed, plan.code, night_people),
        reach=_reach(serving.rows, day, night),
        indoor_venue=indoor,
        indoor_area=indoor_area,
        indoor_m=places,
        indoor_hexagon=hexagon_index(to_degrees(places)),
    )


def _district_share(seed: int, code: str, people: Floats) -> Floats:
    """Draw how a carrier's share differs by district; over all people the factors average to 1."""
    rng = generator(seed, "share", code)
    factor = rng.lognormal(0.0, DISTRICT_SHARE_CV, len(geography().districts))
    lived_in = ground().district >= 0
    weight = np.bincount(ground().district[lived_in], weights=people[lived_in], minlength=len(factor))
    share: Floats = factor * weight.sum() / (factor * weight).sum()
    return share


def _sector_ids(plan: Plan, network: Network, indoor_count: int) -> tuple[str, ...]:
    """Name the sectors, then the indoor cells: a code of its own, or the parts that make an OpenCelliD cell unique."""
    pairs = sector_numbers(network, indoor_count)
    if plan.delivery == "multimno":
        return tuple(f"TP{site:04d}-{number}" for site, number in pairs)
    return tuple("-".join(map(str, opencellid_parts(site, number))) for site, number in pairs)


def sector_numbers(network: Network, indoor_count: int) -> list[tuple[int, int]]:
    """Return site and sector numbers, both from 1; an indoor cell is sector 1 of a site of its own."""
    sites = len(network.site_m)
    outdoor = [(site + 1, number + 1) for site in range(sites) for number in range(SECTORS_OF_SITE)]
    return outdoor + [(sites + number + 1, 1) for number in range(indoor_count)]


def opencellid_parts(site: int, number: int) -> tuple[int, int, int, int]:
    """Return country code, network code, tracking area and cell of a sector."""
    return MOBILE_COUNTRY_CODE, MOBILE_NETWORK_CODE, 7100 + site // 20, site * 256 + number


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
