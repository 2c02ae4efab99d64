"""Counting by one thumb, and the public page of accuracy: on a phone, in each language, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from store import head_counts
from store.calibrations import save_calibration
from store.head_counts import CountedPeople
from tests.browser.installation import Installation
from tests.browser.test_quality import SCREENS, _serious_faults
from tests.browser.visiting import SMALL_TARGETS, TOO_WIDE, Open, visiting
from tests.webapp.test_accuracy import DETAILS


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation"))
    made.ids = {"A": made.world.venue_ids["A"]}
    now = datetime.now(UTC)
    with made.database.begin() as connection:
        counted = [CountedPeople(made.world.venue_ids["A"], now - timedelta(hours=1), 80, "door counter")]
        head_counts.load(connection, counted, "command", "counts.csv", now)
        save_calibration(connection, 1.62, 200, DETAILS, now)
    made.start()
    yield made
    made.kill()
    made.database.close()


@pytest.fixture
def visit(chromium: Browser, installation: Installation) -> Iterator[Open]:
    with visiting(chromium, installation, "kk") as open_page:
        yield open_page


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS)
@pytest.mark.parametrize(
    ("person", "path"),
    [("group", "/venues/{A}/head-counts"), (None, "/transparency"), (None, "/transparency/accuracy")],
)
def test_axe_finds_nothing_serious(visit: Open, viewport: Any, scheme: str, person: str | None, path: str) -> None:
    page = visit(person, path, viewport=viewport, color_scheme=scheme)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    assert _serious_faults(page) == []


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize(
    ("person", "path"),
    [("group", "/venues/{A}/head-counts"), (None, "/transparency"), (None, "/transparency/accuracy")],
)
def test_nothing_is_cut_off_or_too_small_for_a_thumb(visit: Open, language: str, person: str | None, path: str) -> None:
    page = visit(person, path, language)
    assert not page.evaluate(TOO_WIDE)
    assert page.evaluate(SMALL_TARGETS) == []


def test_a_count_is_entered_with_a_thumb_and_compared_afterwards(visit: Open, installation: Installation) -> None:
    page = visit("group", "/venues/{A}/head-counts", "en")
    for step, times in (("10", 4), ("-1", 2), ("1", 1)):
        for _ in range(times):
            page.locator(f"[data-step='{step}']").click()
    expect(page.locator("#people")).to_have_value("39")
    page.locator(".head-count__send").click()
    expect(page.locator(".notice--success")).to_contain_text("Kept: 39 people")
    with installation.database.read() as connection:
        assert 39 in [one.people for one in head_counts.standing_counts(connection)]


def test_without_a_script_the_number_is_typed(visit: Open, installation: Installation) -> None:
    page = visit("group", "/venues/{A}/head-counts", "en", java_script_enabled=False)
    expect(page.locator("[data-step]").first).to_be_hidden()
    page.locator("#people").fill("40")
    local = page.locator("#counted-at").input_value()
    earlier = datetime.fromisoformat(local) - timedelta(minutes=2)
    page.locator("#counted-at").fill(earlier.isoformat(timespec="minutes"))
    page.locator(".head-count__send").click()
    expect(page.locator(".notice--success")).to_contain_text("Kept: 40 people")


def test_the_picture_says_in_words_what_it_shows(visit: Open) -> None:
    page = visit(None, "/transparency/accuracy", "en")
    expect(page.get_by_role("img")).to_have_accessible_name(
        "How often the intervals held the counted number: promised 50 %: held 31 % before, 52 % after calibration; "
        "promised 90 %: held 78 % before, 91 % after calibration."
    )
