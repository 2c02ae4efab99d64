"""Counts through the door: POST, receipt, read, checked, kept; memory of every process, beside a bare Polars scan.

`python -m benchmarks.door [BINS ...]`: quarter hours of 30,000 radio cells (96 are a day of 2.88 million rows, 1,000
are 30 million). Server, worker and the worker's reader are the product's own processes; their peaks are the operating
system's figures. What follows (estimates and map) is measured by `benchmarks.ingest` and `benchmarks.upload_to_map`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.ingest import CELLS, SCAN

SIZES = (96, 1_000)
POLL_SECONDS = 0.05
READY_SECONDS = 60
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Passage:
    """One file through the door: seconds until 202 and until the receipt is settled, peaks in MB by process."""

    rows: int
    answered: float
    settled: float
    scan: float
    scan_mb: float
    peaks: dict[str, float]


def main() -> None:
    """Send a file of each size through a door of its own and print how it went."""
    sizes = [int(one) for one in sys.argv[1:]] or SIZES
    print(f"door: quarter hours of {CELLS:,} radio cells, POST -> 202 -> settled receipt, beside a bare Polars scan")
    with tempfile.TemporaryDirectory(prefix="oryn-bench-") as name:
        folder = Path(name)
        passages = [_through(folder, bins) for bins in sizes]
    if len(passages) > 1:
        first, last = passages[0], passages[-1]
        growth = {name: last.peaks[name] / first.peaks[name] for name in first.peaks}
        words = ", ".join(f"{name} {ratio:.2f} x" for name, ratio in growth.items())
        print(f"  peak memory with {last.rows / first.rows:.1f} x the rows: {words}")


def _through(folder: Path, bins: int) -> Passage:
    counts = folder / f"counts-{bins}.csv"
    subprocess.run([sys.executable, "-m", "benchmarks.door_files", str(folder), str(bins)], check=True)
    with _house(folder / f"home-{bins}", folder / "cells.csv") as (environment, key, port):
        scan, scan_mb = _scanned(counts)
        with running(environment, "serve", "--port", str(port)) as server:
            wait_for(port)
            with running(environment, "worker") as worker:
                start = time.perf_counter()
                receipt = deliver(port, key, counts)
                answered = time.perf_counter() - start
                peaks = {"server": 0.0, "worker": 0.0, "reader": 0.0}
                receipt = _settled(port, key, int(receipt["id"]), server.pid, worker.pid, peaks)
                settled = time.perf_counter() - start
    if receipt["state"] != "accepted" or receipt["rows_accepted"] != bins * CELLS:
        raise RuntimeError(f"not accepted: {receipt}")
    passage = Passage(bins * CELLS, answered, settled, scan, scan_mb, peaks)
    _print(passage, counts.stat().st_size)
    counts.unlink()
    return passage


def _print(one: Passage, size: int) -> None:
    print(f"  {one.rows:,} rows, {size / 1e6:,.0f} MB CSV")
    print(f"    bare scan    {one.scan:6.2f} s   peak {one.scan_mb:6,.0f} MB")
    print(f"    202 after    {one.answered:6.2f} s   {one.answered / one.scan:5.1f} x the scan")
    print(f"    settled after{one.settled:6.2f} s   {one.settled / one.scan:5.1f} x the scan")
    print(f"    peaks        {', '.join(f'{name} {peak:,.0f} MB' for name, peak in one.peaks.items())}")


@contextmanager
def _house(home: Path, cells: Path) -> Iterator[tuple[dict[str, str], str, int]]:
    environment = os.environ | {"ORYN_HOME": str(home), "ORYN_MAX_UPLOAD_MB": "4096"}
    added = _oryn(environment, "carrier", "add", "bench", "--name", "Bench", "--share", "0.3")
    _oryn(environment, "coverage", "load", "bench", str(cells))
    yield environment, added.split("): ")[1].split()[0], 8_123


def _oryn(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "webapp.commands", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an `oryn` command beside the block; at its end it and its children are killed."""
    command = [sys.executable, "-m", "webapp.commands", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        children = _descendants(process.pid)
        for pid in (process.pid, *children):  # a worker that is asked would finish the map of a year first
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def wait_for(port: int) -> None:
    """Return once the server answers."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise TimeoutError("the server does not answer")


def deliver(port: int, key: str, counts: Path) -> dict[str, Any]:
    """Send a file and return its receipt; raise RuntimeError where it is not received."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
    with counts.open("rb") as body:
        connection.request("POST", "/api/v1/uploads", body, headers | {"Content-Length": str(counts.stat().st_size)})
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 202:
        raise RuntimeError(f"{response.status}: {answer}")
    return dict(answer)


def _settled(port: int, key: str, upload_id: int, server: int, worker: int, peaks: dict[str, float]) -> dict[str, Any]:
    while True:
        _note_peaks(server, worker, peaks)
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/api/v1/uploads/{upload_id}", headers={"Authorization": f"Bearer {key}"})
        receipt: dict[str, Any] = json.loads(connection.getresponse().read())
        if receipt["state"] != "received":
            _note_peaks(server, worker, peaks)
            return receipt
        time.sleep(POLL_SECONDS)


def _note_peaks(server: int, worker: int, peaks: dict[str, float]) -> None:
    """Take over the peaks of the server and all its children, of the worker, and of the child that reads for it."""
    readers = _descendants(worker)
    found = {"server": max(map(_peak_mb, [server, *_descendants(server)]), default=0.0)}
    found |= {"worker": _peak_mb(worker), "reader": max(map(_peak_mb, readers), default=0.0)}
    for name, peak in found.items():
        peaks[name] = max(peaks[name], peak)


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(one for child in children for one in _descendants(child))]


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024


def _scanned(counts: Path) -> tuple[float, float]:
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", SCAN, str(counts)], stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
