"""The public pages of transparency: honest without head counts, and without any number of one venue or one operator."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from rules.policy import Policy
from store import crowding, head_counts, venues
from store.calibrations import HEXAGONS, save_calibration
from store.head_counts import CountedPeople
from store.schema import release
from tests.webapp.world import AREA, BIN, World, crowd, draft

PATHS = ("/transparency", "/transparency/accuracy")
DETAILS: dict[str, Any] = {
    "state": "calibrated",
    "counts": 212,
    "venues": 41,
    "first_at": "2026-11-01T10:00:00+00:00",
    "last_at": "2026-11-20T10:00:00+00:00",
    "coverage": 0.9,
    "pairs_min": 30,
    "uncalibrated_factor": 1.35,
    "band_edges": [200.0, 500.0, 1500.0],
    "kernel_edge": 0.5,
    "untold": [1.0, 1.0, 1.0, 1.0],
    "told": [None, None, None, None],
    "told_pairs": 12,
    "told_held": {"promised": 0.9, "before": 0.74, "after": 0.88},
    "held": [
        {"promised": 0.5, "before": 0.31, "after": 0.52},
        {"promised": 0.9, "before": 0.78, "after": 0.91},
    ],
    "bands": [
        {"from": 0.0, "below": 200.0, "error": None, "told_error": None},
        {"from": 200.0, "below": 500.0, "error": 0.27, "told_error": None},
        {"from": 500.0, "below": 1500.0, "error": 0.17, "told_error": 0.11},
        {"from": 1500.0, "below": None, "error": 0.12, "told_error": 0.09},
    ],
}


def text(client: FlaskClient, path: str, language: str = "en") -> str:
    return client.get(f"{path}?lang={language}").get_data(as_text=True)


def count_people(world: World, number: int = 3) -> None:
    with world.database.begin() as connection:
        counted = [
            CountedPeople(world.venue_ids["A"], world.now - BIN * back, 123_450 + back, "Aigul")
            for back in range(number)
        ]
        head_counts.load(connection, counted, "command", "counts.csv", world.now)


def calibrated(world: World, factor: float = 1.62, **changed: Any) -> None:
    count_people(world)
    with world.database.begin() as connection:
        save_calibration(connection, factor, 200, DETAILS | changed, world.now)


def residuals(world: World, *factors: float) -> None:
    kept = [{"carrier": f"c{at}", "kind": "device_count", "share_factor": one} for at, one in enumerate(factors)]
    row = {"time_bin_start": world.now - BIN, "area_digest": AREA, "input_digest": "i", "blob_digest": "b"}
    row |= {"version": 1, "released_at": world.now, "carriers": ["c"], "residuals": kept, "method": "joint"}
    with world.database.begin() as connection:
        connection.execute(sa.insert(release).values(row))


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
@pytest.mark.parametrize("path", PATHS)
def test_everybody_may_read_it_in_every_language(client: FlaskClient, path: str, language: str) -> None:
    page = text(client, path, language)
    assert f'<html lang="{language}">' in page
    assert 'href="/transparency"' in page


def test_without_head_counts_it_says_that_the_map_is_uncalibrated_and_how_counts_get_here(
    client: FlaskClient, policy: Policy
) -> None:
    for path in PATHS:
        assert "No head counts yet: the map is uncalibrated." in text(client, path)
    page = text(client, "/transparency/accuracy")
    assert "Monitoring groups enter it on the venue" in page
    assert f"From {policy.calibration.pairs_min} head counts" in page
    assert "<svg" not in page.split("<main")[1]


LEFT_OUT: dict[str, Any] = {
    "days": 6,
    "first_day": "2026-11-14",
    "last_day": "2026-11-19",
    "counts": 4210,
    "factor": 1.1,
    "held": [{"promised": 0.5, "held": 0.54}, {"promised": 0.9, "held": 0.883}],
    "error": 0.137,
    "operators": 3,
    "inputs": "x",
}


def left_out(world: World, **changed: Any) -> None:
    with world.database.begin() as connection:
        save_calibration(connection, 1.1, 4210, LEFT_OUT | changed, world.now, scope=HEXAGONS)


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_without_head_counts_counts_that_were_left_out_say_how_right_the_map_is(
    client: FlaskClient, world: World, language: str
) -> None:
    left_out(world)
    page = text(client, "/transparency/accuracy", language).split("<main")[1]
    for number in ("4", "210", "14", "88", "54"):
        assert number in page
    rows = list(csv.reader(io.StringIO(client.get("/transparency/accuracy.csv").get_data(as_text=True))))
    assert ["left_out_held", "", "", "0.9", "", "", "0.883"] in rows
    assert ["left_out_median_error", "", "", "", "", "", "0.137"] in rows


def test_left_out_counts_that_say_nothing_are_no_number(client: FlaskClient, world: World) -> None:
    left_out(world, held=[], error=None, operators=2)
    assert "It cannot be told yet" in text(client, "/transparency/accuracy")
    assert "left_out" not in client.get("/transparency/accuracy.csv").get_data(as_text=True)


def test_left_out_counts_are_no_head_counts(client: FlaskClient, world: World) -> None:
    left_out(world)
    assert "No head counts yet: the map is uncalibrated." in text(client, "/transparency/accuracy")


def test_too_few_counts_are_counted_and_nothing_is_claimed(client: FlaskClient, world: World) -> None:
    calibrated(world, 1.35, state="too-few", held=[], bands=[], untold=[], told=[])
    page = text(client, "/transparency/accuracy")
    assert "There are too few head counts yet" in page
    assert "3 head counts since 20 November 2026; venues counted: 1." in page
    assert "Calibrated" not in page


def test_errors_beyond_bounds_are_told_as_what_they_are(client: FlaskClient, world: World) -> None:
    calibrated(world, 1.35, state="too-far")
    assert "The head counts contradict the map" in text(client, "/transparency/accuracy")


def test_it_says_how_often_the_promise_was_kept_before_and_after(client: FlaskClient, world: World) -> None:
    calibrated(world)
    page = text(client, "/transparency/accuracy")
    assert "91 of 100 true numbers lay inside the interval that was shown; 90 were promised." in page
    assert "their middle width is now 120 % of what it was" in page
    assert page.count('class="promises__before"') == page.count('class="promises__after"') == 2
    assert "promised 90 %: held 78 % before, 91 % after calibration" in page
    assert "where levels are given, it held 74 % before and 88 % after calibration" in page
    assert "uncalibrated”" not in page


def test_a_band_without_counts_enough_is_a_dash_and_one_without_anything_is_left_out(
    client: FlaskClient, world: World
) -> None:
    calibrated(world)
    main = text(client, "/transparency/accuracy").split("<main")[1]
    assert "200 to 499" in main
    assert "1,500 and more" in main
    assert "under 200" not in main
    assert main.count(">–<") >= 2


def test_nothing_of_a_single_venue_or_counter_is_there(client: FlaskClient, world: World) -> None:
    calibrated(world)
    for path in (*PATHS, "/transparency/accuracy.csv"):
        page = text(client, path)
        assert "Aigul" not in page
        assert "Venue A" not in page
        assert world.venue_ids["A"] not in page
        assert not {"123450", "123,450", "123451"} & set(page.replace("<", " ").split())


def test_a_share_of_venues_is_told_only_of_enough_venues(client: FlaskClient, world: World) -> None:
    few = text(client, "/transparency/accuracy")
    assert "It cannot be told for how many venues a level can be given" in few
    with world.database.begin() as connection:
        venues.upsert_venues(connection, [draft(f"M{number}") for number in range(6)], world.now)
        ids = [one.id for one in venues.list_venues(connection)]
        start = world.now - timedelta(hours=5)
        rows = [replace(crowd(one, start), state="level" if at < 3 else "area_only") for at, one in enumerate(ids)]
        crowding.save_crowding(connection, [start], rows)
    page = text(client, "/transparency/accuracy")
    assert "a level could be given for" in page


def test_operators_are_compared_only_where_three_delivered_and_never_named(client: FlaskClient, world: World) -> None:
    residuals(world, 1.02, 0.97)
    assert "at least three of them delivered" in text(client, "/transparency/accuracy")


@pytest.mark.parametrize(
    ("factors", "said"),
    [((1.02, 0.97, 1.03), "one differs by less than 3 %"), ((1.4, 0.7, 1.5), "do not agree well")],
)
def test_how_far_the_operators_agree_is_said_in_words(
    client: FlaskClient, world: World, factors: tuple[float, ...], said: str
) -> None:
    residuals(world, *factors)
    assert said in text(client, "/transparency/accuracy")


def test_the_numbers_come_as_csv(client: FlaskClient, world: World) -> None:
    calibrated(world)
    response = client.get("/transparency/accuracy.csv")
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff"))))
    by_what = {row["what"]: row for row in rows}
    assert by_what["head_counts"]["value"] == "3"
    assert by_what["interval_held"] == {
        "what": "interval_held", "capacity_from": "", "capacity_below": "", "promised": "0.9", "before": "0.78",
        "after": "0.91", "value": "",
    }  # fmt: skip
    errors = [row["value"] for row in rows if row["what"] == "median_error"]
    assert errors == ["", "0.27", "0.17", "0.12"]


def test_the_csv_is_there_before_anything_was_counted(client: FlaskClient) -> None:
    body = client.get("/transparency/accuracy.csv").get_data(as_text=True)
    assert "head_counts,,,,,,0" in body


def test_the_page_asks_the_database_little(
    app: Flask, client: FlaskClient, world: World, at_most: Callable[[int], Any]
) -> None:
    calibrated(world)
    with at_most(8):
        client.get("/transparency/accuracy")
