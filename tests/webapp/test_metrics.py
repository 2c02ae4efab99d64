"""The numbers of the service: read from the database at every asking, each explained, none about people."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from store import audit, jobs, uploads
from store.schema import release
from store.tallies import OUTCOMES, Tallies, tallies
from tests.webapp.conftest import Clock, make_app
from tests.webapp.machines import Machine, key_of
from tests.webapp.world import AREA, World
from webapp.metrics import families

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def watched(both_worlds: World, clock: Clock, tmp_path: Path, translations: Path) -> Flask:
    """The application whose numbers a collector reads."""
    return make_app(both_worlds.database, clock, tmp_path, translations, metrics_token="collector")


def numbers(app: Flask) -> Numbers:
    response = Machine(app, "collector").open("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert response.headers["Cache-Control"] == "no-store"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.get_data(as_text=True))
        for sample in family.samples
    }


def number(found: Numbers, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def test_deliveries_rows_and_jobs_are_counted(watched: Flask, both_worlds: World) -> None:
    machine = Machine(watched, key_of(both_worlds.database, "alpha"))
    before = numbers(watched)
    assert number(before, "oryn_uploads", carrier="alpha", state="refused") == 1
    assert number(before, "oryn_rows", carrier="beta", outcome="rejected") == 9
    assert number(before, "oryn_jobs", kind="take-in", state="queued") is None
    upload_id = machine.send().get_json()["id"]
    received = numbers(watched)
    assert number(received, "oryn_uploads", carrier="alpha", state="received") == 1
    assert number(received, "oryn_jobs", kind="take-in", state="queued") == 1
    with both_worlds.database.begin() as connection:
        held = {"state": "held", "rows_in": 5, "rows_accepted": 3, "rows_held": 2, "rows_suppressed": 1}
        uploads.settle(connection, upload_id, held)
        uploads.mark_dirty(connection, [both_worlds.now, both_worlds.now - timedelta(minutes=15)])
    found = numbers(watched)
    assert [number(found, "oryn_rows", carrier="alpha", outcome=one) for one in OUTCOMES] == [3, 9, 2, 1]
    assert (number(found, "oryn_held_uploads"), number(found, "oryn_dirty_bins")) == (1, 2)


def test_a_job_that_nobody_does_is_seen(watched: Flask, both_worlds: World) -> None:
    assert number(numbers(watched), "oryn_oldest_waiting_job_age_seconds") == 0
    with both_worlds.database.begin() as connection:
        jobs.enqueue(connection, "publish", delay=timedelta(minutes=-10))
    waited = number(numbers(watched), "oryn_oldest_waiting_job_age_seconds")
    assert waited is not None
    assert 599 < waited < 700


def test_a_dead_job_is_seen(watched: Flask, both_worlds: World) -> None:
    with both_worlds.database.begin() as connection:
        jobs.enqueue(connection, "publish")
    for _ in range(jobs.MOST_FAILURES):
        with both_worlds.database.begin() as connection:
            connection.execute(jobs.job.update().values(run_after=jobs.database_now(connection)))
            claimed = jobs.claim(connection, "w", timedelta(seconds=30), ["publish"])
            assert claimed is not None
            jobs.fail(connection, claimed, "broken")
    found = numbers(watched)
    assert (number(found, "oryn_dead_jobs"), number(found, "oryn_jobs", kind="publish", state="dead")) == (1, 1)


def test_the_age_of_the_map_is_told_once_there_is_one(watched: Flask, both_worlds: World) -> None:
    assert number(numbers(watched), "oryn_newest_release_age_seconds") is None
    with both_worlds.database.begin() as connection:
        start = jobs.database_now(connection) - timedelta(hours=2)
        connection.execute(release.insert().values(_release(start)))
    age = number(numbers(watched), "oryn_newest_release_age_seconds")
    assert age is not None
    assert 7_199 < age < 7_300


def _release(start: Any) -> dict[str, Any]:
    digests = dict.fromkeys(("input_digest", "blob_digest"), "x")
    return digests | {"time_bin_start": start, "area_digest": AREA, "version": 1, "released_at": start, "carriers": []}


def test_the_head_of_the_log_grows(watched: Flask, both_worlds: World) -> None:
    before = number(numbers(watched), "oryn_audit_head_sequence")
    with both_worlds.database.begin() as connection:
        audit.append(connection, actor="test", action="test", subject="test", details={}, now=both_worlds.now)
    assert number(numbers(watched), "oryn_audit_head_sequence") == (before or 0) + 1


def test_two_processes_tell_the_same(
    watched: Flask, both_worlds: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    other = make_app(both_worlds.database, clock, tmp_path, translations, metrics_token="collector")
    Machine(watched, key_of(both_worlds.database, "alpha")).send()
    changing = {"oryn_oldest_waiting_job_age_seconds"}
    told = [{key: value for key, value in numbers(app).items() if key[0] not in changing} for app in (watched, other)]
    assert told[0] == told[1]


def test_a_reading_costs_few_questions(
    app: Flask, world: World, at_most: Callable[[int], Any], clock: Clock, tmp_path: Path, translations: Path
) -> None:
    with world.database.read() as connection, at_most(12):
        tallies(connection)


def test_every_number_is_explained_and_no_other(now: Any) -> None:
    whole = Tallies(now, {("a", "held"): 1}, {("a", "held"): 1}, {("a", "dead"): 1}, now, 1, now, 1, 1, 1, True)
    told = {family.name: set(family.samples[0].labels) for family in families(whole)}
    rows = [row.split("|") for row in PAGE.read_text().splitlines() if row.startswith("| `oryn_")]
    assert {row[1].strip(" `"): set(re.findall(r"`(\w+)`", row[2])) for row in rows} == told
    assert all(len(row[3].strip()) > 40 for row in rows)
