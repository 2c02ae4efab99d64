"""Reading 2.9 and 31.7 million rows with every check beside a bare Polars scan: `python -m benchmarks.reading [ROUNDS]`

One operator: 30,000 radio cells x 96 quarter hours x 1 or 11 days. Each run is a process of its own; contestants take
turns, so that a busy machine slows all alike. Seconds are those of the work, without imports; memory is the peak above
what the imports take. The files are made here, seeded, and are gone afterwards (2.2 GB).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

CELLS, BINS = 30_000, 96
DAYS = (1, 11)
ROUNDS = 3
FIRST = datetime(2026, 3, 1, 19, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BUDGET_RATIO, BUDGET_MB, BUDGET_GROWTH = 4.0, 600, 1.3


@dataclass(frozen=True, slots=True)
class Run:
    """One run: rows, wall and processor seconds, peak resident MB above the imports."""

    rows: int
    wall: float
    cpu: float
    peak_mb: float


def main() -> None:
    """Make the files, let the contestants take turns, print their figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    peaks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="oryn-bench-") as name:
        for days in DAYS:
            path = Path(name) / "counts.csv"
            apart("make", path, days)
            told = f"{days * CELLS * BINS:,} rows ({path.stat().st_size / 1e6:,.0f} MB CSV)"
            print(f"reading: {told} of {CELLS:,} radio cells, medians of {rounds}")
            runs = turns(path, rounds)
            for contestant, taken in runs.items():
                peaks.setdefault(contestant, []).append(told_of(contestant, taken, runs["bare Polars scan"]))
            path.unlink()
    for contestant, (short, long) in peaks.items():
        print(f"  {contestant:<22} peak of the long file {long / short:5.2f} x that of the short one")
    print(f"  budgets: {BUDGET_RATIO:g} x the scan, {BUDGET_MB} MB, {BUDGET_GROWTH} x the short file's peak")


def turns(path: Path, rounds: int) -> dict[str, list[Run]]:
    """Let every contestant read the file, one after the other, `rounds` times."""
    runs: dict[str, list[Run]] = {name: [] for name in CONTESTANTS}
    for _ in range(rounds):
        for name in CONTESTANTS:
            runs[name].append(Run(**json.loads(apart(name, path, 0))))
    return runs


def told_of(name: str, runs: list[Run], scans: list[Run]) -> float:
    """Print one line; give the median peak."""
    wall, cpu, peak = (median(getattr(run, field) for run in runs) for field in ("wall", "cpu", "peak_mb"))
    ratios = [run.wall / scan.wall for run, scan in zip(runs, scans, strict=True)]
    beside = ", ".join(f"{one:.1f}" for one in ratios)
    print(f"  {name:<22} wall {wall:6.2f} s   cpu {cpu:6.2f} s   peak {peak:5,.0f} MB   x scan: {beside}")
    return float(peak)


def apart(what: str, path: Path, days: int) -> str:
    """Do something in a process of its own; give what it printed."""
    command = [sys.executable, "-m", "benchmarks.reading", "apart", what, str(path), str(days)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def make(path: Path, days: int) -> None:
    """Write the counts of some days, day by day."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(5)
    cells = [f"KZ{number:06d}" for number in range(CELLS)]
    with path.open("wb") as file:
        file.write(b"cell_id,start,end,device_count\n")
        for day in range(days):
            written = [text(FIRST + timedelta(days=day, minutes=15 * at)) for at in range(BINS + 1)]
            counts_df = pl.DataFrame(
                {
                    "cell_id": np.tile(cells, BINS),
                    "start": np.repeat(written[:-1], CELLS),
                    "end": np.repeat(written[1:], CELLS),
                    "device_count": random.negative_binomial(2, 0.01, CELLS * BINS),
                }
            )
            counts_df.write_csv(file, include_header=False)


def text(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("Asia/Almaty")).isoformat()


def scan(path: Path) -> int:
    """Count and sum: the least that reading can be."""
    import polars as pl

    return int(pl.scan_csv(path).select(pl.len(), pl.col("device_count").sum()).collect().row(0)[0])


def read(path: Path) -> int:
    """Read with every check, and look at every slice."""
    from ingest.feeds import Feed
    from ingest.reading import read_counts

    with read_counts(path, Feed(), known(), 20, 15, NOW) as reading:
        return sum(len(one.value) for one in reading.slices())


def known() -> frozenset[str]:
    return frozenset(f"KZ{number:06d}" for number in range(CELLS))


def measured(work: Callable[[Path], int], path: Path) -> Run:
    """Do the work in this process, which imports what it needs before."""
    import ingest.reading.reader  # noqa: F401

    before, started, spent = peak_mb(), time.perf_counter(), time.process_time()
    rows = work(path)
    return Run(rows, time.perf_counter() - started, time.process_time() - spent, peak_mb() - before)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)


def capped(path: Path) -> Run:
    """Read in the capped child of this process, as deliveries are read."""
    from ingest.reading.capped import CappedReader, ReaderLimits, ReadRequest

    with CappedReader(ReaderLimits(), path.parent / "scratch") as reader:
        reader.start()
        started = time.perf_counter()
        with reader.read(ReadRequest(path, None, known(), 20, 15, NOW)) as reading:
            rows = sum(len(one.value) for one in reading.slices())
        return Run(rows, time.perf_counter() - started, reader.cpu_seconds, reader.peak_mb)


CONTESTANTS: dict[str, Callable[[Path], Run]] = {
    "bare Polars scan": lambda path: measured(scan, path),
    "oryn, in this process": lambda path: measured(read, path),
    "oryn, capped child": capped,
}


def apart_main(what: str, path: Path, days: int) -> None:
    """Do what `apart` asked for."""
    if what == "make":
        make(path, days)
        return
    run = CONTESTANTS[what](path)
    print(json.dumps({name: getattr(run, name) for name in ("rows", "wall", "cpu", "peak_mb")}))


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", str(os.cpu_count() or 1))
    if sys.argv[1:2] == ["apart"]:
        apart_main(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
