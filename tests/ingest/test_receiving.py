"""The door: bytes are on the disk before a row says so, once, and what fails leaves nothing behind."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import zstandard

from ingest import receiving, spool
from ingest.faults import sentence
from ingest.receiving import Door, DoorError, Sender, receive
from store import jobs, uploads
from store.carriers import add_carrier
from store.database import Database, open_database
from store.migrate import upgrade
from store.outages import DatabaseAway
from store.records import Receipt
from store.schema import upload
from tests.conftest import NOW

BODY = b"hexagon,start,end,device_count\n" * 40
OTHER = BODY + b"more\n"


class Gate:
    """A door with one carrier, and short words for what a test wants."""

    def __init__(self, database: Database, home: Path, max_upload_mb: int = 1) -> None:
        self.door = Door.at(database, home, max_upload_mb)
        with database.begin() as connection:
            self.sender = Sender(add_carrier(connection, "alpha", "Alpha", 1.0, NOW), "api", "key:ab12")

    def send(self, body: bytes = BODY, key: str | None = None, **rest: Any) -> Receipt:
        return receive(self.door, self.sender, pieces(body), file_name="a.csv", now=NOW, idempotency_key=key, **rest)

    def refusal(self, body: bytes = BODY, key: str | None = None, **rest: Any) -> str:
        with pytest.raises(DoorError) as caught:
            self.send(body, key, **rest)
        assert "{" not in sentence(caught.value.code, caught.value.params, "kk")
        return caught.value.code

    def files(self) -> list[str]:
        return sorted(one.name for one in self.door.folder.iterdir()) if self.door.folder.exists() else []

    def rows(self) -> int:
        with self.door.database.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(upload)).scalar_one()

    def jobs(self) -> list[tuple[str, str]]:
        with self.door.database.read() as connection:
            return [(one.kind, one.subject) for one in jobs.jobs_in(connection, ["queued"])]

    def become(self, receipt: Receipt, state: str) -> None:
        with self.door.database.begin() as connection:
            connection.execute(sa.update(upload).where(upload.c.id == receipt.id).values(state=state))

    def is_empty(self) -> bool:
        return (self.files(), self.rows(), self.jobs()) == ([], 0, [])


def pieces(body: bytes, size: int = 100) -> Iterator[bytes]:
    for first in range(0, len(body), size):
        yield body[first : first + size]


@pytest.fixture
def gate(database: Database, tmp_path: Path) -> Gate:
    return Gate(database, tmp_path)


@pytest.fixture
def lone(sqlite_database: Database, tmp_path: Path) -> Gate:
    """Where the kind of database cannot matter."""
    return Gate(sqlite_database, tmp_path)


def test_a_receipt_stands_for_a_file_an_upload_and_a_job(gate: Gate) -> None:
    receipt = gate.send(expected_size=len(BODY))
    assert (receipt.state, receipt.origin, receipt.sent_by, receipt.replayed) == ("received", "api", "key:ab12", False)
    assert receipt.rows_in == 0
    assert gate.files() == [receipt.raw_name]
    assert (gate.door.folder / str(receipt.raw_name)).read_bytes() == BODY
    assert gate.jobs() == [("take-in", str(receipt.id))]


def test_file_and_folder_are_synced_before_the_row_is_written(lone: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    real_fsync, real_record = os.fsync, uploads.record_received

    def fsync(handle: int) -> None:
        done.append("folder" if Path(f"/proc/self/fd/{handle}").readlink().is_dir() else "file")
        real_fsync(handle)

    def record(*arguments: Any) -> int:
        done.append("row")
        return real_record(*arguments)

    lone.send(OTHER)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(uploads, "record_received", record)
    lone.send()
    assert done == ["file", "folder", "row"]


def test_what_is_synced_is_the_whole_file(lone: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        sizes.append(os.fstat(handle).st_size)
        real(handle)

    lone.send(OTHER)
    monkeypatch.setattr(os, "fsync", fsync)
    lone.send()
    assert sizes[0] == len(BODY)


CRASH = """
import os, sys
from pathlib import Path
from ingest import receiving
from ingest.receiving import Door, Sender, receive
from store.carriers import get_carrier
from store.database import open_database
from tests.conftest import NOW

