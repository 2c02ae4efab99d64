"""Weights of a coverage against tobler, on the same polygons and hexagons in one run: `python -m benchmarks.weights`.

Ours starts from the polygons and finds its hexagons itself; tobler is given both as data frames in a projected CRS,
ready-made, and timed for the interpolation of one column and for its table alone.
"""

from __future__ import annotations

import resource
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from tobler.area_weighted import area_interpolate
from tobler.area_weighted.area_interpolate import _area_tables_binning

from geo import hexagons
from geo.coverage import Coverage, RadioParameters
from geo.spreading import spread
from geo.weights import compute_weights

RUNS = 5
BOX = (76.75, 43.1, 77.1, 43.35)
LOCAL_EQUAL_AREA = "+proj=laea +lat_0=43.225 +lon_0=76.925 +R=6371007.18"


def main() -> None:
    """Print both comparisons."""
    compare_polygons()
    time_sectors()


def compare_polygons() -> None:
    """Time 2,000 Voronoi polygons over the res-9 hexagons of their box, alternating, and compare the results."""
    coverage = voronoi_coverage(2000)
    ids = compute_weights(coverage).hexagons
    areas_gdf = gpd.GeoDataFrame({"people": np.arange(2000.0)}, geometry=list(coverage.shapes), crs=4326).to_crs(
        LOCAL_EQUAL_AREA
    )
    hexagons_gdf = gpd.GeoDataFrame(geometry=list(hexagons.polygons(ids)), crs=4326).to_crs(LOCAL_EQUAL_AREA)
    contestants: dict[str, Callable[[], Any]] = {
        "oryn compute_weights": lambda: compute_weights(coverage),
        "tobler area_interpolate": lambda: area_interpolate(
            areas_gdf, hexagons_gdf, extensive_variables=["people"], allocate_total=True, n_jobs=1
        ),
        "tobler table alone": lambda: _area_tables_binning(areas_gdf, hexagons_gdf, "auto"),
    }
    seconds = alternating(contestants)
    print(f"weights: 2,000 polygons x {len(ids):,} hexagons, median of {RUNS} alternating runs")
    ours = seconds["oryn compute_weights"]
    for name, taken in seconds.items():
        print(f"  {name:<26}{taken * 1000:8.0f} ms   {taken / ours:5.2f} x ours")
    theirs = contestants["tobler area_interpolate"]()["people"].to_numpy()
    mine = spread(compute_weights(coverage), np.arange(2000.0))
    print(f"  largest difference of a hexagon: {np.abs(mine - theirs).max():.2e} of {mine.max():,.0f} people")


def alternating(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Run the contestants in turn, so that a busy machine slows all alike; give the median seconds."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(RUNS):
            for name, run in contestants.items():
                started = time.perf_counter()
                run()
                taken[name].append(time.perf_counter() - started)
    return {name: median(times) for name, times in taken.items()}


def voronoi_coverage(count: int) -> Coverage:
    """Tile the box with the Voronoi polygons of seeded points."""
    points = np.random.default_rng(1).uniform(BOX[:2], BOX[2:], (count, 2))
    shapes = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points)))
    clipped = shapely.intersection(shapes, shapely.box(*BOX))
    return Coverage("area", tuple(f"{n:05}" for n in range(count)), np.asarray(clipped, dtype=object))


def time_sectors() -> None:
    """Time the weights of 30,000 sectors of 200 m to 3 km, three a mast, masts gathered in towns."""
    coverage = sectors(30_000)
    started = time.perf_counter()
    weights = compute_weights(coverage)
    taken = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"weights: 30,000 sectors, {weights.spread.nnz:,} weights over {len(weights.hexagons):,} hexagons")
    print(f"  oryn compute_weights      {taken:8.1f} s    peak of the process {peak:,.0f} MB")


def sectors(count: int) -> Coverage:
    """Make masts of three sectors each, clustered around towns, with ranges log-uniform from 200 m to 3 km."""
    rng = np.random.default_rng(2)
    masts = count // 3
    towns = rng.uniform([60.0, 43.0], [80.0, 52.0], (masts // 40, 2))
    places = towns[rng.integers(0, len(towns), masts)] + rng.normal(0.0, 0.15, (masts, 2))
    longitude, latitude = np.repeat(places, 3, axis=0).T
    reach = np.repeat(np.exp(rng.uniform(np.log(200.0), np.log(3000.0), masts)), 3)
    azimuth = np.tile([0.0, 120.0, 240.0], masts) + np.repeat(rng.uniform(0.0, 120.0, masts), 3)
    silent = np.full(count, np.nan)
    radio = RadioParameters(longitude, latitude, reach, azimuth, silent, silent, silent)
    shapes = np.asarray(shapely.points(longitude, latitude), dtype=object)
    return Coverage("radio_cell", tuple(f"{n:05}" for n in range(count)), shapes, radio)


if __name__ == "__main__":
    main()
