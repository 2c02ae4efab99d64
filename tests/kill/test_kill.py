"""Kill -9 of the web process and of the worker at random moments, a hundred times on each database.

Clients deliver all the while, repeat whatever was not answered, and repeat answered deliveries too. At the end nothing
that was acknowledged is lost, nothing stands there by halves, nothing counts twice, and the map is the one that a new
database makes of the same files in order.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from json import loads
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.worker import PERIODS
from rules.policy import Policy
from store import audit, jobs, uploads
from store.carrier_keys import make_key
from store.database import Database, open_database
from store.migrate import upgrade
from store.schema import count_slice, upload
from tests.conftest import postgresql_database
from tests.ingest.town import Town, span_table
from tests.kill.processes import House, Mortal, forkserver, free_port, serve, wait_until_ready
from tests.kill.worker import drain, work

KILLS = 100
CLIENTS = 4
AREAS = {f"A{n}": (76.930 + n / 200, 43.230, 76.935 + n / 200, 43.235) for n in range(6)}
QUARTER = timedelta(minutes=15)
QUARTERS = 4
ACCEPTED, BUSY = (200, 202), (409, 503)
CLIENT_SECONDS = 10
LONGEST_LIFE_SECONDS = 1.5
REPEATED_SHARE = 0.3
PAUSE_SECONDS = (0.2, 0.8)


@dataclass(slots=True)
class Acknowledged:
    """What the clients were told: upload id by the text they sent."""

    ids: dict[str, set[int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, text: str, upload_id: int) -> None:
        with self.lock:
            self.ids.setdefault(text, set()).add(upload_id)


def files(client: int, seed: int, before: datetime) -> Iterator[str]:
    """Yield files without end, each about quarters of its own: a sum tells what is missing or there twice."""
    chance = random.Random(seed * 100 + client)
    for number in range(1_000_000):
        start = before - timedelta(days=number // 4) - timedelta(hours=4 * client + number % 4)
        rows = [
            (area, start + n * QUARTER, start + (n + 1) * QUARTER, chance.randint(40, 900))
            for n in range(QUARTERS)
            for area in AREAS
        ]
        yield span_table(*rows)


def deliver(house: House, key: str, texts: Iterator[str], told: Acknowledged, over: threading.Event, seed: int) -> None:
    """Be one client: send each file until it is answered; send some answered ones again."""
    chance = random.Random(seed)
    for text in texts:
        if over.is_set():
            return
        name = secrets.token_hex(8)
        while (answer := post(house.port, key, name, text)) is None:
            time.sleep(0.02)
        told.note(text, answer)
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        if chance.random() < REPEATED_SHARE:
            again = post(house.port, key, name if chance.random() < 0.5 else None, text)
            if again is not None:
                told.note(text, again)


def post(port: int, key: str, name: str | None, text: str) -> int | None:
    """Send one file; return the id of its receipt, None where nothing that can be relied on was answered."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
    if name is not None:
        headers["Idempotency-Key"] = name
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=CLIENT_SECONDS)) as connection:
            connection.request("POST", "/api/v1/uploads", text.encode(), headers)
            response = connection.getresponse()
            body = response.read()
    except (OSError, HTTPException):
        return None
    if response.status in BUSY:
        return None
    assert response.status in ACCEPTED, (response.status, body)
    return int(loads(body)["id"])


