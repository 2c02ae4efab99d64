"""Districts and streets are called in the reader's language where the installation's base map knows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.city import base_map
from store.venues import upsert_venues
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import World, draft

MakeBrowser = Callable[[str], Browser]
DISTRICTS = {"kk": "Бостандық", "ru": "Бостандыкский", "en": "Bostandyk"}
STREETS = {"kk": "Абай даңғылы, 10", "ru": "проспект Абая, 10", "en": "Abay Avenue, 10"}


@pytest.fixture
def venue(world: World, clock: Clock, tmp_path: Path) -> str:
    """A venue whose registry is in Russian, in the demo city's own base map; return its id."""
    (tmp_path / "base-map.geojson").write_text(json.dumps(base_map()), encoding="utf-8")
    with world.database.begin() as connection:
        upsert_venues(connection, [draft("A", district="Бостандыкский", address="проспект Абая, 10")], clock.now)
    return world.venue_ids["A"]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_district_and_street_are_in_the_readers_language(browser: MakeBrowser, venue: str, language: str) -> None:
    page = browser("anonymous").get(f"/venues/{venue}?lang={language}").get_data(as_text=True)
    assert DISTRICTS[language] in page
    assert STREETS[language] in page
    card = browser("anonymous").get(f"/api/v1/venues/{venue}?lang={language}").get_json()
    assert (card["district"], card["address"]) == (DISTRICTS[language], STREETS[language])


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_maps_list_says_districts_in_the_readers_language(browser: MakeBrowser, venue: str, language: str) -> None:
    anonymous = browser("anonymous")
    url = anonymous.get(f"/api/v1/map/manifest?lang={language}").get_json()["venues"]["url"]
    listed = {one["id"]: one["district"] for one in anonymous.get(url).get_json()["venues"]}
    assert listed[venue] == DISTRICTS[language]


def test_a_name_that_the_base_map_does_not_know_stays(
    browser: MakeBrowser, world: World, clock: Clock, venue: str
) -> None:
    with world.database.begin() as connection:
        upsert_venues(connection, [draft("A", district="Old Town", address="проспект Неведомый, 1")], clock.now)
    card = browser("anonymous").get(f"/api/v1/venues/{venue}?lang=kk").get_json()
    assert (card["district"], card["address"]) == ("Old Town", "проспект Неведомый, 1")


def test_without_a_base_map_names_stay(browser: MakeBrowser, world: World) -> None:
    card = browser("anonymous").get(f"/api/v1/venues/{world.venue_ids['A']}?lang=kk").get_json()
    assert card["district"] == "Bostandyk"
