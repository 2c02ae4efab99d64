"""The process that parses strangers' files: `python -m ingest.reading.child`, started by `capped.CappedReader` alone.

It takes the folders of requests on its input and answers on its output, JSON line by line; what it reads goes into the
folder. It limits itself before it touches a file, and ends with whoever started it.
"""

from __future__ import annotations

import ctypes
import gc
import io
import json
import os
import resource
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import polars as pl
import pyarrow as pa

from ingest.faults import FileRefused
from ingest.feeds import Feed, parse_feed
from ingest.orphans import end_with_parent
from ingest.reading.handover import COUNTS, hand_over, refusal_said
from ingest.reading.process import REQUEST
from ingest.reading.reader import read_counts

_WARM_UP = b"source_area_id,start,end,device_count\nA,2020-01-01T00:00:00Z,2020-01-01T00:15:00Z,50\n"


def main() -> None:
    """Answer requests until the input ends."""
    limits = json.loads(sys.argv[1])
    end_with_parent()
    _limit(limits)
    _warm_up()
    _limit_address_space(limits["address_mb"])
    gc.freeze()  # what is there now stays, and need not be looked through again
    folders: SimpleQueue[Path] = SimpleQueue()
    Thread(target=_listen, args=(folders,), daemon=True).start()
    _say({"ready": True})
    while True:
        answer = _answer(folders.get(), limits["cpu_seconds"])
        _give_back()
        _say(answer)


def _answer(folder: Path, cpu_seconds: int) -> dict[str, Any]:
    _allow_cpu(cpu_seconds)
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    try:
        with (folder / COUNTS).open("w+b") as counts_file:
            reading = read_counts(
                Path(request["path"]),
                Feed() if request["feed"] is None else parse_feed(request["feed"]),
                None if request["known"] is None else frozenset(request["known"]),
                request["k_min"],
                request["base_bin_minutes"],
                datetime.fromisoformat(request["not_after"]),
                lambda share, step: _say({"progress": [share, step]}),
                max_bytes=request["max_bytes"],
                scratch=folder,
                counts_file=counts_file,
            )
            hand_over(reading, folder)
    except FileRefused as refused:
        return {"refused": refusal_said(refused)}
    except MemoryError:
        return {"too_much": "memory"}
    except OSError as error:
        return {"died": type(error).__name__, "errno": error.errno}
    return {"done": True}


def _give_back() -> None:
    """Return freed memory to the system: what one file needed must not count against the next."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _listen(folders: SimpleQueue[Path]) -> None:
    """Pass folders on; end the whole process when nobody can send any more, whatever it is doing."""
    for line in sys.stdin:
        folders.put(Path(json.loads(line)))
    os._exit(0)


def _limit(limits: dict[str, int]) -> None:
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits["scratch_mb"] << 20)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error of the write instead of an end without words


def _limit_address_space(more_mb: int) -> None:
    """Allow `more_mb` beyond what the libraries have mapped by now (most of which is never touched)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # no /proc: the libraries map some gigabytes at most
        mapped = 4 << 30
    else:
        mapped = pages * resource.getpagesize()
    _lower(resource.RLIMIT_AS, mapped + (more_mb << 20))


def _allow_cpu(seconds: int) -> None:
    """Allow so many more seconds of processor time; the signal beyond them ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, hard))


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError):  # some systems know a limit and cannot set it; the parent's watch remains
        return


def _warm_up() -> None:
    """Read tiny files, so that what the libraries build on first use belongs to the baseline."""
    packed = io.BytesIO()
    pl.read_csv(_WARM_UP).write_parquet(packed)
    for content in (_WARM_UP, packed.getvalue()):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            read_counts(Path(file.name), Feed(), frozenset({"A"}), 2, 15, datetime.now(UTC)).close()


if __name__ == "__main__":
    main()
