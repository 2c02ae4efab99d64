"""Hold a job while it is worked on: claim it, renew its lease from a thread, give it back when it failed.

Promises: a job whose lease is lost cannot be finished (the store fences it); one that failed too often is `dead`, its
upload is `failed` and an error is logged, because somebody has to look. Nothing here knows what a job does.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

import structlog

from ingest.receiving import TAKE_IN
from store import jobs, uploads
from store.database import Connection, Database
from store.jobs import Job
from store.outages import DatabaseAway, StorageFull, outages_named

LEASE = timedelta(seconds=30)  # so long may a worker be silent before another one takes its job
RENEWALS_A_LEASE = 3
OUTAGE_DELAY = timedelta(seconds=10)
PUBLISH = "publish"  # estimate, release and draw the bins that are noted
REFIT = "refit"  # of a carrier: see whether its grid still has areas that no count names
CALIBRATE = "calibrate"  # compare head counts with what was released, and draw again where the intervals change
DRAW = "draw"  # the live map again, from what is released: intervals got wider or narrower
DISCARD = "discard"  # the bytes of a delivery that was refused or taken back
RETENTION = "retention"
HOUSEKEEPING = "housekeeping"
AUDIT_HEAD = "audit-head"

log = structlog.get_logger(__name__)


def worker_name() -> str:
    """Return a name that says where this process runs."""
    return f"{socket.gethostname()}:{os.getpid()}"


def claim(
    database: Database, worker: str, kinds: Sequence[str], subject: str | None = None, lease: timedelta = LEASE
) -> Job | None:
    """Take the next due job of these kinds, None where there is none; bury those that killed their workers."""
    with outages_named():
        with database.read() as connection:
            if not jobs.is_any_due(connection, kinds, subject):
                return None
        with database.begin() as connection:
            for buried in jobs.bury_killers(connection):
                _mourn(connection, buried)
            return jobs.claim(connection, worker, lease, kinds, subject)


def give_back(database: Database, job: Job, error: str) -> jobs.JobState:
    """End a run that failed: the job waits for another try, or is dead. Return what it is now."""
    with outages_named(), database.begin() as connection:
        state = jobs.fail(connection, job, error)
        if state == "dead":
            _mourn(connection, job, error)
    return state


def postpone(database: Database, job: Job, delay: timedelta) -> None:
    """Give back a job that could not be worked on for no fault of its own."""
    with outages_named(), database.begin() as connection:
        jobs.postpone(connection, job, delay)


def carry_out(database: Database, job: Job, action: Callable[[], None], lease: timedelta = LEASE) -> None:
    """Do what a claimed job asks for while its lease is renewed; where that fails, give it back and raise why.

    Raises jobs.Fenced where the job is another worker's by now: nothing of it was kept.
    """
    with kept(database, job, lease):
        try:
            with outages_named():
                action()
        except jobs.Fenced:
            raise
        except (DatabaseAway, StorageFull):
            with suppress(DatabaseAway, StorageFull):  # else its lease ends by itself
                postpone(database, job, OUTAGE_DELAY)
            raise
        except Exception as problem:
            give_back(database, job, f"{type(problem).__name__}: {problem}")
            raise
        except BaseException:  # somebody pressed Ctrl+C: the next one may have the job at once
            with suppress(DatabaseAway, StorageFull):
                postpone(database, job, timedelta(0))
            raise


@contextmanager
def kept(database: Database, job: Job, lease: timedelta = LEASE) -> Iterator[None]:
    """Renew the lease of a job until the block is left."""
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(database, job, lease, ended), name=f"lease-{job.id}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()


def _renew(database: Database, job: Job, lease: timedelta, ended: threading.Event) -> None:
    while not ended.wait(lease.total_seconds() / RENEWALS_A_LEASE):
        try:
            with outages_named(), database.begin() as connection:
                still_ours = jobs.renew(connection, job, lease)
        except DatabaseAway:
            log.warning("lease-not-renewed", job=job.id, kind=job.kind)
            continue
        if not still_ours:  # it was finished just now, or another worker has it: finishing it will tell
            return


def _mourn(connection: Connection, job: Job, error: str | None = None) -> None:
    log.error("job-dead", job=job.id, kind=job.kind, subject=job.subject, error=error or job.error)
    if job.kind == TAKE_IN:
        uploads.fail(connection, int(job.subject), jobs.database_now(connection))


def try_again(connection: Connection, job_id: int) -> Job | None:
    """Queue a dead job again, its upload as received again, in the caller's transaction; None where there is none.

    Raises AlreadyThere where the same bytes have been delivered anew meanwhile.
    """
    revived = jobs.revive(connection, job_id)
    if revived is not None and revived.kind == TAKE_IN:
        uploads.receive_again(connection, int(revived.subject))
    return revived
