"""What a receipt says of a file that waits, was decided about, was taken back, or has a later one over it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from ingest.checks import CHECKS
from ingest.dry_run import as_json, dry_run_of_refusal
from ingest.faults import Fault, FileRefused
from ingest.holding import Decision, decide
from store import carriers, held, uploads
from store.held import HeldCounts
from store.records import CountPayload, FaultRecord
from store.schema import upload
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.delivered import HOUR, USUAL, deliver
from tests.webapp.world import World
from webapp.delivery_views import DryRunView
from webapp.pages.trial import trial_view
from webapp.wording.checks import would_be_words

MakeBrowser = Callable[[str], Browser]
HELD = {"rows_in": 624, "rows_held": 624, "rows_suppressed": 2}
PARAMS: dict[str, str | int | float] = {"start": "2026-11-20 12:00", "percent": 463, "weeks": 6}


def text(response: Any) -> str:
    page = str(response.get_data(as_text=True)).split("<main", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("&#39;", "'")


class Deliveries:
    """The deliveries of alpha; each is read as its operator or headquarters sees it."""

    def __init__(self, world: World, now: datetime, browser: MakeBrowser) -> None:
        self.database, self.now, self.browser = world.database, now, browser
        self.ids = deliver(world.database, now)

    def add(self, state: str, **facts: Any) -> int:
        """Add an upload whose only slice is the hour that `deliver` left out, or one of its usual hours."""
        with self.database.begin() as connection:
            carrier = carriers.get_carrier(connection, "alpha").id
            name = f"{state}-{len(uploads.receipts_of(connection, None, 500))}"
            given = {"file_name": f"{name}.csv", "sha256": name.ljust(64, "0"), "size_bytes": 9}
            given |= {"received_at": self.now, "origin": "command", "sent_by": "", "idempotency_key": None}
            upload_id = uploads.record_received(connection, carrier, given | {"raw_name": None})
            note = FaultRecord("held-total", None, None, PARAMS)
            notes = [note] if state == "held" else []
            uploads.settle(connection, upload_id, {"state": state, "notes": notes, "settled_at": self.now} | facts)
            start = self.now.replace(minute=0, second=0, microsecond=0) + HOUR
            payload = CountPayload(start, start + HOUR, 9, 0, "device_count", name.encode(), USUAL, 900, 2)
            if state == "held":
                held.hold(connection, carrier, upload_id, [HeldCounts(payload, "held-total", PARAMS, 624)])
            elif state == "accepted":
                uploads.add_slices(connection, carrier, upload_id, [payload])
        return upload_id

    def decide(self, upload_id: int, decision: Decision) -> None:
        policy = self.browser("group").client.application.extensions["oryn"].policy(self.now)
        decide(self.database, upload_id, decision, "account:3 Aru", "checked", self.now, policy)

    def seen(self, upload_id: int, query: str = "", person: str = "carrier_a") -> str:
        return text(self.browser(person).get(f"/carriers/receipts/{upload_id}{query}"))


@pytest.fixture
def deliveries(world: World, clock: Clock, browser: MakeBrowser, monkeypatch: pytest.MonkeyPatch) -> Deliveries:
    monkeypatch.setattr("ingest.holding._let_count", lambda *_, **__: None)  # the made-up counts are no real ones
    return Deliveries(world, clock.now, browser)


# --- a later file -----------------------------------------------------------------------------------------------------


def test_a_file_with_a_later_one_over_it_is_not_plainly_in_use(deliveries: Deliveries) -> None:
    first = deliveries.add("accepted", rows_in=9, rows_accepted=9)
    assert "The counts of this file are in use." in deliveries.seen(first)
    second = deliveries.add("accepted", rows_in=9, rows_accepted=9)
    seen = deliveries.seen(first)
    assert f"A later file (receipt {second}) covers the same time" in seen
    assert "in use" not in seen
    assert "in use" in deliveries.seen(second)
    third = deliveries.add("accepted", rows_in=9, rows_accepted=9)
    assert f"2 later files (the newest: receipt {third})" in deliveries.seen(first)
    assert f"квитанция {third}" in deliveries.seen(first, "?lang=ru")
    assert f"{third} түбіртегі" in deliveries.seen(first, "?lang=kk")
    page = deliveries.browser("carrier_a").get(f"/carriers/receipts/{first}").get_data(as_text=True)
    assert f'href="/carriers/receipts/{third}"' in page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "withdraw the later file"), ("ru", "отзовите"), ("kk", "кері алыңыз")]
)
def test_sending_an_overtaken_file_again_says_what_to_do(deliveries: Deliveries, language: str, words: str) -> None:
    first = deliveries.add("accepted", rows_in=9, rows_accepted=9)
    query = f"?arrived=before&lang={language}"
    assert "revision" not in deliveries.seen(first, query)
    second = deliveries.add("accepted", rows_in=9, rows_accepted=9)
    seen = deliveries.seen(first, query)
    assert "revision" in seen
    assert words in seen
    assert str(second) in seen


# --- the first line after sending -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "language", "words"),
    [
        ("received", "en", "kept safely. It is being checked now."),
        ("accepted", "en", "was checked and is accepted."),
        ("held", "en", "What is unusual in it waits for headquarters."),
        ("refused", "en", "was checked. Nothing of it was kept."),
        ("refused", "ru", "Из него ничего не сохранено."),
        ("refused", "kk", "Одан ештеңе сақталған жоқ."),
        ("failed", "en", "but we could not read it."),
        ("withdrawn", "en", "The file had arrived and was taken back."),
    ],
)
def test_the_first_line_fits_what_became_of_the_file(
    deliveries: Deliveries, state: str, language: str, words: str
) -> None:
    query = f"?arrived=now&lang={language}"
    for _reload in range(2):
        seen = deliveries.seen(deliveries.ids[state], query)
        assert words in seen
        assert ("kept safely" in seen) == (state == "received")


# --- held, decided, taken back ----------------------------------------------------------------------------------------


def test_a_file_of_which_everything_waits_is_not_partly_anything(deliveries: Deliveries) -> None:
    waiting = deliveries.add("held", **HELD)
    seen = deliveries.seen(waiting)
    assert "All rows wait (624 rows); nothing counts yet." in seen
    assert "partly" not in seen
    assert "accepted rows" not in seen
    assert "Hidden, because so few devices were there: 2 rows." in seen
    assert seen.count("waits for headquarters") == 1
    assert "частично" not in deliveries.seen(waiting, "?lang=ru")
    assert "Барлық жол шешім күтуде (624 жол)" in deliveries.seen(waiting, "?lang=kk")
    assert "Some rows wait (900 rows); the others count." in deliveries.seen(deliveries.ids["held"])


@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_nothing_waits_any_more_after_a_decision(deliveries: Deliveries, decision: Decision) -> None:
    waiting = deliveries.add("held", **HELD)
    deliveries.decide(waiting, decision)
    seen = deliveries.seen(waiting)
    assert "waits for headquarters" not in seen
    assert "624 rows" in seen
    assert "Aru" not in seen
    assert "Aru" in deliveries.seen(waiting, person="headquarters")
    assert ("Headquarters threw away all rows that waited (624 rows)." in seen) == (decision == "reject")
    assert "Mend what is listed here" not in seen


def test_an_accepted_file_says_how_many_held_rows_were_thrown_away(deliveries: Deliveries) -> None:
    waiting = deliveries.add("held", rows_in=700, rows_accepted=76, rows_held=624)
    deliveries.decide(waiting, "reject")
    words = "headquarters threw away those that were held (624 rows)."
    assert words in deliveries.seen(waiting)
    assert "Задержанное штаб отбросил (624 строки)." in deliveries.seen(waiting, "?lang=ru")
    assert "Ұсталғанын штаб алып тастады (624 жол)." in deliveries.seen(waiting, "?lang=kk")
    assert words not in deliveries.seen(deliveries.ids["accepted"])


def test_a_file_that_was_taken_back_has_no_accepted_rows(deliveries: Deliveries) -> None:
    taken = deliveries.add("held", **HELD)
    with deliveries.database.begin() as connection:
        uploads.withdraw(connection, taken, deliveries.now)
        connection.execute(sa.update(upload).where(upload.c.id == taken).values(rows_held=0, rows_accepted=624))
    seen = deliveries.seen(taken)
    assert "Before it was taken back: 624 rows = 624 accepted + 0 rejected + 0 held. None of it counts now." in seen
    assert "Accepted: 624" not in seen
    assert "waits for headquarters" not in seen
    assert "Hidden" not in seen


def test_the_dry_run_of_a_file_that_would_wait_whole_says_so(app: Flask) -> None:
    with app.test_request_context("/"):
        assert "in part" in would_be_words("held", 1)
        assert would_be_words("held", 0) == "All rows of this file would wait for headquarters; none would count yet."


def refused_trial(*codes: str) -> DryRunView:
    run = dry_run_of_refusal(FileRefused([Fault(code, line=2, params={"value": "X"}) for code in codes], "a.csv", 1))
    return trial_view(as_json(run), "a.csv")


def test_checks_that_could_not_run_are_one_line_after_the_fault(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        told = refused_trial("source-area-unknown").checks
    assert [(one.code, one.outcome) for one in told] == [("source-areas", "refuse"), ("not-run", "not-checked")]
    assert told[1].words == "All other checks"
    reason, names = told[1].sentences
    assert reason == "The file was refused before this could be checked. Mend its faults first."
    assert names.count(";") == len(CHECKS) - 2
    assert "Time zone" in names


def test_checks_that_stayed_undone_for_reasons_of_their_own_keep_their_lines(app: Flask) -> None:
    found: dict[str, Any] = dict.fromkeys(
        ("rows_in", "rows_accepted", "rows_rejected", "rows_held", "rows_suppressed", "fault_count"), 1
    )
    results = [
        {"check": check, "outcome": "not-checked", "findings": [{"code": code, "params": {}}]}
        for check, code in (("time-zone", "check-zone-no-past"), ("coverage-share", "check-coverage-unknown"))
    ]
    found |= {"would_be": "accepted", "results": results, "faults": [], "notes": []}
    with app.test_request_context("/?lang=en"):
        assert [one.code for one in trial_view(found, "a.csv").checks] == ["time-zone", "coverage-share"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "a file without a name"), ("ru", "файл без имени"), ("kk", "атаусыз файл")],
)
def test_a_file_without_a_name_is_called_so(deliveries: Deliveries, language: str, words: str) -> None:
    receipt = deliveries.ids["accepted"]
    with deliveries.database.begin() as connection:
        connection.execute(sa.update(upload).where(upload.c.id == receipt).values(file_name=""))
    seen = deliveries.seen(receipt, f"?lang={language}")
    assert words in seen
    assert "sha256sum FILE" in seen


@pytest.mark.parametrize("state", ["refused", "received", "failed", "held"])
def test_headquarters_is_not_told_to_mend_an_operators_file(
    deliveries: Deliveries, browser: MakeBrowser, state: str
) -> None:
    address = f"/carriers/receipts/{deliveries.ids[state]}?lang=en"
    page = str(browser("headquarters").get(address).get_data(as_text=True))
    for words in ("Mend what is listed here", "send it again.", "nothing is left for you", "You need not"):
        assert words not in page
    here = re.search(r'href="([^"]+)"\s+aria-current="true">Tonight<', page)
    assert here is not None
    assert here[1] == "/hq"
