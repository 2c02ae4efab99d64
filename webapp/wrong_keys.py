"""Wrong keys are counted per address in this process, so that a flood of guesses costs neither reads nor writes.

Promises: an address with too many wrong keys in a minute gets no more of them looked up in that minute; a key that this
process has seen open something is looked up all the same, so that one stale script of an operator locks out nobody.
Does not: make guessing harder than it is (a key has 256 random bits); it keeps guessing cheap for us.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_WRONG = 30
WINDOW_SECONDS = 60.0
ADDRESSES_KEPT = 10_000
KEYS_KEPT = 1_000


class WrongKeys:
    """How many wrong keys came from where, and which keys were right before (as hashes)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def wait_seconds(self, address: str, text: str) -> int:
        """Return for how long this key is not looked up when it comes from this address; 0: it is."""
        with self._lock:
            since, count = self._wrong.get(address, (0.0, 0))
            left = since + WINDOW_SECONDS - self._clock()
            if count < MOST_WRONG or left <= 0 or _hash(text) in self._right:
                return 0
            return int(left) + 1

    def note_wrong(self, address: str) -> int:
        """Count a wrong key; return how many there were in this window."""
        with self._lock:
            now = self._clock()
            since, count = self._wrong.pop(address, (now, 0))
            if now - since >= WINDOW_SECONDS:
                since, count = now, 0
            self._wrong[address] = (since, count + 1)
            if len(self._wrong) > ADDRESSES_KEPT:
                self._wrong.popitem(last=False)
            return count + 1

    def note_right(self, text: str) -> None:
        """Remember that a key opened something."""
        with self._lock:
            self._right[_hash(text)] = None
            self._right.move_to_end(_hash(text))
            if len(self._right) > KEYS_KEPT:
                self._right.popitem(last=False)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
