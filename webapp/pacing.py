"""Bodies that come too slowly, or not whole, are found out before anybody takes them for what they are not.

Promises: no view waits longer than PATIENCE_SECONDS for the next piece of a body, so that a sender that says nothing
does not keep a thread of the server; a body that ends before its announced length is a ConnectionError, one that stands
still a TimeoutError (both are OSErrors). At most two pieces are in memory.
Does not: notice that a body without an announced length was cut off: the server shows a broken connection as an end
(docs/adr/0013). Whoever takes such a body needs another proof that it is whole.
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

PIECE_BYTES = 64 * 1024
PATIENCE_SECONDS = 30.0  # for one piece: the slowest sender that is heard gives two kilobytes a second
PIECES_AHEAD = 2
UNBOUNDED = 1 << 62  # what a view sets that has a bound of its own: None would mean the application's
WITHOUT_BODY = frozenset({"GET", "HEAD"})


class PacedBody(io.RawIOBase):
    """The body of one request, read ahead by a thread of its own; `size`: its announced length in bytes."""

    def __init__(self, source: InputStream, size: int | None, patience: float = PATIENCE_SECONDS) -> None:
        super().__init__()
        self._source, self._size, self._patience = source, size, patience
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(PIECES_AHEAD)
        self._given_up = threading.Event()
        self._reader: threading.Thread | None = None
        self._left = memoryview(b"")
        self._end: Exception | None = None
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: WriteableBuffer) -> int:
        """Fill `target` with what has come, 0 at the end; raise OSError where the rest will not come."""
        if not self._left:
            self._left = memoryview(self._next())
        room = memoryview(target).cast("B")
        count = min(len(room), len(self._left))
        room[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        """Let the reading thread go, whatever it is waiting for."""
        self._given_up.set()
        while not self._pieces.empty():
            self._pieces.get_nowait()
        super().close()

    def _next(self) -> bytes:
        if self._end is not None:
            raise self._end
        if self._ended:
            return b""
        if self._reader is None:
            self._reader = threading.Thread(target=self._read_ahead, name="body", daemon=True)
            self._reader.start()
        try:
            piece = self._pieces.get(timeout=self._patience)
        except queue.Empty:
            piece = TimeoutError("the sender is too slow")
        if isinstance(piece, Exception):
            self._end = piece
            raise piece
        self._ended = not piece
        return piece

    def _read_ahead(self) -> None:
        missing = self._size
        try:
            while missing != 0 and not self._given_up.is_set():
                piece = self._source.read(PIECE_BYTES if missing is None else min(PIECE_BYTES, missing))
                if not piece:
                    break
                missing = None if missing is None else missing - len(piece)
                self._pieces.put(piece)
            self._pieces.put(ConnectionError("the body ended early") if missing else b"")
        except Exception as problem:  # noqa: BLE001 - whoever reads the body hears of it
            self._pieces.put(problem)


def paced(application: WSGIApplication, patience: float = PATIENCE_SECONDS) -> WSGIApplication:
    """Return the application with every body read at a pace."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in WITHOUT_BODY:
            return application(environ, start_response)
        body = PacedBody(environ["wsgi.input"], _announced(environ), patience)
        environ["wsgi.input"] = body
        return ClosingIterator(application(environ, start_response), body.close)

    return answer


def _announced(environ: dict[str, Any]) -> int | None:
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else None
