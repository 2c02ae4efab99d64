"""Sweep up what killed processes left: files that no row names, locks, rows of jobs long done.

Promises: nothing that a request or a worker may still be writing is touched (it must have lain still for a day), and no
file that an upload names. (Scratch folders of dead readers are swept by the next reader that starts.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.receiving import Door
from ingest.spool import LOCK, make_folder, sync_folder, try_lock
from store import audit, erasing, jobs

STILL_FOR = timedelta(days=1)  # a request or a reading that has not written for so long is dead
DONE_JOBS_KEPT = timedelta(days=7)
SCRATCH = "scratch"
HEADS = "audit-heads.jsonl"


def tidy(door: Door, now: datetime) -> list[str]:
    """Remove what is dead; return the names of the files that were deliveries."""
    with door.database.read() as connection:
        named = erasing.raw_names(connection)
    removed = list(_orphans(door.folder, named, now))
    with door.database.begin() as connection:
        jobs.forget_done(connection, jobs.database_now(connection) - DONE_JOBS_KEPT)
    return removed


def discard(door: Door, raw_name: str) -> None:
    """Delete the bytes of a delivery that was refused or taken back."""
    path = door.folder / Path(raw_name).name
    path.unlink(missing_ok=True)
    if door.folder.is_dir():
        sync_folder(door.folder)


def note_head(door: Door, now: datetime) -> audit.Head:
    """Append the head of the audit log to a file of its own, so that a cut tail is noticed; return it.

    Whoever copies that file elsewhere can later prove that the log before it is whole.
    """
    with door.database.read() as connection:
        head = audit.head(connection)
    make_folder(door.home)
    line = json.dumps({"sequence": head.sequence, "hash": head.hash, "at": now.isoformat()})
    with (door.home / HEADS).open("a", encoding="ascii") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
    return head


class UnreadableHead(ValueError):
    """A line of a file of heads is no head; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is no head")
        self.line = line


def noted_heads(path: Path) -> list[audit.Head]:
    """Return the heads in a file that `note_head` wrote; a last line that was torn by a crash is left out.

    Raises UnreadableHead.
    """
    lines = path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else []
    heads = []
    for number, line in enumerate(lines, start=1):
        head = _head_in(line)
        if head is not None:
            heads.append(head)
        elif number < len(lines):
            raise UnreadableHead(number)
    return heads


def _head_in(line: str) -> audit.Head | None:
    try:
        facts = json.loads(line)
        return audit.Head(int(facts["sequence"]), str(facts["hash"]))
    except (ValueError, KeyError, TypeError):
        return None


def _orphans(folder: Path, named: set[str], now: datetime) -> Iterator[str]:
    for path in _still(folder, now):
        if path.name in named or not path.is_file():
            continue
        if path.suffix == LOCK and not _is_free(path):
            continue
        path.unlink(missing_ok=True)
        yield path.name


def _still(folder: Path, now: datetime) -> list[Path]:
    """Return what lies in a folder and was not written to for long."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            written = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        except FileNotFoundError:
            continue
        if now - written >= STILL_FOR:
            found.append(path)
    return found


def _is_free(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return try_lock(handle)
    finally:
        os.close(handle)
