"""The joint estimate of one time bin, mean and all variances, beside the bare linear algebra that it cannot do without.

6,456 hexagons x 2,000 source areas of two carriers, on one core: `python -m benchmarks.joint`.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from statistics import median  # noqa: E402

import numpy as np  # noqa: E402
from scipy import linalg  # noqa: E402

from benchmarks.weights import voronoi_coverage  # noqa: E402
from geo.joint import DEFAULT_THETA, estimate, layout, plain_means  # noqa: E402
from geo.joint_layout import Layout  # noqa: E402
from geo.spreading import CarrierCounts, combine, union_of_hexagons  # noqa: E402
from geo.weights import SpreadingWeights, compute_weights  # noqa: E402

RUNS = 5
AREAS = (1200, 800)
K_MIN, Z = 20, 1.6449


def main() -> None:
    """Print the times of one bin and their ratios."""
    weights = [compute_weights(voronoi_coverage(count)) for count in AREAS]
    hexagons = union_of_hexagons(weights)
    ground = layout(weights, hexagons)
    counts = invented_counts(ground, weights)
    contestants: dict[str, Callable[[], object]] = {
        "oryn joint estimate": lambda: estimate(ground, counts, DEFAULT_THETA, k_min=K_MIN, z=Z),
        "bare algebra": bare_algebra(sum(AREAS), len(hexagons)),
        "oryn plain means": lambda: plain_means(ground, counts, DEFAULT_THETA, k_min=K_MIN),
        "linear spreading": lambda: combine(
            counts, hexagons, k_min=K_MIN, spread_relative_error=0.65, share_relative_error=0.1, z=Z
        ),
    }
    ground.correlation(DEFAULT_THETA.shape.length_m)
    seconds = alternating(contestants)
    print(
        f"joint: {len(hexagons):,} hexagons x {sum(AREAS):,} source areas, median of {RUNS} alternating runs, one core"
    )
    bare = seconds["bare algebra"]
    for name, taken in seconds.items():
        print(f"  {name:<24}{taken * 1000:8.0f} ms   {taken / bare:6.3f} x bare algebra")


def invented_counts(ground: Layout, weights: Sequence[SpreadingWeights]) -> list[CarrierCounts]:
    """Let people gather around a centre, and each carrier count its share of them by chance."""
    rng = np.random.default_rng(3)
    people = ground.ground_km2 * (300.0 + 20_000.0 * np.exp(-((np.linalg.norm(ground.metres, axis=1) / 4000.0) ** 2)))
    found = []
    for number, (one, share) in enumerate(zip(weights, (0.4, 0.3), strict=True)):
        rows = ground.rows[ground.starts[number] : ground.starts[number + 1]]
        drawn = rng.poisson(share * (rows @ people) * rng.lognormal(0.0, 0.3, rows.shape[0])).astype(float)
        hidden = (drawn > 0) & (drawn < K_MIN)
        found.append(CarrierCounts(one, np.where(hidden, np.nan, drawn), hidden, share))
    return found


def bare_algebra(rows: int, hexagons: int) -> Callable[[], object]:
    """A Cholesky factor and a triangular solve for every hexagon, in single precision, with nothing around them."""
    rng = np.random.default_rng(4)
    half = rng.standard_normal((rows, rows)).astype(np.float32)
    total = half @ half.T / rows + np.eye(rows, dtype=np.float32)
    cross = rng.standard_normal((rows, hexagons)).astype(np.float32)
    return lambda: linalg.solve_triangular(linalg.cholesky(total, lower=True), cross, lower=True)


def alternating(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Run the contestants in turn, so that a busy machine slows all alike; give the median seconds."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(RUNS):
        for name, run in contestants.items():
            started = time.process_time()
            run()
            taken[name].append(time.process_time() - started)
    return {name: median(times) for name, times in taken.items()}


if __name__ == "__main__":
    main()
