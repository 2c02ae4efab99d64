"""`oryn regions` and `oryn carrier shares`: what they took in is said, what is wrong is refused in three languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Line
from tests.ingest.town import HEXAGONS, changed_tables, table

Given = Callable[[str, str | bytes], Path]


def region(code: str, west: float, east: float) -> dict[str, Any]:
    ring = [[west, 43.2], [east, 43.2], [east, 43.3], [west, 43.3], [west, 43.2]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"code": code, "name": code.title()}, "geometry": shape}


def document(*regions: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": regions})


@pytest.fixture
def loaded(served: Line, given: Given) -> Line:
    served.done("ingest", "alpha", given("counts.csv", table(*((one, 0, 300) for one in HEXAGONS))))
    regions = document(region("west", 76.8, 76.95), region("east", 76.95, 77.1))
    assert "2 regions, 2 new" in served.done("regions", "load", given("regions.geojson", regions)).out
    return served


def test_regions_are_told_listed_and_taken_once(loaded: Line, given: Given) -> None:
    assert [line.split("\t")[:2] for line in loaded.done("regions", "list").lines] == [
        ["east", "East"],
        ["west", "West"],
    ]
    before = loaded.dump()
    again = given("regions.geojson", document(region("west", 76.8, 76.95)))
    assert "0 new, 0 changed, 1 as before" in loaded.done("regions", "load", again).out
    assert changed_tables(before, loaded.dump()) == set()
    crossing = loaded.done("regions", "load", given("other.geojson", document(region("mid", 76.9, 77.0))))
    assert "east / mid" in crossing.err
    assert "mid / west" in crossing.err


def test_shares_are_told_shown_as_they_can_be_loaded_and_cleared(loaded: Line, given: Given) -> None:
    assert "registered share 1.0" in loaded.done("carrier", "shares", "alpha").out
    rows = given("shares.csv", "region,hours,share\nwest,22-6,0.5\n,,0.4\n")
    before = loaded.dump()
    assert "2 rows" in loaded.done("carrier", "shares", "alpha", rows).out
    changed = changed_tables(before, loaded.dump())
    assert {"carrier_share", "release", "audit_event"} <= changed
    assert "dirty_bin" not in changed
    shown = loaded.done("carrier", "shares", "alpha")
    assert shown.lines == ["region,days,hours,share", ",,,0.4", "west,,22-6,0.5"]
    assert "already" in loaded.done("carrier", "shares", "alpha", given("again.csv", shown.out)).out
    assert "registered share holds everywhere" in loaded.done("carrier", "shares", "alpha", "--clear").out
    assert loaded.done("carrier", "shares", "alpha").lines[0].startswith("alpha: where no table")


def test_shares_that_people_cannot_have_are_remarked_with_region_and_hours(loaded: Line, given: Given) -> None:
    loaded.done("carrier", "add", "beta", "--name", "Beta", "--share", "0.2")
    said = loaded.done("carrier", "shares", "alpha", given("shares.csv", "region,hours,share\nwest,18-24,1.2\n,,0.9\n"))
    assert "(west, hours 18-24): the shares of all operators add up to 1.40" in said.err
    assert "(everywhere else, hours 0-24): the shares of all operators add up to 1.10" in said.err


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_bad_files_are_refused_in_words_and_change_nothing(loaded: Line, given: Given, language: str) -> None:
    before = loaded.dump()
    loaded.speak(language)
    repeated = given("bad.geojson", document(region("west", 76.8, 76.9), region("west", 76.9, 77.0)))
    unknown = given("bad.csv", "region,hours,share\nnorth,,0.5\n")
    for said, place, told in (
        (loaded("regions", "load", repeated), "bad.geojson", "1, 2"),
        (loaded("carrier", "shares", "alpha", unknown), "bad.csv", "east, west"),
    ):
        assert said.code == 2
        assert place in said.err
        assert told in said.err
        assert "Traceback" not in said.err
    assert loaded("carrier", "shares", "alpha", unknown, "--clear").code == 2
    assert changed_tables(before, loaded.dump()) == set()
