"""The map in a real browser: hexagons, slider, venues, sheet and list, on a made-up city."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.city import BIN_COUNT, City
from tests.browser.conftest import DESKTOP, Open, bin_clock

Count = Callable[[bytes], dict[tuple[int, ...], int]]
NO_WEBGL = """const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : real.call(this, kind, ...rest);
};"""
NO_CANVAS = "HTMLCanvasElement.prototype.getContext = () => null;"
LAND = (244, 243, 238)
STEPS = ((224, 206, 248), (181, 143, 231), (133, 78, 206), (77, 27, 140))
OPACITY = 0.78


def _over_land(colour: tuple[int, int, int]) -> tuple[int, ...]:
    return tuple(round(part * OPACITY + ground * (1 - OPACITY)) for part, ground in zip(colour, LAND, strict=True))


def _near(counts: dict[tuple[int, ...], int], colour: tuple[int, ...]) -> int:
    return sum(n for seen, n in counts.items() if max(abs(a - b) for a, b in zip(seen, colour, strict=True)) <= 3)


def _map_picture(page: Page) -> bytes:
    """Take a picture of the map alone: hexagons over the ground, without venues and buttons."""
    for pane in ("venues", "names", "streets"):
        page.eval_on_selector(f".leaflet-{pane}-pane", "pane => { pane.style.display = 'none'; }")
    page.wait_for_timeout(200)
    return page.screenshot(clip={"x": 0, "y": 60, "width": 290, "height": 420})


def test_hexagons_are_drawn_in_all_four_steps(visit: Open, pixels: Count) -> None:
    page = visit().go()
    assert page.get_attribute(".canvas-overlay[data-painter]", "data-painter") == "webgl2"
    counts = pixels(_map_picture(page))
    shares = [_near(counts, _over_land(step)) for step in STEPS]
    assert min(shares) > 500, shares


def test_without_webgl_the_canvas_shows_the_same_picture(visit: Open, pixels: Count) -> None:
    drawn = []
    for script in ("", NO_WEBGL):
        seen = visit()
        seen.page.add_init_script(script)
        page = seen.go()
        drawn.append((page.get_attribute("[data-painter]", "data-painter"), pixels(_map_picture(page))))
        assert seen.complaints == []
    assert [kind for kind, _ in drawn] == ["webgl2", "canvas"]
    for step in STEPS:
        gl, canvas = (_near(counts, _over_land(step)) for _, counts in drawn)
        assert abs(gl - canvas) < 0.05 * gl + 200, step


def test_without_any_canvas_the_list_is_the_page(visit: Open) -> None:
    seen = visit()
    seen.page.add_init_script(NO_CANVAS)
    page = seen.go()
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator(".venue-row").first).to_be_visible()
    expect(page.locator("#time-slider")).to_be_visible()


def test_without_javascript_the_list_is_complete(visit: Open) -> None:
    page = visit(java_script_enabled=False).go(ready=None)
    assert page.locator(".venue-row").count() == 50
    expect(page.locator(".venue-row .crowding").last).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_be_visible()
    expect(page.get_by_role("button", name="Find")).to_be_visible()
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator("#time-bar")).to_be_hidden()


def test_when_the_map_data_fail_the_servers_list_stays(visit: Open) -> None:
    seen = visit()
    seen.fake.refused.add("/api/v1/map/manifest")
    page = seen.go(ready=None)
    page.wait_for_selector(".map-page--list-only")
    assert page.locator(".venue-row").count() == 50
    expect(page.get_by_role("link", name="Next")).to_be_visible()


def test_a_slider_step_changes_the_picture_without_a_request(visit: Open, pixels: Count) -> None:
    seen = visit()
    page = seen.go()
    asked = len(seen.fake.asked)
    pictures = []
    for index in (BIN_COUNT - 1, BIN_COUNT - 40, 10):
        seen.slide_to(index)
        pictures.append(_near(pixels(_map_picture(page)), _over_land(STEPS[3])))
        expect(page.locator("#time-clock")).to_have_text(bin_clock(seen.fake.city, index))
    assert len(set(pictures)) == 3, pictures
    assert seen.fake.asked[asked:] == []


def test_the_slider_says_clock_and_age_and_obeys_the_keyboard(visit: Open) -> None:
    seen = visit()
    page = seen.go()
    slider = page.locator("#time-slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#time-clock")).to_have_text(bin_clock(seen.fake.city, 0))
    assert re.fullmatch(
        r"\d\d:\d\d, 2[34] hours ago|\d\d:\d\d, 1 day ago", slider.get_attribute("aria-valuetext") or ""
    )
    page.get_by_role("button", name="Now").click()
    expect(page.locator("#time-clock")).to_have_text(bin_clock(seen.fake.city, BIN_COUNT - 1))
    expect(page.get_by_role("button", name="Now")).to_be_disabled()


def test_without_the_window_each_step_is_fetched_when_it_is_moved_to(visit: Open) -> None:
    seen = visit()
    seen.fake.refused.add("/api/v1/map/window")
    page = seen.go()
    asked = len(seen.fake.asked)
    seen.slide_to(5)
    expect(page.locator("#time-clock")).to_have_text(bin_clock(seen.fake.city, 5))
    assert len(seen.fake.asked[asked:]) == 2


def test_the_list_sorts_anew_as_the_slider_moves(visit: Open) -> None:
    seen = visit(viewport=DESKTOP)
    page = seen.go()
    before = page.locator(".venue-row__name").all_text_contents()
    expect(page.locator(".venue-row").first).to_contain_text("Full or nearly full")
    seen.slide_to(8 * 4)  # half past four at night: most are closed
    expect(page.locator(".venue-row__name").first).not_to_have_text(before[0])
    assert page.locator(".venue-row__name").count() == 30


def test_more_rows_come_when_asked_for(visit: Open) -> None:
    page = visit(viewport=DESKTOP).go()
    page.get_by_role("button", name="Show more").click()
    assert page.locator(".venue-row").count() == 60
    assert page.evaluate("document.activeElement.matches('.venue-row:nth-child(31) a')")


def test_a_search_is_folded_and_narrows_list_and_map(visit: Open) -> None:
    page = visit(viewport=DESKTOP).go()
    page.get_by_label("Find a venue by name").fill("асем № 123")
    expect(page.locator("#venue-count")).to_have_text("11 venues")
    page.get_by_label("Find a venue by name").fill("АСЕM № 1234")
    expect(page.locator("#venue-count")).to_have_text("1 venue")
    page.get_by_label("Find a venue by name").fill("nothing like it")
    expect(page.locator("#venue-count")).to_contain_text("No venue has such a name")


def test_nearest_uses_the_position_and_sends_it_nowhere(visit: Open) -> None:
    seen = visit(viewport=DESKTOP, geolocation={"longitude": 76.91, "latitude": 43.225}, permissions=["geolocation"])
    page = seen.go()
    asked = len(seen.fake.asked)
    page.get_by_role("link", name="Nearest").click()
    expect(page.locator("#list-notice")).to_contain_text("stays on this device")
    expect(page.locator(".venue-row__meta").first).to_contain_text(" m")
    assert seen.fake.asked[asked:] == []


def test_the_list_always_says_where_its_distances_are_from(visit: Open) -> None:
    page = visit(viewport=DESKTOP).go()
    expect(page.locator("#list-notice")).to_have_text("Distances are from the middle of the map.")
    page.get_by_role("link", name="Nearest").click()
    expect(page.locator("#list-notice")).to_contain_text("does not let this page know where you are")
    expect(page.locator("#list-notice")).to_contain_text("Distances are from the middle of the map.")
    first = page.locator(".venue-row").first
    before = first.text_content()
    _drag(page, 900, 600, 600, 300)
    expect(first).not_to_have_text(before or "")  # the middle has moved, and the nearest with it


def test_the_answer_says_of_how_many_venues_the_open_ones_are(visit: Open) -> None:
    seen = visit()
    page = seen.go()
    evening = _open_and_all(page)
    seen.slide_to(8 * 4)  # half past four at night
    night = _open_and_all(page)
    assert evening[1] == night[1] > 0
    assert night[0] < evening[0]


@pytest.mark.parametrize(
    ("language", "words", "close"),
    [
        ("en", "does not let this page know where you are", "Close"),
        ("ru", "не сообщает этой странице, где вы", "Закрыть"),
        ("kk", "қайда екеніңізді айтпайды", "Жабу"),
    ],
)
def test_a_refused_position_is_said_with_what_to_do(visit: Open, language: str, words: str, close: str) -> None:
    page = visit().go(f"/?lang={language}")
    notice = page.get_by_role("status").and_(page.locator("#map-notice"))
    expect(notice).to_have_text("")
    page.locator("#locate").click()
    expect(notice).to_contain_text(words)
    expect(notice).to_be_in_viewport(ratio=1)
    expect(page.locator("#list-notice")).not_to_contain_text(words)  # said once
    closing = notice.get_by_role("button", name=close)
    assert closing.evaluate("button => button.scrollWidth <= button.clientWidth")
    closing.click()
    expect(notice).to_have_text("")


def test_what_the_colours_mean_is_shown_without_moving_the_page(visit: Open) -> None:
    page = visit().go()
    page.get_by_role("button", name="What the colours mean").click()
    expect(page.locator("#legend summary")).to_be_in_viewport(ratio=1)
    expect(page.locator("#legend summary")).to_be_focused()
    moved = "[...document.querySelectorAll('html, body, .content, #map-page, #sheet')].map((one) => one.scrollTop)"
    assert set(page.evaluate(moved)) == {0}


def test_a_position_outside_the_map_is_said_and_the_map_stays(visit: Open) -> None:
    page = visit(geolocation={"longitude": 13.4, "latitude": 52.5}, permissions=["geolocation"]).go()
    place = "document.querySelector('.leaflet-map-pane').style.transform"
    before = page.evaluate(place)
    page.get_by_role("button", name="Where I am").click()
    expect(page.locator("#map-notice")).to_contain_text("outside the area of this map")
    assert page.evaluate(place) == before


def test_a_row_opens_the_card_and_back_returns_to_it(visit: Open) -> None:
    seen = visit(viewport=DESKTOP)
    page = seen.go()
    name = page.locator(".venue-row__name").first.text_content() or ""
    page.locator(".venue-row__name").first.click()
    expect(page.locator("#panel h2")).to_have_text(name)
    expect(page.locator("#panel .interval")).to_be_visible()
    assert any(target.startswith("/api/v1/venues/v") and "at=" in target for target in seen.fake.asked)
    page.go_back()
    expect(page.locator("#panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('.venue-row:first-child a')")


def test_a_tap_on_a_marker_opens_its_card_in_the_full_sheet(visit: Open, city: City) -> None:
    venue = city.venues[77]
    here = {"longitude": venue["longitude"], "latitude": venue["latitude"]}
    page = visit(geolocation=here, permissions=["geolocation"]).go()
    page.get_by_role("button", name="Where I am").click()
    page.wait_for_timeout(500)
    for _ in range(3):
        page.get_by_role("button", name="Closer").click()
        page.wait_for_timeout(300)
    page.touchscreen.tap(*_middle_of_the_map(page))
    expect(page.locator("#panel .venue-card h2")).to_have_text(venue["name"]["ru"])
    assert page.get_attribute("#sheet", "data-height") == "full"
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_have_attribute("data-height", "half")


def test_a_tap_on_the_ground_says_its_step_and_range(visit: Open) -> None:
    seen = visit()
    page = seen.go()
    page.get_by_label("Find a venue by name").evaluate(
        "field => { field.value = 'zzzz'; field.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(100)
    page.touchscreen.tap(150, 480)
    expect(page.locator(".hexagon-info h2")).to_be_visible()
    expect(page.locator(".hexagon-info__range")).to_contain_text("Most likely between")
    assert page.locator(".hexagon-choice").count() == 1
    said = page.locator(".hexagon-info .density").text_content()
    others = set()
    for index in range(0, BIN_COUNT, 12):
        seen.slide_to(index)
        others.add(page.locator(".hexagon-info .density").text_content())
    assert others - {said}


def test_hidden_and_missing_ground_say_so(visit: Open) -> None:
    page = visit().go()
    page.get_by_label("Find a venue by name").evaluate(
        "field => { field.value = 'zzzz'; field.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(100)
    page.touchscreen.tap(3, 60)
    expect(page.locator(".hexagon-info")).to_contain_text("No mobile operator has sent numbers")
    page.keyboard.press("Escape")
    page.touchscreen.tap(153, 133)
    expect(page.locator(".hexagon-info")).to_contain_text("kept hidden")


def test_sheet_and_map_do_not_fight_for_a_gesture(visit: Open) -> None:
    page = visit().go()
    place = "document.querySelector('.leaflet-map-pane').style.transform"
    before = page.evaluate(place)
    _drag(page, 180, 560, 180, 300)
    assert page.get_attribute("#sheet", "data-height") in {"half", "full"}
    assert page.evaluate(place) == before
    page.locator("#sheet-body").evaluate("body => body.scrollTo(0, 200)")
    assert page.get_attribute("#sheet", "data-height") in {"half", "full"}
    height = page.get_attribute("#sheet", "data-height")
    _drag(page, 100, 150, 160, 220)
    assert page.evaluate(place) != before
    assert page.get_attribute("#sheet", "data-height") == height


def test_the_sheet_has_three_heights_by_tap_and_by_key(visit: Open) -> None:
    page = visit().go()
    grip = page.locator("#sheet-grip")
    heights = [page.get_attribute("#sheet", "data-height")]
    for _ in range(3):
        grip.click()
        heights.append(page.get_attribute("#sheet", "data-height"))
    assert heights == ["peek", "half", "full", "peek"]
    grip.focus()
    page.keyboard.press("ArrowUp")
    assert page.get_attribute("#sheet", "data-height") == "half"
    expect(page.locator("#venue-search")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#venue-search")).to_be_hidden()


def _open_and_all(page: Page) -> tuple[int, int]:
    expect(page.locator("#answer")).to_contain_text("open")
    found = re.search(r"([\d,]+) of ([\d,]+) venues here are open", page.locator("#answer").text_content() or "")
    assert found
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


def _middle_of_the_map(page: Page) -> tuple[float, float]:
    box = page.locator("#map").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _drag(page: Page, x0: int, y0: int, x1: int, y1: int) -> None:
    page.mouse.move(x0, y0)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8)
        page.wait_for_timeout(30)
    page.wait_for_timeout(120)
    page.mouse.up()
    page.wait_for_timeout(400)
