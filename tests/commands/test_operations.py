"""What a person who runs the service does at the command line: uploads, jobs, retention, audit, doctor, worker."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.pipeline import mark_live_dirty
from ingest.receiving import TAKE_IN, Door, Sender, receive
from store import audit, jobs, uploads
from store.audit import audit_event
from store.carriers import get_carrier
from store.database import Database
from store.jobs import job
from tests.commands.conftest import Line
from tests.ingest.town import CENTRE, NOW, START, table

Write = Callable[[str, str | bytes], Path]
GOOD = table((CENTRE, 0, 500), (CENTRE, 1, 700))
LANGUAGES = ("en", "ru", "kk")


@pytest.fixture
def fed(served: Line, given: Write) -> Line:
    """An operator with an accepted and a refused file."""
    served.done("ingest", "alpha", given("good.csv", GOOD))
    assert served("ingest", "alpha", given("bad.csv", table((CENTRE, 2, -5)))).code == 2
    return served


def kill_a_job(line: Line) -> int:
    """Bury a job as dead; return its id."""
    database = line.database()
    with database.begin() as connection:
        jobs.enqueue(connection, "publish")
        values = {"state": "dead", "failures": 5, "error": "RuntimeError: out of memory"}
        connection.execute(sa.update(job).where(job.c.state == "queued").values(values))
        [dead] = jobs.jobs_in(connection, ["dead"])
    database.close()
    return dead.id


# --- uploads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("accepted;", "refused;")), ("ru", ("принят;", "не принят;")), ("kk", ("қабылданды;", "қабылданбады;")),
])  # fmt: skip
def test_uploads_are_listed_newest_first_in_each_language(fed: Line, language: str, words: tuple[str, str]) -> None:
    fed.speak(language)
    newest, oldest = fed.done("uploads", "list").lines
    assert newest.startswith("2  2026-11-20T15:30:00+00:00  alpha  bad.csv: ")
    assert oldest.startswith("1  ")
    assert words[1] in newest
    assert words[0] in oldest


def test_uploads_are_listed_as_json_and_by_operator(fed: Line) -> None:
    fed.done("carrier", "add", "beta", "--name", "Beta", "--share", "0.1")
    found = [json.loads(one) for one in fed.done("uploads", "list", "--carrier", "alpha", "--json").lines]
    assert [(one["id"], one["state"]) for one in found] == [(2, "refused"), (1, "accepted")]
    assert "Nothing was delivered" in fed.done("uploads", "list", "--carrier", "beta").out
    said = fed("uploads", "list", "--carrier", "gamma")
    assert (said.code, "no carrier called gamma" in said.err) == (2, True)


def test_an_upload_is_shown_or_not_found(fed: Line) -> None:
    assert fed.done("uploads", "show", "1").out.startswith("good.csv: accepted; rows 2 = 2 accepted")
    assert "count" in fed("uploads", "show", "2").err
    assert json.loads(fed.done("uploads", "show", "2", "--json").out)["faults"][0]["code"] == "count-negative"
    assert fed("uploads", "show", "9").code == 2


def test_an_upload_is_taken_back_with_its_map_and_its_reason(fed: Line) -> None:
    assert CENTRE in fed.done("hexagons", "--at", START.isoformat(), "--format", "csv").out
    assert "withdrawn" in fed.done("uploads", "withdraw", "1", "--reason", "a wrong feed").out
    said = fed("hexagons", "--at", START.isoformat(), "--format", "csv")
    assert (said.code, CENTRE in said.out) == (2, False)
    event = json.loads(fed.done("audit", "list", "--subject", "upload:1").lines[0])
    assert (event["action"], event["actor"], event["details"]["reason"]) == (
        "upload-withdrawn", "command", "a wrong feed",
    )  # fmt: skip
    assert list((fed.home / "uploads").iterdir()) == []
    again = fed("uploads", "withdraw", "1", "--reason", "again")
    assert again.code == 2


@pytest.mark.parametrize("arguments", [["withdraw", "1"], ["withdraw", "--reason", "x"], ["show", "one"]])
def test_what_is_missing_is_said(fed: Line, arguments: list[str]) -> None:
    assert fed("uploads", *arguments).code == 2
    assert json.loads(fed.done("uploads", "show", "1", "--json").out)["state"] == "accepted"


def test_withdrawing_erased_counts_is_refused_in_words(fed: Line) -> None:
    fed.at(NOW + timedelta(days=91))
    fed.done("retention")
    said = fed("uploads", "withdraw", "1", "--reason", "late")
    assert (said.code, "What was released from them stays" in said.err) == (2, True)


# --- jobs and doctor --------------------------------------------------------------------------------------------------


def test_nothing_waits_after_ingesting(fed: Line) -> None:
    assert fed.done("jobs", "list").out == "No job waits and none is dead.\n"
    said = fed.done("doctor")
    assert "jobs: 0 wait, 0 are being done, 0 are dead" in said.out
    assert said.lines[-1] == "sound"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dead_job_is_shown_makes_the_doctor_unhappy_and_may_be_tried_again(fed: Line, language: str) -> None:
    fed.speak(language)
    number = kill_a_job(fed)
    listed = fed.done("jobs", "list").out
    assert "RuntimeError: out of memory" in listed
    doctor = fed("doctor")
    assert (doctor.code, "oryn jobs list" in doctor.out) == (2, True)
    fed.done("jobs", "retry", str(number))
    assert fed("jobs", "retry", str(number)).code == 2
    fed.done("worker", "--once")
    assert fed("doctor").code == 0
    assert json.loads(fed.done("audit", "list").lines[0])["action"] == "job-revived"


def test_a_job_that_waits_for_long_makes_the_doctor_ask_for_the_worker(fed: Line) -> None:
    database = fed.database()
    with database.begin() as connection:
        jobs.enqueue(connection, TAKE_IN, "1", delay=-timedelta(minutes=50))
    database.close()
    assert "waiting for 50 minutes: is oryn worker running?" in fed.done("doctor").out


def test_a_worker_once_does_what_is_due_and_ends(fed: Line) -> None:
    database = fed.database()
    with database.begin() as connection:
        jobs.enqueue(connection, "audit-head")
    database.close()
    fed.done("worker", "--once", "--name", "mine")
    assert len((fed.home / "audit-heads.jsonl").read_text().splitlines()) == 1


def test_a_worker_once_draws_what_a_run_that_was_killed_left(fed: Line) -> None:
    database = fed.database()
    with database.begin() as connection:
        mark_live_dirty(connection)
        assert uploads.dirty_bins(connection)
        assert not jobs.jobs_in(connection, ["queued"])
    fed.done("worker", "--once")
    with database.read() as connection:
        assert not uploads.dirty_bins(connection)
    database.close()


# --- retention --------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_a_real_one_deletes(fed: Line) -> None:
    fed.at(NOW + timedelta(days=91))
    dry = fed.done("retention", "--dry-run")
    assert dry.lines == [
        "1 delivered files, counts of 1 deliveries and names on 1 refused receipts are over their time.",
        "Nothing was deleted (--dry-run).",
    ]
    assert len(list((fed.home / "uploads").iterdir())) == 1
    assert fed.done("retention").lines[0] == dry.lines[0]
    assert list((fed.home / "uploads").iterdir()) == []
    actions = [json.loads(one)["action"] for one in fed.done("audit", "list").lines]
    assert actions[:3] == ["refusals-trimmed", "counts-erased", "raw-deleted"]
    assert fed.done("retention").lines[0].startswith("0 delivered files, counts of 0")


# --- audit ------------------------------------------------------------------------------------------------------------


def tamper(line: Line, statement: str) -> None:
    database = line.database()
    with database.begin() as connection:
        audit.drop_guards(connection)
        connection.exec_driver_sql(statement)
        audit.create_guards(connection)
    database.close()


def test_a_whole_log_is_said_to_be_whole(fed: Line) -> None:
    head = json.loads(fed.done("audit", "head").out)
    said = fed.done("audit", "verify")
    assert f"the last one is number {head['sequence']}, its hash {head['hash']}" in said.out
    assert said.out.rstrip().endswith("compared: 1.")
    verdict = json.loads(fed.done("audit", "verify", "--json").out)
    assert (verdict["whole"], verdict["breaks"], verdict["heads"]) == (True, [], 1)


@pytest.mark.parametrize(("language", "row"), [
    ("en", "row 2 was changed"), ("ru", "строка 2 изменена"), ("kk", "2-жол өзгертілген"),
])  # fmt: skip
def test_a_changed_row_is_named_in_each_language(fed: Line, language: str, row: str) -> None:
    tamper(fed, "UPDATE audit_event SET actor = 'nobody' WHERE sequence = 2")
    fed.speak(language)
    said = fed("audit", "verify")
    assert (said.code, row in said.out) == (2, True)
    verdict = json.loads(fed("audit", "verify", "--json").out)
    assert (verdict["whole"], verdict["breaks"]) == (False, [{"sequence": 2, "reason": "changed"}])


def test_a_cut_tail_is_found_by_a_head_that_was_kept(fed: Line, tmp_path: Path) -> None:
    fed.done("audit", "head")
    copy = tmp_path / "heads.jsonl"
    copy.write_bytes((fed.home / "audit-heads.jsonl").read_bytes())
    database = fed.database()
    with database.read() as connection:
        last = connection.execute(sa.select(sa.func.max(audit_event.c.sequence))).scalar_one()
    database.close()
    tamper(fed, f"DELETE FROM audit_event WHERE sequence = {last}")
    (fed.home / "audit-heads.jsonl").unlink()
    assert fed("audit", "verify").code == 0  # by itself it cannot know
    said = fed("audit", "verify", "--heads", copy)
    assert (said.code, f"row {last} is not what it was" in said.out) == (2, True)


def test_a_file_that_holds_no_heads_is_refused(fed: Line, tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text("sequence,hash\n1,ab\n")
    said = fed("audit", "verify", "--heads", path)
    assert (said.code, "line 1 is no head" in said.err) == (2, True)
    assert fed("audit", "verify", "--heads", tmp_path / "nowhere").code == 2


def test_the_log_tells_what_became_of_each_delivery(fed: Line) -> None:
    events = [json.loads(one) for one in fed.done("audit", "list", "--limit", "2").lines]
    assert [(one["action"], one["subject"]) for one in events] == [
        ("upload-refused", "upload:2"), ("upload-accepted", "upload:1"),
    ]  # fmt: skip
    assert events[1]["details"]["rows_accepted"] == 2


# --- serve ------------------------------------------------------------------------------------------------------------


def test_a_server_with_a_worker_beside_it_reads_what_is_delivered_and_both_end_together(
    served: Line, tmp_path: Path
) -> None:
    database = served.database()
    with database.read() as connection:
        sender = Sender(get_carrier(connection, "alpha"), "api", "key:1")
    receipt = receive(Door.at(database, served.home, 1), sender, [GOOD.encode()], file_name="a.csv", now=NOW)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [sys.executable, "-m", "webapp.commands", "serve", "--with-worker", "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(arguments, cwd=Path(__file__).parents[2], stderr=log)
        try:
            state = _settled(database, receipt.id)
        finally:
            process.terminate()
            ended = process.wait(60)
    database.close()
    said = (tmp_path / "log").read_text()
    assert (state, ended) == ("accepted", 0), said
    assert "worker-stopped" in said


def _settled(database: Database, upload_id: int, seconds: float = 60) -> str:
    end = time.monotonic() + seconds
    state = "received"
    while state == "received" and time.monotonic() < end:
        time.sleep(0.2)
        with database.read() as connection:
            state = uploads.get_receipt(connection, upload_id).state
    return state
