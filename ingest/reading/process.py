"""The process in which strangers' files are parsed: start it, ask it, watch it, end it.

Promises: whatever the child does or says, asking it ends: with its answer, with the cap that it went over, or with
ReaderDied. It is given no secrets, no terminal and no more of the environment than it needs.

    Exception
    └── ReaderDied         the child ended without an answer; the same file may be tried again
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.progress import Progress

_WATCH_SECONDS = 0.02  # a process fills some 20 MB in that time
_LONGEST_ANSWER = 4 << 20  # a thousand faults in words, and room to spare
_START_SECONDS = 120.0
_END_SECONDS = 10.0
REQUEST = "request.json"
_KEPT_NAMES = ("PATH", "LANG", "LC_ALL", "PYTHONTZPATH", "VIRTUAL_ENV")


class ReaderDied(Exception):
    """The reading process ended without an answer, for no reason that the file must have. The text says how."""


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What one file may cost.

    `memory_mb`: resident memory above the child's own; a good file of any length takes about 130. `address_mb`: mapped
    above the child's own, a second wall that needs no watching. `cpu_seconds`, `wall_seconds`: 30 million rows take
    some 20. `scratch_mb`: the largest file it may write.
    """

    memory_mb: int = 384
    address_mb: int = 4096
    cpu_seconds: int = 300
    wall_seconds: int = 600
    scratch_mb: int = 8192
    threads: int = 2


class Child:
    """The process, and lines of JSON to and from it."""

    def __init__(self, limits: ReaderLimits, folder: Path) -> None:
        told = {name: getattr(limits, name) for name in ("address_mb", "cpu_seconds", "scratch_mb")}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ingest.reading.child", json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's last words may quote the file
            env=_environment(limits, folder),
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for the parent, which ends the child
        )
        self._pending = b""
        self.baseline_mb = 0.0

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def resident_mb(self) -> float:
        """Return resident memory; 0 where the system does not tell."""
        return self._told("VmRSS")

    def highest_mb(self) -> float:
        """Return the most resident memory since `forget_highest`; 0 where the system does not tell."""
        return self._told("VmHWM")

    def forget_highest(self) -> None:
        """Let the highest mark begin at what is resident now."""
        try:
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5", encoding="ascii")
        except OSError:
            return

    def cpu_seconds(self) -> float:
        """Return processor time so far; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return 0.0
        user, system = fields.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _told(self, name: str) -> float:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return 0.0
        found = re.search(rf"^{name}:\s*(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0

    def wait_until_ready(self) -> None:
        """Wait for the libraries; what they take is the baseline."""
        until = time.monotonic() + _START_SECONDS
        said = self._line(lambda: time.monotonic() > until)
        if said is None or "ready" not in said:
            raise ReaderDied("it did not start")
        self.baseline_mb = self.resident_mb()

    def ask(self, folder: Path, progress: Progress, watch: Watch) -> dict[str, Any]:
        """Return the answer to the request in `folder`; {} when `watch` found an excess."""

        def stop() -> bool:
            watch.look()
            return bool(watch.excess)

        self._send(json.dumps(str(folder)).encode() + b"\n")
        while (said := self._line(stop)) is not None:
            if "progress" not in said:
                watch.look()
                return said
            share, step = said["progress"]
            progress(float(share), str(step))
        if not watch.excess:
            watch.excess = self._excess_of_end()
        return {}

    def _send(self, message: bytes) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(message)
            self._process.stdin.flush()
        except OSError as error:
            raise ReaderDied("it does not listen") from error

    def _line(self, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Return what the child says next, None when it was stopped; look at `stop` all the time."""
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        while b"\n" not in self._pending:
            if stop():
                return None
            if select.select([output], [], [], _WATCH_SECONDS)[0]:
                data = os.read(output, 1 << 16)
                self._pending += data
                if not data:
                    return None
                if len(self._pending) > _LONGEST_ANSWER:
                    raise ReaderDied("it says too much")
        line, self._pending = self._pending.split(b"\n", 1)
        said = json.loads(line)
        if not isinstance(said, dict):
            raise ReaderDied("it says what cannot be understood")
        return said

    def _excess_of_end(self) -> str:
        """Return which limit of its own ended the child. Raises ReaderDied if it was none."""
        try:
            code = self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ReaderDied("it stopped talking") from error
        if code == -signal.SIGXCPU:
            return "cpu"
        raise ReaderDied(f"it ended with {code}")

    def end(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was still to be sent has nobody to go to
                    continue


class Watch:
    """What a child uses for one file. `excess`: which cap it went over ('memory', 'cpu', 'wall'), '' for none."""

    def __init__(self, limits: ReaderLimits, child: Child) -> None:
        self.excess = ""
        self.peak_mb = 0.0
        self.cpu_seconds = 0.0
        self._cpu_before = child.cpu_seconds()
        self._limits = limits
        self._child = child
        self._child.forget_highest()
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Wall time since the file was handed over."""
        return time.monotonic() - self._started

    def look(self) -> None:
        """Look at the child; note what it has too much of."""
        used = self._child.highest_mb() - self._child.baseline_mb
        self.peak_mb = max(self.peak_mb, used)
        self.cpu_seconds = max(self.cpu_seconds, self._child.cpu_seconds() - self._cpu_before)
        if used > self._limits.memory_mb:
            self.excess = "memory"
        elif self.seconds > self._limits.wall_seconds:
            self.excess = "wall"


def _environment(limits: ReaderLimits, folder: Path) -> dict[str, str]:
    """Return the child's environment: nothing that it has no business with."""
    kept = {
        name: value
        for name in ("PATH", "LANG", "LC_ALL", "PYTHONTZPATH", "VIRTUAL_ENV")
        if (value := os.environ.get(name))
    }
    return kept | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "TMPDIR": str(folder),
        "POLARS_TEMP_DIR": str(folder),
        "POLARS_MAX_THREADS": str(limits.threads),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # each arena keeps what it was once given
    }
