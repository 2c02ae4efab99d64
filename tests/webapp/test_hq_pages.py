"""What headquarters sees and decides: alerts first, held counts with a reason, the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from store import audit, jobs, uploads
from store.held import held_of
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.delivered import HOUR, deliver
from tests.webapp.world import World

MakeBrowser = Callable[[str], Browser]


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


@pytest.fixture
def ids(world: World, clock: Clock) -> dict[str, int]:
    return deliver(world.database, clock.now)


@pytest.fixture
def headquarters(browser: MakeBrowser) -> Browser:
    return browser("headquarters")


def test_a_quiet_night_says_so(headquarters: Browser) -> None:
    assert "Nothing needs a decision now." in text(headquarters.get("/hq"))


def test_alerts_come_first_and_the_gravest_of_them_at_the_top(
    headquarters: Browser, browser: MakeBrowser, ids: dict[str, int], clock: Clock
) -> None:
    page = text(headquarters.get("/hq"))
    assert "2 things need you now." in page
    failed, held = page.index("could not be read"), page.index("1 delivery waits for a decision.")
    assert failed < held < page.index("<caption>Mobile operators")
    assert "ReaderDied" in page
    clock.now += 2 * HOUR
    assert "Alpha is late" in text(browser("headquarters").get("/hq"))


def test_a_dead_job_is_tried_again_and_its_file_is_received_again(
    headquarters: Browser, world: World, ids: dict[str, int]
) -> None:
    with world.database.read() as connection:
        dead = jobs.jobs_in(connection, ["dead"])[0]
    path = f"/hq/jobs/{dead.id}/again"
    answer = headquarters.post(path, {"csrf_token": headquarters.token("/hq")})
    assert (answer.status_code, answer.location) == (303, "/hq")
    with world.database.read() as connection:
        assert [one.id for one in jobs.jobs_in(connection, ["queued"]) if one.kind == "take-in"] == [dead.id]
        assert uploads.get_receipt(connection, ids["failed"]).state == "received"
        assert audit.events_of(connection, f"job:{dead.id}")[0].action == "job-revived"
    assert headquarters.post(path, {"csrf_token": headquarters.token("/hq")}).status_code == 404


def test_held_counts_are_shown_beside_the_usual_ones_rounded(headquarters: Browser, ids: dict[str, int]) -> None:
    assert f"/hq/held/{ids['held']}" in text(headquarters.get("/hq/held"))
    page = text(headquarters.get(f"/hq/held/{ids['held']}"))
    assert "463 % of the usual total" in page
    assert "91,000" in page
    assert "420,000" in page
    assert "421,987" not in page
    assert "91,234" not in page


@pytest.mark.parametrize(
    ("decision", "state", "accepted", "rejected", "words"),
    [
        ("accept", "accepted", 1_800, 0, "Headquarters let the held rows count: 900 rows."),
        ("reject", "accepted", 900, 900, "Headquarters threw the held rows away: 900 rows."),
    ],
)
def test_a_decision_needs_a_reason_which_the_operator_reads(
    headquarters: Browser,
    browser: MakeBrowser,
    world: World,
    ids: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    decision: str,
    state: str,
    accepted: int,
    rejected: int,
    words: str,
) -> None:
    monkeypatch.setattr("ingest.holding._let_count", lambda *_, **__: None)  # the made-up counts are no real ones
    path = f"/hq/held/{ids['held']}"
    token = headquarters.token(path)
    assert headquarters.post(path, {"csrf_token": token, "decision": decision, "reason": " "}).status_code == 422
    assert headquarters.post(path, {"csrf_token": token, "decision": "?", "reason": "why"}).status_code == 400
    done = headquarters.post(path, {"csrf_token": token, "decision": decision, "reason": "a concert & more"})
    assert (done.status_code, done.location) == (303, "/hq/held")
    assert "Decided." in text(headquarters.get("/hq/held"))
    with world.database.read() as connection:
        receipt = uploads.get_receipt(connection, ids["held"])
        assert held_of(connection, ids["held"]) == []
        event = audit.events_of(connection, f"upload:{ids['held']}")[0]
    assert (receipt.state, receipt.rows_accepted, receipt.rows_rejected) == (state, accepted, rejected)
    assert event.actor.endswith("Person headquarters")
    seen = text(browser("carrier_a").get(f"/carriers/receipts/{ids['held']}"))
    assert words in seen
    assert "a concert &amp; more" in seen
    assert "Person headquarters" not in seen
    assert headquarters.get(path).status_code == 404


def test_the_log_is_filtered_by_subject_and_shows_how_to_verify_it(
    headquarters: Browser, world: World, clock: Clock
) -> None:
    with world.database.begin() as connection:
        for subject in ("upload:1", "upload:2"):
            details = {"reason": "<script>"}
            audit.append(
                connection, actor="worker", action="upload-withdrawn", subject=subject, details=details, now=clock.now
            )
        head = audit.head(connection)
    page = text(headquarters.get("/hq/audit"))
    assert f"{head.sequence}:{head.hash}" in page
    assert "oryn audit verify" in page
    assert "withdrew a file" in page
    assert "<script>" not in page.split("<main")[1].split("</main>")[0]
    filtered = text(headquarters.get("/hq/audit?subject=upload:2")).split("<main")[1]
    assert "upload:2" in filtered
    assert "upload:1<" not in filtered
    assert "No row is about that." in text(headquarters.get("/hq/audit?subject=upload:99"))


@pytest.mark.parametrize("person", ["carrier_a", "group", "owner_a"])
def test_headquarters_pages_are_for_headquarters(browser: MakeBrowser, ids: dict[str, int], person: str) -> None:
    one = browser(person)
    for path in ("/hq", "/hq/held", f"/hq/held/{ids['held']}", "/hq/audit"):
        assert one.get(path).status_code == 403
