"""Which sector serves a phone: the demo's radio world, on purpose another one than the estimator's.

Two-slope path loss with a break point set by the clutter, 6 dB shadowing correlated over 300 m (half of it shared by
the sectors of a site), antenna patterns about the TRUE azimuth, offsets that push phones off loaded sectors, and a best
server that changes only with some hysteresis. The estimator assumes a softmax about the recorded azimuth instead.
Numbers follow common practice for cities (slopes 2.2-2.6 before and 3.3-4.3 after a break at 200-900 m).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.city.network import SECTORS_OF_SITE, Network
from ingest.city.noise import Floats, generator, smooth_field
from ingest.city.people import ground

NEAR_SITES = 9
DRAWS = 16
SHADOW_DB = 6.0
SHADOW_LENGTH_M = 300.0
HYSTERESIS_DB = 3.0
FRONT_TO_BACK_DB = 25.0
BALANCING_ROUNDS = 3
BALANCING_DB_PER_DOUBLING = 1.5
GREATEST_OFFSET_DB = 6.0
# Clutter: people per hexagon from which it holds, break point in metres, slope before and after it.
CLUTTER = ((0.0, 900.0, 2.2, 3.3), (120.0, 500.0, 2.3, 3.7), (500.0, 340.0, 2.4, 4.0), (1200.0, 220.0, 2.6, 4.3))
# Points of a hexagon, in metres from its centre: the middle and six around it.
RING = np.vstack([[0.0, 0.0], 125.0 * np.array([(np.cos(a), np.sin(a)) for a in np.arange(6) * np.pi / 3])])


@dataclass(frozen=True, slots=True)
class Serving:
    """Draws of who serves whom: rows of the inhabited hexagons `rows` (L,), `sector` (L, 7, DRAWS) by day and night."""

    rows: NDArray[np.intp]
    day: NDArray[np.int32]
    night: NDArray[np.int32]


def draw_serving(seed: int, carrier: str, network: Network, day_people: Floats, night_people: Floats) -> Serving:
    """Draw the serving sector for phones all over the hexagons, balanced for the crowds (H,) of day and of night."""
    rows = np.flatnonzero(ground().district >= 0)
    points = ground().metres[rows][:, None, :] + RING
    sectors, level = _levels(seed, carrier, network, points, day_people[rows])
    rng = generator(seed, "handover", carrier)
    noise = rng.normal(0.0, HYSTERESIS_DB, (DRAWS, *level.shape)).astype(np.float32)
    day = _balanced(level, sectors, noise, day_people[rows], len(network.azimuth))
    night = _balanced(level, sectors, noise, night_people[rows], len(network.azimuth))
    return Serving(rows, day, night)


def _levels(
    seed: int, carrier: str, network: Network, points: Floats, people: Floats
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the sectors heard at each hexagon, (L, S), and their received level in dB at its points, (L, 7, S)."""
    middle = points[:, 0]
    distance = np.linalg.norm(middle[:, None, :] - network.site_m, axis=2)
    sites = np.argpartition(distance, NEAR_SITES, axis=1)[:, :NEAR_SITES]
    sectors = (sites[:, :, None] * SECTORS_OF_SITE + np.arange(SECTORS_OF_SITE)).reshape(len(sites), -1)
    offset = points[:, :, None, :] - network.site_m[sites][:, None, :, :]
    horizontal = np.linalg.norm(offset, axis=3)
    loss = _path_loss(np.hypot(horizontal, 25.0), people)
    bearing = np.degrees(np.arctan2(offset[..., 0], offset[..., 1]))
    level = np.repeat(-loss, SECTORS_OF_SITE, axis=2)
    level -= _pattern(np.repeat(bearing, SECTORS_OF_SITE, axis=2) - network.azimuth[sectors][:, None, :])
    level += (network.power_db[sectors] + _shadowing(seed, carrier, middle, sectors, len(network.azimuth)))[:, None, :]
    return sectors.astype(np.int32), level.astype(np.float32)


def _path_loss(distance_m: Floats, people: Floats) -> Floats:
    """Return the two-slope loss in dB, (L, 7, K), for distances in metres and the clutter of each hexagon."""
    clutter = np.searchsorted([start for start, *_ in CLUTTER], people, side="right") - 1
    _, breaks, near, far = np.array(CLUTTER).T
    breaks, near, far = (column[clutter][:, None, None] for column in (breaks, near, far))
    before = 10 * near * np.log10(np.minimum(distance_m, breaks))
    loss: Floats = before + 10 * far * np.log10(np.maximum(distance_m / breaks, 1.0))
    return loss


def _pattern(off_axis_degrees: Floats) -> Floats:
    """Return the loss of a sector antenna off its axis: min(12 (angle / 65)^2, 25) dB (3GPP TR 36.814, A.2.1.1)."""
    angle = (off_axis_degrees + 180.0) % 360.0 - 180.0
    return np.minimum(12.0 * (angle / 65.0) ** 2, FRONT_TO_BACK_DB)


def _shadowing(seed: int, carrier: str, middle: Floats, sectors: NDArray[np.intp], count: int) -> Floats:
    """Return the shadowing of each heard sector, (L, S): half its variance is the site's, half the sector's own."""
    rng = generator(seed, "shadow", carrier)
    shadow = np.zeros(sectors.shape)
    for site in range(count // SECTORS_OF_SITE):
        heard, column = np.nonzero(sectors[:, ::SECTORS_OF_SITE] == site * SECTORS_OF_SITE)
        common, *own = (smooth_field(rng, middle[heard], SHADOW_LENGTH_M, 24) for _ in range(1 + SECTORS_OF_SITE))
        for number, field in enumerate(own):
            shadow[heard, column * SECTORS_OF_SITE + number] = SHADOW_DB * np.sqrt(0.5) * (common + field)
    return shadow


def _balanced(
    level: NDArray[np.float32], sectors: NDArray[np.int32], noise: NDArray[np.float32], people: Floats, count: int
) -> NDArray[np.int32]:
    """Let the networks shift phones off their fullest sectors, a few rounds; return the serving sector of each draw."""
    offset = np.zeros(count, dtype=np.float32)
    for _ in range(BALANCING_ROUNDS):
        serving = _best(level + offset[sectors][:, None, :], sectors, noise)
        share = np.repeat(people / (serving.shape[1] * serving.shape[2]), serving.shape[1] * serving.shape[2])
        load = np.bincount(serving.ravel(), weights=share, minlength=count) + 1.0
        step = BALANCING_DB_PER_DOUBLING * np.log2(load / np.median(load))
        offset = np.clip(offset - step / 2, -GREATEST_OFFSET_DB, GREATEST_OFFSET_DB).astype(np.float32)
    return serving


def _best(level: NDArray[np.float32], sectors: NDArray[np.int32], noise: NDArray[np.float32]) -> NDArray[np.int32]:
    rows = np.arange(len(sectors))[:, None]
    best = [sectors[rows, (level + wobble).argmax(axis=2)] for wobble in noise]
    return np.stack(best, axis=2)
