"""Read strangers' files in a process of its own, under caps of memory, processor time, time and disk.

Promises: a file that needs more than it may is refused for that reason, the same each time; nothing that a file does
to its reader reaches this process, and what comes back is checked. Scratch files are gone when a reading is closed,
refused or killed, and those of a parent that was killed are swept by the next one. The child ends with its parent.

One child serves one file after the other (its start costs more than most files) and is replaced when it died, was
killed or holds on to memory. Memory is watched through /proc every few milliseconds; where there is no /proc (macOS,
BSD) only the limit of the address space holds. Starting a child imports neither arrays nor data frames; taking a
reading over does. `ReaderDied` (see `process`): the same file may be tried again.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ingest.faults import Fault, FileRefused
from ingest.progress import Progress, silent
from ingest.reading.process import REQUEST, Child, ReaderDied, ReaderLimits, Watch

if TYPE_CHECKING:
    from ingest.reading.counts import CountsReading

__all__ = ["CappedReader", "ReadRequest", "ReaderDied", "ReaderLimits"]

_FOLDER = re.compile(r"oryn-reader-(\d+)-[0-9a-f]{8}")
_RETAINED_MB = 24  # a child that keeps more than this after a file is replaced


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A file and what it is read against (see `reader.read_counts`). `feed_text`: the feed as TOML, if there is one."""

    path: Path
    feed_text: str | None
    known_source_areas: frozenset[str] | None
    k_min: int
    base_bin_minutes: int
    not_after: datetime
    file_name: str | None = None
    max_bytes: int = 4 << 30


class CappedReader:
    """A reader of strangers' files; use it in a `with` block, from one thread at a time. Its files lie in `scratch`.

    `peak_mb`, `seconds` and `cpu_seconds` tell what the last file took; memory is what was resident above the child's.
    """

    def __init__(self, limits: ReaderLimits, scratch: Path) -> None:
        self.peak_mb = 0.0
        self.seconds = self.cpu_seconds = 0.0
        self._limits = limits
        self.scratch = scratch
        self._folder: Path | None = None
        self._child: Child | None = None

    def __enter__(self) -> Self:
        """Sweep what killed readers left behind; the child starts with the first file."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        _sweep(self.scratch)
        self._folder = self.scratch / f"oryn-reader-{os.getpid()}-{secrets.token_hex(4)}"
        self._folder.mkdir(mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child and remove all scratch files. Readings that are still open can be read on."""
        self._end_child()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def start(self) -> None:
        """Start the child now, so that the first file need not wait for it. Raises ReaderDied."""
        self._ready_child()

    def read(self, request: ReadRequest, progress: Progress = silent) -> CountsReading:
        """Return the accepted counts of a file; close the reading afterwards.

        Raises FileRefused, also with file-needs-too-much-memory or file-takes-too-long, and ReaderDied.
        """
        from ingest.reading.handover import refusal_of, taken_over

        child = self._ready_child()
        name = request.file_name or request.path.name
        folder = self._request_folder()
        try:
            said = self._asked(child, request, folder, progress, name)
            if "refused" in said:
                raise refusal_of(said["refused"], name)
            return taken_over(folder)
        except (ValueError, OSError, RecursionError) as error:
            self._end_child()
            raise ReaderDied(f"its answer could not be taken over: {type(error).__name__}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _request_folder(self) -> Path:
        if self._folder is None:
            raise RuntimeError("a capped reader is used in a with block")
        folder = self._folder / secrets.token_hex(4)
        folder.mkdir(mode=0o700)
        return folder

    def _ready_child(self) -> Child:
        if self._folder is None:
            raise RuntimeError("a capped reader is used in a with block")
        if self._child is not None and not self._child.alive:
            self._end_child()
        if self._child is None:
            self._child = Child(self._limits, self._folder)
            try:
                self._child.wait_until_ready()
            except ReaderDied:
                self._end_child()
                raise
        return self._child

    def _asked(self, child: Child, request: ReadRequest, folder: Path, progress: Progress, name: str) -> dict[str, Any]:
        watch = Watch(self._limits, child)
        kept = False
        try:
            _left(request, folder)
            said = child.ask(folder, progress, watch)
            answered = not watch.excess and bool(said.keys() & {"done", "refused"})
            kept = answered and child.resident_mb() - child.baseline_mb < _RETAINED_MB
        finally:
            self.peak_mb, self.seconds, self.cpu_seconds = watch.peak_mb, watch.seconds, watch.cpu_seconds
            if not kept:
                self._end_child()
        if excess := watch.excess or said.get("too_much"):
            raise self._refused(excess, name)
        if "died" in said:
            raise ReaderDied(f"{said['died']} (errno {said.get('errno')})")
        return said

    def _refused(self, excess: str, name: str) -> FileRefused:
        if excess == "memory":
            return FileRefused([Fault("file-needs-too-much-memory", params={"limit_mb": self._limits.memory_mb})], name)
        limit = self._limits.cpu_seconds if excess == "cpu" else self._limits.wall_seconds
        return FileRefused([Fault("file-takes-too-long", params={"limit_seconds": limit})], name)

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def _left(request: ReadRequest, folder: Path) -> None:
    """Leave the request in its folder: it may be larger than a pipe."""
    known = None if request.known_source_areas is None else sorted(request.known_source_areas)
    message = {
        "path": str(request.path.resolve()),
        "feed": request.feed_text,
        "known": known,
        "k_min": request.k_min,
        "base_bin_minutes": request.base_bin_minutes,
        "not_after": request.not_after.isoformat(),
        "max_bytes": request.max_bytes,
    }
    (folder / REQUEST).write_text(json.dumps(message), encoding="utf-8")


def _sweep(scratch: Path) -> None:
    """Remove the folders of readers whose process is gone."""
    for folder in scratch.iterdir():
        found = _FOLDER.fullmatch(folder.name)
        if found and not _is_alive(int(found[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
