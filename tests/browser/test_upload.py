"""Sending a file, as a person at an operator does it: seen, stopped, broken off and sent again, and counted once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Request, Route, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.installation import Installation, counts, large
from tests.browser.pages import ROOT
from webapp.wording.uploading import upload_words

SOURCES = ROOT / "static" / "src" / "upload"
UPLOADS = "**/carriers/uploads"
SLOW_BYTES_A_SECOND = 1_500_000
ASKED = re.compile(r'"((?:file|size|send|check|end|retry|report|copy)\.[a-z_]+)"')
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation"))
    made.start()
    yield made
    made.kill()
    made.database.close()


@pytest.fixture
def before(installation: Installation) -> int:
    """How many files came by browser before this test."""
    return len(installation.receipts())


@pytest.fixture
def visit(chromium: Browser, installation: Installation) -> Iterator[Open]:
    """Open the page of the operator alpha in a context of its own."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/carriers?lang=en", **options: Any) -> Page:
        context = installation.context(chromium, "carrier_a", **{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def choose(page: Page, content: bytes, name: str = "counts.csv") -> None:
    page.set_input_files("#file", files=FilePayload(name=name, mimeType="text/csv", buffer=content))


def send(page: Page) -> None:
    page.click("[data-task=send]")


def slowly(page: Page) -> None:
    """Let bytes leave so slowly that a test can look on."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOW_BYTES_A_SECOND}
    session.send("Network.emulateNetworkConditions", conditions)


def keys_of(page: Page) -> list[str]:
    """Return a list that fills with the key of every delivery that the page sends."""
    keys: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/carriers/uploads"):
            keys.append(request.headers["idempotency-key"])

    page.on("request", note)
    return keys


def arrived(page: Page, words: str = "The file has arrived") -> None:
    page.wait_for_url(re.compile(r"/carriers/receipts/\d+"), timeout=30_000)
    expect(page.locator("main .notice[role=status]")).to_have_text(re.compile(words))


def test_every_word_that_the_script_asks_for_is_given_and_no_other() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.ts")))
    assert set(ASKED.findall(text)) == set(upload_words(lambda words: words))


def test_a_file_is_sent_and_its_receipt_settles_by_itself(visit: Open, installation: Installation, before: int) -> None:
    page = visit(viewport=PHONE, has_touch=True)
    choose(page, counts(first=101))
    expect(page.locator("[data-chosen]")).to_contain_text("counts.csv")
    send(page)
    arrived(page)
    expect(page.locator("[data-receipt]")).to_have_attribute("data-state", "received")
    installation.work()
    expect(page.locator("[data-receipt]")).to_have_attribute("data-state", "accepted", timeout=15_000)
    expect(page.locator(".rows__sum")).to_have_text("4 rows = 4 accepted + 0 rejected + 0 held")
    expect(page.locator("[data-announce]")).to_have_text("The file has been checked: accepted.")
    assert len(installation.receipts()) == before + 1


def test_the_way_is_shown_in_percent_and_megabytes_and_can_be_stopped(
    visit: Open, installation: Installation, before: int
) -> None:
    page = visit()
    slowly(page)
    choose(page, large(12), "large.bin")
    send(page)
    expect(page.locator("[data-numbers]")).to_have_text(re.compile(r"[1-9]\d? %, [\d.]+ MB of 12 MB"), timeout=15_000)
    assert 0 < float(page.locator("progress").evaluate("meter => meter.value")) < 100
    assert page.locator("[data-task=send]").is_disabled()
    page.click("[data-cancel]")
    expect(page.locator("[data-ending-words]")).to_contain_text("Stopped.")
    expect(page.locator("[data-retry]")).to_be_focused()
    expect(page.locator("[data-progress]")).to_be_hidden()
    assert len(installation.receipts()) == before


def test_a_server_that_dies_in_the_middle_costs_one_repeat(
    visit: Open, installation: Installation, before: int
) -> None:
    page = visit()
    keys = keys_of(page)
    slowly(page)
    choose(page, large(10), "evening.bin")
    send(page)
    expect(page.locator("[data-numbers]")).to_have_text(re.compile(r"[1-9]\d? %"), timeout=15_000)
    installation.kill()
    expect(page.locator("[data-ending-words]")).to_have_text(
        "It is not known whether it arrived. Send again: nothing is counted twice.", timeout=15_000
    )
    expect(page.locator("[data-ending-more]")).to_contain_text("by itself in")
    installation.start()
    arrived(page)
    assert len(set(keys)) == 1
    assert len(keys) >= 2
    assert len(installation.receipts()) == before + 1


def test_an_answer_that_is_lost_is_no_second_delivery(visit: Open, installation: Installation, before: int) -> None:
    page = visit()
    keys = keys_of(page)

    def swallow(route: Route) -> None:
        route.fetch()  # the server has it
        route.abort("connectionreset")

    page.route(UPLOADS, swallow, times=1)
    choose(page, counts(first=201))
    send(page)
    expect(page.locator("[data-ending-words]")).to_contain_text("It is not known whether it arrived.")
    page.click("[data-retry]")
    arrived(page, "It had arrived already")
    assert len(set(keys)) == 1
    assert len(installation.receipts()) == before + 1


def test_a_reload_keeps_the_key_of_a_file_that_was_being_sent(
    visit: Open, installation: Installation, before: int, tmp_path: Path
) -> None:
    file = tmp_path / "counts.csv"
    file.write_bytes(counts(first=301))
    page = visit()
    keys = keys_of(page)
    page.route(UPLOADS, lambda route: route.abort("connectionreset"))
    page.set_input_files("#file", file)
    send(page)
    expect(page.locator("[data-ending-words]")).to_contain_text("It is not known whether it arrived.")
    page.unroute(UPLOADS)
    page.reload()
    expect(page.locator("[data-ending-words]")).to_contain_text("counts.csv was being sent when this page was left")
    page.set_input_files("#file", file)
    send(page)
    arrived(page)
    assert len(set(keys)) == 1
    assert len(installation.receipts()) == before + 1
    page.goto("/carriers?lang=en")
    expect(page.locator("[data-ending]")).to_be_hidden()  # it was answered: nothing is unsure any more


def test_it_is_sent_again_when_the_connection_is_back(visit: Open, installation: Installation, before: int) -> None:
    page = visit()
    page.context.set_offline(True)
    choose(page, counts(first=401))
    send(page)
    expect(page.locator("[data-ending-more]")).to_have_text(
        "There is no connection. The file is sent again as soon as there is one."
    )
    page.context.set_offline(False)
    arrived(page)
    assert len(installation.receipts()) == before + 1


def test_a_check_shows_every_check_and_keeps_nothing(visit: Open, installation: Installation, before: int) -> None:
    page = visit(viewport=PHONE, has_touch=True)
    choose(page, counts(first=501))
    page.click("[data-task=check]")
    report = page.locator("[data-outcome] [data-report]")
    expect(report.locator("h1")).to_have_text(re.compile("This file would be accepted."), timeout=60_000)
    assert report.locator(".check").count() == 11
    expect(page.locator("[data-announce]")).to_have_text("The report is there.")
    assert len(installation.receipts()) == before
    assert not list((installation.home / "borrowed").iterdir())
    send(page)  # the file is still chosen
    arrived(page)


def test_a_check_names_the_faults_of_a_file(visit: Open) -> None:
    page = visit()
    choose(page, counts(first=601).replace(b",602", b",many"))
    page.click("[data-task=check]")
    report = page.locator("[data-report]")
    expect(report.locator("h1")).to_have_text(re.compile("This file would be refused."), timeout=60_000)
    expect(report.locator("table tbody tr")).to_have_count(1)
    expect(report.locator("table tbody tr")).to_contain_text("3")


def test_without_a_script_the_form_does_the_same(visit: Open, installation: Installation, before: int) -> None:
    page = visit(java_script_enabled=False)
    choose(page, counts(first=701))
    page.click("[data-task=check]")
    expect(page.locator("h1")).to_have_text(re.compile("This file would be accepted."))
    assert len(installation.receipts()) == before
    page.goto("/carriers?lang=en")
    choose(page, counts(first=701))
    send(page)
    arrived(page)
    page.goto("/carriers?lang=en")
    choose(page, counts(first=701))
    send(page)
    arrived(page, "It had arrived already")
    assert len(installation.receipts()) == before + 1
    assert installation.receipts()[0].file_name == "counts.csv"


def test_a_large_form_is_received_without_a_script(visit: Open, installation: Installation, before: int) -> None:
    page = visit(java_script_enabled=False)
    content = large(5)
    choose(page, content, "қараша файлы.bin")
    send(page)
    arrived(page)
    assert len(installation.receipts()) == before + 1
    assert (installation.receipts()[0].size_bytes, installation.receipts()[0].file_name) == (
        len(content),
        "қараша файлы.bin",
    )


def test_a_file_is_dragged_onto_the_field(visit: Open, installation: Installation, before: int) -> None:
    page = visit()
    held = page.evaluate_handle(
        """(text) => {
          const held = new DataTransfer();
          held.items.add(new File([text], "dragged.csv", { type: "text/csv" }));
          return held;
        }""",
        counts(first=801).decode(),
    )
    page.dispatch_event("[data-drop]", "dragover", {"dataTransfer": held})
    expect(page.locator("[data-drop]")).to_have_class(re.compile("drop--over"))
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": held})
    expect(page.locator("[data-chosen]")).to_contain_text("dragged.csv")
    send(page)
    arrived(page)
    assert installation.receipts()[0].file_name == "dragged.csv"
    assert len(installation.receipts()) == before + 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "file.csv is empty (0 bytes) or is a folder"),
        (None, "Choose a file first."),
        (large(65), "is larger than 64 MB"),
    ],
    ids=["empty", "none", "large"],
)
def test_what_cannot_be_sent_is_said_before(visit: Open, content: bytes | None, words: str, tmp_path: Path) -> None:
    page = visit()
    if content is not None:
        (tmp_path / "file.csv").write_bytes(content)
        page.set_input_files("#file", tmp_path / "file.csv")
        expect(page.locator("[data-ending-words]")).to_contain_text(words)
        expect(page.locator("[data-chosen]")).to_contain_text("file.csv")
    send(page)
    expect(page.locator("[data-ending-words]")).to_contain_text(words)
    expect(page.locator("[data-retry]")).to_be_hidden()


def test_who_was_signed_out_keeps_the_chosen_file(
    visit: Open, installation: Installation, chromium: Browser, before: int
) -> None:
    page = visit()
    choose(page, counts(first=901))
    cookies = page.context.cookies()
    page.context.clear_cookies()
    send(page)
    expect(page.locator("[data-ending-words]")).to_contain_text("You are no longer signed in.")
    expect(page.locator("[data-sign-in]")).to_be_visible()
    page.context.add_cookies([cast("Any", one) for one in cookies if "url" not in one])
    page.evaluate("document.querySelector('[name=csrf_token]').value = 'of another session'")
    page.click("[data-retry]")  # the form's token is fetched anew
    arrived(page)
    assert len(installation.receipts()) == before + 1


def test_the_map_is_not_loaded_and_the_script_is_small(visit: Open) -> None:
    page = visit()
    scripts = page.evaluate("performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])")
    loaded = {name.rpartition("/")[2]: size for name, size in scripts if name.endswith(".js")}
    assert not [name for name in loaded if name.startswith("map-")]
    assert any(name.startswith("deliveries-") for name in loaded)
    assert sum(loaded.values()) < 20_000, loaded


def test_the_sum_of_the_file_is_copied(visit: Open, installation: Installation) -> None:
    receipt = installation.receipts()[0]
    page = visit(f"/carriers/receipts/{receipt.id}?lang=en", permissions=["clipboard-read", "clipboard-write"])
    page.click("[data-copy]")
    expect(page.locator("[data-copy]").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == receipt.sha256
