from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.city import City, Venue
from ingest.city.geography import district_of, geography, in_parks, read_toml, to_metres
from ingest.city.hours import OPENING_HOURS, open_week
from ingest.city.rhythms import bin_of_week
from ingest.city.truth import bin_truth
from ingest.city.venues import build_venues
from rules.hours import is_open, parse_hours
from rules.occupancy import occupancy_limit
from rules.policy import Policy, parse_policy

KAZAKH_LETTERS = set("ӘәҒғҚқҢңӨөҰұҮүҺһІі")
CATEGORIES = {
    *("restaurant_cafe", "canteen", "summer_terrace", "food_court", "banquet_hall", "karaoke", "cinema"),
    *("theatre_concert", "museum_culture", "exhibition", "computer_club", "bowling", "billiards", "fitness_yoga"),
    *("spa", "bath_sauna_pool", "sport_event", "marathon", "child_centre", "circus", "oceanarium_zoo"),
    *("betting_lottery", "mall_market", "nonfood_retail", "food_retail_large", "beauty_salon", "hotel"),
    *("bank_post_tson", "airport_station", "intercity_bus", "voluntary"),
}
PROPERTIES = {
    *("id", "name", "name_kk", "name_ru", "category", "address", "district", "region", "seats", "area_m2"),
    *("licensed_capacity", "opening_hours", "business_size", "participation", "participation_since", "entrances"),
}
ALL_HOURS = sorted({text for texts in OPENING_HOURS.values() for text in texts})


@pytest.fixture(scope="module")
def policy() -> Policy:
    path = Path(__file__).parents[3] / "config/policies/2020-12-01-kz.yaml"
    return parse_policy(path.read_text("utf-8"), path.name)


def limit_of(policy: Policy, venue: Venue) -> int | None:
    size = (venue.seats, venue.area_m2, venue.licensed_capacity)
    return occupancy_limit(policy, venue.category, "yellow", *size).persons


def test_about_two_thousand_venues_cover_every_category(city: City) -> None:
    assert 1900 <= len(city.venues) <= 2100
    assert {venue.category for venue in city.venues} == CATEGORIES


def test_every_category_is_one_of_the_policy(city: City, policy: Policy) -> None:
    assert {venue.category for venue in city.venues} <= set(policy.categories)


def test_the_limits_of_the_scenes_are_those_of_the_policy(city: City, policy: Policy) -> None:
    by_id = {venue.id: venue for venue in city.venues}
    for scene in city.scenes:
        if scene.venue_id:
            assert scene.limit == limit_of(policy, by_id[scene.venue_id])


def test_most_venues_keep_their_limit_on_a_friday_evening(city: City, policy: Policy) -> None:
    people = bin_truth(city.world, datetime(2025, 6, 6, 15, tzinfo=UTC)).venue_people
    limits = np.array([limit_of(policy, venue) or np.inf for venue in city.venues])
    assert 0 < (people > limits).mean() < 0.06


def test_ids_are_unique(city: City) -> None:
    assert len({venue.id for venue in city.venues}) == len(city.venues)


def test_small_venues_are_many_and_big_ones_few(city: City) -> None:
    sizes = Counter(venue.business_size for venue in city.venues)
    assert sizes["micro"] + sizes["small"] > 0.7 * len(city.venues)
    assert 0 < sizes["large"] < 0.1 * len(city.venues)


def test_every_state_of_participation_occurs_and_most_take_part(city: City) -> None:
    states = Counter(venue.participation for venue in city.venues)
    assert set(states) == {"member", "leader", "test_week", "applied", "left", "not_participating"}
    assert states["member"] > len(city.venues) / 2


def test_a_test_week_is_not_older_than_a_week(city: City) -> None:
    days = [venue.participating_days for venue in city.venues if venue.participation == "test_week"]
    assert max(days) < 7


def test_venues_stand_in_their_district_and_in_no_park(city: City) -> None:
    places = np.array([(venue.longitude, venue.latitude) for venue in city.venues])
    assert district_of(places).tolist() == [venue.district for venue in city.venues]
    assert not in_parks(places).any()