receiving.uploads.record_received = lambda *_: os._exit(9)
database = open_database(sys.argv[1], Path(sys.argv[2]))
with database.read() as connection:
    carrier = get_carrier(connection, "alpha")
door = Door.at(database, Path(sys.argv[2]), 1)
receive(door, Sender(carrier, "api", "key"), [b"body"], file_name="a.csv", now=NOW, idempotency_key="k")
"""


def test_a_crash_between_file_and_row_leaves_only_a_file_that_no_row_names(gate: Gate) -> None:
    url = gate.door.database.engine.url.render_as_string(hide_password=False)
    home = str(gate.door.folder.parent)
    done = subprocess.run([sys.executable, "-c", CRASH, url, home], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 9
    left = [one for one in gate.files() if not one.endswith(spool.LOCK)]
    assert len(left) == 1
    assert (gate.door.folder / left[0]).read_bytes() == b"body"
    assert (gate.rows(), gate.jobs()) == (0, [])
    again = gate.send(b"body", "k")  # the dead request's lock died with it
    assert (again.state, again.replayed) == ("received", False)


@pytest.mark.parametrize("state", ["received", "accepted", "held", "refused", "failed"])
def test_the_same_key_and_bytes_give_the_same_receipt_whatever_became_of_it(gate: Gate, state: str) -> None:
    first = gate.send(key="k")
    gate.become(first, state)
    files = gate.files()
    again = gate.send(key="k")
    assert (again.id, again.replayed, again.state) == (first.id, True, state)
    assert (gate.files(), gate.rows(), gate.jobs()) == (files, 1, [("take-in", str(first.id))])


def test_the_same_key_with_other_bytes_is_refused(gate: Gate) -> None:
    gate.send(key="k")
    assert gate.refusal(OTHER, "k") == "idempotency-key-reused"
    assert (gate.rows(), len(gate.files())) == (1, 1)


def test_the_same_key_of_another_carrier_is_another_delivery(gate: Gate) -> None:
    first = gate.send(key="k")
    with gate.door.database.begin() as connection:
        gate.sender = Sender(add_carrier(connection, "beta", "Beta", 1.0, NOW), "api", "key:cd34")
    assert gate.send(OTHER, "k").id != first.id


def test_a_withdrawn_delivery_does_not_come_back_by_its_key_but_by_a_new_one(gate: Gate) -> None:
    first = gate.send(key="k")
    gate.become(first, "withdrawn")
    assert gate.refusal(key="k") == "upload-withdrawn"
    assert gate.send(key="k2").id != first.id


@pytest.mark.parametrize(("state", "is_replayed"), [
    ("received", True), ("accepted", True), ("held", True), ("refused", False), ("withdrawn", False), ("failed", False),
])  # fmt: skip
def test_without_a_key_living_bytes_are_a_replay_and_others_a_new_upload(
    gate: Gate, state: str, is_replayed: bool
) -> None:
    first = gate.send()
    gate.become(first, state)
    again = gate.send()
    assert (again.replayed, again.id == first.id) == (is_replayed, is_replayed)
    assert len(gate.files()) == gate.rows()


@pytest.mark.parametrize("key", ["one-key", None])
def test_a_thousand_replays_over_eight_threads_are_one_upload(gate: Gate, key: str | None) -> None:
    def deliver(_: int) -> str:
        try:
            return "replayed" if gate.send(key=key).replayed else "new"
        except DoorError as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(deliver, range(1000)))
    assert answers["new"] == 1
    assert answers.keys() <= {"new", "replayed", "upload-in-work"}
    assert answers["replayed"] > 500
    assert (gate.rows(), len(gate.files()), len(gate.jobs())) == (1, 1, 1)


def test_a_key_that_is_still_sending_is_in_work_also_for_another_process(gate: Gate) -> None:
    halfway, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        yield BODY[:50]
        halfway.set()
        assert go_on.wait(20)
        yield BODY[50:]

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(receive, gate.door, gate.sender, slow(), file_name="a.csv", now=NOW, idempotency_key="k")
        assert halfway.wait(20)
        assert gate.refusal(key="k") == "upload-in-work"
        assert gate.send(OTHER, "another").state == "received"
        go_on.set()
        assert gate.send(key="k").id == first.result(20).id if first.result(20) else False
    assert [one for one in gate.files() if one.endswith((spool.LOCK, spool.PARTIAL))] == []


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def too_big(*_: Any, **__: Any) -> None:
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


@pytest.mark.parametrize("fault", [full, too_big])
@pytest.mark.parametrize(("where", "name"), [(os, "fsync"), (os, "open"), (Path, "rename"), (Path, "mkdir")])
def test_no_room_is_said_nothing_is_left_and_freed_room_is_enough(
    lone: Gate, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, fault: Callable[..., None]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(where, name, fault)
        assert lone.refusal() == "disk-full"
    assert lone.is_empty()
    assert lone.send(key="k").state == "received"


def test_a_full_database_is_a_full_disk_and_leaves_no_file(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def record(*_: Any) -> int:
        raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(uploads, "record_received", record)
        assert gate.refusal() == "disk-full"
    assert gate.is_empty()
    assert gate.send().state == "received"


def test_a_database_that_is_away_is_busy_and_leaves_no_file(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def enqueue(*_: Any) -> None:
        raise DatabaseAway

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "enqueue", enqueue)
        assert gate.refusal() == "door-busy"
    assert gate.is_empty()


def test_where_the_commit_itself_is_in_doubt_the_file_stays(lone: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = lone.door.database.engine.dialect

    def commit(*_: Any) -> None:
        raise dialect.loaded_dbapi.OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(dialect, "do_commit", commit)
        assert lone.refusal() == "door-busy"
    assert len(lone.files()) == 1  # had the row been kept, it would name this file


@pytest.mark.parametrize("announced", [len(BODY) + 1, len(BODY) - 1])
def test_a_body_of_another_length_than_announced_is_cut_off(gate: Gate, announced: int) -> None:
    assert gate.refusal(expected_size=announced) == "body-cut-off"
    assert gate.is_empty()


def test_a_connection_that_breaks_is_a_cut_body_not_a_full_disk(gate: Gate) -> None:
    def broken() -> Iterator[bytes]:
        yield BODY
        raise ConnectionResetError(errno.ECONNRESET, "reset")

    with pytest.raises(receiving.BodyCutOff) as caught:
        receive(gate.door, gate.sender, broken(), file_name="a.csv", now=NOW)
    assert caught.value.params == {"received": len(BODY)}
    assert gate.is_empty()


def test_any_other_end_of_a_body_leaves_nothing_behind(gate: Gate) -> None:
    def broken() -> Iterator[bytes]:
        yield BODY
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        receive(gate.door, gate.sender, broken(), file_name="a.csv", now=NOW, idempotency_key="k")
    assert gate.is_empty()


@pytest.mark.parametrize("body", [b"", b"x" * ((1 << 20) + 1)], ids=["empty", "too large"])
def test_no_bytes_and_too_many_are_refused(lone: Gate, body: bytes) -> None:
    assert lone.refusal(body) == ("upload-too-large" if body else "body-empty")
    assert lone.is_empty()


def test_too_many_announced_bytes_are_refused_before_any_is_read(lone: Gate) -> None:
    def unread() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    with pytest.raises(receiving.UploadTooLarge):
        receive(lone.door, lone.sender, unread(), file_name="a", now=NOW, expected_size=(1 << 20) + 1)


def test_the_largest_body_that_is_allowed_is_received(lone: Gate) -> None:
    assert lone.send(b"x" * (1 << 20)).size_bytes == 1 << 20


@pytest.mark.parametrize(("encoding", "body", "fault"), [
    ("gzip", gzip.compress(BODY), None),
    ("x-gzip", gzip.compress(BODY), None),
    ("ZSTD", zstandard.compress(BODY), None),
    ("identity", BODY, None),
    ("", gzip.compress(BODY), None),
    ("gzip", BODY, "content-encoding-mismatch"),
    ("gzip", b"\x1f", "content-encoding-mismatch"),
    ("zstd", gzip.compress(BODY), "content-encoding-mismatch"),
    ("br", BODY, "content-encoding-unknown"),
    ("gzip, gzip", gzip.compress(BODY), "content-encoding-unknown"),
])  # fmt: skip
def test_the_announced_encoding_is_that_of_the_first_bytes(
    lone: Gate, encoding: str, body: bytes, fault: str | None
) -> None:
    if fault is None:
        receipt = lone.send(body, encoding=encoding)
        assert (lone.door.folder / str(receipt.raw_name)).read_bytes() == body
    else:
        assert lone.refusal(body, encoding=encoding) == fault
        assert lone.is_empty()


def test_bytes_that_come_one_by_one_are_known_by_their_encoding_too(lone: Gate) -> None:
    body = gzip.compress(BODY)
    chunks = (body[at : at + 1] for at in range(len(body)))
    receive(lone.door, lone.sender, chunks, file_name="a.gz", now=NOW, encoding="gzip")
    assert lone.rows() == 1


@pytest.mark.parametrize("key", ["", "two words", "ключ", "k" * 201, "tab\t"])
def test_a_key_that_is_no_key_is_refused(lone: Gate, key: str) -> None:
    assert lone.refusal(key=key) == "idempotency-key-unfit"


@pytest.mark.parametrize(("given", "kept"), [
    ("../../etc/passwd", "passwd"), ("C:\\data\\a.csv", "a.csv"), ("a\x00b\ud800.csv", "a\ufffdb\ufffd.csv"),
    ("x" * 400, "x" * 200), ("сандар.csv", "сандар.csv"),
])  # fmt: skip
def test_a_file_name_is_kept_printable_and_without_its_folders(gate: Gate, given: str, kept: str) -> None:
    assert receive(gate.door, gate.sender, [BODY], file_name=given, now=NOW).file_name == kept


def test_receiving_loads_neither_arrays_nor_data_frames() -> None:
    code = "import sys, ingest.receiving; print(sorted({'numpy', 'polars', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


FULL_DISK = """
import os, resource, shutil, subprocess, sys
from pathlib import Path
from tests.ingest.test_receiving import crowd_a_small_disk, crowd_under_a_limit

