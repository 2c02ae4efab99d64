"""The worker: takes jobs one after the other until it is told to stop, and finishes the one at hand before it does.

Promises: each job's result and its end are one transaction, so a worker may be killed at any moment; a database that is
away is waited for; a job that keeps failing ends as `dead` and is logged as an error. Any number may run side by side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from ingest import held_out_days, housekeeping, retention
from ingest.calibrating import recalibrate
from ingest.grids import refit
from ingest.intake import Intake, Reader, process
from ingest.leasing import (
    AUDIT_HEAD,
    CALIBRATE,
    DISCARD,
    DRAW,
    HOUSEKEEPING,
    LEASE,
    PUBLISH,
    REFIT,
    RETENTION,
    carry_out,
    claim,
    worker_name,
)
from ingest.pipeline import (
    Marks,
    Workplace,
    draw_live_again,
    process_dirty_bins,
    process_next_bins,
)
from ingest.progress import Progress, silent
from ingest.receiving import TAKE_IN, Door
from store import jobs, uploads
from store.jobs import Job
from store.outages import DatabaseAway, StorageFull

NO_WAIT, LET_THE_OTHER_FINISH = timedelta(0), timedelta(seconds=10)  # another thread is at the older bins
POLL_SECONDS = 1.0  # an idle worker asks so often; one read, no lock
OUTAGE_SECONDS = (1, 2, 5, 10)  # and so long it waits for a database that is away, longer each time
PERIODS: Mapping[str, timedelta] = {
    RETENTION: timedelta(days=1),
    CALIBRATE: timedelta(days=1),
    HOUSEKEEPING: timedelta(hours=1),
    AUDIT_HEAD: timedelta(hours=1),
}
UNTIL_THERE_ARE_DAYS = timedelta(hours=1)  # a new installation's history is still being worked off
SCHEDULE_EVERY = timedelta(minutes=10)  # a periodic job that died is looked for so often
FOLLOW_UPS = (DISCARD, REFIT, PUBLISH, DRAW)  # what a delivery or a withdrawal leaves to do

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """Does jobs in a workplace. `clock` tells the present; `name` and `lease` stand in the table of jobs."""

    place: Workplace
    door: Door
    reader: Reader
    clock: Callable[[], datetime]
    name: str = ""
    lease: timedelta = LEASE
    progress: Progress = silent
    leave: Marks = field(default_factory=dict)  # older bins that wait for another worker

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of jobs that it can do."""
        return (TAKE_IN, *FOLLOW_UPS, *PERIODS)

    def run(self, stop: threading.Event) -> None:
        """Do jobs until `stop` is set; the one at hand is finished."""
        outages = 0
        scheduled: datetime | None = None
        log.info("worker-started", worker=self._name)
        while not stop.is_set():
            try:
                if scheduled is None or self.clock() - scheduled >= SCHEDULE_EVERY:
                    self.schedule()
                    scheduled = self.clock()
                job = self._run_next(self.kinds)
                if job is None:
                    stop.wait(POLL_SECONDS)
                else:
                    log.info("job-ended", worker=self._name, job=job.id, kind=job.kind, subject=job.subject)
                outages = 0
            except (DatabaseAway, StorageFull) as problem:
                wait = OUTAGE_SECONDS[min(outages, len(OUTAGE_SECONDS) - 1)]
                outages += 1
                log.warning("worker-waits", worker=self._name, reason=problem.code, seconds=wait)
                stop.wait(wait)
        log.info("worker-stopped", worker=self._name)

    def run_once(self) -> bool:
        """Do the next due job; tell whether there was one. Raises DatabaseAway and StorageFull, nothing else."""
        return self._run_next(self.kinds) is not None

    def run_follow_ups(self) -> None:
        """Do what deliveries and withdrawals left to do, until nothing of it is due."""
        while self._run_next(FOLLOW_UPS) is not None:
            pass
        # Also what a run left that was killed.
        process_dirty_bins(self.place, self.clock(), self.progress, leave=self.leave)

    def schedule(self) -> None:
        """Queue each periodic job that is not waiting, and the map where a dead job left bins to draw."""
        with self.door.database.begin() as connection:
            if uploads.dirty_bins(connection):
                jobs.enqueue(connection, PUBLISH)
            waiting = jobs.kinds_waiting(connection)
            for kind in PERIODS:
                if kind not in waiting:
                    jobs.enqueue(connection, kind)

    def _run_next(self, kinds: tuple[str, ...]) -> Job | None:
        job = claim(self.door.database, self._name, kinds, lease=self.lease)
        if job is None:
            return None
        try:
            carry_out(self.door.database, job, partial(self._do, job), self.lease)
        except (DatabaseAway, StorageFull):
            raise
        except jobs.Fenced:
            log.warning("job-fenced", job=job.id, kind=job.kind)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the next job may be fine
            log.warning("job-failed", job=job.id, kind=job.kind, subject=job.subject, error=repr(problem))
        return job

    def _do(self, job: Job) -> None:
        actions: dict[str, Callable[[Job], None]] = {
            TAKE_IN: self._take_in,
            PUBLISH: self._publish,
            REFIT: self._refit,
            CALIBRATE: self._calibrate,
            DRAW: self._draw,
            DISCARD: self._discard,
            RETENTION: self._retention,
            HOUSEKEEPING: self._housekeeping,
            AUDIT_HEAD: self._audit_head,
        }
        actions[job.kind](job)

    @property
    def intake(self) -> Intake:
        """Where it takes files in."""
        return Intake(self.door, self.place.policy, self.reader)

    def _take_in(self, job: Job) -> None:
        process(self.intake, job, self.clock(), self.progress)

    def _publish(self, job: Job) -> None:
        """Do the live day or else some older bins; what is left is a job of its own, after what came in meanwhile."""
        done = process_next_bins(self.place, self.clock(), self.progress, leave=self.leave)
        with self.door.database.begin() as connection:
            jobs.finish(connection, job)
            if uploads.dirty_bins(connection).items() - self.leave.items():
                jobs.enqueue(connection, PUBLISH, delay=NO_WAIT if done else LET_THE_OTHER_FINISH)

    def _refit(self, job: Job) -> None:
        base_bin = timedelta(minutes=self.place.policy.counts.base_bin_minutes)
        with self.door.database.begin() as connection:
            jobs.finish(connection, job)
            if refit(connection, int(job.subject), self.clock(), base_bin):
                jobs.enqueue(connection, PUBLISH)

    def _calibrate(self, job: Job) -> None:
        recalibrate(self.door.database, self.place.policy, self.clock())
        enough = held_out_days.check(self.door.database, self.place.policy, self.place.cache, self.clock())
        self._finish(job, None if enough else UNTIL_THERE_ARE_DAYS)

    def _draw(self, job: Job) -> None:
        draw_live_again(self.place, self.clock(), self.progress)
        self._finish(job)

    def _discard(self, job: Job) -> None:
        housekeeping.discard(self.door, job.subject)
        self._finish(job)

    def _retention(self, job: Job) -> None:
        retention.erase_expired(self.door, self.place.policy, self.clock())
        self._finish(job)

    def _housekeeping(self, job: Job) -> None:
        housekeeping.tidy(self.door, self.clock())
        self._finish(job)

    def _audit_head(self, job: Job) -> None:
        housekeeping.note_head(self.door, self.clock())
        self._finish(job)

    def _finish(self, job: Job, again_after: timedelta | None = None) -> None:
        with self.door.database.begin() as connection:
            jobs.finish(connection, job)
            if job.kind in PERIODS:
                jobs.enqueue(connection, job.kind, delay=again_after or PERIODS[job.kind])

    @property
    def _name(self) -> str:
        return self.name or worker_name()
