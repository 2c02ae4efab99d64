"""The pages of operators and headquarters on every screen: no serious fault for a screen reader, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from store import audit
from tests.browser.conftest import DESKTOP
from tests.browser.installation import Installation
from tests.browser.test_quality import SCREENS, _serious_faults
from tests.browser.visiting import SMALL_TARGETS, Open, visiting
from tests.webapp.delivered import deliver

CARRIER_PAGES = {
    "carriers": "/carriers",
    "accepted": "/carriers/receipts/{accepted}?arrived=before",
    "received": "/carriers/receipts/{received}?arrived=now",
    "refused": "/carriers/receipts/{refused}",
    "held receipt": "/carriers/receipts/{held}",
    "withdraw": "/carriers/receipts/{accepted}/withdraw",
    "quality": "/carriers/quality",
    "keys": "/carriers/keys",
}
HEADQUARTERS_PAGES = {
    "hq": "/hq",
    "held": "/hq/held",
    "held one": "/hq/held/{held}",
    "audit": "/hq/audit",
    "receipt": "/carriers/receipts/{held}",
}
PAGES = [
    *(pytest.param("carrier_a", path, id=name) for name, path in CARRIER_PAGES.items()),
    *(pytest.param("headquarters", path, id=f"headquarters {name}") for name, path in HEADQUARTERS_PAGES.items()),
]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation"))
    now = datetime.now(UTC)
    made.ids = deliver(made.database, now)
    with made.database.begin() as connection:
        audit.append(connection, actor="worker", action="counts-deleted", subject="upload:1", details={"n": 1}, now=now)
    made.start()
    yield made
    made.kill()
    made.database.close()


@pytest.fixture
def visit(chromium: Browser, installation: Installation) -> Iterator[Open]:
    with visiting(chromium, installation, "ru") as open_page:
        yield open_page


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS)
@pytest.mark.parametrize(("person", "path"), PAGES)
def test_axe_finds_nothing_serious(visit: Open, person: str, path: str, viewport: Any, scheme: str) -> None:
    page = visit(person, path, viewport=viewport, color_scheme=scheme)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    assert _serious_faults(page) == []


@pytest.mark.parametrize("theme", ["sunlight", "dark"])
def test_axe_finds_nothing_serious_in_a_theme_chosen_by_hand(visit: Open, theme: str) -> None:
    page = visit("carrier_a", "/carriers/receipts/{held}", viewport=DESKTOP)
    page.locator("#theme").select_option(theme)
    assert _serious_faults(page) == []
    page.goto("/carriers/quality")
    assert page.get_attribute("html", "data-theme") == theme
    assert _serious_faults(page) == []


@pytest.mark.parametrize("width", [320, 360, 768])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_nothing_is_wider_than_the_screen(visit: Open, installation: Installation, language: str, width: int) -> None:
    for person, paths in (("carrier_a", CARRIER_PAGES), ("headquarters", HEADQUARTERS_PAGES)):
        first, *more = paths.values()
        page = visit(person, first, language, viewport={"width": width, "height": 740})
        for path in (first, *more):
            page.goto(path.format(**installation.ids))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize(("person", "path"), PAGES)
def test_every_target_is_large_enough_for_a_thumb(visit: Open, person: str, path: str) -> None:
    assert visit(person, path, "kk").evaluate(SMALL_TARGETS) == []


def test_the_keyboard_reaches_the_file_then_the_check_then_the_sending(visit: Open) -> None:
    page = visit("carrier_a", "/carriers", viewport=DESKTOP)
    page.locator("h1").evaluate("heading => { heading.tabIndex = -1; heading.focus(); }")
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.task"))
    assert reached == ["file", "check", "send"]
    page.locator("#file").focus()
    with page.expect_file_chooser():
        page.keyboard.press("Space")


def test_a_plot_has_a_table_of_the_same_days(visit: Open) -> None:
    page = visit("carrier_a", "/carriers/quality", "en")
    for plot in page.locator("section:has(svg.plot)").all():
        assert plot.locator("svg rect, svg .plot__nothing").count() == plot.locator("tbody tr").count() == 14
    assert page.locator("[style]").count() == 0


def test_a_key_is_made_once_and_revoked_after_a_question(visit: Open) -> None:
    page = visit("carrier_a", "/carriers/keys", "en")
    page.click("text=Make a key")
    text = page.locator(".notice--success code").inner_text()
    assert text.count(".") == 1
    page.goto("/carriers/keys?lang=en")
    assert text.partition(".")[2] not in page.content()
    page.click("a:has-text('Revoke')")
    expect(page.locator("h1")).to_have_text(f"Revoke the key {text.partition('.')[0]}?")
    page.click("text=Revoke this key")
    expect(page.locator("caption")).to_contain_text("no longer open")


def test_a_dry_run_prints_without_the_ways_around_it(visit: Open) -> None:
    page = visit("carrier_a", "/carriers/quality")
    page.emulate_media(media="print")
    for hidden in (".site-header", ".tabs", ".site-footer"):
        expect(page.locator(hidden)).to_be_hidden()
