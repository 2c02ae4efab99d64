"""One operator-day of 2.88 million rows over 30,000 radio cells, from file to map, against a bare Polars scan.

`python -m benchmarks.ingest [ROUNDS]`. Both are whole processes, in turn; peak memory is the operating system's figure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

CELLS, BINS, ROUNDS = 30_000, 96, 3
RANGE_M = (200.0, 3_000.0)
BOX = (75.0, 42.0, 79.0, 45.0)
START = "2026-03-02T00:00:00+05:00"
SCAN = (
    "import polars as pl, sys; print(pl.scan_csv(sys.argv[1]).select(pl.len(), pl.col('device_count').sum()).collect())"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a process: wall and processor seconds, peak resident memory in MB."""

    wall: float
    cpu: float
    peak_mb: float


def main() -> None:
    """Make the files, then print both processes' figures and their ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="oryn-bench-") as name:
        folder = Path(name)
        counts = _counts_file(folder)
        prepared = _prepared_home(folder)
        size = counts.stat().st_size / 1e6
        print(
            f"ingest: {CELLS * BINS:,} rows ({size:,.0f} MB CSV) of {CELLS:,} radio cells, file -> released map frames"
        )
        scans, ours = [], []
        for _ in range(rounds):
            scans.append(_run([sys.executable, "-c", SCAN, str(counts)], {}))
            home = folder / "home"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(prepared, home)
            ours.append(_run(_oryn("ingest", "bench", str(counts)), {"ORYN_HOME": str(home)}))
        _print("bare Polars scan", scans)
        _print("oryn ingest", ours)
        ratios = [mine.wall / scan.wall for mine, scan in zip(ours, scans, strict=True)]
        print(f"  oryn / scan, wall, pair by pair: {', '.join(f'{one:.1f}' for one in ratios)} (budget 15)")


def _counts_file(folder: Path) -> Path:
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
    return folder / "counts.csv"


def _cells_file(folder: Path) -> Path:
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
            "range": np.exp(random.uniform(*np.log(RANGE_M), CELLS)),
        }
    )
    cells_df.write_csv(folder / "cells.csv")
    return folder / "cells.csv"


def _prepared_home(folder: Path) -> Path:
    """Return a data folder in which the carrier and its weights are there already: they belong to the coverage."""
    home = folder / "prepared"
    environment = {"ORYN_HOME": str(home)}
    _run(_oryn("carrier", "add", "bench", "--name", "Bench", "--share", "0.3"), environment)
    taken = _run(_oryn("coverage", "load", "bench", str(_cells_file(folder))), environment)
    print(f"coverage: {CELLS:,} radio cells read, weighted and kept in {taken.wall:.1f} s, {taken.peak_mb:,.0f} MB")
    return home


def _oryn(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "webapp.commands", *arguments]


def _run(command: list[str], environment: dict[str, str]) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _print(name: str, runs: list[Run]) -> None:
    wall, cpu, peak = (median(getattr(run, field) for run in runs) for field in ("wall", "cpu", "peak_mb"))
    print(f"  {name:<18} wall {wall:6.2f} s   cpu {cpu:6.2f} s   peak {peak:7,.0f} MB   (medians of {len(runs)})")


if __name__ == "__main__":
    main()
