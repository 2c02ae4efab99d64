"""The usual week: in people for who may see them, in four steps for everybody else, never of too few weeks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.usual_weeks import UsualHexagon, UsualVenueWeek, replace_venue_weeks, save_picture
from store.venues import upsert_venues
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import AREA, World, draft
from webapp.wording.usual import hexagon_usual, venue_usual

MakeBrowser = Callable[[str], Browser]
UNKNOWN = (None,) * 168
FRIDAY_20 = 4 * 24 + 20  # when the tests' clock stands, on the clocks of Almaty
LANGUAGES = ("en", "ru", "kk")


def evenings(peak: float = 400, quiet: float = 40) -> tuple[float | None, ...]:
    """Return a week: full from 19 to 22 o'clock, quiet by day, closed and not known at night."""
    hours = [None if hour % 24 < 7 else peak if 19 <= hour % 24 < 22 else quiet for hour in range(168)]
    return tuple(hours)


def week(people: Sequence[float | None] = evenings(), weeks: int = 4) -> UsualVenueWeek:
    return UsualVenueWeek("v", weeks, tuple(people), evenings(3000, 1000))


@pytest.fixture
def keep(world: World, clock: Clock) -> Callable[..., None]:
    """Keep the usual week of venue A."""

    def save(people: Sequence[float | None] = evenings(), weeks: int = 4) -> None:
        row = UsualVenueWeek(world.venue_ids["A"], weeks, tuple(people), evenings(3000, 1000))
        with world.database.begin() as connection:
            replace_venue_weeks(connection, [row], clock.now)

    return save


def test_who_may_see_numbers_is_told_people(app: Flask, clock: Clock) -> None:
    with app.test_request_context("/?lang=en"):
        view = venue_usual(week(), "numbers", clock.now, 520)
    assert (view.of, view.unit, view.weeks, view.now_hour) == ("venue", "people", 4, 20)
    assert view.now_words == "Now about 520 people; at this hour usually about 400 people."
    assert view.today is not None
    assert view.today.words == "Friday: most people from 19:00 to 22:00 (about 400 people)."
    assert [hour.value for hour in view.today.hours[6:8]] == [None, 40]
    assert view.now_height == 100.0
    assert max(hour.height for hour in view.today.hours) < 100.0


def test_everybody_else_is_told_steps_of_the_busiest_hour_and_no_number(app: Flask, clock: Clock) -> None:
    for language in LANGUAGES:
        with app.test_request_context(f"/?lang={language}"):
            view = venue_usual(week(evenings(4711, 471)), "public", clock.now, 4999)
        assert view.unit == "relative"
        assert {hour.value for day in view.days for hour in day.hours} == {None}
        assert {hour.height for day in view.days for hour in day.hours} == {0.0, 25.0, 100.0}
        assert not re.search(r"471|499", repr(view))
        assert view.now_height is None


def test_a_venue_that_cannot_be_told_apart_shows_the_ground_around_without_numbers(app: Flask, clock: Clock) -> None:
    with app.test_request_context("/?lang=en"):
        view = venue_usual(week(UNKNOWN), "numbers", clock.now, None)
    assert (view.of, view.unit) == ("ground", "relative")
    assert "homes and streets included" in view.note_words
    assert "3000" not in repr(view)


@pytest.mark.parametrize("found", [None, week(weeks=1), UsualVenueWeek("v", 4, UNKNOWN, UNKNOWN)])
def test_without_enough_weeks_it_says_what_will_bring_them(
    app: Flask, clock: Clock, found: UsualVenueWeek | None
) -> None:
    for language in LANGUAGES:
        with app.test_request_context(f"/?lang={language}"):
            view = venue_usual(found, "numbers", clock.now, 100)
        assert view.days == []
        assert "2" in (view.none_words or "")


def test_a_day_of_which_nothing_is_known_says_so(app: Flask, clock: Clock) -> None:
    people = (*evenings()[: 6 * 24], *UNKNOWN[:24])
    with app.test_request_context("/?lang=en"):
        view = venue_usual(week(people), "public", clock.now, None)
    assert view.days[6].words == "Sunday: not known."


def test_a_hexagon_is_told_in_steps_and_numbers_only_where_none_was_hidden(app: Flask, clock: Clock) -> None:
    codes = bytes([20] * 24 + [60] * 144)  # few people, then a crowd
    with app.test_request_context("/?lang=en"):
        public = hexagon_usual(UsualHexagon(codes, 4), "public", clock.now)
        group = hexagon_usual(UsualHexagon(codes, 4), "numbers", clock.now)
        assert hexagon_usual(UsualHexagon(codes, 1), "numbers", clock.now).days == []
        assert hexagon_usual(UsualHexagon(bytes(168), 4), "numbers", clock.now).days == []
    assert {hour.value for day in public.days for hour in day.hours} == {None}
    assert {hour.value for hour in group.days[0].hours} == {None}
    assert group.days[1].hours[0].value
    assert group.days[0].words == "Monday: all day few people."


def test_the_page_draws_the_week_and_marks_the_hour(browser: MakeBrowser, world: World, keep: Any) -> None:
    keep()
    page = browser("owner_a").get(f"/venues/{world.venue_ids['A']}").get_data(as_text=True)
    assert page.count("usual__bar--now") == 1
    assert page.count('<svg class="usual usual--small"') == 7
    assert "about 400 people" in page
    assert "style=" not in page
    public = browser("anonymous").get(f"/venues/{world.venue_ids['A']}").get_data(as_text=True)
    assert "about 400 people" not in public
    assert "Friday: most people from 19:00 to 22:00." in public


def test_the_page_of_a_new_installation_teaches(client: FlaskClient, world: World) -> None:
    page = client.get(f"/venues/{world.venue_ids['A']}").get_data(as_text=True)
    assert "Not enough weeks yet" in page
    assert '<svg class="usual' not in page


def test_the_interface_gives_people_to_the_owner_and_steps_to_others(
    browser: MakeBrowser, world: World, keep: Any
) -> None:
    keep()
    address = f"/api/v1/venues/{world.venue_ids['A']}/usual"
    units = {who: browser(who).get(address).get_json()["unit"] for who in ("anonymous", "owner_a", "owner_b", "group")}
    assert units == {"anonymous": "relative", "owner_a": "people", "owner_b": "relative", "group": "people"}
    assert browser("anonymous").get("/api/v1/venues/none/usual").status_code == 404


def test_a_sensitive_venue_has_no_usual_week_for_the_public(browser: MakeBrowser, world: World, clock: Clock) -> None:
    with world.database.begin() as connection:
        upsert_venues(connection, [draft("A", masked=True)], clock.now)
    address = f"/api/v1/venues/{world.venue_ids['A']}/usual"
    assert browser("anonymous").get(address).status_code == 404
    assert browser("owner_a").get(address).status_code == 200


def test_hexagons_of_a_layer_are_for_those_who_see_it(browser: MakeBrowser, world: World, clock: Clock) -> None:
    address = f"/api/v1/map/areas/{AREA}"
    assert browser("anonymous").get(f"{address}/8/usual/0").get_json()["days"] == []
    with world.database.begin() as connection:
        for resolution in (8, 9):
            save_picture(connection, AREA, resolution, bytes([40, 60]) * 168, 4, clock.now)
    assert len(browser("anonymous").get(f"{address}/8/usual/1").get_json()["days"]) == 7
    assert browser("anonymous").get(f"{address}/8/usual/2").status_code == 404
    assert browser("anonymous").get(f"{address}/9/usual/0").status_code == 404
    assert browser("group").get(f"{address}/9/usual/0").get_json()["unit"] == "people_per_km2"