folder = Path(sys.argv[1])
folder.mkdir()
mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]
mounted = subprocess.run(mount, capture_output=True).returncode == 0
try:
    (crowd_a_small_disk if mounted else crowd_under_a_limit)(folder)
finally:
    mounted and subprocess.run(["umount", "--lazy", folder], check=True)
print("a real small disk" if mounted else "a limit on file sizes")
"""


def test_a_real_full_disk_refuses_keeps_every_acknowledged_file_and_recovers(tmp_path: Path) -> None:
    """A tmpfs of its own where this user may mount one (also in a user namespace), else a limit on file sizes."""
    run = [sys.executable, "-c", FULL_DISK, str(tmp_path / "small")]
    inside = ["unshare", "--user", "--map-root-user", "--mount", *run]
    can_unshare = subprocess.run([*inside[:4], "true"], capture_output=True, check=False).returncode == 0
    done = subprocess.run(
        inside if can_unshare else run, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"a real small disk", "a limit on file sizes"}


def crowd_a_small_disk(folder: Path) -> None:
    """Fill a disk by deliveries, database and all; free some room; go on without a restart."""
    database = open_database(None, folder)
    upgrade(database)
    gate = Gate(database, folder, max_upload_mb=2)
    kept, refused = _crowd(gate, 150_000)
    assert len(kept) > 2
    assert refused[-1] == "disk-full"
    assert gate.rows() == len(kept)
    assert gate.files() == sorted(str(one.raw_name) for one in kept)
    (gate.door.folder / str(kept[0].raw_name)).unlink()
    assert gate.send(os.urandom(50_000)).state == "received"


def crowd_under_a_limit(folder: Path) -> None:
    """Where no disk can be made: files may not grow beyond a limit, which the system says with EFBIG."""
    import resource

    database = open_database(None, folder)
    upgrade(database)
    gate = Gate(database, folder, max_upload_mb=2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    assert gate.refusal(os.urandom(1_500_000)) == "disk-full"
    assert gate.is_empty()
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert gate.send(os.urandom(1_500_000)).state == "received"


def _crowd(gate: Gate, size: int) -> tuple[list[Receipt], list[str]]:
    kept: list[Receipt] = []
    refused: list[str] = []
    while len(refused) < 3:
        try:
            kept.append(gate.send(os.urandom(size)))
        except DoorError as refusal:
            refused.append(refusal.code)
    return kept, refused


LIMITED = """
import sys
from pathlib import Path
from tests.ingest.test_receiving import crowd_under_a_limit

crowd_under_a_limit(Path(sys.argv[1]))
"""


def test_a_limit_on_file_sizes_is_a_full_disk_too(tmp_path: Path) -> None:
    run = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr
