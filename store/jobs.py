"""Jobs that survive: a leased table in the same database, so that a result and its job's end are one transaction.

Promises: a job is run until somebody finished it; a worker that lost its lease cannot finish (`Fenced`), so its result
is rolled back with it; leases are measured by the database's clock, never by a worker's. A job that failed too often
is `dead` and waits for a person. One waiting job of a kind and subject is enough: a second one is not queued.
Does not: know what a job does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from store.errors import StoreError
from store.schema import UtcDateTime, metadata

MOST_FAILURES = 5  # a job that failed so often will not succeed by itself
BACKOFF_SECONDS = (2, 10, 60, 300)  # a database that is away for a moment should not kill a job
LONGEST_ERROR = 2_000

JobState = Literal["queued", "running", "done", "dead"]
STATES: tuple[JobState, ...] = ("queued", "running", "done", "dead")

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(30), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(120)),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("run_after", UtcDateTime, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("error", sa.Text),
    sa.Index("ix_job_waiting", "state", "run_after"),
)
_QUEUED = sa.text("state = 'queued'")
sa.Index("uq_job_queued", job.c.kind, job.c.subject, unique=True, sqlite_where=_QUEUED, postgresql_where=_QUEUED)


class Fenced(StoreError):
    """This run of the job lost its lease to another worker: whatever it wants to keep must be rolled back."""

    code = "job-fenced"


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stood when it was read. `attempt` counts claims, `failures` those that ended badly."""

    id: int
    kind: str
    subject: str
    state: JobState
    attempt: int
    failures: int
    worker: str | None
    lease_until: datetime | None
    run_after: datetime
    created_at: datetime
    finished_at: datetime | None
    error: str | None


