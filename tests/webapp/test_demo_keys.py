"""The demo's key: printed once, replaced at each start, and the command beside it delivers."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rules.policy import Policy
from store import audit
from store.carrier_keys import find_bearer, live_keys, make_key
from store.database import Database
from tests.webapp.live import live_server
from tests.webapp.machines import LIFETIME
from tests.webapp.world import World
from webapp.demo_keys import MAKER, demo_key_lines

ADDRESS = "http://127.0.0.1:8000"


def lines(database: Database, policy: Policy, address: str = ADDRESS) -> tuple[str, str]:
    now = datetime.now(UTC).astimezone(ZoneInfo(policy.timezone))
    said, command = demo_key_lines(database, policy.delivery, "alpha", address, now)
    return said.rpartition(" ")[2], command


def test_each_start_makes_a_new_key_and_ends_the_one_before(world: World, policy: Policy) -> None:
    keys = [lines(world.database, policy)[0] for _ in range(4)]
    with world.database.read() as connection:
        assert [find_bearer(connection, key) is not None for key in keys] == [False, False, False, True]
        assert [one.created_by for one in live_keys(connection, 1)] == [MAKER]
        assert len(audit.events_of(connection, "carrier:alpha")) == 7


def test_keys_that_people_made_are_left_alone(world: World, policy: Policy) -> None:
    with world.database.begin() as connection:
        for _ in range(policy.delivery.keys_at_once):
            make_key(connection, 1, LIFETIME, policy.delivery.keys_at_once, "account:1 A")
    now = datetime.now(UTC)
    assert demo_key_lines(world.database, policy.delivery, "alpha", ADDRESS, now) == []


def test_the_command_is_one_line_and_delivers(policy: Policy, tmp_path: Path, translations: Path) -> None:
    with live_server(tmp_path / "home", translations) as server:
        _key, command = lines(server.database, policy, server.address)
        assert "\n" not in command
        environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
        assert '"state":"received"' in done.stdout
        assert '"file":"demo.csv"' in done.stdout
