"""Bad input: one clear message with file, line, column and what to do, exit code 2, nothing changed."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from store.schema import metadata
from tests.commands.conftest import Line
from tests.ingest.town import START, changed_tables, quarter, table, write_boxes

Write = Callable[[str, str | bytes], Path]
BOXES = {"A1": (76.94, 43.23, 76.95, 43.24), "A2": (76.95, 43.23, 76.96, 43.24)}
SPAN = f"{START.isoformat()},{quarter(1).isoformat()}"
GOOD = table(*(("A1", number, 50) for number in range(40)))


@dataclass(frozen=True)
class Bad:
    """A bad file: its content, the place that must be named, and a word of the advice in each language."""

    name: str
    content: bytes
    line: int | None
    column: str | None
    advice: tuple[str, str, str]


BAD = {
    "missing-column": Bad(
        "counts.csv", f"source_area_id,start,end\nA1,{SPAN}\n".encode(), 1, None,
        ("Rename the columns", "ереименуйте", "Бағандар"),
    ),
    "text-count": Bad(
        "counts.csv", table(("A1", 0, 50)).encode() + f"A2,{SPAN},many,\n".encode(), 3, "device_count",
        ("Write digits only", "только цифры", "цифр"),
    ),
    "negative": Bad("counts.csv", table(("A1", 0, -5)).encode(), 2, "device_count", ("Write 0", "0", "0")),
    "unknown-source-area": Bad(
        "counts.csv", table(("A1", 0, 50), ("A7", 0, 50)).encode(), 3, "source_area_id",
        ("Load a coverage", "окрыти", "қамт"),
    ),
    "truncated-gzip": Bad(
        "counts.csv.gz", gzip.compress(GOOD.encode())[:-20], None, None, ("again", "ещё раз", "қайта")
    ),
    "empty-file": Bad("counts.csv", b"", None, None, ("Send a file with", "файл", "файл")),
    "binary-renamed": Bad(
        "counts.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, None, None, ("Export the counts", "CSV", "CSV")
    ),
}  # fmt: skip
LANGUAGES = ("en", "ru", "kk")
PLACE = {
    "en": re.compile(r"^[^:]*, line (\d+)(?:, column (\w+))?:"),
    "ru": re.compile(r"^[^:]*, строка (\d+)(?:, столбец (\w+))?:"),
    "kk": re.compile(r"^[^:]*, (\d+)-жол(?:, (\w+) бағаны)?:"),
}


@pytest.fixture
def ready(served: Line, tmp_path: Path) -> Line:
    """An operator with two areas and one accepted file."""
    served.done("coverage", "load", "alpha", write_boxes(tmp_path / "areas.geojson", BOXES))
    path = tmp_path / "first.csv"
    path.write_text(table(("A1", 0, 70)))
    served.done("ingest", "alpha", path)
    return served


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_of_counts_is_one_clear_message(ready: Line, given: Write, case: str, language: str) -> None:
    bad = BAD[case]
    path = given(bad.name, bad.content)
    before = ready.dump()
    ready.speak(language)
    said = ready("ingest", "alpha", path)
    assert said.code == 2
    [message] = said.err.splitlines()
    assert message.startswith(bad.name)
    place = PLACE[language].match(message)
    assert (place and int(place[1]), place and place[2]) == (bad.line, bad.column)
    assert bad.advice[LANGUAGES.index(language)] in message
    assert "Traceback" not in said.out + said.err
    assert changed_tables(before, ready.dump()) == {"upload", "job", "audit_event"}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_as_json_names_code_line_column_and_sentence(ready: Line, given: Write, case: str) -> None:
    bad = BAD[case]
    said = ready("ingest", "alpha", given(bad.name, bad.content), "--json")
    assert (said.code, said.err) == (2, "")
    receipt = json.loads(said.out)
    assert (receipt["state"], receipt["rows_accepted"]) == ("refused", 0)
    assert receipt["rows_in"] == receipt["rows_rejected"]
    [fault] = receipt["faults"]
    assert (fault["line"], fault["column"]) == (bad.line, bad.column)
    assert bad.advice[0] in fault["sentence"]


def test_many_faults_are_counted_and_the_first_is_told(ready: Line, given: Write) -> None:
    said = ready("ingest", "alpha", given("counts.csv", table(*(("A1", number, -1) for number in range(7)))))
    [message] = said.err.splitlines()
    assert "line 2," in message
    assert "6 more" in message


def test_a_good_file_beside_a_bad_one_is_taken_in_and_the_exit_code_is_2(ready: Line, given: Write) -> None:
    bad, good = given("bad.csv", table(("A2", 2, -1))), given("good.csv", table(("A2", 1, 600)))
    said = ready("ingest", "alpha", bad, good, "--json")
    assert said.code == 2
    assert [json.loads(line)["state"] for line in said.lines] == ["refused", "accepted"]
    assert ",estimated" in ready.done("hexagons", "--at", quarter(1).isoformat(), "--format", "csv").out


def test_a_file_that_is_not_there_is_named_and_does_not_stop_the_others(
    ready: Line, given: Write, tmp_path: Path
) -> None:
    good = given("good.csv", table(("A2", 1, 60)))
    said = ready("ingest", "alpha", tmp_path / "nowhere.csv", good)
    assert said.code == 2
    assert said.err.startswith("nowhere.csv: The file cannot be opened")
    assert "good.csv: accepted" in said.out


# --- coverage ---------------------------------------------------------------------------------------------------------

WRONG_CRS = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"source_area_id": "A1"},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[650000, 4780000], [651000, 4780000], [651000, 4781000], [650000, 4780000]]],
                },
            }
        ],
    }
)
BAD_COVERAGES: dict[str, tuple[str, bytes, tuple[str, str, str]]] = {
    "wrong-crs": ("areas.geojson", WRONG_CRS.encode(), ("EPSG:4326", "EPSG:4326", "EPSG:4326")),
    "missing-column": ("cells.csv", b"name,power\nA1,5\n", ("longitude, latitude", "longitude, latitude", "longitude")),
    "empty": ("areas.geojson", b"", ("empty", "пуст", "бос")),
    "truncated": ("areas.geojson", WRONG_CRS[:60].encode(), ("again", "ещё раз", "қайта")),
    "truncated-gzip": ("areas.geojson.gz", gzip.compress(WRONG_CRS.encode())[:-9], ("again", "ещё раз", "қайта")),
    "binary-renamed": ("areas.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ("GeoJSON", "GeoJSON", "GeoJSON")),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", BAD_COVERAGES)
def test_a_bad_coverage_is_one_clear_message_and_changes_nothing(
    ready: Line, given: Write, case: str, language: str
) -> None:
    name, content, advice = BAD_COVERAGES[case]
    path = given(name, content)
    before = ready.dump()
    ready.speak(language)
    said = ready("coverage", "load", "alpha", path)
    assert said.code == 2
    [message] = said.err.splitlines()
    assert name in message
    assert advice[LANGUAGES.index(language)].lower() in message.lower()
    assert changed_tables(before, ready.dump()) == set()


def test_a_bad_line_of_a_coverage_is_named(ready: Line, given: Write) -> None:
    said = ready(
        "coverage", "load", "alpha", given("cells.csv", "cell_id,longitude,latitude\nA,76.9,43.2\nB,76.9,143.2\n")
    )
    assert said.code == 2
    assert "cells.csv, line 3" in said.err


# --- other files ------------------------------------------------------------------------------------------------------

OTHER: dict[str, tuple[tuple[str, ...], str, bytes, str]] = {
    "feed-not-toml": (("feed", "load", "alpha"), "feed.toml", b"kind = \n", "feed.toml, line 1"),
    "feed-unknown-key": (("feed", "load", "alpha"), "feed.toml", b'kinds = "people"\n', "has no key kinds"),
    "feed-bad-value": (("feed", "load", "alpha"), "feed.toml", b'\nkind = "heads"\n', "feed.toml, line 2"),
    "feed-not-text": (("feed", "load", "alpha"), "feed.toml", b"\xff\xfe\x00", "UTF-8"),
    "zones-columns": (("zones", "load"), "zones.csv", b"day,colour\n2026-11-20,red\n", "zones.csv"),
    "zones-value": (
        ("zones", "load"), "zones.csv", b"date,region,zone,source\n2026-11-20,ALA,purple,x\n", "zones.csv, line 2",
    ),
    "venues-empty": (("venues", "load"), "venues.geojson", b"", "venues.geojson"),
    "venues-binary": (("venues", "load"), "venues.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "venues.csv"),
    "policy-broken": (("policy", "check"), "policy.yaml", b"policy: [\n", "policy.yaml"),
    "policy-empty": (("policy", "check"), "policy.yaml", b"", "policy.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", OTHER)
def test_other_bad_files_are_refused_with_their_name_and_change_nothing(
    served: Line, given: Write, case: str, language: str
) -> None:
    arguments, name, content, expected = OTHER[case]
    before = served.dump()
    served.speak(language)
    said = served(*arguments, given(name, content))
    assert said.code == 2
    assert name in said.err
    assert language != "en" or expected in said.err
    assert "Traceback" not in said.err
    assert changed_tables(before, served.dump()) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "nobody", "x.csv"),
        ("coverage", "load", "nobody", "{file}"),
        ("feed", "load", "nobody", "{file}"),
        ("status", "nowhere"),
        ("crowding", "nowhere", "--at", "now"),
        ("hexagons", "--at", "now", "--format", "csv"),
    ],
)
def test_what_does_not_exist_is_said_to_be_missing(oryn: Line, given: Write, arguments: tuple[str, ...]) -> None:
    file = (
        write_boxes(given("areas.geojson", ""), BOXES)
        if "coverage" in arguments
        else given("feed.toml", 'kind = "people"')
    )
    said = oryn(*(str(file) if one == "{file}" else one for one in arguments))
    assert said.code == 2
    [message] = said.err.splitlines()
    assert any(name in message for name in ("nobody", "nowhere", "No released counts"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("carrier", "add", "a b", "--name", "A", "--share", "0.5"), "letters, digits"),
        (("carrier", "add", "a", "--name", "A", "--share", "0"), "above 0"),
        (("carrier", "add", "a", "--name", "A", "--share", "1.5"), "1.3"),
        (("carrier", "add", "a", "--name", "A", "--share", "half"), "not a valid float"),
        (("hexagons", "--at", "yesterday", "--format", "csv"), "is no moment"),
        (("hexagons", "--at", "2026-11-20T10:00:00", "--format", "csv"), "has no offset"),
        (("hexagons", "--at", "now", "--format", "xlsx"), "xlsx"),
        (("hexagons", "--at", "now", "--format", "csv", "--carrier", "alpha"), "--stage spread only"),
        (("hexagons", "--at", "now", "--format", "csv", "--h3-resolution", "5"), "5"),
        (("coverage", "load", "alpha", "{file}", "--valid-from", "soon"), "is no date"),
        (("coverage", "load", "alpha", "nowhere.geojson"), "nowhere.geojson"),
        (("fly",), "No such command"),
    ],
)
def test_bad_arguments_are_refused_with_a_sentence(
    served: Line, given: Write, arguments: tuple[str, ...], expected: str
) -> None:
    before = served.dump()
    file = write_boxes(given("areas.geojson", ""), BOXES)
    said = served(*(str(file) if one == "{file}" else one for one in arguments))
    assert said.code == 2
    assert expected in said.err
    assert changed_tables(before, served.dump()) == set()


def test_the_dump_looks_at_every_table(served: Line) -> None:
    assert set(served.dump()) == {one.name for one in metadata.sorted_tables}
