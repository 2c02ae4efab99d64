"""Jobs: claimed once, leased by the database's clock, fenced, given back, buried."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from store import jobs
from store.database import Database
from store.jobs import Fenced, Job, job

LEASE = timedelta(seconds=30)
NO_LEASE = timedelta(0)
KINDS = ("a", "b")


def queue(database: Database, kind: str = "a", subject: str = "", delay: timedelta = timedelta(0)) -> None:
    with database.begin() as connection:
        jobs.enqueue(connection, kind, subject, delay)


def claim(database: Database, lease: timedelta = LEASE, worker: str = "w", subject: str | None = None) -> Job | None:
    with database.begin() as connection:
        jobs.bury_killers(connection)
        return jobs.claim(connection, worker, lease, KINDS, subject)


def claimed(database: Database, lease: timedelta = LEASE) -> Job:
    found = claim(database, lease)
    assert found is not None
    return found


def finish(database: Database, one: Job) -> None:
    with database.begin() as connection:
        jobs.finish(connection, one)


def fail(database: Database, one: Job) -> str:
    with database.begin() as connection:
        return jobs.fail(connection, one, "broken")


def now_due(database: Database) -> None:
    """Let the waiting time of every queued job be over."""
    with database.begin() as connection:
        past = jobs.database_now(connection) - timedelta(seconds=1)
        connection.execute(sa.update(job).where(job.c.state == "queued").values(run_after=past))


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.execute(sa.select(job.c.state)).scalars())


def test_jobs_are_claimed_oldest_first_and_of_the_wanted_kinds_only(database: Database) -> None:
    for kind, subject in (("a", "1"), ("c", "2"), ("b", "3")):
        queue(database, kind, subject)
    assert [claimed(database).subject, claimed(database).subject, claim(database)] == ["1", "3", None]


def test_a_job_of_one_subject_can_be_asked_for(database: Database) -> None:
    queue(database, "a", "1")
    queue(database, "a", "2")
    found = claim(database, subject="2")
    assert found is not None
    assert found.subject == "2"


def test_one_waiting_job_of_a_kind_and_subject_is_enough_and_the_earlier_time_counts(database: Database) -> None:
    queue(database, delay=timedelta(hours=1))
    assert claim(database) is None
    queue(database)
    queue(database, delay=timedelta(hours=1))
    assert states(database) == ["queued"]
    claimed(database)
    queue(database)  # the one that runs may have looked already
    assert states(database) == ["queued", "running"]


def test_a_job_that_is_not_due_is_not_seen(database: Database) -> None:
    queue(database, delay=timedelta(hours=1))
    with database.read() as connection:
        assert not jobs.is_any_due(connection, KINDS)
        assert jobs.oldest_waiting(connection) is None
    now_due(database)
    with database.read() as connection:
        assert jobs.is_any_due(connection, KINDS)
        assert jobs.oldest_waiting(connection) is not None


def test_eight_workers_claim_a_hundred_jobs_once_each(database: Database) -> None:
    for number in range(100):
        queue(database, "a", str(number))

    def work(name: int) -> list[str]:
        subjects = []
        while (found := claim(database, worker=str(name))) is not None:
            finish(database, found)
            subjects.append(found.subject)
        return subjects

    with ThreadPoolExecutor(8) as threads:
        done = [subject for some in threads.map(work, range(8)) for subject in some]
    assert sorted(done, key=int) == [str(number) for number in range(100)]
    assert set(states(database)) == {"done"}


def test_a_lease_that_ran_out_goes_to_the_next_and_the_first_is_fenced(database: Database) -> None:
    queue(database)
    first = claimed(database, NO_LEASE)
    second = claimed(database)
    assert (second.id, second.attempt, second.failures) == (first.id, 2, 1)
    with pytest.raises(Fenced):
        finish(database, first)
    with database.begin() as connection:
        assert not jobs.renew(connection, first, LEASE)
    assert fail(database, first) == "running"  # it says nothing about the second run
    finish(database, second)
    assert states(database) == ["done"]


def test_what_a_fenced_worker_wrote_is_rolled_back_with_its_end(database: Database) -> None:
    queue(database)
    first = claimed(database, NO_LEASE)
    claimed(database)

    def keep_a_result() -> None:
        with database.begin() as connection:
            jobs.enqueue(connection, "b", "a result")
            jobs.finish(connection, first)

    with pytest.raises(Fenced):
        keep_a_result()
    assert states(database) == ["running"]


def test_a_renewed_lease_is_nobody_elses(database: Database) -> None:
    queue(database)
    first = claimed(database, NO_LEASE)
    with database.begin() as connection:
        assert jobs.renew(connection, first, LEASE)
    assert claim(database) is None


def test_a_failed_job_waits_longer_each_time_and_is_dead_after_five(database: Database) -> None:
    queue(database)
    for number in range(jobs.MOST_FAILURES):
        found = claimed(database)
        with database.read() as connection:
            before = jobs.database_now(connection)
        state = fail(database, found)
        with database.read() as connection:
            [row] = jobs.jobs_in(connection, ["queued", "dead"])
        if number < len(jobs.BACKOFF_SECONDS):
            assert state == "queued"
            assert row.run_after - before >= timedelta(seconds=jobs.BACKOFF_SECONDS[number])
        now_due(database)
    assert (state, row.error, row.failures, claim(database)) == ("dead", "broken", 5, None)


def test_a_job_that_kills_its_worker_every_time_is_dead_after_five(database: Database) -> None:
    queue(database)
    for _ in range(jobs.MOST_FAILURES):
        assert claim(database, NO_LEASE) is not None
    with database.begin() as connection:
        [buried] = jobs.bury_killers(connection)
    assert (buried.state, buried.failures) == ("dead", jobs.MOST_FAILURES)
    assert claim(database) is None


def test_a_postponed_job_has_not_failed(database: Database) -> None:
    queue(database)
    for _ in range(jobs.MOST_FAILURES + 2):
        found = claimed(database)
        with database.begin() as connection:
            jobs.postpone(connection, found, timedelta(minutes=1))
        assert claim(database) is None
        now_due(database)
    assert claimed(database).failures == 0


def postpone(database: Database, one: Job) -> None:
    with database.begin() as connection:
        jobs.postpone(connection, one, timedelta(0))


@pytest.mark.parametrize("back", [fail, postpone])
def test_a_job_that_comes_back_while_the_same_waits_is_done_with(
    database: Database, back: Callable[[Database, Job], object]
) -> None:
    queue(database)
    found = claimed(database)
    queue(database)
    back(database, found)
    assert states(database) == ["done", "queued"]


def test_a_dead_job_is_revived_with_its_failures_forgotten(database: Database) -> None:
    queue(database)
    for _ in range(jobs.MOST_FAILURES):
        fail(database, claimed(database))
        now_due(database)
    with database.begin() as connection:
        [dead] = jobs.jobs_in(connection, ["dead"])
        assert jobs.revive(connection, dead.id) is not None
        assert jobs.revive(connection, dead.id) is None
    assert claimed(database).failures == 0


def test_a_dead_job_whose_like_waits_already_is_only_done_with(database: Database) -> None:
    queue(database)
    for _ in range(jobs.MOST_FAILURES):
        fail(database, claimed(database))
        now_due(database)
    queue(database)
    with database.begin() as connection:
        [dead] = jobs.jobs_in(connection, ["dead"])
        revived = jobs.revive(connection, dead.id)
    assert revived is not None
    assert states(database) == ["done", "queued"]


def test_jobs_are_counted_by_kind_and_state_and_forgotten_when_done(database: Database) -> None:
    queue(database, "a")
    queue(database, "b")
    finish(database, claimed(database))
    with database.begin() as connection:
        assert jobs.counts_by_state(connection) == {("a", "done"): 1, ("b", "queued"): 1}
        assert jobs.kinds_waiting(connection) == {"b"}
        assert jobs.forget_done(connection, jobs.database_now(connection) - timedelta(days=1)) == 0
        assert jobs.forget_done(connection, jobs.database_now(connection) + timedelta(days=1)) == 1
    assert states(database) == ["queued"]


def test_a_running_job_is_not_claimed_while_its_result_is_written(database: Database) -> None:
    """Its lease runs out while the finishing transaction is open: still only one result."""
    queue(database)
    first = claimed(database, NO_LEASE)
    others: list[Job | None] = []
    with database.begin() as connection:
        jobs.finish(connection, first)
        late = threading.Thread(target=lambda: others.append(claim(database)))
        late.start()
        late.join(0.3)
    late.join(20)
    assert (others, states(database)) == ([None], ["done"])


def test_the_databases_clock_is_aware_and_moves(database: Database) -> None:
    with database.read() as connection:
        first, second = jobs.database_now(connection), jobs.database_now(connection)
    assert first.utcoffset() == timedelta(0)
    assert second >= first


def test_a_waiting_job_that_was_found_to_be_enough_is_not_claimed_before_its_writer_has_committed(
    database: Database,
) -> None:
    """Else its worker would look before there is anything to see, and nobody would come again."""
    queue(database)
    claims: list[Job | None] = []
    with database.begin() as connection:
        jobs.enqueue(connection, "a")
        early = threading.Thread(target=lambda: claims.append(claim(database)))
        early.start()
        early.join(0.3)
        written_before = list(claims)
    early.join(20)
    assert written_before in ([], [None])
    assert claims != [None] or claim(database) is not None
