"""What headquarters sees and decides: alerts first, held counts with a reason, the log."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask

from ingest.counts import AreaCounts, pack_counts
from store import audit, jobs, uploads
from store.carriers import list_carriers
from store.held import HeldCounts, held_of, hold
from store.priors import add_layer
from store.records import CountPayload
from store.schema import count_slice, upload
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.delivered import HOUR, deliver
from tests.webapp.world import World
from webapp.pages.alerts import alerts_of

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
    assert "could not be read: 2026-11-20T20-00_almaty_failed.csv.gz of Alpha." in page
    assert ">alpha<" not in page
    failed, held = page.index("could not be read"), page.index("1 delivery waits for a decision.")
    assert failed < held < page.index("<caption>Mobile operators")
    assert "ReaderDied" in page
    clock.now += 2 * HOUR
    assert "Alpha is late" in text(browser("headquarters").get("/hq"))


def test_what_an_operator_s_lateness_does_to_the_map_depends_on_the_others(
    app: Flask, world: World, clock: Clock
) -> None:
    with world.database.read() as connection:
        first, second = list_carriers(connection)[:2]
    ends = {first.id: clock.now - 9 * HOUR, second.id: clock.now}
    with app.test_request_context("/?lang=en"):
        [late] = alerts_of([], [], [], [first, second], ends, clock.now)
        assert "goes on with the others; its intervals say how sure it is" in late.advice
        for alone in ([first], [first, second]):
            said = alerts_of([], [], [], alone, ends | {second.id: clock.now - 9 * HOUR}, clock.now)
            assert all("the map stands still" in one.advice for one in said)
            assert len(said) == len(alone)


def test_every_delivery_that_waits_is_counted(headquarters: Browser, world: World, ids: dict[str, int]) -> None:
    with world.database.begin() as connection:
        connection.execute(sa.update(upload).where(upload.c.id == ids["accepted"]).values(state="held"))
    page = text(headquarters.get("/hq"))
    assert "3 things need you now." in page
    assert "2 deliveries wait for a decision." in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Takes no part in the programme"), ("ru", "Не участвует в программе"), ("kk", "Бағдарламаға қатыспайды")],
)
def test_the_rule_of_a_status_is_said_in_words(headquarters: Browser, language: str, words: str) -> None:
    page = text(headquarters.get(f"/hq?lang={language}"))
    row = {"en": "Row S6 of the table of", "ru": "Строка S6 таблицы", "kk": "Мәртебелер кестесінің S6"}[language]
    assert re.search(rf"{words}\s*<br>\s*<span class=\"hint\">{row}", page)
    assert "(S6)" not in page
    assert re.search(r">\s*S\d+\s*<", page) is None


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
    decided = headquarters.get(path)
    assert decided.status_code == 200
    for part in (words, "a concert &amp; more", "Person headquarters", f"/carriers/receipts/{ids['held']}"):
        assert part in text(decided)
    again = headquarters.post(path, {"csrf_token": token, "decision": decision, "reason": "once more"})
    assert (again.status_code, "once more" in text(again)) == (409, False)
    for language, spoken in (("ru", "больше ничего не ждёт"), ("kk", "ештеңе күтпейді")):
        assert spoken in text(headquarters.get(f"{path}?lang={language}"))


def test_single_areas_that_wait_are_named_with_their_counts_rounded(
    headquarters: Browser, world: World, ids: dict[str, int]
) -> None:
    counts = AreaCounts(np.array([0, 1], np.uint32), np.array([8_961.0, np.nan]), np.array([2, 1], np.uint8))
    with world.database.begin() as connection:
        (one,) = held_of(connection, ids["held"])
        uploads.source_area_codes(connection, one.carrier_id, ["north-7", "hidden-8"])
        start = one.start + 40 * HOUR  # no past week has this hour
        payload = CountPayload(start, start + HOUR, 9, 0, one.kind, pack_counts(counts), 8_961.0, 1, 1)
        params: dict[str, str | int] = {"count": 1, "area": "north-7", "start": "x", "times": 9, "weeks": 6}
        hold(connection, one.carrier_id, ids["held"], [HeldCounts(payload, "held-area", params, 2)])
        connection.execute(sa.delete(count_slice))
    page = text(headquarters.get(f"/hq/held/{ids['held']}"))
    assert "Areas that wait" in page
    assert "north-7</th>" in page
    assert ">9,000</td>" in page
    assert "8,961" not in page
    assert "hidden-8" not in page


def test_what_never_waited_has_no_page_of_decisions(headquarters: Browser, ids: dict[str, int]) -> None:
    assert headquarters.get(f"/hq/held/{ids['accepted']}").status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "accepting will change nothing"), ("ru", "ничего не изменит"), ("kk", "ештеңе өзгертпейді")],
)
def test_a_later_file_over_held_counts_is_named_before_the_decision(
    headquarters: Browser, world: World, ids: dict[str, int], language: str, words: str
) -> None:
    path = f"/hq/held/{ids['held']}?lang={language}"
    assert words not in text(headquarters.get(path))
    with world.database.begin() as connection:
        (waiting,) = held_of(connection, ids["held"])
        later = CountPayload(waiting.start, waiting.end, 9, 0, waiting.kind, b"later", 1.0, 1, 0)
        uploads.add_slices(connection, waiting.carrier_id, ids["withdrawn"], [later])
    page = text(headquarters.get(path))
    assert words in page
    assert f"/carriers/receipts/{ids['withdrawn']}" in page


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


def test_the_log_is_read_in_words_and_not_as_json(headquarters: Browser, world: World, clock: Clock) -> None:
    rows: dict[str, Any] = {"rows_in": 9, "rows_accepted": 7, "rows_rejected": 2, "rows_held": 0, "carrier": "alpha"}
    with world.database.begin() as connection:
        for actor, action, details in (
            ("worker", "upload-accepted", rows | {"sha256": "ab" * 32, "size_bytes": 2048}),
            ("account:3 Aru", "held-rejected", {"rows": 624, "reason": "a broken counter"}),
            ("account:3 Aru", "of-a-later-release", {"unknown": "x"}),
        ):
            audit.append(connection, actor=actor, action=action, subject="upload:1", details=details, now=clock.now)
        audit.append(
            connection,
            actor="command",
            action="carrier-key-made",
            subject="carrier:alpha",
            details={"key": "k7"},
            now=clock.now,
        )
    page = text(headquarters.get("/hq/audit")).split("<main")[1]
    for words in (
        "9 rows = 7 accepted + 2 rejected + 0 held",
        "Mobile operator: Alpha",
        "Reason: a broken counter",
        "624 rows",
        "Aru",
        "Key: k7",
        "unknown: x",
        'href="/carriers/receipts/1">Receipt 1<',
    ):
        assert words in page
    assert "{" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert "Причина: a broken counter" in text(headquarters.get("/hq/audit?lang=ru"))
    assert "Себебі: a broken counter" in text(headquarters.get("/hq/audit?lang=kk"))


def test_the_log_is_leafed_through_fifty_rows_at_a_time(headquarters: Browser, world: World, clock: Clock) -> None:
    with world.database.begin() as connection:
        for number in range(120):
            details = {"reason": f"no. {number}"}
            audit.append(
                connection,
                actor="worker",
                action="upload-withdrawn",
                subject="upload:1",
                details=details,
                now=clock.now,
            )
    path, sizes, seen = "/hq/audit?subject=upload:1", [], set()
    while path:
        page = text(headquarters.get(path)).split("<main")[1]
        found = re.findall(r"no\. (\d+)", page)
        sizes.append(len(found))
        seen.update(found)
        older = re.search(r'href="([^"]*before=\d+[^"]*)"', page)
        path = older.group(1).replace("&amp;", "&") if older else ""
    assert (sizes, len(seen)) == ([50, 50, 20], 120)
    assert headquarters.get("/hq/audit?before=99999999999999").status_code == 200


@pytest.mark.parametrize("person", ["carrier_a", "group", "owner_a"])
def test_headquarters_pages_are_for_headquarters(browser: MakeBrowser, ids: dict[str, int], person: str) -> None:
    one = browser(person)
    for path in ("/hq", "/hq/held", f"/hq/held/{ids['held']}", "/hq/audit"):
        assert one.get(path).status_code == 403


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Loaded: residents from city.csv"), ("ru", "Загружено: жители"), ("kk", "Жүктелген: тұрғындар")],
)
def test_which_residents_are_loaded_is_said_or_how_to_load_them(
    headquarters: Browser, world: World, now: datetime, language: str, words: str
) -> None:
    before = text(headquarters.get(f"/hq?lang={language}"))
    assert "oryn prior load residents.csv" in before
    with world.database.begin() as connection:
        add_layer(connection, "residents", b"layer", "residents", "city.csv", now)
    after = text(headquarters.get(f"/hq?lang={language}"))
    assert words in after
    assert "city.csv" in after
    assert "oryn prior load" not in after
