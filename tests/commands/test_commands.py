"""Every command as a person types it: what it prints, what it keeps, and that doing it twice does no harm."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import pytest

from store import carriers
from store.migrate import downgrade
from tests.commands.conftest import Line
from tests.ingest.town import CENTRE, HEXAGONS, NOW, START, changed_tables, parsed, quarter, table, write_boxes
from webapp.commands import NOUNS

ROOT = Path(__file__).parents[2]
Write = Callable[[str, str | bytes], Path]
AT = (START + timedelta(minutes=7)).isoformat()
RESOLUTIONS = ("9", "8", "7")
STAGES = ("spread", "estimate", "released")
LATITUDE, LONGITUDE = h3.cell_to_latlng(CENTRE)
REGISTRY = (
    "id,name,category,longitude,latitude,seats,region\n"
    f"hall,Great Hall,cinema,{LONGITUDE},{LATITUDE},400,ALA\n"
    f"kiosk,Kiosk,cinema,{LONGITUDE + 0.5},{LATITUDE},5,ALA\n"
)


@pytest.fixture
def counted(served: Line, given: Write) -> Line:
    """An operator with one quarter of counts in seven hexagons, one of them hidden."""
    rows = [(one, 0, 1000 + number) for number, one in enumerate(HEXAGONS[1:])]
    served.done("ingest", "alpha", given("counts.csv", table((HEXAGONS[0], 0, 7), *rows)))
    return served


# --- the top ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_every_noun_explains_itself(oryn: Line, noun: str) -> None:
    assert f"Usage: oryn {noun}" in oryn.done(noun, "--help").out


def test_the_top_lists_every_noun(oryn: Line) -> None:
    said = oryn.done("--help").out
    assert [noun for noun in NOUNS if noun not in said] == []


def test_the_console_script_ends_with_the_exit_codes_of_the_contract(tmp_path: Path) -> None:
    def code(*arguments: str) -> int:
        environment = os.environ | {"ORYN_HOME": str(tmp_path)}
        command = [sys.executable, "-m", "webapp.commands", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode

    bad = tmp_path / "bad.csv"
    bad.write_text("source_area_id,start,end,device_count\n")
    assert code("carrier", "add", "alpha", "--name", "Alpha", "--share", "1.0") == 0
    assert code("ingest", "alpha", str(bad)) == 2
    assert code("ingest", "nobody", str(bad)) == 2
    assert code("ingest") == 2


# --- database and doctor ----------------------------------------------------------------------------------------------


def test_db_upgrade_makes_the_database_and_may_be_repeated(oryn: Line) -> None:
    first = oryn.done("db", "upgrade").out
    assert oryn.done("db", "upgrade").out == first
    assert "oryn.sqlite3: 0" in first


def test_doctor_says_what_the_installation_is_like(oryn: Line) -> None:
    oryn.done("db", "upgrade")
    said = oryn.done("doctor").out
    assert str(oryn.home) in said
    assert "k_min 20" in said
    assert said.splitlines()[-1] == "sound"


def test_doctor_finds_an_old_schema_and_other_commands_refuse_to_touch_it(oryn: Line) -> None:
    oryn.done("db", "upgrade")
    database = oryn.database()
    downgrade(database, "0001")
    database.close()
    said = oryn("doctor")
    assert (said.code, said.lines[-1]) == (2, "not sound: run oryn db upgrade")
    refused = oryn("carrier", "list")
    assert refused.code == 2
    assert "oryn db upgrade" in refused.err
    oryn.done("db", "upgrade")
    oryn.done("carrier", "list")


# --- carriers, feeds, coverage ----------------------------------------------------------------------------------------


def test_a_carrier_is_added_once(oryn: Line) -> None:
    said = oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.42").out
    assert "alpha: registered, share 0.42" in said
    assert "API key" in said
    before = oryn.dump()
    again = oryn("carrier", "add", "alpha", "--name", "Other", "--share", "0.1")
    assert again.code == 2
    assert "registered already" in again.err
    assert changed_tables(before, oryn.dump()) == set()
    assert oryn.done("carrier", "list").out == "alpha\t0.42\tAlpha\n"


def test_shares_that_sum_far_above_one_are_remarked(oryn: Line) -> None:
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.9")
    said = oryn.done("carrier", "add", "beta", "--name", "Beta", "--share", "0.9")
    assert "add up to 1.80" in said.err
    oryn.speak("ru")
    assert "дают 1.85" in oryn.done("carrier", "add", "gamma", "--name", "Gamma", "--share", "0.05").err


def test_a_feed_is_loaded_and_decides_how_files_are_read(served: Line, given: Write) -> None:
    feed = given("feed.toml", 'kind = "people"\n[columns]\nsource_area_id = "where"\nvalue = "heads"\n')
    assert served.done("feed", "load", "alpha", feed).out == "alpha: feed loaded, kind people\n"
    header = "where,start,end,heads,status"
    served.done("feed", "load", "alpha", given("h3.toml", feed.read_text().replace("\n[", '\ngrid = "h3"\n[')))
    served.done("ingest", "alpha", given("counts.csv", table((CENTRE, 0, 3), header=header)))
    told = parsed(served.done("hexagons", "--at", AT, "--format", "csv", "--stage", "estimate").out.encode())
    assert told[CENTRE].people == 3  # people are not hidden below k_min devices


@pytest.mark.parametrize("feed", sorted((ROOT / "docs" / "feeds").glob("*.toml")), ids=lambda one: one.stem)
def test_every_feed_of_the_documentation_loads(served: Line, feed: Path) -> None:
    assert "feed loaded" in served.done("feed", "load", "alpha", feed).out


def test_a_coverage_is_loaded_with_its_remarks(served: Line, tmp_path: Path) -> None:
    bow_tie = {
        "type": "Polygon",
        "coordinates": [[[76.9, 43.2], [76.91, 43.21], [76.91, 43.2], [76.9, 43.21], [76.9, 43.2]]],
    }
    path = tmp_path / "areas.geojson"
    feature = {"type": "Feature", "properties": {"source_area_id": "A1"}, "geometry": bow_tie}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    said = served.done("coverage", "load", "alpha", path)
    assert said.out.startswith("alpha: 1 source areas (area), ")
    assert "A1" in said.err
    assert "repaired" in said.err


def test_a_coverage_holds_from_its_local_date(served: Line, tmp_path: Path) -> None:
    path = write_boxes(tmp_path / "areas.geojson", {"A1": (76.94, 43.23, 76.95, 43.24)})
    served.done("coverage", "load", "alpha", path, "--valid-from", "2026-11-20")
    database = served.database()
    with database.read() as connection:
        [version] = carriers.list_coverages(connection)
    database.close()
    assert version.valid_from.isoformat() == "2026-11-19T19:00:00+00:00"  # midnight in Almaty


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_ingest_prints_one_receipt_a_file(served: Line, given: Write) -> None:
    said = served.done(
        "ingest",
        "alpha",
        given("a.csv", table((CENTRE, 0, 50), (CENTRE, 1, 7))),
        given("b.csv", table((CENTRE, 2, 50))),
    )
    first, second = (one for one in said.lines if not one.startswith("  "))  # but for its remarks
    assert first.startswith("a.csv: accepted; rows 2 = 2 accepted + 0 rejected + 0 held; 1 suppressed; receipt 1, ")
    assert second.startswith("b.csv: accepted; rows 1 ")


def test_a_receipt_as_json_has_every_number_and_is_replayed_for_the_same_bytes(served: Line, given: Write) -> None:
    path = given("a.csv", table((CENTRE, 0, 50), (CENTRE, 1, 7)))
    first = json.loads(served.done("ingest", "alpha", path, "--json").out)
    again = json.loads(served.done("ingest", "alpha", path, "--json").out)
    assert again == first | {"replayed": True}
    assert (first["rows_in"], first["rows_accepted"], first["rows_suppressed"], first["faults"]) == (2, 2, 1, [])
    assert (first["first_bin_at"], first["last_bin_end_at"]) == (START.isoformat(), quarter(2).isoformat())


def test_notes_stand_on_the_receipt(served: Line, given: Write) -> None:
    rows = table((CENTRE, 0, 50)) + table((CENTRE, 0, 50)).splitlines()[1] + "\n"
    assert "count once" in served.done("ingest", "alpha", given("a.csv", rows)).out


# --- hexagons ---------------------------------------------------------------------------------------------------------


def exported(oryn: Line, format_: str, tmp_path: Path, *more: str) -> Any:
    path = tmp_path / f"out.{format_}"
    oryn.done("hexagons", "--at", AT, "--format", format_, "-o", path, *more)
    return path


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("stage", STAGES)
def test_hexagons_are_the_same_in_every_format(counted: Line, tmp_path: Path, stage: str, resolution: str) -> None:
    chosen = ("--stage", stage, "--h3-resolution", resolution)
    rows = list(csv.DictReader(exported(counted, "csv", tmp_path, *chosen).open()))
    assert list(rows[0]) == ["hexagon", "time_bin_start", "present_population", "low", "high", "state"]
    assert {row["time_bin_start"] for row in rows} == {"2026-11-20T10:00:00Z"}
    assert {h3.get_resolution(row["hexagon"]) for row in rows} == {int(resolution)}
    features = json.loads(exported(counted, "geojson", tmp_path, *chosen).read_bytes())["features"]
    from_json = [(one["properties"]["hexagon"], one["properties"]["present_population"]) for one in features]
    table_gdf = gpd.read_parquet(exported(counted, "parquet", tmp_path, *chosen))
    numbers = {row["hexagon"]: float(row["present_population"]) if row["present_population"] else None for row in rows}
    assert dict(from_json) == pytest.approx(numbers)
    people = table_gdf["present_population"].astype(object).where(table_gdf["present_population"].notna(), None)
    assert dict(zip(table_gdf["hexagon"], people, strict=True)) == pytest.approx(numbers)
    assert list(table_gdf["state"]) == [row["state"] for row in rows]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("format_", ["csv", "geojson", "parquet"])
def test_a_hidden_hexagon_has_no_number_in_any_format(counted: Line, tmp_path: Path, stage: str, format_: str) -> None:
    path = exported(counted, format_, tmp_path, "--stage", stage)
    tables: dict[str, Callable[[], dict[str, Any]]] = {
        "csv": lambda: {one: told.people for one, told in parsed(path.read_bytes()).items()},
        "geojson": lambda: {
            one["properties"]["hexagon"]: one["properties"]["present_population"]
            for one in json.loads(path.read_bytes())["features"]
        },
        "parquet": lambda: dict(
            gpd.read_parquet(path).dropna(subset="present_population")[["hexagon", "present_population"]].values
        ),
    }
    rows = tables[format_]()
    assert rows.get(HEXAGONS[0]) is None
    assert rows[HEXAGONS[1]] is not None


def test_at_means_the_bin_that_holds_the_moment(counted: Line) -> None:
    def export(at: Any) -> str:
        return counted.done("hexagons", "--at", at.isoformat(), "--format", "csv").out

    last = quarter(1) - timedelta(seconds=1)
    almaty = START.astimezone(__import__("zoneinfo").ZoneInfo("Asia/Almaty"))
    assert export(START) == export(last) == export(almaty)
    assert counted("hexagons", "--at", quarter(1).isoformat(), "--format", "csv").code == 2


def test_where_nothing_is_known_the_answer_says_where_data_lie(counted: Line) -> None:
    said = counted("hexagons", "--at", "now", "--format", "csv")
    assert said.code == 2
    assert "Data lie between 2026-11-20T10:00:00+00:00" in said.err


def test_exports_before_the_release_are_logged_and_releases_are_not(counted: Line) -> None:
    assert counted.done("hexagons", "--at", AT, "--format", "csv").err == ""
    logged = json.loads(counted.done("hexagons", "--at", AT, "--format", "csv", "--stage", "estimate").err)
    assert (logged["event"], logged["stage"]) == ("unreleased-export", "estimate")


def test_one_carrier_alone_is_exported_at_stage_spread(counted: Line, given: Write) -> None:
    counted.done("carrier", "add", "beta", "--name", "Beta", "--share", "0.5")
    counted.done("ingest", "beta", given("beta.csv", table((CENTRE, 0, 500))))
    alone = counted.done("hexagons", "--at", AT, "--format", "csv", "--stage", "spread", "--carrier", "beta").out
    assert {one: told.people for one, told in parsed(alone.encode()).items()} == {CENTRE: 1000}


# --- venues, crowding, status, zones ----------------------------------------------------------------------------------


@pytest.fixture
def registered(counted: Line, given: Write) -> Line:
    counted.done("venues", "load", given("venues.csv", REGISTRY))
    return counted


def test_venues_loaded_twice_are_there_once(counted: Line, given: Write) -> None:
    path = given("venues.csv", REGISTRY)
    assert "2 venues, 2 new, 0 changed, 0 as before" in counted.done("venues", "load", path).out
    before = counted.dump()
    assert "2 venues, 0 new, 0 changed, 2 as before" in counted.done("venues", "load", path).out
    assert changed_tables(before, counted.dump()) == set()
    assert len(counted.done("venues", "list").lines) == 2


def test_an_impossible_capacity_is_named_and_the_venue_has_no_level(counted: Line, given: Write) -> None:
    registry = REGISTRY.replace(",400,ALA", ",0,ALA")
    assert "(hall)" in counted.done("venues", "load", given("venues.csv", registry)).err
    counted.done("zones", "load", given("zones.csv", "date,region,zone,source\n2026-11-20,ALA,green,test\n"))
    [fact] = json.loads(counted.done("crowding", "hall", "--at", AT, "--format", "json").out)
    assert (fact["state"], fact["reason"]) == ("area_only", "crowding-reason-capacity-impossible")


def test_crowding_of_all_venues_as_csv(registered: Line) -> None:
    rows = list(csv.DictReader(io.StringIO(registered.done("crowding", "--at", AT).out)))
    assert list(rows[0]) == ["venue_id", "state", "level", "low", "best", "high", "observed_at"]
    assert {row["state"] for row in rows} == {"area_only", "no_data"}


def test_crowding_of_one_venue_as_json_by_the_id_of_its_registry(registered: Line) -> None:
    [fact] = json.loads(registered.done("crowding", "hall", "--at", AT, "--format", "json").out)
    assert fact["state"] == "area_only"
    assert fact["reason"].startswith("crowding-reason-")
    assert fact["observed_at"] == quarter(1).isoformat()
    assert fact["attribution"] in {"venue", "area", "cannot-tell"}
    assert 0 <= fact["kernel"] <= 1
    assert (fact["calibrated"], fact["neighbour_ids"], fact["probability"]) == (False, [], None)


def test_crowding_where_nothing_was_released_is_no_data(registered: Line) -> None:
    facts = json.loads(registered.done("crowding", "--at", quarter(9).isoformat(), "--format", "json").out)
    assert {(fact["state"], fact["reason"], fact["best"]) for fact in facts} == {("no_data", "nothing-released", None)}


def test_status_tells_rule_policy_and_what_would_change_it(registered: Line) -> None:
    fact = json.loads(registered.done("status", "hall", "--json").out)
    assert (fact["colour"], fact["rule"], fact["policy_version"]) == ("grey", "S6", "2020-12-01-kz")
    assert fact["what_would_change"]
    assert fact["assessed_at"] == NOW.isoformat()
    for language in ("en", "ru", "kk"):
        registered.speak(language)
        said = registered.done("status", "hall").out
        assert "S6" in said
        assert "{" not in said


def test_zones_are_loaded_and_may_be_loaded_again(counted: Line, given: Write) -> None:
    path = given("zones.csv", "date,region,zone,source\n2026-11-19,ALA,red,test\n2026-11-20,ALA,yellow,test\n")
    assert "2 announcements for 1 regions" in counted.done("zones", "load", path).out
    before = counted.dump()
    counted.done("zones", "load", path)
    assert changed_tables(before, counted.dump()) == set()


def test_a_new_zone_changes_the_permitted_number(registered: Line, given: Write) -> None:
    def limit() -> Any:
        return json.loads(registered.done("crowding", "hall", "--at", AT, "--format", "json").out)[0]["occupancy_limit"]

    registered.done("zones", "load", given("a.csv", "date,region,zone,source\n2026-11-20,ALA,green,test\n"))
    green = limit()
    registered.done("zones", "load", given("b.csv", "date,region,zone,source\n2026-11-20,ALA,red,test\n"))
    assert green is not None
    assert limit() is not None
    assert limit() < green


# --- policy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "policies").glob("*.yaml")), ids=lambda one: one.stem)
def test_every_policy_file_is_sound(oryn: Line, path: Path) -> None:
    assert "sound; version" in oryn.done("policy", "check", path).out


def test_a_broken_policy_lists_every_fault_with_its_line(oryn: Line, given: Write) -> None:
    [path] = (ROOT / "config" / "policies").glob("*.yaml")
    text = path.read_text("utf-8")
    broken = text.replace("k_min: {value: 20, source: A33", "k_min: {value: few, source: A33", 1)
    broken = broken.replace("base_bin_minutes: {value: 15, source: ours}", "base_bin_minutes: {value: 15}", 1)
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if "k_min: {" in line or "base_bin_minutes: {" in line
    ]
    said = oryn("policy", "check", given("broken.yaml", broken))
    assert said.code == 2
    messages = said.err.splitlines()
    assert len(messages) == 2
    assert [f"line {number}" in message for number, message in zip(lines, messages, strict=True)] == [True, True]
    assert all(message.startswith("broken.yaml") for message in messages)