def test_no_two_venues_stand_on_each_other(city: City) -> None:
    metres = to_metres(np.array([(venue.longitude, venue.latitude) for venue in city.venues]))
    outlines = [to_metres(venue.outline) for venue in city.venues]
    reach = np.array([np.linalg.norm(o - o.mean(axis=0), axis=1).min() / np.sqrt(2) for o in outlines])
    apart = np.linalg.norm(metres[:, None] - metres, axis=2) + np.diag(np.full(len(metres), np.inf))
    assert (apart > 0.9 * np.minimum(reach[:, None], reach)).all()


def test_an_outline_has_the_area_of_one_floor(city: City) -> None:
    for venue in city.venues[::50]:
        x, y = to_metres(venue.outline).T
        floor = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
        assert floor <= venue.area_m2 * 1.02
        assert floor >= venue.area_m2 / np.ceil(venue.area_m2 / 6000) * 0.5


def test_names_are_varied_and_in_both_languages(city: City) -> None:
    assert len({venue.name_kk for venue in city.venues}) > 1200
    with_kazakh_letters = [bool(KAZAKH_LETTERS & set(venue.name_kk)) for venue in city.venues]
    assert np.mean(with_kazakh_letters) > 0.7
    assert not any(KAZAKH_LETTERS & set(venue.name_ru) for venue in city.venues)


@pytest.mark.parametrize("column", [0, 1])
def test_words_hold_no_letters_of_another_alphabet(column: int) -> None:
    words = [pair[column] for pair in read_toml("names.toml")["proper"]]
    for kinds in read_toml("names.toml")["kinds"].values():
        words += [pair[column] for pair in kinds]
    assert not [word for word in words if any(letter.isascii() and letter.isalpha() for letter in word)]


def test_addresses_name_main_streets_or_quarters(city: City) -> None:
    known = {street.kk for street in geography().streets}
    known |= {pair[0] for quarters in read_toml("names.toml")["quarters"].values() for pair in quarters}
    streets = [venue.address_kk.rsplit(", ", 1) for venue in city.venues]
    assert {street for street, _ in streets} <= known
    assert all(number.isdigit() for _, number in streets)


def test_the_same_seed_gives_the_same_venues(city: City) -> None:
    again = build_venues(city.seed, city.world.fields)
    assert [venue.name_kk for venue in city.venues] == [venue.name_kk for venue in again]
    assert np.array_equal(np.stack([v.outline for v in city.venues]), np.stack([v.outline for v in again]))


@given(st.sampled_from(ALL_HOURS), st.integers(0, 671))
def test_opening_hours_mean_here_what_they_mean_to_the_rules(text: str, quarter: int) -> None:
    moment = datetime(2025, 6, 2, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    assert open_week(text)[bin_of_week(moment)] == is_open(parse_hours(text), moment, "Asia/Almaty")


def test_the_registry_is_geojson_with_all_properties(city: City, tmp_path: Path) -> None:
    path = city.write_registry(tmp_path / "venues.geojson", date(2021, 6, 1))
    features = json.loads(path.read_text("utf-8"))["features"]
    assert len(features) == len(city.venues)
    for feature in features:
        assert set(feature["properties"]) >= PROPERTIES
        ring = feature["geometry"]["coordinates"][0]
        assert len(ring) == 5
        assert ring[0] == ring[-1]


def test_participation_counts_back_from_the_day_asked(city: City, tmp_path: Path) -> None:
    path = city.write_registry(tmp_path / "venues.geojson", date(2021, 6, 1))
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        since = feature["properties"]["participation_since"]
        if feature["properties"]["participation"] == "test_week":
            assert date(2021, 5, 25) < date.fromisoformat(since) <= date(2021, 6, 1)


def test_zones_tell_every_day_yellow(city: City, tmp_path: Path) -> None:
    path = city.write_zones(tmp_path / "zones.csv", date(2021, 6, 1), date(2021, 6, 4))
    header, *rows = path.read_text("utf-8").splitlines()
    assert header == "date,region,zone,country_zone,explicit,source,lang,note"
    assert [row.split(",")[:3] for row in rows] == [[f"2021-06-0{day}", "ALA", "YELLOW"] for day in (1, 2, 3)]
