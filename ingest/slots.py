"""A few places to work, shared by all processes of an installation: who has a slot has its folder for himself.

Promises: a slot is free again when its holder and every process that inherited its lock are gone, however they went;
its folder is empty when it is taken, so nothing of a killed run is left for long.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.spool import full_disk_named, make_folder, try_lock

OWNER_ONLY = 0o600


class Slot:
    """A locked slot; leaving it empties its folder and frees it. Pass `lock` on to a process that works in it."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder, self.lock = folder, lock

    def __enter__(self) -> Self:
        """Return the slot with an empty folder."""
        with full_disk_named():
            self._empty()
            make_folder(self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was left and free the slot."""
        self._empty()
        os.close(self.lock)

    def _empty(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def free_slot(folder: Path, count: int) -> Slot | None:
    """Return one of `count` slots in `folder` that nobody holds, None where all are taken."""
    with full_disk_named():
        make_folder(folder)
        for number in range(count):
            lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
            if try_lock(lock):
                return Slot(folder / str(number), lock)
            os.close(lock)
    return None
