"""The page and the card of a venue with the joint estimate's rows: first how full and how sure, then whose crowd."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from schemathesis import openapi
from schemathesis.specs.openapi.checks import response_schema_conformance

from store.crowding import save_crowding
from store.map_frames import frames_between, publish_frames
from store.usual_weeks import UsualVenueWeek, replace_venue_weeks
from store.venues import upsert_venues
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import BIN, HOUR, World, crowd, draft, picture

MakeBrowser = Callable[[str], Browser]
READERS = ("anonymous", "owner_a", "group", "headquarters")
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def told(world: World, clock: Clock) -> Callable[..., str]:
    """Give venue A rows of the joint estimate for the last three hours; return the address of its page."""

    def save(**changed: Any) -> str:
        venue, rival = world.venue_ids["A"], world.venue_ids["B"]
        plain = {
            "level": 3,
            "level_high": 3,
            "probability": 0.91,
            "kernel": 0.8,
            "attribution": "venue",
            "attribution_probability": 0.93,
            "neighbour_ids": (rival,),
            "unusual_z": 6.0,
            "after_hours": 0.9,
        }
        bins = [clock.now - BIN * back for back in range(12, 0, -1)]
        with world.database.begin() as connection:
            save_crowding(connection, bins, [crowd(venue, start, **(plain | changed)) for start in bins])
        return f"/venues/{venue}"

    return save


def text(one: Browser, path: str, language: str = "en") -> str:
    page = one.get(f"{path}?lang={language}").get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main")[1]))


@pytest.mark.parametrize("person", READERS)
def test_the_first_lines_say_how_full_and_how_sure(browser: MakeBrowser, told: Callable[..., str], person: str) -> None:
    first = text(browser(person), told()).split("Venue A")[1][:150]
    expected = {"anonymous": "Room to spare How sure: very likely."}
    assert expected.get(person, "Busy How sure: in at least 9 of 10 such cases.") in first


def test_numbers_are_for_the_owner_groups_and_headquarters(browser: MakeBrowser, told: Callable[..., str]) -> None:
    path = told()
    for person in READERS:
        page = browser(person).get(path).get_data(as_text=True)
        sees = person != "anonymous"
        assert ('class="interval"' in page) == sees
        assert ("4707" in page.replace(",", "") and "permitted now" in page) == sees
        assert "breach" not in page.lower()


@pytest.mark.parametrize("person", READERS)
def test_after_hours_is_for_groups_and_headquarters(
    browser: MakeBrowser, told: Callable[..., str], world: World, clock: Clock, person: str
) -> None:
    path = told(state="area_only", level=None, reason="crowding-reason-closed-now", is_open=False)
    registered(world, clock, opening_hours="Mo-Su off")
    card = browser(person).get(f"/api/v1{path}").get_json()["crowding"]
    assert ("not a finding" in text(browser(person), path)) == (person in {"group", "headquarters"})
    assert (card["after_hours_words"] is not None) == (person in {"group", "headquarters"})


@pytest.mark.parametrize(("language", "name"), [("en", "Venue B"), ("ru", "Ресторан B"), ("kk", "B мейрамханасы")])
def test_rivals_are_named_in_the_readers_language_and_linked(
    browser: MakeBrowser, told: Callable[..., str], world: World, language: str, name: str
) -> None:
    page = browser("group").get(f"{told()}?lang={language}").get_data(as_text=True)
    assert re.search(rf'<a class="rivals__link" href="/venues/{world.venue_ids["B"]}">{name}</a>', page)
    card = browser("anonymous").get(f"/api/v1{told()}?lang={language}").get_json()["crowding"]
    assert [one["name"] for one in card["neighbours"]] == [name]


@pytest.mark.parametrize("person", READERS)
def test_what_is_too_old_has_no_level_as_of_now_and_still_has_one_at_its_time(
    browser: MakeBrowser, told: Callable[..., str], clock: Clock, person: str
) -> None:
    path, then = told(), clock.now
    assert browser(person).get(f"/api/v1{path}").get_json()["crowding"]["code"].startswith("level")
    clock.now = then + 3 * HOUR
    card = browser(person).get(f"/api/v1{path}").get_json()
    assert (card["crowding"]["code"], card["crowding"]["low"], card["crowding"]["sure_words"]) == (
        "no-data",
        None,
        None,
    )
    assert card["crowding"]["neighbours"] == []
    assert "too old to say how full it is now" in text(browser(person), path)
    listed = browser(person).get("/api/v1/venues").get_json()["venues"]
    assert not [one for one in listed if one["crowding"]["code"].startswith(("level", "between"))]
    when = (then - 2 * HOUR).isoformat().replace("+", "%2B")
    assert browser(person).get(f"/api/v1{path}?at={when}").get_json()["crowding"]["code"].startswith("level")


def registered(world: World, clock: Clock, **changed: Any) -> None:
    """Change what the registry says of venue A."""
    with world.database.begin() as connection:
        upsert_venues(connection, [draft("A", **changed)], clock.now)


@pytest.mark.parametrize("person", READERS)
def test_who_is_closed_is_told_by_the_clock_and_not_by_counts_of_hours_ago(
    browser: MakeBrowser, told: Callable[..., str], world: World, clock: Clock, person: str
) -> None:
    """Local clock 20:30; open at its counts and closed since, then the other way round."""
    path = told()
    registered(world, clock, opening_hours="Mo-Su 08:00-20:20")
    card = browser(person).get(f"/api/v1{path}").get_json()["crowding"]
    assert (card["code"], card["low"], card["sure_words"], card["words"]) == ("closed", None, None, "Closed")
    [listed] = [one for one in browser(person).get("/api/v1/venues").get_json()["venues"] if one["name"] == "Venue A"]
    assert listed["crowding"]["code"] == "closed"
    path = told(state="area_only", level=None, level_high=None, reason="crowding-reason-closed-now", is_open=False)
    registered(world, clock, opening_hours="Mo-Su 20:25-23:00")
    shut(world, clock)
    card = browser(person).get(f"/api/v1{path}").get_json()["crowding"]
    assert (card["code"], card["reason_words"]) == (
        "no-data",
        "It was closed when the newest counts were made; the next ones will tell how full it is.",
    )
    when = (clock.now - HOUR * 2).isoformat().replace("+", "%2B")
    assert browser(person).get(f"/api/v1{path}?at={when}").get_json()["crowding"]["code"] == "closed"


def shut(world: World, clock: Clock) -> None:
    """Publish public pictures in which every venue is closed."""
    ids = list(world.venue_ids.values())
    with world.database.begin() as connection:
        publish_frames(
            connection,
            [
                picture("public", one.bin_start, one.bin_end, ids, 1) | {"venue_frame": bytes([2] * len(ids))}
                for one in frames_between(connection, "public", clock.now - HOUR * 5, clock.now)
            ],
        )


def test_the_card_offers_what_the_page_offers(browser: MakeBrowser, told: Callable[..., str]) -> None:
    path = told(level=4, level_high=4)
    for person in ("anonymous", "group"):
        card, page = browser(person).get(f"/api/v1{path}").get_json(), text(browser(person), path)
        assert card["nearby"] is not None
        for row in card["nearby"]["rows"]:
            assert row["name"] in page
            assert row["crowding"]["sure_words"] in page
        assert card["nearby"]["rows"] or card["nearby"]["none_words"] in page


def test_the_owners_own_page_names_rivals_and_says_how_sure(browser: MakeBrowser, told: Callable[..., str]) -> None:
    told()
    page = text(browser("owner_a"), "/my")
    assert "How sure: in at least 9 of 10 such cases." in page
    assert "Venue B" in page
    assert "not a finding" not in page


def test_a_sensitive_rival_is_not_named_to_the_public(
    browser: MakeBrowser, told: Callable[..., str], world: World, clock: Clock
) -> None:
    with world.database.begin() as connection:
        upsert_venues(connection, [draft("B", masked=True)], clock.now)
    path = told()
    assert browser("anonymous").get(f"/api/v1{path}").get_json()["crowding"]["neighbours"] == []
    assert "Venue B" not in text(browser("anonymous"), path)
    assert browser("group").get(f"/api/v1{path}").get_json()["crowding"]["neighbours"] != []


def test_the_public_hears_of_the_hour_not_of_its_last_quarter(
    browser: MakeBrowser, told: Callable[..., str], world: World, clock: Clock
) -> None:
    path = told(unusual_z=None)
    assert browser("anonymous").get(f"/api/v1{path}").get_json()["crowding"]["unusual"] is None
    with world.database.begin() as connection:
        newest = frames_between(connection, "public", clock.now - 3 * HOUR, clock.now - HOUR)[-1]
        last = newest.bin_end - BIN
        rows = [
            crowd(world.venue_ids["A"], start, kernel=0.8, unusual_z=0.0, unusual_most=1.0)
            for start in _quarters(newest.bin_start)
        ]
        save_crowding(connection, [one.time_bin_start for one in rows], rows)
        save_crowding(connection, [last], [crowd(world.venue_ids["A"], last, kernel=0.8, unusual_z=9.0)])
    assert browser("anonymous").get(f"/api/v1{path}").get_json()["crowding"]["unusual"] == "as-usual"


def test_the_manifest_names_what_is_unusual_now(browser: MakeBrowser, told: Callable[..., str], world: World) -> None:
    told(unusual_z=-6.0)
    for person in ("anonymous", "group"):
        unusual = browser(person).get("/api/v1/map/manifest").get_json()["unusual"]
        assert unusual == {world.venue_ids["A"]: "quieter"}
    told(unusual_z=0.5)
    assert browser("group").get("/api/v1/map/manifest").get_json()["unusual"] == {}
    told(unusual_z=6.0, is_open=False)
    assert browser("group").get("/api/v1/map/manifest").get_json()["unusual"] == {}


def test_a_less_crowded_place_is_offered_from_the_same_picture(
    browser: MakeBrowser, told: Callable[..., str], world: World, clock: Clock
) -> None:
    path = told()
    ids = [world.venue_ids[name] for name in "ABC"]
    with world.database.begin() as connection:
        pair = draft("A", category="mall_market"), draft("B", category="mall_market", longitude=76.931)
        upsert_venues(connection, pair, clock.now)
        end = clock.now.replace(minute=0) - HOUR
        row = picture("public", end - HOUR, end, ids, 7) | {"venue_frame": bytes([6, 3, 1])}
        publish_frames(connection, [row])
    page = text(browser("anonymous"), path)
    nearby = page.split("Less crowded nearby")[1].split("The usual week")[0]
    assert "Venue B" in nearby
    assert "80 m" in nearby
    assert "Mostly empty" in nearby


@pytest.mark.parametrize("person", READERS)
def test_the_days_drawing_ends_when_the_answer_above_it_was_seen(
    browser: MakeBrowser, told: Callable[..., str], person: str
) -> None:
    page = browser(person).get(told()).get_data(as_text=True)
    stated = re.search(r'<span class="age [^"]*">([^,]+),', page)
    ends = re.search(r'<p class="day__ends"[^>]*>\s*<span>([^<]+)</span><span>([^<]+)</span>', page)
    assert stated
    assert ends
    assert stated[1].split("–")[-1] == ends[2]
    assert ends[1] != ends[2]


@pytest.mark.parametrize(("person", "late"), [("anonymous", True), ("owner_a", False), ("group", False)])
def test_who_sees_late_averages_is_told_why(
    browser: MakeBrowser, told: Callable[..., str], person: str, late: bool
) -> None:
    one, path = browser(person), told()
    why = "Everybody sees averages of 60 minutes, 60 minutes late, so that no single person"
    assert (why in text(one, path)) == late
    assert (why in text(one, "/")) == (person != "group")
    shown = re.search(r'<span class="age (age--\w+)">([^<]+)<', one.get(path).get_data(as_text=True))
    assert shown
    assert (shown[1], "–" in shown[2]) == ("age--fresh", late)


def test_only_who_may_count_is_led_to_the_head_count(browser: MakeBrowser, told: Callable[..., str]) -> None:
    path = told()
    seen = {person: "Enter a head count" in text(browser(person), path) for person in READERS}
    assert seen == {"anonymous": False, "owner_a": False, "group": True, "headquarters": True}


@pytest.mark.parametrize("person", READERS)
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_rows_from_before_are_shown_as_they_were(
    browser: MakeBrowser, world: World, person: str, language: str
) -> None:
    response = browser(person).get(f"/venues/{world.venue_ids['A']}?lang={language}")
    assert response.status_code == 200
    assert "rivals__link" not in response.get_data(as_text=True)


@pytest.mark.parametrize("person", READERS)
def test_the_card_and_the_usual_week_answer_as_described(
    app: Flask, browser: MakeBrowser, told: Callable[..., str], world: World, clock: Clock, person: str
) -> None:
    told()
    hours = tuple(float(hour % 24) for hour in range(168))
    with world.database.begin() as connection:
        replace_venue_weeks(connection, [UsualVenueWeek(world.venue_ids["A"], 4, hours, hours)], clock.now)
    one, schema = browser(person), openapi.from_wsgi("/api/v1/openapi.json", app)
    for path in ("/api/v1/venues/{venue_id}", "/api/v1/venues/{venue_id}/usual", "/api/v1/map/manifest"):
        parameters = {"venue_id": world.venue_ids["A"]} if "{" in path else {}
        case = schema[path]["GET"].Case(path_parameters=parameters)
        case.validate_response(case.call(cookies=one.cookies(), headers=PLAIN), checks=[response_schema_conformance])


@pytest.mark.parametrize(("person", "most"), [("anonymous", 10), ("group", 14), ("owner_a", 14)])
def test_a_page_with_everything_asks_no_more_of_the_database(
    browser: MakeBrowser, told: Callable[..., str], at_most: Callable[[int], Any], person: str, most: int
) -> None:
    one, path = browser(person), told()
    with at_most(most):
        assert one.get(path).status_code == 200


def _quarters(hour: Any) -> list[Any]:
    return [hour + timedelta(minutes=15 * number) for number in range(3)]
