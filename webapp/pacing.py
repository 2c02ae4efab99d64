"""Bodies of requests come at a pace and whole, or they are errors: nobody takes a part for a delivery.

Promises: a sender gets PATIENCE_SECONDS and then a second for each SLOWEST_BYTES; one that is slower is a TimeoutError,
so that silence does not keep a thread; a connection that breaks is a ConnectionError, also where the length was not
announced (both are OSErrors). One piece is in memory.
Does not: bound the size.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 64 * 1024
UNBOUNDED = 1 << 62  # what a view sets that has a bound of its own: None would mean the application's
PATIENCE_SECONDS = 30.0
SLOWEST_BYTES = 4_096  # in a second, on average: a bad mobile link gives more

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class PacedBody(io.RawIOBase):
    """The body of one request, read in a thread, received in the event loop of the server (ASGI's messages)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive, patience: float = PATIENCE_SECONDS) -> None:
        super().__init__()
        self._loop, self._receive, self._left_seconds = loop, receive, patience
        self._left = memoryview(b"")
        self._more = True
        self._broken: OSError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, target: WriteableBuffer) -> int:
        """Fill `target` with what has come, 0 at the end; raise OSError where the rest will not come."""
        while self._more and not self._left:
            self._left = memoryview(self._next())
        room = memoryview(target).cast("B")
        count = min(len(room), len(self._left))
        room[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def _next(self) -> bytes:
        if self._broken is not None:
            raise self._broken
        try:
            message = self._ask()
        except OSError as broken:
            self._broken = broken
            raise
        self._more = bool(message.get("more_body"))
        piece: bytes = message.get("body", b"")
        self._left_seconds += len(piece) / SLOWEST_BYTES
        return piece

    def _ask(self) -> Mapping[str, Any]:
        began = time.monotonic()
        asked = asyncio.run_coroutine_threadsafe(self._message(), self._loop)
        try:
            message = asked.result(max(self._left_seconds, 0.0))
        except TimeoutError as slow:
            asked.cancel()
            raise TimeoutError("the sender is too slow") from slow
        self._left_seconds -= time.monotonic() - began
        if message["type"] == "http.disconnect":
            raise ConnectionError("the sender is gone")
        return message

    async def _message(self) -> Mapping[str, Any]:
        return await self._receive()
