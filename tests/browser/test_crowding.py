"""What people see of crowding in a real browser: the card, its usual week, marks of the list, at 360 pixels."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Open

PAGES = ("/venues/v0001?lang=en", "/venues/v0001?lang=ru", "/venues/v0001?lang=kk")


def test_the_sheets_card_says_how_full_how_sure_and_whose_crowd(visit: Open) -> None:
    seen = visit(viewport=DESKTOP)
    page = seen.go()
    page.locator(".venue-row__name").first.click()
    answer = page.locator("#panel .venue-card__answer")
    expect(answer.locator(".answer__sure")).to_contain_text("How sure")
    said = answer.inner_text()
    order = ["How sure", "20:45", "Between 40 and 75", "The thick line", "inside this place", "Busier than usual"]
    assert [said.index(words) for words in order] == sorted(said.index(words) for words in order)
    expect(answer.get_by_role("link", name="Кафе «Асем» № 12")).to_have_attribute("href", "/venues/v0012")
    assert seen.complaints == []


def test_the_sheets_card_offers_less_crowded_places_with_how_sure_that_is(visit: Open) -> None:
    seen = visit()
    page = seen.go()
    page.locator("#sheet-grip").evaluate("grip => grip.click()")
    page.locator(".venue-row__name").first.evaluate("link => link.click()")
    part = page.locator("#panel .venue-card__part", has_text="Less crowded nearby")
    expect(part.get_by_role("link", name="Кафе «Асем» № 12")).to_have_attribute("href", "/venues/v0012")
    row = part.locator(".venue-row").inner_text().splitlines()
    assert [line for line in row if line.strip()] == [
        "Кафе «Асем» № 12",
        "350 m",
        "Mostly empty",
        "How sure: very likely.",
    ]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert seen.complaints == []


def test_the_usual_week_is_fetched_when_it_is_unfolded_and_stays_open(visit: Open) -> None:
    seen = visit(viewport=DESKTOP)
    page = seen.go()
    page.locator(".venue-row__name").first.click()
    summary = page.locator("#panel summary")
    expect(summary).to_be_visible()
    assert not [path for path in seen.fake.asked if path.endswith("/usual")]
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel .usual-days__day")).to_have_count(6)
    expect(page.locator("#panel .usual__bar--now")).to_have_count(1)
    expect(page.locator("#panel figcaption")).to_contain_text("most people from 18:00 to 22:00")
    seen.slide_to(40)
    page.wait_for_timeout(600)
    expect(page.locator("#panel .usual__bar--now")).to_be_visible()
    assert len([path for path in seen.fake.asked if path.endswith("/usual")]) == 1
    assert seen.complaints == []


def test_a_usual_week_that_does_not_come_says_so(visit: Open) -> None:
    seen = visit(viewport=DESKTOP)
    page = seen.go()
    page.locator(".venue-row__name").nth(2).click()
    expect(page.locator("#panel summary")).to_be_visible()
    seen.fake.refused.add("/api/v1/venues/")
    page.locator("#panel summary").click()
    expect(page.locator("#panel details")).to_contain_text("could not be fetched")


def test_the_ground_unfolds_its_usual_week_too(visit: Open) -> None:
    seen = visit()
    page = seen.go()
    page.get_by_label("Find a venue by name").evaluate(
        "field => { field.value = 'zzzz'; field.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(100)
    page.touchscreen.tap(150, 480)
    page.locator(".hexagon-info summary").click()
    expect(page.locator(".hexagon-info .usual__bar--now")).to_have_count(1)
    assert any("/api/v1/map/areas/area/9/usual/" in path for path in seen.fake.asked)


def test_the_list_marks_what_is_unusual_now_and_only_now(visit: Open) -> None:
    seen = visit(viewport=DESKTOP)
    page = seen.go()
    page.get_by_label("Find a venue by name").fill("№ 7")
    expect(page.locator(".venue-row .unusual--quieter").first).to_have_text("quieter than usual")
    seen.slide_to(10)
    expect(page.locator(".venue-row .unusual")).to_have_count(0)
    expect(page.locator(".venue-row").first).to_be_visible()


@pytest.mark.parametrize("theme", ["", "dark", "sunlight"])
@pytest.mark.parametrize("path", PAGES)
def test_the_page_fits_a_phone_with_everything_unfolded(visit: Open, path: str, theme: str) -> None:
    seen = visit()
    page = seen.go(path, ready=None)
    page.evaluate("theme => { if (theme) document.documentElement.dataset.theme = theme; }", theme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    colours = page.evaluate(
        "['.usual__bar', '.usual__bar--now'].map(one => getComputedStyle(document.querySelector(one)).fill)"
    )
    assert len(set(colours)) == 2
    assert seen.complaints == []


def test_the_table_of_hours_scrolls_by_keyboard_within_itself(visit: Open) -> None:
    page = visit().go(PAGES[0], ready=None)
    page.locator("summary", has_text="The same as a table").first.click()
    region = page.get_by_role("region", name="The usual week").last
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert region.evaluate("one => one.scrollLeft") > 0
    assert region.locator("th[scope=row]").count() == 24
