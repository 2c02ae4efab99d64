"""Where a carrier's sites stand and how their sectors really look, next to what the carrier has on record.

More sites where more people are; a site has three sectors. The recorded azimuth differs from the true one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.city.noise import Floats, generator
from ingest.city.people import ground

SECTORS_OF_SITE = 3
AZIMUTH_ERROR_DEGREES = 8.0
LEAST_SPACING_M, GREATEST_SPACING_M = 260.0, 1500.0


@dataclass(frozen=True, slots=True)
class Network:
    """`site_m` (S, 2) metres; per sector (3S): `azimuth` true and `recorded_azimuth` in degrees clockwise from north,
    `power_db` true offset, `height_m`, `beam_degrees`, `range_m` on record."""

    site_m: Floats
    azimuth: Floats
    recorded_azimuth: Floats
    power_db: Floats
    height_m: Floats
    beam_degrees: Floats
    range_m: Floats

    @property
    def sector_site(self) -> NDArray[np.intp]:
        """Return the site of each sector, (3S,)."""
        return np.repeat(np.arange(len(self.site_m)), SECTORS_OF_SITE)


def build_network(seed: int, carrier: str, site_count: int, busy_people: Floats) -> Network:
    """Draw a network of `site_count` sites for the people (H,) of a busy hour."""
    rng = generator(seed, "network", carrier)
    sites = _sites(rng, site_count, busy_people)
    sectors = len(sites) * SECTORS_OF_SITE
    first = rng.uniform(0.0, 120.0, len(sites))
    azimuth = (first[:, None] + [0.0, 120.0, 240.0]).ravel() + rng.normal(0.0, 6.0, sectors)
    recorded = azimuth + rng.normal(0.0, AZIMUTH_ERROR_DEGREES, sectors)
    spacing = _spacing(sites)
    return Network(
        site_m=sites,
        azimuth=azimuth % 360,
        recorded_azimuth=np.round(recorded) % 360,
        power_db=rng.normal(0.0, 2.0, sectors),
        height_m=np.repeat(np.round(rng.uniform(18.0, 42.0, len(sites))), SECTORS_OF_SITE),
        beam_degrees=rng.choice([60.0, 65.0, 70.0], sectors),
        range_m=np.repeat(np.round(np.clip(3.0 * spacing, 900.0, 6000.0), -2), SECTORS_OF_SITE),
    )


def _sites(rng: np.random.Generator, count: int, busy_people: Floats) -> Floats:
    """Take places in a random order that favours crowds, leaving out those too near to a chosen one."""
    here = ground()
    land = np.flatnonzero(here.district >= 0)
    weight = busy_people[land] + 60.0
    typical = np.median(weight)
    order = np.argsort(-(np.log(weight) * 0.8 + rng.gumbel(size=len(land))))
    spacing = np.clip(620.0 * np.sqrt(typical / weight), LEAST_SPACING_M, GREATEST_SPACING_M)
    places = here.metres[land] + rng.uniform(-120.0, 120.0, (len(land), 2))
    scale = 1.0
    while True:
        chosen = _spread_out(places, spacing * scale, order, count)
        if len(chosen) == count:
            return places[chosen]
        scale *= 0.9


def _spread_out(places: Floats, spacing: Floats, order: NDArray[np.intp], count: int) -> list[int]:
    chosen: list[int] = []
    free = np.ones(len(places), dtype=bool)
    for candidate in order:
        if not free[candidate]:
            continue
        chosen.append(int(candidate))
        if len(chosen) == count:
            break
        free &= np.linalg.norm(places - places[candidate], axis=1) > spacing[candidate]
    return chosen


def _spacing(sites: Floats) -> Floats:
    """Return the mean distance of each site from its three nearest neighbours."""
    distance = np.linalg.norm(sites[:, None] - sites, axis=2)
    spacing: Floats = np.sort(distance, axis=1)[:, 1:4].mean(axis=1)
    return spacing
