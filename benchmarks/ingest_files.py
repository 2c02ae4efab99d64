"""The files of the ingest benchmark: a coverage of radio cells and one day of their counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.ingest import BINS, CELLS

RANGE_M = (200.0, 3_000.0)
BOX = (75.0, 42.0, 79.0, 45.0)


def make(folder: Path) -> None:
    """Write `cells.csv` and `counts.csv` into `folder`."""
    write_cells(folder)
    _counts(folder)


def _counts(folder: Path) -> None:
    random = np.random.default_rng(5)
    starts = pl.datetime_range(
        pl.datetime(2026, 3, 1, 19), pl.datetime(2026, 3, 2, 18, 45), "15m", time_zone="UTC", eager=True
    ).dt.convert_time_zone("Asia/Almaty")
    start = starts.dt.strftime("%Y-%m-%dT%H:%M:%S+05:00").to_list()
    end = starts.dt.offset_by("15m").dt.strftime("%Y-%m-%dT%H:%M:%S+05:00").to_list()
    cells = [f"KZ{number:06d}" for number in range(CELLS)]
    counts_df = pl.DataFrame(
        {
            "cell_id": np.tile(cells, BINS),
            "start": np.repeat(start, CELLS),
            "end": np.repeat(end, CELLS),
            "device_count": random.negative_binomial(2, 0.01, CELLS * BINS),
        }
    )
    counts_df.write_csv(folder / "counts.csv")


def write_cells(folder: Path) -> None:
    """Write `cells.csv`, three radio cells a site."""
    random = np.random.default_rng(6)
    west, south, east, north = BOX
    sites = CELLS // 3
    cells_df = pl.DataFrame(
        {
            "cell_id": [f"KZ{number:06d}" for number in range(CELLS)],
            "latitude": np.repeat(random.uniform(south, north, sites), 3),
            "longitude": np.repeat(random.uniform(west, east, sites), 3),
            "azimuth_angle": np.tile([0.0, 120.0, 240.0], sites),
            "horizontal_beam_width": np.full(CELLS, 65.0),
            "range": np.exp(random.uniform(np.log(RANGE_M[0]), np.log(RANGE_M[1]), CELLS)),
        }
    )
    cells_df.write_csv(folder / "cells.csv")
