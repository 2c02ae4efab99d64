"""A dry run in a process of its own, so that a hostile file takes nothing with it.

Promises: limits of memory and time end the process, and the answer says which; at most `AT_ONCE` run beside each
other, over all processes of the installation; nothing is left in the data folder, also after kill -9 of either side.
Does not: import arrays or data frames: the web process imports this module.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ingest.door_errors import DoorBusy
from ingest.slots import Slot, free_slot

AT_ONCE = 2
RETRY_SECONDS = 5
WALL_SECONDS = 120  # a day of 30,000 areas takes three
RESIDENT_MB = 1_024  # four times what a day of 30,000 areas takes
LOOK_SECONDS = 0.02  # between two looks memory grows by some ten megabytes at most
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
FOLDER = "dry-runs"
ANSWER, COMPLAINT = "answer.json", "complaint.txt"
TOO_LONG, TOO_MUCH = "file-takes-too-long", "file-needs-too-much-memory"


class DryRunDied(RuntimeError):
    """The process that checked a file ended without an answer: a fault of ours."""


class Place(Protocol):
    """Where an installation is: its data folder, its database and its policies."""

    @property
    def home(self) -> Path:
        """The data folder."""

    @property
    def database_url(self) -> str | None:
        """The address of the database, None for the embedded one."""

    def policy_texts(self) -> list[tuple[str, str]]:
        """Return name and text of every policy file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one dry run may take."""

    wall_seconds: float = WALL_SECONDS
    resident_mb: int = RESIDENT_MB


def dry_run_apart(
    place: Place, carrier_code: str, path: Path, file_name: str, now: datetime, limits: Limits | None = None
) -> dict[str, Any]:
    """Check a file in a process of its own and return what `ingest.dry_run.as_json` makes of the result.

    Raises DoorBusy where as many run as may, DryRunDied where the process ended without an answer.
    """
    home = place.home.resolve()
    request: dict[str, Any] = {
        "home": str(home),
        "database_url": place.database_url,
        "policies": place.policy_texts(),
        "carrier": carrier_code,
        "path": str(path.resolve()),
        "file_name": file_name,
        "now": now.isoformat(),
    }
    slot = free_slot(home / FOLDER, AT_ONCE)
    if slot is None:
        raise DoorBusy(retry_after=RETRY_SECONDS)
    with slot:
        return _answered(slot, request, limits or Limits())


def _answered(slot: Slot, request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    over = _run(slot, request, limits)
    if over is not None:  # the catalogue of checks belongs to the other process: let it write the refusal
        _run(slot, {"refuse": over, "file_name": request["file_name"]}, Limits())
    try:
        answer: dict[str, Any] = json.loads((slot.folder / ANSWER).read_bytes())
    except (OSError, ValueError) as none:
        complaint = (slot.folder / COMPLAINT).read_text(errors="replace")[-2000:]
        raise DryRunDied(complaint) from none
    return answer


def _run(slot: Slot, request: Mapping[str, Any], limits: Limits) -> str | None:
    """Run the process to its end; return the code of the limit that it broke, None if it broke none."""
    whole = {**request, "scratch": str(slot.folder), "seconds": limits.wall_seconds}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    with (slot.folder / ANSWER).open("wb") as answer, (slot.folder / COMPLAINT).open("wb") as complaint:
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest.dry_run_child"],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=complaint,
            env=environment,
            pass_fds=(slot.lock,),  # while it lives the slot is taken, also if we are gone
            start_new_session=True,
        )
    try:
        return _watched(process, json.dumps(whole).encode(), limits)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _watched(process: subprocess.Popen[bytes], request: bytes, limits: Limits) -> str | None:
    assert process.stdin is not None, "it is a pipe"
    try:
        process.stdin.write(request)
        process.stdin.close()
    except BrokenPipeError:
        return None  # it died at once; the missing answer tells
    ends = time.monotonic() + limits.wall_seconds
    while process.poll() is None:
        if time.monotonic() > ends:
            return TOO_LONG
        if resident_mb(process.pid) > limits.resident_mb:
            return TOO_MUCH
        time.sleep(LOOK_SECONDS)
    # A process that outlives its parent is ended by its own alarm; the kernel may also be short of memory.
    by_signal = {-signal.SIGALRM: TOO_LONG, -signal.SIGKILL: TOO_MUCH}
    return by_signal.get(process.returncode)


def resident_mb(process_id: int) -> float:
    """Return the memory that a process holds, in megabytes; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * PAGE_BYTES / (1 << 20)
