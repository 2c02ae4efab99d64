"""What a person sees and hears while a file is on its way: on a small screen, by keyboard, with a screen reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.installation import Installation, counts, large
from tests.browser.test_upload import UPLOADS, choose, send, slowly

SMALL = {"width": 360, "height": 740}
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
# Both colours of an element as red, green, blue (0..1), painted: browsers name them in several spaces.
COLOURS = """(element) => {
  const style = getComputedStyle(element);
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  return [style.color, style.backgroundColor].map((colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data).slice(0, 3).map((one) => one / 255);
  });
}"""
WATCH = """() => {
  window.heard = [];
  new MutationObserver((seen) => {
    for (const one of seen) {
      const node = one.target.nodeType === 1 ? one.target : one.target.parentElement;
      if (node.closest("[role=alert],[role=status],[aria-live]")) window.heard.push(node.textContent);
    }
  }).observe(document.querySelector("[data-upload]"), { subtree: true, childList: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation"))
    made.start()
    yield made
    made.kill()
    made.database.close()


@pytest.fixture
def page(chromium: Browser, installation: Installation) -> Iterator[Page]:
    context = installation.context(chromium, "carrier_a", viewport=SMALL)
    opened = context.new_page()
    opened.goto("/carriers?lang=en")
    yield opened
    context.close()


def contrast(element: Locator) -> float:
    """Return the contrast of an element's text with its own background (WCAG)."""

    def luminance(colour: list[float]) -> float:
        linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(luminance(one) for one in element.evaluate(COLOURS))
    return (light + 0.05) / (dark + 0.05)


def test_on_a_small_screen_the_way_of_the_file_comes_into_sight(page: Page) -> None:
    slowly(page)
    choose(page, large(24), "large.bin")
    send(page)
    expect(page.locator("[data-progress]")).to_be_focused()
    expect(page.locator("progress")).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-cancel]")).to_be_in_viewport(ratio=1)
    assert page.locator("[data-task=send]").is_disabled()
    assert contrast(page.locator("[data-task=send]")) >= LEAST_CONTRAST
    numbers = page.locator("[data-numbers]")
    expect(numbers).to_have_text(re.compile(r"\d+ %, .* of 24 MB, about \d+ s left"), timeout=15_000)
    page.click("[data-cancel]")
    expect(page.locator("[data-ending-words]")).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-retry]")).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-retry]")).to_be_focused()


def test_a_countdown_is_seen_and_not_read_out(page: Page) -> None:
    page.route(UPLOADS, lambda route: route.fulfill(status=503, headers={"Retry-After": "20"}))
    choose(page, counts(first=101))
    page.evaluate(WATCH)
    send(page)
    more = page.locator("[data-ending-more]")
    expect(more).to_have_text(re.compile(r"by itself in 1\d s"))
    first = more.text_content()
    heard = page.evaluate("window.heard.length")
    expect(more).not_to_have_text(first or "", timeout=5_000)
    expect(more).to_be_in_viewport()
    assert page.evaluate("window.heard.length") == heard
    assert page.locator("[role=alert]:visible").all_text_contents() == ["The server is busy. Nothing was kept yet."]
    expect(page.locator("[data-announce]")).to_have_text("It is sent again by itself.")


def test_an_empty_file_is_named_in_plain_words_without_a_script(
    chromium: Browser, installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "night.csv").write_bytes(b"")
    context = installation.context(chromium, "carrier_a", viewport=SMALL, java_script_enabled=False)
    page = context.new_page()
    for task in ("send", "check"):
        page.goto("/carriers?lang=en")
        page.set_input_files("#file", tmp_path / "night.csv")
        page.click(f"[data-task={task}]")
        said = page.locator(".error-summary").inner_text()
        assert "The file night.csv is empty (0 bytes)." in said
        assert "curl" not in said
    context.close()
