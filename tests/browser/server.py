"""A small server of the made-up city: the map's wire format, the real templates, the real content policy."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from ingest.city.geography import base_map
from tests.browser import pages
from tests.browser.city import City

DIST = pages.ROOT / "static" / "dist"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@dataclass
class Answer:
    """What a request gets."""

    body: bytes
    kind: str = "application/octet-stream"


@dataclass
class FakeServer:
    """The running server: its address, what was asked of it, and what it refuses."""

    city: City
    address: str = ""
    asked: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def answer(self, target: str) -> Answer | None:
        """Return the answer to a path with its query, or None where there is nothing."""
        parts = urlsplit(target)
        language = parse_qs(parts.query).get("lang", ["en"])[0]
        path = parts.path
        if any(path.startswith(start) for start in self.refused):
            return None
        if path == "/":
            return Answer(pages.map_html(self.city, language).encode(), "text/html; charset=utf-8")
        if path.startswith("/venues/"):
            number = int(path.removeprefix("/venues/v"))
            return Answer(pages.venue_html(self.city, number, language).encode(), "text/html; charset=utf-8")
        if path.startswith("/static/"):
            return _built(path.removeprefix("/static/"))
        return self._data(path, language)

    def _data(self, path: str, language: str) -> Answer | None:
        city = self.city
        if path.startswith("/api/v1/map/frames/"):
            frame = city.blobs.get(path.rpartition("/")[2])
            return Answer(frame) if frame is not None else None
        if path.startswith("/api/v1/map/window/"):
            return Answer(city.venue_window() if path.endswith("/venues") else city.window())
        if path.endswith("/usual") or "/usual/" in path:
            return _json(asdict(pages.usual(language)))
        if path.startswith("/api/v1/venues/v"):
            return _json(pages.card_json(city, int(path.removeprefix("/api/v1/venues/v")), language))
        made = {
            "/api/v1/map/manifest": lambda: _json(city.manifest()),
            "/api/v1/map/areas/area/9": lambda: Answer(city.geometry()),
            "/api/v1/map/venues/venues": lambda: Answer(city.venue_list(), "application/json"),
            "/api/v1/map/base": lambda: _json(base_map()),
        }.get(path)
        return made() if made else None


def _json(value: object) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False).encode(), "application/json")


def _built(name: str) -> Answer | None:
    file = DIST / name
    if not file.is_file():
        return None
    return Answer(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))


@contextmanager
def running(city: City) -> Iterator[FakeServer]:
    """Serve the city on a free port of this machine while the block lasts."""
    fake = FakeServer(city)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    fake.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            fake.asked.append(self.path)
            answer = fake.answer(self.path)
            if answer is None:
                self._send(HTTPStatus.NOT_FOUND, Answer(b"not found", "text/plain"))
            else:
                self._send(HTTPStatus.OK, answer)

        def _send(self, code: HTTPStatus, answer: Answer) -> None:
            body = gzip.compress(answer.body, 6)
            self.send_response(code)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", CONTENT_POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Say nothing: the tests read `asked`."""

    return Handler