def kill_at_random(mortals: list[Mortal], chance: random.Random) -> None:
    """Kill one of the processes at a random moment and start it again, until there were KILLS kills."""
    while sum(one.kills for one in mortals) < KILLS:
        victim = chance.choice(mortals)
        time.sleep(chance.uniform(0.0, LONGEST_LIFE_SECONDS))
        victim.kill()
        victim.start()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_halved_or_doubled_by_a_hundred_kills(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, policy: Policy
) -> None:
    url = postgresql_database(request) if kind == "postgresql" else None
    home = tmp_path / "home"
    home.mkdir()
    house, told, over = House(home, url, free_port()), Acknowledged(), threading.Event()
    with closing(open_database(url, home)) as database:
        upgrade(database)
        key = open_town(Town(database, policy, tmp_path))
        last = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
        seed = random.SystemRandom().randrange(1_000_000)
        print(f"seed {seed}")  # noqa: T201 - shown when the test fails
        clients = [
            threading.Thread(target=deliver, args=(house, key, files(n, seed, last), told, over, seed + n))
            for n in range(CLIENTS)
        ]
        context = forkserver()
        web, worker = Mortal(serve, house, context), Mortal(work, house, context)
        with ExitStack() as rooms:
            for one in (web, worker):
                one.start()
                rooms.callback(one.stop)
            wait_until_ready(house.port)
            for client in clients:
                client.start()
            rooms.callback(over.set)
            kill_at_random([web, worker], random.Random(seed))
            over.set()
            for client in clients:
                client.join(CLIENT_SECONDS * 6)
            assert not any(client.is_alive() for client in clients)
        drain(house)
        print(f"{web.kills} kills of the web process, {worker.kills} of the worker, {len(told.ids)} files")  # noqa: T201
        assert min(web.kills, worker.kills) > KILLS // 4
        check_whole(database, told)
        check_map(database, policy, tmp_path, told)


def open_town(town: Town) -> str:
    """Register the operator and its areas; return an API key."""
    carrier = town.carrier("alpha", 0.5)
    town.coverage(AREAS)
    town.process()
    with town.database.begin() as connection:
        return make_key(connection, carrier.id, timedelta(days=1), 2, "test")[1]


def check_whole(database: Database, told: Acknowledged) -> None:
    """Every acknowledged file stands there once, whole, and every row in the database belongs to a file."""
    assert told.ids, "no client was ever answered"
    with database.read() as connection:
        rows = {row.id: row for row in connection.execute(sa.select(upload))}
        slices = connection.execute(
            sa.select(
                count_slice.c.upload_id,
                sa.func.count().label("n"),
                sa.func.sum(count_slice.c.counted_total).label("total"),
            ).group_by(count_slice.c.upload_id)
        ).all()
        left = [one for one in jobs.jobs_in(connection, ["queued", "running", "dead"]) if one.kind not in PERIODS]
        dirty = uploads.dirty_bins(connection)
        verdict = audit.verify(connection)
    by_upload = {row.upload_id: (row.n, row.total) for row in slices}
    for text, ids in told.ids.items():
        assert len(ids) == 1, "one file got two receipts"
        row = rows[next(iter(ids))]
        assert (row.state, row.sha256) == ("accepted", hashlib.sha256(text.encode()).hexdigest())
        assert row.rows_in == row.rows_accepted == len(text.splitlines()) - 1
        assert by_upload[row.id] == (QUARTERS, pytest.approx(total_of(text)))
    assert len({row.sha256 for row in rows.values()}) == len(rows), "the same bytes stand there twice"
    assert set(by_upload) == set(rows)
    assert {row.state for row in rows.values()} == {"accepted"}
    assert (left, dict(dirty), verdict.breaks) == ([], {}, ())


def check_map(database: Database, policy: Policy, folder: Path, told: Acknowledged) -> None:
    """What everybody sees is what a new database shows that was given the same files in order."""
    fresh = folder / "tidy"
    fresh.mkdir()
    with closing(open_database(None, fresh)) as other, database.read() as connection:
        upgrade(other)
        tidy = Town(other, policy, fresh)
        tidy.carrier("alpha", 0.5)
        tidy.coverage(AREAS)
        kept = {row.sha256 for row in connection.execute(sa.select(upload.c.sha256))}
        for text in told.ids:
            assert tidy.send(text, now=datetime.now(UTC)).state == "accepted"
            kept.discard(hashlib.sha256(text.encode()).hexdigest())
        tidy.process()
        assert kept == set(), "a file stands there that no client was told of, although each asked until it was"
        assert Town(database, policy, folder).released() == tidy.released()


def total_of(text: str) -> float:
    return sum(float(line.split(",")[3]) for line in text.splitlines()[1:])
