"""The examination of an operator-day beside its reading: 2.88 million rows, 30,000 areas, six past weeks.

`python -m benchmarks.examining [ROUNDS]`. Both are timed in one process, in turn; peak memory is the process's own,
of which reading takes its part.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import shapely
from numpy.typing import NDArray

from config.settings import Settings
from geo.coverage import Coverage
from geo.hexagons import Floats
from ingest.checks import Past, examine
from ingest.counts import COUNTED, SUPPRESSED, AreaCounts, pack_counts
from ingest.feeds import Feed
from ingest.reading import read_counts
from rules.policy import Policy, parse_policy
from store import carriers, uploads
from store.database import open_database
from store.migrate import upgrade
from store.records import CountPayload

AREAS, BINS, WEEKS, ROUNDS, K_MIN = 30_000, 96, 6, 3, 20
QUARTER, HALF_DAY, WEEK = timedelta(minutes=15), timedelta(hours=12), timedelta(weeks=1)
START = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
NOW = START + BINS * QUARTER
IDS = tuple(f"A{number:05d}" for number in range(AREAS))


def main() -> None:
    """Make the past and the file elsewhere, then print both times and their ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="oryn-bench-") as name:
        folder = Path(name)
        make = (
            "import sys; from pathlib import Path; from benchmarks import examining; examining.make(Path(sys.argv[1]))"
        )
        subprocess.run([sys.executable, "-c", make, name], check=True)
        measured = [_measured(folder) for _ in range(rounds)]
        print(f"examining: {AREAS * BINS:,} rows of {AREAS:,} areas beside {WEEKS} past weeks")
        for what, at in (("reading", 0), ("examining", 1)):
            print(f"  {what:<10} {median(one[at] for one in measured):5.2f} s")
        ratios = ", ".join(f"{examined / read:.1f}" for read, examined in measured)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  examining / reading, pair by pair: {ratios} (budget 2); peak {peak:.0f} MB")


def make(folder: Path) -> None:
    """Write a database with the past weeks and one day's file."""
    random = np.random.default_rng(1)
    levels = random.lognormal(4.0, 1.2, AREAS)
    database = open_database(None, folder)
    upgrade(database)
    west, south = np.arange(AREAS) % 200 * 0.005 + 76, np.arange(AREAS) // 200 * 0.005 + 43
    coverage = Coverage("area", IDS, shapely.box(west, south, west + 0.005, south + 0.005))
    with database.begin() as connection:
        carrier = carriers.add_carrier(connection, "bench", "Bench", 0.4, NOW)
        carriers.add_coverage(connection, carrier.id, coverage.to_bytes(), "area", "bench", NOW - 20 * WEEK, NOW)
        uploads.source_area_codes(connection, carrier.id, IDS)
    for week in range(WEEKS, 0, -1):
        first = START - week * WEEK - HALF_DAY
        payloads = [_payload(random, levels, first + at * QUARTER) for at in range(2 * BINS)]
        with database.begin() as connection:
            facts = {"file_name": "past", "sha256": f"{week}", "size_bytes": 1, "received_at": first}
            upload_id = uploads.record_received(connection, carrier.id, facts)
            uploads.add_slices(connection, carrier.id, upload_id, payloads)
    database.close()
    with (folder / "day.csv").open("w") as file:
        file.write("source_area_id,start,end,device_count\n")
        for start in (START + at * QUARTER for at in range(BINS)):
            span = f"{start.isoformat()},{(start + QUARTER).isoformat()}"
            file.writelines(f"{one},{span},{n}\n" for one, n in zip(IDS, _counts(random, levels, start), strict=True))


def _counts(random: np.random.Generator, levels: Floats, start: datetime) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = random.poisson(levels * (1 + 0.5 * np.sin(2 * np.pi * start.hour / 24)))
    return counts


def _payload(random: np.random.Generator, levels: Floats, start: datetime) -> CountPayload:
    value = _counts(random, levels, start).astype(np.float64)
    small = (value > 0) & (value < K_MIN)
    counts = AreaCounts(
        np.arange(AREAS, dtype=np.uint32),
        np.where(small, np.nan, value),
        np.where(small, SUPPRESSED, COUNTED).astype(np.uint8),
    )
    total, hidden = float(value[~small].sum()), int(small.sum())
    span = start, start + QUARTER
    return CountPayload(*span, 0, 0, "device_count", pack_counts(counts), total, AREAS - hidden, hidden)


def _measured(folder: Path) -> tuple[float, float]:
    policy = _policy()
    database = open_database(None, folder)
    with database.read() as connection:
        carrier = carriers.get_carrier(connection, "bench")
        begun = time.perf_counter()
        with read_counts(folder / "day.csv", Feed(), frozenset(IDS), K_MIN, 15, NOW) as reading:
            read = time.perf_counter()
            examination = examine(reading, Past(connection, carrier, policy, NOW))
            examined = time.perf_counter()
    database.close()
    assert not examination.holds, "a usual day is not held"
    return read - begun, examined - read


def _policy() -> Policy:
    return [parse_policy(text, name) for name, text in Settings().policy_texts()][-1]


if __name__ == "__main__":
    main()