def database_now(connection: sa.Connection) -> datetime:
    """Return the present moment by the database's clock, aware, UTC."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def enqueue(connection: sa.Connection, kind: str, subject: str = "", delay: timedelta = timedelta(0)) -> None:
    """Queue a job in the caller's transaction; where the same one waits already, it is enough, at the earlier time.

    The waiting one is locked until the caller commits: whoever claims it afterwards sees what the caller has written.
    """
    now = database_now(connection)
    row = {"kind": kind, "subject": subject, "state": "queued", "attempt": 0, "failures": 0}
    row |= {"run_after": now + delay, "created_at": now}
    insert = _insert_ignoring(connection).values(row).returning(job.c.id)
    waiting = (job.c.kind == kind) & (job.c.subject == subject) & (job.c.state == "queued")
    sooner = sa.case(
        (job.c.run_after > now + delay, sa.bindparam(None, now + delay, UtcDateTime)), else_=job.c.run_after
    )
    lock = sa.update(job).where(waiting).values(run_after=sooner).returning(job.c.id)
    while connection.execute(insert).one_or_none() is None and connection.execute(lock).one_or_none() is None:
        pass  # it was claimed between the two statements


def claim(
    connection: sa.Connection, worker: str, lease: timedelta, kinds: Sequence[str], subject: str | None = None
) -> Job | None:
    """Take the next job of these kinds that waits or whose lease ran out, oldest first; None where there is none.

    Needs a write transaction of its own: a claim holds once that is committed. An expired lease counts as a failure;
    call `bury_killers` before, so that a job which kills its worker every time ends as `dead`.
    """
    now = database_now(connection)
    wanted = _due(now, kinds, subject).order_by(job.c.run_after, job.c.id).limit(1)
    if connection.dialect.name == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    taken = {
        "state": "running",
        "attempt": job.c.attempt + 1,
        "failures": sa.case((job.c.state == "running", job.c.failures + 1), else_=job.c.failures),
        "worker": worker,
        "lease_until": now + lease,
    }
    chosen = job.c.id == wanted.scalar_subquery()
    row = connection.execute(sa.update(job).where(chosen).values(taken).returning(*job.c)).one_or_none()
    return None if row is None else Job(**row._mapping)


def is_any_due(connection: sa.Connection, kinds: Sequence[str], subject: str | None = None) -> bool:
    """Tell whether a job of these kinds could be claimed now; a read, so that an idle worker locks nothing."""
    query = _due(database_now(connection), kinds, subject).limit(1)
    return connection.execute(query).one_or_none() is not None


def bury_killers(connection: sa.Connection) -> list[Job]:
    """End as `dead` the jobs whose lease ran out once too often; return them, so that somebody is told."""
    now = database_now(connection)
    lost = (job.c.state == "running") & (job.c.lease_until <= now) & (job.c.failures + 1 >= MOST_FAILURES)
    values = {"state": "dead", "finished_at": now, "failures": job.c.failures + 1, "lease_until": None}
    values["error"] = "the worker died or lost its lease every time"
    rows = connection.execute(sa.update(job).where(lost).values(values).returning(*job.c))
    return [Job(**row._mapping) for row in rows]


def renew(connection: sa.Connection, one: Job, lease: timedelta) -> bool:
    """Lengthen the lease of a job that is still ours; tell whether it is."""
    until = database_now(connection) + lease
    return connection.execute(sa.update(job).where(_mine(one)).values(lease_until=until)).rowcount == 1


def finish(connection: sa.Connection, one: Job) -> None:
    """End a job in the transaction that keeps its result; raise Fenced where another worker has it now."""
    now = database_now(connection)
    done = {"state": "done", "finished_at": now, "lease_until": None, "error": None}
    if connection.execute(sa.update(job).where(_mine(one)).values(done)).rowcount != 1:
        raise Fenced(job=one.id)


def fail(connection: sa.Connection, one: Job, error: str) -> JobState:
    """Give a failed job back for later, or bury it as `dead` after too many failures; return what it is now."""
    failures = one.failures + 1
    now = database_now(connection)
    error = error[:LONGEST_ERROR]
    if failures >= MOST_FAILURES or _waits_already(connection, one):
        state: JobState = "dead" if failures >= MOST_FAILURES else "done"
        values: dict[str, Any] = {"state": state, "finished_at": now}
    else:
        state = "queued"
        wait = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1]
        values = {"state": state, "run_after": now + timedelta(seconds=wait)}
    values |= {"failures": failures, "error": error, "lease_until": None, "worker": None}
    changed = connection.execute(sa.update(job).where(_mine(one)).values(values)).rowcount
    return state if changed else "running"


def postpone(connection: sa.Connection, one: Job, delay: timedelta) -> None:
    """Give a job back for later although nothing is wrong with it: what it needs is away for a while."""
    values = {"state": "done" if _waits_already(connection, one) else "queued", "worker": None, "lease_until": None}
    later = values | {"run_after": database_now(connection) + delay}
    connection.execute(sa.update(job).where(_mine(one)).values(later))


def revive(connection: sa.Connection, job_id: int) -> Job | None:
    """Queue a dead job again, with its failures forgotten, and return it; None where there was none.

    Where the same one waits already, the dead one is only done with.
    """
    now = database_now(connection)
    dead = (job.c.id == job_id) & (job.c.state == "dead")
    found = connection.execute(sa.select(job).where(dead)).one_or_none()
    if found is None:
        return None
    state = "done" if _waits_already(connection, Job(**found._mapping)) else "queued"
    values = {"state": state, "failures": 0, "run_after": now, "error": None}
    values["finished_at"] = now if state == "done" else None
    row = connection.execute(sa.update(job).where(dead).values(values).returning(*job.c)).one_or_none()
    return None if row is None else Job(**row._mapping)


def jobs_in(connection: sa.Connection, states: Sequence[JobState], limit: int = 100) -> list[Job]:
    """Return jobs in these states, newest first."""
    query = sa.select(job).where(job.c.state.in_(states)).order_by(job.c.id.desc()).limit(limit)
    return [Job(**row._mapping) for row in connection.execute(query)]


def kinds_waiting(connection: sa.Connection) -> set[str]:
    """Return the kinds of which a job is queued or running."""
    query = sa.select(job.c.kind).where(job.c.state.in_(("queued", "running"))).distinct()
    return set(connection.execute(query).scalars())


def counts_by_state(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """Return how many jobs there are by (kind, state)."""
    query = sa.select(job.c.kind, job.c.state, sa.func.count().label("jobs")).group_by(job.c.kind, job.c.state)
    return {(row.kind, row.state): row.jobs for row in connection.execute(query)}


def oldest_waiting(connection: sa.Connection) -> datetime | None:
    """Return since when the oldest due job has been waiting, None where none is."""
    due = (job.c.state == "queued") & (job.c.run_after <= database_now(connection))
    oldest = sa.type_coerce(sa.func.min(job.c.run_after), job.c.run_after.type)
    return connection.execute(sa.select(oldest).where(due)).scalar()


def forget_done(connection: sa.Connection, before: datetime) -> int:
    """Delete the rows of jobs that ended well before that moment; return how many."""
    old = (job.c.state == "done") & (job.c.finished_at < before)
    return connection.execute(sa.delete(job).where(old)).rowcount


def _mine(one: Job) -> sa.ColumnElement[bool]:
    return (job.c.id == one.id) & (job.c.state == "running") & (job.c.attempt == one.attempt)


def _due(now: datetime, kinds: Sequence[str], subject: str | None) -> sa.Select[tuple[int]]:
    waits = (job.c.state == "queued") & (job.c.run_after <= now)
    lost = (job.c.state == "running") & (job.c.lease_until <= now)
    wanted = sa.select(job.c.id).where(job.c.kind.in_(kinds), waits | lost)
    return wanted if subject is None else wanted.where(job.c.subject == subject)


def _waits_already(connection: sa.Connection, one: Job) -> bool:
    same = (job.c.kind == one.kind) & (job.c.subject == one.subject) & (job.c.state == "queued")
    return connection.execute(sa.select(job.c.id).where(same).limit(1)).one_or_none() is not None


def _insert_ignoring(connection: sa.Connection) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(job).on_conflict_do_nothing()
