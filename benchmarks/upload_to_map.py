"""From the POST of three operators' files to the picture on the map, one base bin of the demo city after the other.

`python -m benchmarks.upload_to_map [BINS]`. Server and worker are the product's own processes. The clock starts before
the first file is sent and stops when the group's picture made of all three is published. Budget: p95 60 s (contract H).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from benchmarks.door import deliver, running, wait_for

BINS = 20
BACK = timedelta(hours=6)  # the city is built as of then, so that the bins that follow have ended already
QUARTER = timedelta(minutes=15)
PORT = 8_124
PATIENCE_SECONDS = 300
POLL_SECONDS = 0.05


def main() -> None:
    """Build the city, then deliver one bin after the other and print how long each took."""
    bins = int(sys.argv[1]) if len(sys.argv) > 1 else BINS
    with tempfile.TemporaryDirectory(prefix="oryn-bench-") as name:
        home = Path(name)
        environment = os.environ | {"ORYN_HOME": str(home)}
        keys = _prepare(home, bins)
        with running(environment, "serve", "--port", str(PORT)):
            wait_for(PORT)
            with running(environment, "worker"):
                seconds = [_one_bin(home, number, keys) for number in range(bins)]
    p95 = quantiles(seconds, n=20)[-1]
    print(f"upload to map: {bins} base bins of the demo city's three operators, POST -> published picture")
    print(f"  median {median(seconds):.1f} s, p95 {p95:.1f} s, worst {max(seconds):.1f} s (budget: p95 60 s)")


def _prepare(home: Path, bins: int) -> dict[str, str]:
    command = [sys.executable, "-c", "from benchmarks.upload_to_map import prepare; prepare()", str(home), str(bins)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split() for line in lines)


def prepare() -> None:
    """Build the city as of some hours ago, write the files of the bins that follow, print each operator's key."""
    from config.settings import Settings
    from ingest.city import build_city
    from ingest.demo import DemoCity
    from ingest.intake import Intake, OwnReader
    from ingest.pipeline import Workplace
    from ingest.receiving import Door
    from rules.policy import parse_policy, policy_at
    from store.carrier_keys import make_key
    from store.carriers import get_carrier
    from store.database import open_database
    from store.migrate import upgrade

    home, bins, now = Path(sys.argv[1]), int(sys.argv[2]), _built_at()
    policy = policy_at([parse_policy(text, name) for name, text in Settings().policy_texts()], now)
    with closing(open_database(None, home)) as database:
        upgrade(database)
        place = Workplace.at(database, policy, home)
        intake = Intake(Door.at(database, home, 64), policy, OwnReader())
        DemoCity(place, intake, home / "demo", 1, timedelta(days=1)).build(now)
        city = build_city(1)
        for carrier in city.carriers:
            with database.begin() as connection:
                known = get_carrier(connection, carrier.code)
                print(carrier.code, make_key(connection, known.id, timedelta(days=1), 2, "bench")[1])
            for number in range(bins):
                folder = home / "bins" / str(number) / carrier.code
                folder.mkdir(parents=True)
                start = now + number * QUARTER
                city.write_live(carrier, folder, start, start + QUARTER)
    (home / "built_at").write_text(now.isoformat())


def _built_at() -> datetime:
    return (datetime.now(UTC) - BACK).replace(minute=0, second=0, microsecond=0)


def _one_bin(home: Path, number: int, keys: dict[str, str]) -> float:
    at = datetime.fromisoformat((home / "built_at").read_text()) + number * QUARTER
    begun = time.perf_counter()
    for code, key in keys.items():
        for file in sorted((home / "bins" / str(number) / code).iterdir()):
            deliver(PORT, key, file)
    while not _is_published(home, at, set(keys)):
        if time.perf_counter() - begun > PATIENCE_SECONDS:
            raise TimeoutError(f"no picture of {at}")
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - begun


def _is_published(home: Path, at: datetime, codes: set[str]) -> bool:
    """Tell whether a picture stands that was drawn of all of them: a bin is noted until everything is published."""
    from store import map_frames, releases, uploads
    from store.database import open_database

    with closing(open_database(None, home)) as database, database.read() as connection:
        release = releases.find_release(connection, at)
        if release is None or not codes <= set(release.carriers) or at in uploads.dirty_bins(connection):
            return False
        return at in map_frames.starts_drawn(connection, "group", at, at + QUARTER)


if __name__ == "__main__":
    main()
