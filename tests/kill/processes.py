"""A web process and a worker that can be killed at any moment and stand again within a fraction of a second.

They are forked from a server that has loaded everything but the data libraries, so that a hundred kills fit into a
test; what runs inside is the product's own: the application behind a threaded server, and the worker with its capped
child. `kill()` is SIGKILL: nothing is told, nothing is flushed.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from config.settings import Settings

PRELOADED = ["webapp.app", "ingest.worker", "ingest.pipeline", "tests.kill.worker", "werkzeug.serving"]
LEASE = timedelta(seconds=2)
READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class House:
    """Where the processes work: data folder, address of the database, port of the web process."""

    home: Path
    database_url: str | None
    port: int


def forkserver() -> ForkServerContext:
    """Return the context whose server has the product's modules loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(house: House) -> None:
    """Run the web application until killed."""
    import logging

    from werkzeug.serving import make_server

    from webapp.app import create_app

    app = create_app(Settings(home=house.home, database_url=house.database_url), lambda: datetime.now(UTC))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server("127.0.0.1", house.port, app, threaded=True).serve_forever()


@dataclass(slots=True)
class Mortal:
    """A process that is started, killed and started again."""

    target: Callable[[House], None]
    house: House
    context: ForkServerContext
    kills: int = 0
    process: Any = field(default=None)

    def start(self) -> None:
        self.process = self.context.Process(target=self.target, args=(self.house,), daemon=True)
        self.process.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.kills += 1

    def stop(self) -> None:
        with suppress(AttributeError):
            self.process.kill()
            self.process.join()


def wait_until_ready(port: int) -> None:
    """Return once somebody listens on the port."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on {port}")
