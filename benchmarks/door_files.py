"""The files of the door's benchmark: counts of 30,000 radio cells for as many quarter hours as are asked for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.ingest import CELLS
from benchmarks.ingest_files import write_cells

QUARTER = timedelta(minutes=15)


def make(folder: Path, bins: int, before: datetime) -> Path:
    """Write `counts-BINS.csv`, the last `bins` quarter hours before a moment, and `cells.csv`; return the former."""
    if not (folder / "cells.csv").exists():
        write_cells(folder)
    path = folder / f"counts-{bins}.csv"
    random = np.random.default_rng(bins)
    usual = random.negative_binomial(2, 0.01, CELLS)
    cells = [f"KZ{number:06d}" for number in range(CELLS)]
    first = before.replace(minute=0, second=0, microsecond=0) - bins * QUARTER
    with path.open("wb") as file:
        for number in range(bins):
            start = first + number * QUARTER
            counts_df = pl.DataFrame(
                {
                    "cell_id": cells,
                    "start": [start.isoformat()] * CELLS,
                    "end": [(start + QUARTER).isoformat()] * CELLS,
                    "device_count": random.poisson(usual),
                }
            )
            counts_df.write_csv(file, include_header=number == 0)
    return path


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), datetime.now(UTC))
