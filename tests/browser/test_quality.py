"""What must hold on every screen: no complaint of the browser, no serious accessibility fault, a light first view."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.pages import ROOT

AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
FIRST_VIEW_BYTES = 200_000
SCREENS = [
    pytest.param(PHONE, "light", id="phone-light"),
    pytest.param(PHONE, "dark", id="phone-dark"),
    pytest.param(DESKTOP, "light", id="desktop-light"),
    pytest.param(DESKTOP, "dark", id="desktop-dark"),
]


def _serious_faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{fault['id']}: {node['html']} {node.get('failureSummary', '')}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS)
def test_axe_finds_nothing_serious_on_the_map(visit: Open, viewport: Any, scheme: str) -> None:
    seen = visit(viewport=viewport, color_scheme=scheme)
    page = seen.go()
    assert _serious_faults(page) == []
    page.locator("#sheet-grip").evaluate("grip => grip.click()")
    page.locator("#legend").evaluate("legend => { legend.open = true; }")
    page.wait_for_timeout(300)
    assert _serious_faults(page) == []
    page.locator(".venue-row__name").first.click()
    page.wait_for_selector(".venue-card")
    assert _serious_faults(page) == []
    assert seen.complaints == []


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS)
def test_axe_finds_nothing_serious_on_a_venues_page(visit: Open, viewport: Any, scheme: str) -> None:
    seen = visit(viewport=viewport, color_scheme=scheme)
    page = seen.go("/venues/v0007", ready=None)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    assert _serious_faults(page) == []
    assert seen.complaints == []


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_no_language_makes_the_browser_complain_or_shows_a_key(visit: Open, language: str) -> None:
    seen = visit()
    page = seen.go(f"/?lang={language}")
    seen.slide_to(20)
    page.locator("#sheet-grip").click()
    page.locator(".venue-row__name").first.click()
    page.wait_for_selector(".venue-card")
    text = page.locator("body").inner_text()
    keys = page.evaluate("Object.keys(JSON.parse(document.querySelector('#oryn-client').textContent).strings)")
    assert [key for key in keys if key in text] == []
    assert "{" not in text
    assert seen.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark", "sunlight"])
def test_a_theme_chosen_by_hand_is_remembered(visit: Open, theme: str) -> None:
    seen = visit(viewport=DESKTOP, color_scheme="dark" if theme == "light" else "light")
    page = seen.go()
    page.locator("#theme").select_option(theme)
    surface = page.evaluate("getComputedStyle(document.body).getPropertyValue('--text')")
    seen.go()
    assert page.get_attribute("html", "data-theme") == theme
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--text')") == surface
    assert _serious_faults(page) == []


def test_the_first_view_is_light(visit: Open) -> None:
    seen = visit()
    sizes: dict[str, int] = {}
    session = seen.page.context.new_cdp_session(seen.page)
    addresses: dict[str, str] = {}
    session.send("Network.enable")
    session.on(
        "Network.responseReceived", lambda event: addresses.update({event["requestId"]: event["response"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({addresses.get(event["requestId"], "?"): int(event["encodedDataLength"])}),
    )
    seen.go()
    first = {url: size for url, size in sizes.items() if "/window/" not in url}
    assert any(url.endswith(".js") for url in first)
    assert sum(first.values()) < FIRST_VIEW_BYTES, first


def test_every_target_is_large_enough_for_a_thumb(visit: Open) -> None:
    page = visit().go()
    page.locator("#sheet-grip").click()
    page.wait_for_timeout(300)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input, select, summary")]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(".skip-link"))
          .map((element) => {
            const after = getComputedStyle(element, "::after");
            const box = element.getBoundingClientRect();
            const height = after.position === "absolute" ? Math.max(box.height, parseFloat(after.height)) : box.height;
            const width = after.position === "absolute" ? Math.max(box.width, parseFloat(after.width)) : box.width;
            return [element.outerHTML.slice(0, 80), Math.round(width), Math.round(height)];
          })
          .filter(([, width, height]) => width < 44 || height < 44)"""
    )
    assert small == []


@pytest.mark.parametrize("width", [320, 360, 640, 768])
def test_nothing_is_wider_than_the_screen(visit: Open, width: int) -> None:
    seen = visit(viewport={"width": width, "height": 400 if width == 640 else 740})
    for path, ready in (("/?lang=ru", "window"), ("/venues/v0007?lang=ru", None)):
        page = seen.go(path, ready=ready)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_can_be_reached_by_keyboard_and_the_list_comes_first(visit: Open) -> None:
    page = visit(viewport=DESKTOP).go()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "show-legend":
            break
    order = [reached.index(name) for name in ("venue-search", "venue-row__name", "time-slider", "map", "show-legend")]
    assert order == sorted(order)


def test_the_keyboard_alone_finds_out_what_is_in_the_middle_of_the_map(visit: Open) -> None:
    page = visit(viewport=DESKTOP).go()
    page.locator("#venue-search").fill("zzzz")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    expect(page.locator(".hexagon-info h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#map")).to_be_focused()


def test_reduced_motion_moves_nothing(visit: Open) -> None:
    page = visit(reduced_motion="reduce").go()
    assert page.evaluate("getComputedStyle(document.querySelector('#sheet')).transitionDuration") == "0s"
    assert not page.locator("#map").evaluate("map => map.classList.contains('leaflet-fade-anim')")
