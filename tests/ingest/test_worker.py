"""The worker: does what is due, survives what fails, and tells when somebody has to look."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from ingest import checks, housekeeping, intake, leasing, retention, worker
from ingest.intake import settle_now, take_in
from ingest.leasing import CALIBRATE, HOUSEKEEPING, PUBLISH, RETENTION, carry_out, claim, try_again
from ingest.reading import CountsReading
from ingest.receiving import TAKE_IN, Sender, receive
from ingest.spool import in_flight
from ingest.worker import PERIODS, UNTIL_THERE_ARE_DAYS, Worker
from store import audit, jobs, uploads
from store.database import Database
from store.errors import AlreadyThere
from store.jobs import Fenced, Job, job
from store.outages import DatabaseAway, StorageFull
from store.records import Carrier, Receipt
from store.schema import count_slice
from tests.ingest.town import CENTRE, HEXAGONS, NOW, START, Town, quarter, table

GOOD = table((CENTRE, 0, 500), (CENTRE, 1, 700))
BAD = table((CENTRE, 0, -5))


def deliver(town: Town, carrier: Carrier, content: str = GOOD) -> Receipt:
    sender = Sender(carrier, "api", "key:1")
    return receive(town.intake.door, sender, [content.encode()], file_name="a.csv", now=NOW)


def receipt_of(town: Town, upload_id: int) -> Receipt:
    with town.database.read() as connection:
        return uploads.get_receipt(connection, upload_id)


def waiting(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(one.kind, one.state) for one in jobs.jobs_in(connection, ["queued", "running", "dead"])]


def make_due(database: Database) -> None:
    with database.begin() as connection:
        past = jobs.database_now(connection) - timedelta(seconds=1)
        connection.execute(sa.update(job).where(job.c.state == "queued").values(run_after=past))
        connection.execute(sa.update(job).where(job.c.state == "running").values(lease_until=past))


Log = list[MutableMapping[str, Any]]


def work_off(town: Town) -> None:
    while town.worker().run_once():
        pass


@pytest.fixture
def log() -> Iterator[Log]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def test_a_delivery_becomes_a_settled_receipt_counts_and_a_map(any_town: Town) -> None:
    carrier = any_town.carrier()
    good, bad = deliver(any_town, carrier), deliver(any_town, carrier, BAD)
    work_off(any_town)
    assert (receipt_of(any_town, good.id).state, receipt_of(any_town, good.id).settled_at) == ("accepted", NOW)
    assert receipt_of(any_town, bad.id).state == "refused"
    assert START in any_town.released()
    assert (any_town.dirty(), waiting(any_town.database)) == ([], [])
    with any_town.database.read() as connection:
        actions = [one.action for one in audit.events_of(connection)]
        details = json.loads(audit.events_of(connection, f"upload:{bad.id}")[0].details)
    assert actions == ["upload-refused", "upload-accepted"]
    assert (details["codes"], details["sha256"]) == (["count-negative"], bad.sha256)


def test_the_bytes_of_an_accepted_delivery_stay_and_those_of_a_refused_one_go(any_town: Town) -> None:
    carrier = any_town.carrier()
    good = deliver(any_town, carrier)
    deliver(any_town, carrier, BAD)
    work_off(any_town)
    assert [one.name for one in any_town.intake.door.folder.iterdir()] == [good.raw_name]


def test_a_refused_delivery_loses_its_bytes_also_where_the_worker_was_killed_in_between(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = deliver(town, town.carrier(), BAD)

    real, calls = intake.raw_path, iter([real_path, killed])
    with monkeypatch.context() as patch:
        patch.setattr(intake, "raw_path", lambda *given: next(calls)(real, *given))
        with pytest.raises(Killed):
            town.worker().run_once()
    assert receipt_of(town, refused.id).state == "refused"
    assert len(list(town.intake.door.folder.iterdir())) == 1
    work_off(town)
    assert list(town.intake.door.folder.iterdir()) == []


class Killed(BaseException):
    pass


def real_path(real: Callable[..., Path], *given: Any) -> Path:
    return real(*given)


def killed(*_: Any) -> Path:
    raise Killed


def test_the_order_in_which_deliveries_are_read_does_not_matter(any_town: Town) -> None:
    carrier = any_town.carrier()
    first = deliver(any_town, carrier, table((CENTRE, 0, 500)))
    later = deliver(any_town, carrier, table((CENTRE, 0, 900)))
    for one in (later, first):
        settle_now(any_town.intake, one.id, NOW)
    any_town.process()
    assert any_town.total() == 900


def test_a_delivery_is_judged_as_of_its_receipt_not_of_its_reading(town: Town) -> None:
    carrier = town.carrier()
    ahead = int((NOW - START) / timedelta(minutes=15)) + 4
    receipt = deliver(town, carrier, table((CENTRE, ahead, 500)))
    assert quarter(ahead) > NOW
    settled = settle_now(town.intake, receipt.id, NOW + timedelta(days=1))
    assert [one.code for one in settled.faults] == ["time-in-future"]


# --- leases -----------------------------------------------------------------------------------------------------------


def test_two_workers_at_once_take_each_delivery_once(any_town: Town) -> None:
    carrier = any_town.carrier()
    receipts = [deliver(any_town, carrier, table((one, 0, 50))) for one in HEXAGONS]
    threads = [threading.Thread(target=work_off, args=(any_town,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off(any_town)
    assert {receipt_of(any_town, one.id).state for one in receipts} == {"accepted"}
    with any_town.database.read() as connection:
        assert len(connection.execute(sa.select(count_slice)).all()) == len(HEXAGONS)
    assert any_town.total() == pytest.approx(50 * len(HEXAGONS))


def test_a_worker_that_lost_its_lease_keeps_nothing(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = deliver(any_town, any_town.carrier())
    real = checks.examine

    def examine(*arguments: Any) -> Any:
        if not stolen:
            make_due(any_town.database)
            stolen.append(claim(any_town.database, "thief", [TAKE_IN]))
        return real(*arguments)

    stolen: list[Job | None] = []
    monkeypatch.setattr(intake, "examine", examine)
    found = claim(any_town.database, "first", [TAKE_IN])
    assert found is not None
    before = any_town.dump()
    with pytest.raises(Fenced):
        intake.process(any_town.intake, found, NOW)
    after = any_town.dump()
    assert {name for name in before if before[name] != after[name]} == {"job"}
    [thief] = stolen
    assert thief is not None
    intake.process(any_town.intake, thief, NOW)
    assert receipt_of(any_town, receipt.id).state == "accepted"


def test_a_long_job_keeps_its_lease(any_town: Town) -> None:
    deliver(any_town, any_town.carrier())
    lease = timedelta(seconds=0.6)
    found = claim(any_town.database, "slow", [TAKE_IN], lease=lease)
    assert found is not None
    others: list[Job | None] = []

    def slow() -> None:
        for _ in range(5):
            time.sleep(0.3)
            others.append(claim(any_town.database, "other", [TAKE_IN]))

    carry_out(any_town.database, found, slow, lease)
    assert others == [None] * 5


def test_a_killed_workers_job_is_done_by_the_next_one(any_town: Town) -> None:
    receipt = deliver(any_town, any_town.carrier())
    assert claim(any_town.database, "killed", [TAKE_IN], lease=timedelta(0)) is not None
    work_off(any_town)
    assert receipt_of(any_town, receipt.id).state == "accepted"


def test_who_ingests_a_file_that_a_worker_reads_waits_for_it(any_town: Town) -> None:
    carrier = any_town.carrier()
    path = any_town.folder / "a.csv"
    path.write_text(GOOD)
    deliver(any_town, carrier)
    found = claim(any_town.database, "worker", [TAKE_IN])
    assert found is not None
    answers: list[Receipt] = []
    waits = threading.Thread(target=lambda: answers.append(take_in(any_town.intake, carrier, path, NOW)))
    waits.start()
    waits.join(0.5)
    assert waits.is_alive()
    intake.process(any_town.intake, found, NOW)
    waits.join(20)
    assert [(one.state, one.replayed) for one in answers] == [("accepted", True)]


# --- what fails -------------------------------------------------------------------------------------------------------


class Poison:
    """A reader that a file kills every time."""

    def read(self, *_: Any) -> CountsReading:
        raise RuntimeError("poison")


def poisoned(town: Town) -> Worker:
    return Worker(town.place, town.intake.door, Poison(), lambda: NOW, name="test")


def test_a_poison_delivery_ends_dead_failed_and_told_and_stops_nobody(any_town: Town, log: Log) -> None:
    receipt = deliver(any_town, any_town.carrier())
    for _ in range(jobs.MOST_FAILURES):
        assert poisoned(any_town).run_once()
        make_due(any_town.database)
    assert (receipt_of(any_town, receipt.id).state, waiting(any_town.database)) == ("failed", [(TAKE_IN, "dead")])
    [alert] = [one for one in log if one["log_level"] == "error"]
    assert (alert["event"], alert["subject"], alert["error"]) == ("job-dead", str(receipt.id), "RuntimeError: poison")
    assert len(list(any_town.intake.door.folder.iterdir())) == 1
    assert not poisoned(any_town).run_once()


def test_a_delivery_that_kills_its_workers_ends_dead_and_failed(any_town: Town, log: Log) -> None:
    receipt = deliver(any_town, any_town.carrier())
    for _ in range(jobs.MOST_FAILURES):
        assert claim(any_town.database, "mortal", [TAKE_IN], lease=timedelta(0)) is not None
    assert claim(any_town.database, "mortal", [TAKE_IN]) is None
    assert receipt_of(any_town, receipt.id).state == "failed"
    assert [one["event"] for one in log if one["log_level"] == "error"] == ["job-dead"]


def test_a_dead_delivery_is_read_once_its_cause_is_mended(any_town: Town) -> None:
    receipt = deliver(any_town, any_town.carrier())
    for _ in range(jobs.MOST_FAILURES):
        poisoned(any_town).run_once()
        make_due(any_town.database)
    with any_town.database.begin() as connection:
        [dead] = jobs.jobs_in(connection, ["dead"])
        assert try_again(connection, dead.id) is not None
        assert try_again(connection, dead.id) is None
    work_off(any_town)
    assert receipt_of(any_town, receipt.id).state == "accepted"


def test_a_dead_delivery_that_was_sent_anew_meanwhile_is_not_read_twice(any_town: Town) -> None:
    carrier = any_town.carrier()
    deliver(any_town, carrier)
    for _ in range(jobs.MOST_FAILURES):
        poisoned(any_town).run_once()
        make_due(any_town.database)
    again = deliver(any_town, carrier)
    assert not again.replayed
    with pytest.raises(AlreadyThere), any_town.database.begin() as connection:
        try_again(connection, jobs.jobs_in(connection, ["dead"])[0].id)
    work_off(any_town)
    assert receipt_of(any_town, again.id).state == "accepted"


def test_bytes_that_are_gone_are_our_fault_and_told(any_town: Town) -> None:
    receipt = deliver(any_town, any_town.carrier())
    (any_town.intake.door.folder / str(receipt.raw_name)).unlink()
    for _ in range(jobs.MOST_FAILURES):
        any_town.worker().run_once()
        make_due(any_town.database)
    assert receipt_of(any_town, receipt.id).state == "failed"
    with any_town.database.read() as connection:
        assert "FileNotFoundError" in str(jobs.jobs_in(connection, ["dead"])[0].error)


@pytest.mark.parametrize("outage", [DatabaseAway, StorageFull])
def test_a_database_that_is_away_or_full_is_no_failure_of_the_job(
    any_town: Town, monkeypatch: pytest.MonkeyPatch, outage: type[Exception]
) -> None:
    receipt = deliver(any_town, any_town.carrier())

    def away(*_: Any) -> None:
        raise outage

    with monkeypatch.context() as patch:
        patch.setattr(intake, "keep_counts", away)
        for _ in range(jobs.MOST_FAILURES + 1):
            with pytest.raises(outage):
                any_town.worker().run_once()
            make_due(any_town.database)
    with any_town.database.read() as connection:
        [found] = jobs.jobs_in(connection, ["queued"])
    assert found.failures == 0
    work_off(any_town)
    assert receipt_of(any_town, receipt.id).state == "accepted"


def test_a_running_worker_waits_for_a_database_that_is_away_and_goes_on(
    any_town: Town, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    receipt = deliver(any_town, any_town.carrier())
    monkeypatch.setattr(worker, "OUTAGE_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    real, outages = leasing.claim, iter([True] * 4)

    def shaky(*arguments: Any, **named: Any) -> Job | None:
        if next(outages, False):
            raise DatabaseAway
        return real(*arguments, **named)

    monkeypatch.setattr(worker, "claim", shaky)
    with running(any_town.worker()):
        until(lambda: receipt_of(any_town, receipt.id).state == "accepted")
    waits = [one["seconds"] for one in log if one["event"] == "worker-waits"]
    assert waits == [0.01, 0.02, 0.02, 0.02]


def test_a_restarted_postgresql_or_a_locked_sqlite_is_waited_for(
    any_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are cut (PostgreSQL), or somebody holds the lock (SQLite), while the worker runs."""
    monkeypatch.setattr(worker, "OUTAGE_SECONDS", (0.05,))
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    carrier = any_town.carrier()
    with running(any_town.worker()):
        receipts = []
        for number in range(4):
            receipts.append(deliver(any_town, carrier, table((CENTRE, number, 500))))
            disturb(any_town.database)
        until(lambda: all(receipt_of(any_town, one.id).state == "accepted" for one in receipts))
    work_off(any_town)
    assert len(any_town.released()) == 4


