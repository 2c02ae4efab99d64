"""How many bodies of deliveries come in at once: so many that the map always has threads left.

Promises: one operator takes at most MOST_OF_ONE of the places, so that its slow or many senders keep out nobody else;
whoever finds no place is told to come back (`door-busy`), before a byte of the body is read.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.door_errors import DoorBusy

MOST_AT_ONCE = 8  # of the server's threads (webapp/commands/serve.py)
MOST_OF_ONE = 3
RETRY_SECONDS = 5

_lock = threading.Lock()
_taken: Counter[int] = Counter()


@contextmanager
def upload_slot(carrier_id: int) -> Iterator[None]:
    """Hold a place for one body; raise DoorBusy where there is none."""
    with _lock:
        if _taken.total() >= MOST_AT_ONCE or _taken[carrier_id] >= MOST_OF_ONE:
            raise DoorBusy(retry_after=RETRY_SECONDS)
        _taken[carrier_id] += 1
    try:
        yield
    finally:
        with _lock:
            _taken[carrier_id] -= 1
