"""The door on the real server: bodies stream to the disk, broken and slow ones are no deliveries, full disks told."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from store.schema import upload
from tests.webapp.live import LiveServer, live_server
from tests.webapp.machines import COUNTS, UPLOADS

MEGABYTE = 1 << 20
STREAMED_MB = 200
ROOM_MB = 48  # what a body of any size may cost: pieces in flight, buffers of the server, a growing heap
FILE_LIMIT = 6 * MEGABYTE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, translations: Path) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("live") / "home", translations) as running:
        yield running


def ask(
    server: LiveServer, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    spelled = {"Authorization": f"Bearer {server.key}", "Content-Type": "text/csv"}
    spelled |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    chunked = isinstance(body, Iterator)
    connection.request(method, path, body, spelled, encode_chunked=chunked)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), json.loads(text) if text else None


def pieces(megabytes: int, start: bytes = b"") -> Iterator[bytes]:
    yield start
    for number in range(megabytes):
        yield number.to_bytes(4, "big") * (MEGABYTE // 4)


def digest_of(body: Iterable[bytes]) -> tuple[str, str]:
    hashed = hashlib.sha256()
    for piece in body:
        hashed.update(piece)
    return hashed.hexdigest(), f"sha-256=:{base64.b64encode(hashed.digest()).decode()}:"


def raw(server: LiveServer, head: str, path: str = UPLOADS) -> socket.socket:
    """Open a connection and send the head of a request."""
    one = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    lines = f"POST {path} HTTP/1.1\r\nHost: oryn\r\nAuthorization: Bearer {server.key}\r\n{head}\r\n\r\n"
    one.sendall(lines.encode())
    return one


def deliveries(server: LiveServer) -> int:
    with server.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(upload)).scalar_one()


def files(server: LiveServer) -> list[str]:
    folder = server.home / "uploads"
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def settled_files(server: LiveServer) -> list[str]:
    """Return the files that are kept once nothing is on its way any more."""
    for _ in range(200):
        if not any(one.endswith((".part", ".lock")) for one in files(server)):
            break
        time.sleep(0.05)
    return files(server)


# --- large bodies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_streams_to_the_disk_and_memory_stays_flat(server: LiveServer, chunked: bool) -> None:
    start = b"chunked" if chunked else b"sized"
    sha256, digest = digest_of(pieces(STREAMED_MB, start))
    before, peak, stop = server.resident_mb(), [0.0], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            peak[0] = max(peak[0], server.resident_mb())
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    length = {} if chunked else {"content_length": str(STREAMED_MB * MEGABYTE + len(start))}
    headers = {"content_digest": digest, "transfer_encoding": "chunked"} if chunked else length
    body: Any = pieces(STREAMED_MB, start) if chunked else iter_as_file(pieces(STREAMED_MB, start))
    try:
        status, _headers, receipt = ask(server, "POST", UPLOADS, body, **headers)
    finally:
        stop.set()
        watching.join()
    assert (status, receipt["sha256"]) == (202, sha256)
    assert receipt["size_bytes"] == STREAMED_MB * MEGABYTE + len(start)
    assert peak[0] - before < ROOM_MB


class iter_as_file:  # noqa: N801 - reads like a function
    """An iterator of bytes that http.client takes for a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def read(self, _size: int) -> bytes:
        return next(self._parts, b"")


# --- broken bodies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["sized", "chunked", "chunked between two chunks"])
@pytest.mark.parametrize("half_closed", [False, True])
def test_a_body_that_breaks_off_is_no_delivery(server: LiveServer, way: str, half_closed: bool) -> None:
    before, kept = deliveries(server), settled_files(server)
    if way == "sized":
        head, sent = f"Content-Length: {len(COUNTS) * 2}", COUNTS
    else:
        head = "Transfer-Encoding: chunked"
        sent = f"{len(COUNTS):x}\r\n".encode() + COUNTS + (b"\r\n" if "between" in way else b"")
    one = raw(server, head)
    one.sendall(sent)
    if half_closed:
        one.shutdown(socket.SHUT_WR)
        one.recv(100)
    one.close()
    time.sleep(0.3)
    assert (deliveries(server), settled_files(server)) == (before, kept)


