"""One operator-day of 2.88 million rows over 30,000 radio cells, from file to map, against a bare Polars scan.

By linear spreading (policy: method `spread`; contract H). `python -m benchmarks.ingest [ROUNDS]`. Both are whole
processes, in turn; peak memory is the operating system's figure.
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

POLICIES = Path(__file__).parent.parent / "config" / "policies"
CELLS, BINS, ROUNDS = 30_000, 96, 3
MAKE = "import sys; from pathlib import Path; from benchmarks import ingest_files; ingest_files.make(Path(sys.argv[1]))"
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
        _run([sys.executable, "-c", MAKE, str(folder)], {})  # elsewhere: a child's peak would count our own memory
        counts = folder / "counts.csv"
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
            ours.append(_run(_oryn("ingest", "bench", str(counts)), _environment(folder, home)))
        _print("bare Polars scan", scans)
        _print("oryn ingest", ours)
        ratios = [mine.wall / scan.wall for mine, scan in zip(ours, scans, strict=True)]
        print(f"  oryn / scan, wall, pair by pair: {', '.join(f'{one:.1f}' for one in ratios)} (budget 15)")


def _prepared_home(folder: Path) -> Path:
    """Return a data folder in which the carrier and its weights are there already: they belong to the coverage."""
    home = folder / "prepared"
    environment = _environment(folder, home)
    _run(_oryn("carrier", "add", "bench", "--name", "Bench", "--share", "0.3"), environment)
    taken = _run(_oryn("coverage", "load", "bench", str(folder / "cells.csv")), environment)
    print(f"coverage: {CELLS:,} radio cells read, weighted and kept in {taken.wall:.1f} s, {taken.peak_mb:,.0f} MB")
    return home


def _environment(folder: Path, home: Path) -> dict[str, str]:
    """Return the settings of a run whose policy asks for linear spreading."""
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    for one in POLICIES.glob("*.yaml"):
        text = one.read_text(encoding="utf-8")
        (policies / one.name).write_text(text.replace("method: {value: joint", "method: {value: spread"), "utf-8")
    return {"ORYN_HOME": str(home), "ORYN_POLICIES": str(policies)}


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
