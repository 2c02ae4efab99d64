"""The worker of a house as `oryn worker` makes it, and a way to have everything done that is still to do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ingest.leasing import try_again
from ingest.worker import PERIODS, Worker
from store import jobs
from tests.kill.processes import LEASE, House
from webapp.commands.installation import installation

PATIENCE_SECONDS = 180


@contextmanager
def a_worker(house: House) -> Iterator[Worker]:
    """Yield the command's own worker, but for a lease that a test can wait for."""
    os.environ["ORYN_HOME"] = str(house.home)
    if house.database_url is not None:
        os.environ["ORYN_DATABASE_URL"] = house.database_url
    with installation() as here, here.worker() as worker:
        yield replace(worker, lease=LEASE)


def work(house: House) -> None:
    """Be a worker until killed."""
    with a_worker(house) as worker:
        worker.run(threading.Event())


def drain(house: House) -> None:
    """Work until no job is left but the ones that come round by themselves.

    A job that was killed five times in a row is dead: an alarm, not a loss. It is tried again, as a person would.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    with a_worker(house) as worker:
        while time.monotonic() < end:
            while worker.run_once():
                pass
            database = worker.door.database
            with database.begin() as connection:
                dead = [one for one in jobs.jobs_in(connection, ["dead"]) if try_again(connection, one.id)]
            with database.read() as connection:
                left = [one for one in jobs.jobs_in(connection, ["queued", "running"]) if one.kind not in PERIODS]
            if not left and not dead:
                return
            time.sleep(0.2)
    raise TimeoutError("jobs are left")