def disturb(database: Database) -> None:
    if database.engine.dialect.name == "postgresql":
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        with database.engine.connect() as connection:
            connection.exec_driver_sql(cut)
    else:
        with database.begin():
            time.sleep(0.1)


@contextmanager
def running(one: Worker) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return
        except sa.exc.DBAPIError:
            pass
        time.sleep(0.05)
    raise AssertionError("it never came true")


# --- what comes round -------------------------------------------------------------------------------------------------


def test_periodic_jobs_are_queued_once_and_come_round_by_themselves(any_town: Town) -> None:
    one = any_town.worker()
    one.schedule()
    one.schedule()
    assert sorted(waiting(any_town.database)) == sorted((kind, "queued") for kind in PERIODS)
    work_off(any_town)
    with any_town.database.read() as connection:
        now = jobs.database_now(connection)
        next_ones = {one.kind: one.run_after - now for one in jobs.jobs_in(connection, ["queued"])}
    assert set(next_ones) == set(PERIODS)
    expected = {**PERIODS, CALIBRATE: UNTIL_THERE_ARE_DAYS}  # nothing was delivered yet
    assert all(abs(expected[kind] - wait) < timedelta(minutes=1) for kind, wait in next_ones.items())
    assert len((any_town.intake.door.home / housekeeping.HEADS).read_text().splitlines()) == 1


