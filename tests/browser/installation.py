"""A real installation for browser tests: the production server over the small world, a worker that tests let work.

The server is a process of its own, so that it can be killed in the middle of a request and started on the same port.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from config.settings import Settings
from ingest.intake import OwnReader
from ingest.pipeline import Workplace
from ingest.receiving import Door
from ingest.weights_cache import WeightsCache
from ingest.worker import Worker
from rules.policy import parse_policy, policy_at
from store.database import Database, open_database
from store.migrate import upgrade
from store.records import Receipt
from store.uploads import receipts_of
from tests.browser.pages import ROOT
from tests.webapp.world import PASSWORD, SECOND_FACTOR, SECRET_KEY, build_world
from webapp.second_factor import code_of, counter_at

PATIENCE_SECONDS = 60
MAX_MB = 64
HEXAGON = "8920e60a12fffff"
HEADER = "hexagon,start,end,device_count"


@dataclass
class Installation:
    """A running installation in a folder of its own."""

    home: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    states: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.database: Database = open_database(None, self.home)
        upgrade(self.database)
        self.world = build_world(self.database, datetime.now(UTC))

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        own = {"ORYN_HOME": str(self.home), "ORYN_SECRET_KEY": SECRET_KEY, "ORYN_MAX_UPLOAD_MB": str(MAX_MB)}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ORYN_")} | own
        command = [sys.executable, "-m", "webapp.commands", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.address + "/healthz").read()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not answer")

    def kill(self) -> None:
        """End the server at once, without warning, its children too."""
        if self.process is not None:
            os.killpg(self.process.pid, 9)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    def work(self) -> None:
        """Let a worker do everything that is due."""
        settings = Settings(home=self.home)
        policies = [parse_policy(text, name) for name, text in settings.policy_texts()]
        policy = policy_at(policies, datetime.now(UTC))
        place = Workplace(self.database, policy, WeightsCache(self.home / "weights"))
        door = Door.at(self.database, self.home, MAX_MB)
        worker = Worker(place, door, OwnReader(), lambda: datetime.now(UTC))
        while worker.run_once():
            pass

    def receipts(self, carrier: str = "alpha") -> list[Receipt]:
        """Return what was delivered by browser, newest first."""
        with self.database.read() as connection:
            return [one for one in receipts_of(connection, carrier, 1_000) if one.origin == "page"]

    def context(self, chromium: Browser, person: str | None, **options: Any) -> BrowserContext:
        """Return a browser of a person who is signed in (the two steps are gone once only), or of a stranger."""
        if person is not None and person not in self.states:
            self.states[person] = self._signed_in(chromium, person)
        state = None if person is None else self.states[person]
        return chromium.new_context(storage_state=state, base_url=self.address, **options)

    def _signed_in(self, chromium: Browser, person: str) -> Any:
        context = chromium.new_context(base_url=self.address)
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("input[name=email]", f"{person}@oryn.example")
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        if "/sign-in/code" in page.url:
            page.locator("input[name=code]").first.fill(code_of(SECOND_FACTOR, counter_at(datetime.now(UTC))))
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
        state = context.storage_state()
        context.close()
        return state


def counts(rows: int = 4, first: int = 40, back_hours: int = 2) -> bytes:
    """Return a file of counts that is accepted: one hexagon, `rows` quarters; `first` tells files apart."""
    quarter = timedelta(minutes=15)
    start = (datetime.now(UTC) - timedelta(hours=back_hours)).replace(minute=0, second=0, microsecond=0)
    lines = [
        f"{HEXAGON},{(start + at * quarter).isoformat()},{(start + (at + 1) * quarter).isoformat()},{first + at}"
        for at in range(rows)
    ]
    return "\n".join([HEADER, *lines, ""]).encode()


def large(megabytes: int) -> bytes:
    """Return a body that takes a while to send and is refused when it is read."""
    return os.urandom(1 << 20) * megabytes


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
