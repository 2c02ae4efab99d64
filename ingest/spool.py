"""Write a delivered body to disk so that it survives a loss of power, or is not there at all.

Promises: a file has its final name only when every byte of it is on the disk, and so has its folder's entry; what is
not let go is removed; of two requests with the same key one holds the lock, also between processes.
Does not: know the database or what is in the file.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from ingest.door_errors import DiskFull, UploadInWork

PARTIAL = ".part"
LOCK = ".lock"
TOKEN_BYTES = 8
NAMED_DIGITS = 32  # of the hash, so that a person finds a file; the token makes the name unique
BUFFER_BYTES = 1 << 20
OWNER_ONLY = 0o600
FOLDER_MODE = 0o700
IN_WORK_RETRY_SECONDS = 5
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Incoming:
    """One body on its way to disk, in `folder`. Leaving the context removes it, unless it was let go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._token = secrets.token_hex(TOKEN_BYTES)
        self._path = folder / f"{self._token}{PARTIAL}"
        self._digest = hashlib.sha256()
        self._is_ours = True
        self.size_bytes = 0

    def __enter__(self) -> Incoming:
        with full_disk_named():
            make_folder(self._folder)
            self._file = os.fdopen(
                os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb", BUFFER_BYTES
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with full_disk_named():
                self._file.close()
        finally:
            if self._is_ours:
                self._path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes written so far, hexadecimal."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append bytes; raise DiskFull where there is no room."""
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        with full_disk_named():
            self._file.write(chunk)

    def keep(self) -> str:
        """Bring every byte and the name to the disk; return the name. Raise DiskFull."""
        final = self._folder / f"{self.sha256[:NAMED_DIGITS]}-{self._token}"
        if self._path != final:
            with full_disk_named():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._path.rename(final)
                self._path = final
                sync_folder(self._folder)
        return final.name

    def let_go(self) -> None:
        """From here on a row may name the file, so leaving does not remove it."""
        self._is_ours = False

    def take_back(self) -> None:
        """It is certain that no row names the file: leaving removes it."""
        self._is_ours = True


@contextmanager
def in_flight(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of one delivery while its body comes; raise UploadInWork where another request holds it."""
    with full_disk_named():
        make_folder(folder)
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()}{LOCK}"
    handle = _locked(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # before the lock is let go: whoever waits at the old file sees that it is gone
        os.close(handle)


def _locked(path: Path) -> int:
    while True:
        with full_disk_named():
            handle = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        if not try_lock(handle):
            os.close(handle)
            raise UploadInWork(retry_after=IN_WORK_RETRY_SECONDS)
        if _is_still(path, handle):
            return handle
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Lock an open file without waiting; tell whether that worked."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, handle: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Turn the system's ways of saying that there is no room into DiskFull."""
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise DiskFull from problem
        raise


def make_folder(folder: Path) -> None:
    """Make the folder, so that its own entry is on the disk too."""
    if folder.is_dir():
        return
    folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
