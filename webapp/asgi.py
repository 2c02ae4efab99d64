"""The application behind the production server: `webapp.asgi:app`.

The server speaks ASGI, the application WSGI; between them stands this bridge, because only so a body that breaks off or
stands still can be told from one that ended (docs/adr/0013). A request is answered in a thread of its own; while its
body comes, the thread waits for pieces, no longer than `pacing` allows.
Does not: stream answers: they are small, and what is asked for often is cached by the reader.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from config.settings import Settings, system_clock
from ingest.orphans import end_with_parent
from webapp.app import create_app
from webapp.pacing import PATIENCE_SECONDS, PacedBody, Receive

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 16  # bodies of deliveries take at most eight of them (webapp/upload_slots.py), so that the map has the others
SERVER = "ORYN_SERVER_PID"  # set by `oryn serve` for the process that it starts
WITHOUT_BODY = frozenset({"GET", "HEAD"})

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Answer:
    """What the application answered."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def start(self, status: str, headers: list[tuple[str, str]], _problem: Any = None) -> Callable[[bytes], None]:
        """Take status and headers (WSGI's start_response)."""
        self.status = int(status.partition(" ")[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return self._write

    def _write(self, piece: bytes) -> None:
        self.body += piece


class Bridge:
    """An ASGI application that asks a WSGI one, each request in a thread."""

    def __init__(
        self, application: WSGIApplication, threads: int = THREADS, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._application, self._patience = application, patience
        self._threads = ThreadPoolExecutor(threads, "request")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or follow the life of the server."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _answer(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        environ = environ_of(scope)
        if scope["method"] not in WITHOUT_BODY:
            environ["wsgi.input"] = PacedBody(loop, receive, self._patience)
        answer = await loop.run_in_executor(self._threads, self._asked, environ)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _asked(self, environ: dict[str, Any]) -> _Answer:
        answer = _Answer()
        try:
            pieces = self._application(environ, answer.start)
            answer.body += _joined(pieces)
        except Exception:
            log.exception("the application failed at %s", environ["PATH_INFO"])
            return _Answer()
        return answer


def environ_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return WSGI's view of an HTTP request (PEP 3333), with an empty body."""
    server, client = scope.get("server") or ("", 0), scope.get("client") or ("", 0)
    path = scope.get("raw_path") or scope["path"].encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "oryn.breaks_are_seen": True,
    }
    _add_headers(environ, scope["headers"])
    return environ


def _add_headers(environ: dict[str, Any], headers: Iterable[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        if b"_" in name:
            continue  # it could pass for the header of the same name with a hyphen
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        text, glue = value.decode("latin-1"), "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{glue}{text}" if key in environ else text


def _joined(pieces: Iterable[bytes]) -> bytes:
    try:
        return b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def create() -> Bridge:
    """Return the application for the settings of this machine; the process ends with the server that started it."""
    if server := os.environ.get(SERVER):
        end_with_parent(int(server))
    return Bridge(create_app(Settings(), system_clock))
