"""Bytes of map frames against gzip'd GeoJSON and against the entropy of the same values: `python -m benchmarks.frames`.

A day of 96 frames over some 5,400 hexagons at 64 levels: hot spots with daily rhythms, roughness that neighbours
share, and Poisson noise of the devices that were counted. Nothing here depends on the speed of the machine.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import brotli
import numpy as np
import shapely
from numpy.typing import NDArray

from geo import hexagons
from geo.export import HexagonTable, as_geojson
from geo.frames import frame_codes, window_pack
from geo.geometry_pack import geometry_pack
from geo.hexagons import HexIds

BOX = (76.75, 43.15, 77.05, 43.40)
BINS = 96
LEVELS = 64
SHARE = 0.75
MAXIMUM = 100_000.0
Codes = NDArray[np.uint8]


def main() -> None:
    """Print sizes of one frame and of a day."""
    ids = hexagons.hexagons_over(shapely.box(*BOX), 9)
    area = hexagons.area_km2(ids)
    people = simulated_day(ids)
    codes = np.stack([as_codes(row / area) for row in people])
    evening = codes[76]
    frame = len(brotli.compress(evening.tobytes(), quality=5))
    print(f"frames: {len(ids):,} hexagons, {LEVELS} levels, {BINS} bins")
    told("geometry pack, once", len(brotli.compress(geometry_pack(ids), quality=11)), len(ids))
    print(" one frame")
    ground = order0_bytes(evening)
    told("entropy, order 0", ground, ground)
    told("frame, brotli 5", frame, ground)
    told("frame, gzip 6", len(gzip.compress(evening.tobytes(), 6)), ground)
    told("GeoJSON, gzip 6", len(gzip.compress(geojson(ids, people[76]), 6)), ground)
    print(" a day of frames")
    floor = adaptive_bytes(codes)
    told("entropy given the frame before (KT)", floor, floor)
    for name, size in day_sizes(codes).items():
        told(name, size, floor)


def told(what: str, size: float, against: float) -> None:
    """Print one line: bytes and ratio."""
    print(f"  {what:<38}{size:12,.0f} B {size / against:9.2f} x")


def as_codes(density: NDArray[np.float64]) -> Codes:
    state = np.full(len(density), 2, dtype=np.uint8)
    return np.frombuffer(frame_codes(density, state, MAXIMUM), dtype=np.uint8)


def simulated_day(ids: HexIds) -> NDArray[np.float64]:
    """Simulate people per hexagon and bin, (BINS, H): counted devices over their share."""
    rng = np.random.default_rng(3)
    places = hexagons.centres(ids) * np.array([np.cos(np.radians(43.3)), 1.0]) * 111.2
    low, high = places.min(axis=0), places.max(axis=0)
    hour = np.arange(BINS) / 4.0
    people = np.full((BINS, len(ids)), 3.0)
    for _ in range(60):
        spot, reach = rng.uniform(low, high), rng.uniform(0.3, 2.5)
        near = np.exp(-0.5 * ((places - spot) ** 2).sum(axis=1) / reach**2)
        rhythm = 0.25 + np.exp(-0.5 * ((hour - rng.uniform(7.0, 22.0)) / rng.uniform(1.5, 4.0)) ** 2)
        people += rng.lognormal(5.0, 1.0) * rhythm[:, None] * near
    return rng.poisson(people * roughness(places, rng) * SHARE) / SHARE


def roughness(places: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Give a factor for each hexagon, half of it shared with neighbours within about a kilometre."""
    waves = rng.normal(0.0, 1.5, (40, 2))
    shared = np.sin(places @ waves.T + rng.uniform(0.0, 2.0 * np.pi, 40)).sum(axis=1) / np.sqrt(20.0)
    factor: NDArray[np.float64] = np.exp(0.42 * shared + 0.42 * rng.normal(size=len(places)))
    return factor


def geojson(ids: HexIds, people: NDArray[np.float64]) -> bytes:
    state = np.full(len(ids), 2, dtype=np.uint8)
    moment = datetime(2026, 11, 20, 14, tzinfo=UTC)
    return as_geojson(HexagonTable(ids, moment, people, people * 0.8, people * 1.2, state))


def order0_bytes(codes: Codes) -> float:
    """Give the order-0 entropy of the values in bytes, without the cost of telling their frequencies."""
    times = np.bincount(codes)
    shares = times[times > 0] / len(codes)
    return float(-(shares * np.log2(shares)).sum() * len(codes) / 8.0)


def adaptive_bytes(codes: Codes) -> float:
    """Give the bytes of an adaptive code whose context is the same hexagon in the frame before.

    Krichevsky and Trofimov's estimator, learning included: a value seen n times in a context of N has the chance
    (n + 1/2) / (N + levels / 2). The order of counting within a context does not matter, so counts suffice.
    """
    from scipy.special import gammaln

    shifted = codes.astype(np.int64) - 2
    before = np.concatenate([np.zeros((1, codes.shape[1]), dtype=np.int64), shifted[:-1] + 1])
    pairs = np.bincount((before * LEVELS + shifted).ravel(), minlength=(LEVELS + 1) * LEVELS).reshape(-1, LEVELS)
    learnt = gammaln(pairs + 0.5).sum(axis=1) - LEVELS * gammaln(0.5)
    spent = gammaln(pairs.sum(axis=1) + LEVELS / 2.0) - gammaln(LEVELS / 2.0)
    return float((spent - learnt).sum() / np.log(2.0) / 8.0)


def day_sizes(codes: Codes) -> dict[str, int]:
    """Give sizes of the day: frame after frame, and as differences (`window_pack`)."""
    plain = codes.tobytes()
    by_hexagon = window_pack([row.tobytes() for row in codes])
    return {
        "frame after frame, gzip 6": len(gzip.compress(plain, 6)),
        "frame after frame, brotli 5": len(brotli.compress(plain, quality=5)),
        "frame after frame, brotli 11": len(brotli.compress(plain, quality=11)),
        "differences by hexagon, gzip 6": len(gzip.compress(by_hexagon, 6)),
        "differences by hexagon, brotli 5": len(brotli.compress(by_hexagon, quality=5)),
        "differences by hexagon, brotli 9": len(brotli.compress(by_hexagon, quality=9)),
        "differences by hexagon, brotli 11": len(brotli.compress(by_hexagon, quality=11)),
        "96 frames each alone, brotli 5": sum(len(brotli.compress(row.tobytes(), quality=5)) for row in codes),
    }


if __name__ == "__main__":
    main()
