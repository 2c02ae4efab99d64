"""Bodies at a pace, and the bridge to the server: whole or an error, and never a wait without end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from webapp.asgi import Bridge, environ_of
from webapp.pacing import SLOWEST_BYTES, PacedBody

BREAK = {"type": "http.disconnect"}
Messages = Sequence[Mapping[str, Any] | float]


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(method: str = "POST", path: bytes = b"/", **more: Any) -> dict[str, Any]:
    plain = {"type": "http", "method": method, "path": path.decode(), "raw_path": path, "query_string": b""}
    return plain | {"http_version": "1.1", "headers": [], "scheme": "http"} | more


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own, as the server has one."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


def sender(messages: Messages) -> Callable[[], Any]:
    """Say these messages one after the other; a number: be silent for so many seconds."""
    left = iter(messages)

    async def receive() -> Mapping[str, Any]:
        for message in left:
            if not isinstance(message, float):
                return message
            await asyncio.sleep(message)
        raise AssertionError("asked beyond the end")

    return receive


@pytest.mark.parametrize("sizes", [[], [0], [1], [5, 0, 7], [200_000, 1, 65_536]])
def test_every_byte_arrives_in_order(loop: asyncio.AbstractEventLoop, sizes: list[int]) -> None:
    sent = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    body = PacedBody(loop, sender([*map(piece, sent), piece(b"end", more=False)]))
    assert (body.read(), body.read()) == (b"".join(sent) + b"end", b"")


def test_pieces_may_be_asked_for_in_any_size(loop: asyncio.AbstractEventLoop) -> None:
    sent = bytes(range(256)) * 10
    body = PacedBody(loop, sender([piece(sent[:1000]), piece(sent[1000:], more=False)]))
    assert b"".join(body.read(size) for size in (1, 10, 5000, 3, 5000)) == sent


def test_a_body_that_breaks_off_is_no_body(loop: asyncio.AbstractEventLoop) -> None:
    body = PacedBody(loop, sender([piece(b"part"), BREAK]))
    assert body.read(4) == b"part"
    for _ in range(2):
        with pytest.raises(ConnectionError):
            body.read(1)


def test_a_silent_sender_is_not_waited_for(loop: asyncio.AbstractEventLoop) -> None:
    body = PacedBody(loop, sender([piece(b"a"), 60.0]), patience=0.1)
    began = time.monotonic()
    assert body.read(1) == b"a"
    with pytest.raises(TimeoutError):
        body.read(1)
    assert time.monotonic() - began < 2


def test_a_dripping_sender_is_not_waited_for_either(loop: asyncio.AbstractEventLoop) -> None:
    drips: Messages = [one for _ in range(100) for one in (0.05, piece(b"x"))]
    body = PacedBody(loop, sender(drips), patience=0.2)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        body.readall()
    assert time.monotonic() - began < 2


def test_a_sender_that_keeps_the_pace_may_take_long(loop: asyncio.AbstractEventLoop) -> None:
    steady: Messages = [one for _ in range(10) for one in (0.05, piece(b"x" * SLOWEST_BYTES))]
    body = PacedBody(loop, sender([*steady, piece(b"", more=False)]), patience=0.2)
    assert len(body.readall()) == 10 * SLOWEST_BYTES


# --- the bridge -------------------------------------------------------------------------------------------------------


def asked(application: Any, asked_scope: dict[str, Any], messages: Messages = ()) -> list[Mapping[str, Any]]:
    """Ask an application through the bridge; return what it sent."""
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    answering = Bridge(application, threads=2, patience=1.0)(asked_scope, sender(list(messages)), send)
    with ThreadPoolExecutor(1) as own_thread:  # a browser test before this one leaves a running loop in ours
        own_thread.submit(asyncio.run, answering).result()
    return sent


def test_an_answer_goes_out_with_status_headers_and_body() -> None:
    closed = []

    class Pieces(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def application(_environ: Any, start: Any) -> Any:
        start("418 I AM A TEAPOT", [("X-One", "é"), ("Set-Cookie", "a"), ("Set-Cookie", "b")])("written ")
        return Pieces([b"and ", b"given"])

    def writes(environ: Any, start: Any) -> Any:
        return application(environ, lambda *more: lambda text: start(*more)(text.encode()))

    start, body = asked(writes, scope("GET"))
    assert start["status"] == 418
    assert start["headers"] == [(b"x-one", b"\xe9"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert (body["body"], closed) == (b"written and given", [True])


def test_a_body_is_given_to_the_application() -> None:
    def application(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    assert asked(application, scope(), [piece(b"a"), piece(b"b", more=False)])[1]["body"] == b"ab"


def test_an_application_that_fails_is_500_and_no_secret() -> None:
    def application(_environ: Any, _start: Any) -> list[bytes]:
        raise ValueError("secret")

    start, body = asked(application, scope("GET"))
    assert (start["status"], body["body"]) == (500, b"")


def test_the_life_of_the_server_is_followed() -> None:
    sent = asked(None, {"type": "lifespan"}, [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    assert [one["type"] for one in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_other_protocols_are_closed() -> None:
    assert asked(None, {"type": "websocket"})[0]["type"] == "websocket.close"


def test_a_request_becomes_an_environment() -> None:
    headers = [
        (b"content-type", b"text/csv"),
        (b"content-length", b"3"),
        (b"x-file-name", b"a"),
        (b"x_file_name", b"forged"),
        (b"accept", b"a"),
        (b"accept", b"b"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]
    environ = environ_of(
        scope(path=b"/%D0%B0%2Fb", headers=headers, query_string=b"q=%20", client=("192.0.2.1", 5), server=("h", 80))
    )
    assert environ["PATH_INFO"] == "/а/b".encode().decode("latin-1")
    assert (environ["QUERY_STRING"], environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == ("q=%20", "192.0.2.1", "80")
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/csv", "3")
    assert (environ["HTTP_X_FILE_NAME"], environ["HTTP_ACCEPT"], environ["HTTP_COOKIE"]) == ("a", "a,b", "a=1; b=2")