def test_a_periodic_job_that_died_is_queued_again(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.worker().schedule()
    monkeypatch.setattr(retention, "erase_expired", lambda *_: 1 / 0)
    for _ in range(jobs.MOST_FAILURES):
        work_off(any_town)
        make_due(any_town.database)
    assert (RETENTION, "dead") in waiting(any_town.database)
    any_town.worker().schedule()
    assert (RETENTION, "queued") in waiting(any_town.database)


def test_a_map_that_a_dead_job_left_undrawn_is_drawn_in_the_end(
    any_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_town.carrier()
    any_town.accept(table((CENTRE, 0, 90)))
    with any_town.database.begin() as connection:
        monkeypatch.setattr(jobs, "MOST_FAILURES", 1)
        dead = jobs.claim(connection, "killed", timedelta(0), [PUBLISH])
        assert dead is not None
        assert jobs.fail(connection, dead, "killed") == "dead"
    assert any_town.dirty() != []
    worker = any_town.worker()
    worker.schedule()
    while worker.run_once():
        pass
    assert any_town.dirty() == []


def test_housekeeping_removes_what_is_dead_and_nothing_else(any_town: Town) -> None:
    named = deliver(any_town, any_town.carrier())
    folder = any_town.intake.door.folder
    old = (NOW - timedelta(days=2)).timestamp()
    for name, moment in (("orphan", old), ("half.part", old), ("dead.lock", old), ("young", NOW.timestamp())):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (moment, moment))
    os.utime(folder / str(named.raw_name), (old, old))
    assert housekeeping.tidy(any_town.intake.door, NOW) == ["dead.lock", "half.part", "orphan"]
    assert sorted(one.name for one in folder.iterdir()) == sorted([str(named.raw_name), "young"])


def test_a_lock_that_somebody_holds_is_not_removed_however_old_it_is(town: Town) -> None:
    folder = town.intake.door.folder
    with in_flight(folder, "1:key"):
        [lock] = folder.iterdir()
        old = (NOW - timedelta(days=2)).timestamp()
        os.utime(lock, (old, old))
        assert housekeeping.tidy(town.intake.door, NOW) == []
        assert lock.exists()


def test_jobs_that_ended_a_week_ago_are_forgotten_and_dead_ones_are_not(any_town: Town) -> None:
    deliver(any_town, any_town.carrier())
    work_off(any_town)
    with any_town.database.begin() as connection:
        long_ago = jobs.database_now(connection) - timedelta(days=8)
        jobs.enqueue(connection, HOUSEKEEPING)
        connection.execute(sa.update(job).values(finished_at=long_ago))
        connection.execute(sa.update(job).where(job.c.kind == HOUSEKEEPING).values(state="dead"))
    housekeeping.tidy(any_town.intake.door, NOW)
    with any_town.database.read() as connection:
        assert [one.kind for one in jobs.jobs_in(connection, ["done", "dead"])] == [HOUSEKEEPING]


def test_heads_are_noted_and_read_again_but_for_a_torn_last_line(town: Town) -> None:
    door = town.intake.door
    town.carrier()
    town.accept(GOOD)
    heads = [housekeeping.note_head(door, NOW) for _ in range(2)]
    path = door.home / housekeeping.HEADS
    with path.open("a") as file:
        file.write('{"sequence": 3, "ha')
    assert housekeeping.noted_heads(path) == heads
    path.write_text('{"torn\n' + path.read_text())
    with pytest.raises(housekeeping.UnreadableHead, match="line 1"):
        housekeeping.noted_heads(path)


# --- start and stop ---------------------------------------------------------------------------------------------------


def test_a_worker_that_is_told_to_stop_finishes_the_job_at_hand(town: Town) -> None:
    receipt = deliver(town, town.carrier())
    stop = threading.Event()

    def stop_and_tell() -> datetime:
        stop.set()
        return NOW

    one = Worker(town.place, town.intake.door, town.intake.reader, stop_and_tell, name="test")
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert receipt_of(town, receipt.id).state == "accepted"
    assert (PUBLISH, "queued") in waiting(town.database)


def test_the_command_works_off_what_is_due_and_ends_at_sigterm(any_town: Town, tmp_path: Path) -> None:
    receipt = deliver(any_town, any_town.carrier())
    url = any_town.database.engine.url.render_as_string(hide_password=False)
    environment = os.environ | {"ORYN_HOME": str(tmp_path), "ORYN_DATABASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.commands", "worker"], env=environment, cwd=Path(__file__).parents[2]
    )
    try:
        until(lambda: receipt_of(any_town, receipt.id).state == "accepted" and not any_town.dirty())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert START in any_town.released()