def test_a_chunked_body_needs_no_digest_where_breaks_are_seen(server: LiveServer) -> None:
    status, _headers, receipt = ask(server, "POST", UPLOADS, iter([COUNTS, b"\n" * 3]), transfer_encoding="chunked")
    assert (status, receipt["size_bytes"]) == (202, len(COUNTS) + 3)


def test_a_stranger_is_refused_before_the_body_comes(server: LiveServer) -> None:
    one = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    one.sendall(
        f"POST {UPLOADS} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    assert one.recv(100).startswith(b"HTTP/1.1 401 ")
    one.close()


def test_expect_continue_is_answered_and_the_body_taken(server: LiveServer) -> None:
    body = COUNTS + b"\n" * 7
    one = raw(server, f"Content-Length: {len(body)}\r\nContent-Type: text/csv\r\nExpect: 100-continue")
    assert one.recv(100).startswith(b"HTTP/1.1 100 ")
    one.sendall(body)
    assert one.recv(100).startswith(b"HTTP/1.1 202 ")
    one.close()


def test_the_same_bytes_at_once_are_one_delivery(server: LiveServer) -> None:
    body = COUNTS + b"\n" * 9

    def send(number: int) -> int:
        return ask(server, "POST", UPLOADS, body, idempotency_key="at-once")[0]

    before = deliveries(server)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(send, range(30)))
    assert deliveries(server) == before + 1
    assert set(answers) <= {200, 202, 409}
    assert answers.count(202) == 1


# --- slow bodies ------------------------------------------------------------------------------------------------------


def test_senders_that_say_nothing_are_let_go_and_the_map_stays_quick(tmp_path: Path, translations: Path) -> None:
    with live_server(tmp_path / "home", translations, patience=2) as server:
        head = "Content-Length: 1000000\r\nContent-Type: text/csv"
        slow = [raw(server, head) for _ in range(3)] + [raw(server, head, "/sign-in") for _ in range(5)]
        for one in slow[:3]:
            one.sendall(b"hexagon,start\n")
        time.sleep(0.3)
        began = time.monotonic()
        assert ask(server, "GET", UPLOADS)[0] == 200
        assert time.monotonic() - began < 1.5
        status, headers, problem = ask(server, "POST", UPLOADS, COUNTS)
        assert (status, problem["code"]) == (503, "door-busy")  # three of one operator are enough
        assert int(headers["retry-after"]) > 0
        with server.database.begin() as connection:  # nobody holds the database meanwhile
            connection.execute(sa.update(upload).values(sent_by="x"))
        assert [one.recv(12) for one in slow[:3]] == [b"HTTP/1.1 408"] * 3
        for one in slow:
            one.close()
        assert ask(server, "POST", UPLOADS, COUNTS)[0] == 202
        assert len(settled_files(server)) == 1


# --- no room ----------------------------------------------------------------------------------------------------------


def test_where_there_is_no_room_nothing_is_promised_and_the_server_lives_on(tmp_path: Path, translations: Path) -> None:
    with live_server(tmp_path / "home", translations, file_limit=FILE_LIMIT) as server:
        large = b"x" * (FILE_LIMIT + MEGABYTE)
        for path in (UPLOADS, f"{UPLOADS}/dry-run"):
            status, _headers, problem = ask(server, "POST", path, large)
            assert (status, problem["code"]) == (507, "disk-full")
        assert (deliveries(server), settled_files(server)) == (0, [])
        assert ask(server, "POST", UPLOADS, COUNTS)[0] == 202
        assert (deliveries(server), len(settled_files(server))) == (1, 1)


def test_a_server_that_is_killed_serves_no_more(tmp_path: Path, translations: Path) -> None:
    with live_server(tmp_path / "home", translations) as server:
        server.process.kill()
        server.process.wait()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", server.port)):
                    return
            time.sleep(0.05)
    raise AssertionError("somebody goes on answering in its place")
