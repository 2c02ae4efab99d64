"""A real server: the production server in processes of its own, over a data folder, and how much memory they hold."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from store import carriers
from store.database import Database, open_database
from store.migrate import upgrade
from tests.conftest import NOW
from tests.webapp.machines import key_of

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
SERVE = """
import sys
from webapp import asgi
from webapp.commands.serve import serve
port, file_limit, patience = (float(one) for one in sys.argv[1:])
if file_limit:  # beyond it the process can write nothing: to it, the disk is full then
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_limit), int(file_limit)))
if patience:
    asgi.Bridge.__init__.__defaults__ = (asgi.THREADS, patience)
serve("127.0.0.1", int(port))
"""


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A server that answers: its address, its data folder, the process that was started, the key of alpha."""

    port: int
    home: Path
    process: subprocess.Popen[bytes]
    database: Database
    key: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """Return the ids of the processes that answer requests."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(one) for one in children.split()]

    def resident_mb(self) -> float:
        """Return how much memory the answering processes hold together."""
        pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in self.workers())
        return pages * resource.getpagesize() / (1 << 20)


@contextmanager
def live_server(home: Path, translations: Path, file_limit: int = 0, patience: float = 0) -> Iterator[LiveServer]:
    """Serve a new installation with one mobile operator, alpha, until the block ends.

    `file_limit`: most bytes of a file that the server can write; `patience`: seconds for silent senders. 0: as it is.
    """
    home.mkdir(exist_ok=True)
    (home / "translations").symlink_to(translations)
    database = open_database(None, home)
    upgrade(database)
    with database.begin() as connection:
        carriers.add_carrier(connection, "alpha", "Alpha", 1.0, NOW)
    key = key_of(database, "alpha")
    port = _free_port()
    environment = {"ORYN_HOME": str(home), "PATH": os.environ["PATH"], "ORYN_LANGUAGE": "en"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port), str(file_limit), str(patience)],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield LiveServer(port, home, process, database, key)
    finally:
        process.terminate()
        process.wait(30)
        database.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 10):
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, "the server has ended"
            time.sleep(0.1)
    raise AssertionError("the server does not answer")
