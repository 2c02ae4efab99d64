"""The pages: complete without a script, safe with hostile names, frugal with the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.venues import upsert_venues
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import World, draft

MakeBrowser = Callable[[str], Browser]
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "</script><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "Әсем <b>қонақ</b> үй",
    "\u2028alert(1)//",
)


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


def test_the_map_page_lists_every_venue_without_a_script(client: FlaskClient, world: World) -> None:
    page = text(client.get("/"))
    for venue_id in world.venue_ids.values():
        assert f"/venues/{venue_id}" in page
    assert "Venue A" in page
    assert "hour ago" in page


def test_the_list_is_searched_by_folded_name(client: FlaskClient) -> None:
    page = text(client.get("/?q=РЕСТОРАН+b"))
    assert "Venue B" in page
    assert "Venue A" not in page


def test_the_nearest_venue_is_first_where_a_place_is_given(client: FlaskClient) -> None:
    page = text(client.get("/?near=43.26,76.95"))
    assert page.index("Venue C") < page.index("Venue A")


@pytest.mark.parametrize(
    "query", ["near=a,b", "near=999,999", "near=nan,1", "page=x", "page=0", "page=999999999", "sort=?"]
)
def test_a_mistyped_address_still_answers(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 200


def test_a_venue_page_says_status_rule_and_what_would_change_it(client: FlaskClient, world: World) -> None:
    page = text(client.get(f"/venues/{world.venue_ids['B']}"))
    assert "Row S6 of the table of statuses, in the rules in force since 1 December 2020." in page
    assert "2020-12-01-kz" not in page


def test_an_owner_sees_the_own_venue_now_while_the_public_is_an_hour_late(browser: MakeBrowser, world: World) -> None:
    address = f"/api/v1/venues/{world.venue_ids['A']}"
    assert browser("anonymous").get(address).get_json()["crowding"]["observed_clock"] == "18:00–19:00"
    assert browser("owner_b").get(address).get_json()["crowding"]["observed_clock"] == "18:00–19:00"
    assert browser("owner_a").get(address).get_json()["crowding"]["observed_clock"] == "20:30"
    assert "20:30, just now" in text(browser("owner_a").get("/my"))
    earlier = browser("owner_a").get(address + "?at=2026-11-20T15:05:00Z").get_json()["crowding"]
    assert (earlier["observed_clock"], earlier["low"]) == ("20:15", 4101)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize(
    ("person", "path"),
    [
        ("anonymous", "/"),
        ("anonymous", "/sign-in"),
        ("anonymous", "/venues/A"),
        ("anonymous", "/nothing"),
        ("owner_a", "/my"),
        ("carrier_a", "/carriers"),
        ("headquarters", "/hq"),
        ("group", "/venues/A"),
        ("group", "/my"),
    ],
)
def test_every_page_speaks_every_language(
    browser: MakeBrowser, world: World, person: str, path: str, language: str
) -> None:
    address = path.replace("/A", f"/{world.venue_ids['A']}")
    page = text(browser(person).get(f"{address}?lang={language}"))
    assert f'<html lang="{language}">' in page
    if language != "en":
        words = {"kk": "Мазмұнға өту", "ru": "Перейти к содержанию"}
        assert words[language] in page


def test_the_language_is_remembered(client: FlaskClient) -> None:
    assert '<html lang="ru">' in text(client.get("/", headers={"Accept-Language": "de, ru;q=0.8"}))
    client.get("/?lang=kk")
    assert '<html lang="kk">' in text(client.get("/", headers={"Accept-Language": "ru"}))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_are_shown_and_do_nothing(browser: MakeBrowser, world: World, clock: Clock, payload: str) -> None:
    hostile = draft("A", name=payload, name_kk=payload, name_ru=payload, address=payload, district=payload)
    with world.database.begin() as connection:
        upsert_venues(connection, [hostile], clock.now)
    for person, path in (("anonymous", "/"), ("anonymous", "/venues/A"), ("owner_a", "/my"), ("group", "/venues/A")):
        page = text(browser(person).get(path.replace("/A", f"/{world.venue_ids['A']}")))
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<svg/onload" not in page
        assert "<b>қонақ" not in page
        assert not re.search(r'href="javascript:', page)
    if "{{" in payload:
        assert "49" not in text(browser("anonymous").get(f"/venues/{world.venue_ids['A']}")).split("</h1>")[0]


def test_the_search_text_comes_back_inert(client: FlaskClient) -> None:
    page = text(client.get('/?q="><script>alert(1)</script>'))
    assert "<script>alert" not in page


def test_a_look_of_a_group_is_shown_to_the_owner(browser: MakeBrowser, world: World, clock: Clock) -> None:
    group, owner = browser("group"), browser("owner_a")
    assert "Person group" not in text(owner.get("/my"))
    seen = text(group.get(f"/venues/{world.venue_ids['A']}"))
    assert "The owner can see" in seen
    group.get(f"/api/v1/venues/{world.venue_ids['A']}")
    page = text(owner.get("/my"))
    assert page.count("Person group") == 1  # one visit, two requests
    assert "Looked at 1 time." in page
    assert "Person group" not in text(browser("owner_b").get("/my"))


def test_looks_of_strangers_and_of_the_owner_are_not_written_down(browser: MakeBrowser, world: World) -> None:
    for person in ("anonymous", "owner_a", "owner_b", "carrier_a"):
        assert "The owner can see" not in text(browser(person).get(f"/venues/{world.venue_ids['A']}"))
    assert "Looked at" not in text(browser("owner_a").get("/my"))


def test_reads_can_be_appended_only(both_worlds: World, clock: Clock) -> None:
    import sqlalchemy as sa

    from store import venue_reads
    from webapp.reads import ONE_VISIT

    with both_worlds.database.begin() as connection:
        venue_reads.record_read(connection, both_worlds.venue_ids["A"], 1, "group", clock.now, ONE_VISIT)
    for change in (sa.delete(venue_reads.venue_read), sa.update(venue_reads.venue_read).values(role="x")):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), both_worlds.database.begin() as connection:
            connection.execute(change)


def test_an_operator_without_deliveries_is_taught_how(browser: MakeBrowser, world: World, clock: Clock) -> None:
    from store.carriers import add_carrier
    from tests.webapp.world import add_person

    with world.database.begin() as connection:
        add_carrier(connection, "gamma", "Gamma", 0.2, clock.now)
        add_person(connection, "carrier_c", ["carrier"], clock.now, "gamma")
    assert "oryn ingest gamma counts.csv" in text(browser("carrier_c").get("/carriers"))


@pytest.mark.parametrize(
    ("person", "path", "most"),
    [
        ("anonymous", "/", 7),
        ("group", "/", 10),
        ("anonymous", "/venues/A", 10),
        ("group", "/venues/A", 14),
        ("owner_a", "/my", 14),
        ("carrier_a", "/carriers", 7),
        ("headquarters", "/hq", 15),
        ("anonymous", "/api/v1/map/manifest", 4),
        ("anonymous", "/api/v1/venues", 7),
    ],
)
def test_a_page_asks_the_database_a_bounded_number_of_times(
    browser: MakeBrowser, world: World, at_most: Callable[[int], Any], person: str, path: str, most: int
) -> None:
    one = browser(person)
    with at_most(most):
        assert one.get(path.replace("/A", f"/{world.venue_ids['A']}")).status_code == 200


def test_more_venues_ask_for_no_more_queries(
    browser: MakeBrowser, world: World, clock: Clock, at_most: Callable[[int], Any]
) -> None:
    with world.database.begin() as connection:
        upsert_venues(connection, [draft(f"N{number}") for number in range(120)], clock.now)
    with at_most(7):
        page = text(browser("anonymous").get("/"))
    assert page.count('class="venue-row"') == 50
