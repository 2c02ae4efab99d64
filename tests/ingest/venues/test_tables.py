from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from ingest.venues import read_venues
from tests.ingest.venues.files import accepted, noted, refused, written

KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_longitude_and_latitude_in_columns_of_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "name", "lon", "lat"], ["1", "Кафе", "76.9", "43.2"]]
    path = written(tmp_path / "v.csv", "\n".join(delimiter.join(row) for row in rows))
    (venue,) = accepted(path)
    assert (venue.source, venue.source_id, venue.longitude, venue.latitude) == ("v", "1", 76.9, 43.2)


def test_an_outline_as_wkt(tmp_path: Path) -> None:
    text = 'id,name,wkt\n1,A,"POLYGON ((76.9 43.2, 76.91 43.2, 76.91 43.21, 76.9 43.2))"\n2,B,POINT (76.9 43.2)\n3,C,\n'
    reading = read_venues(written(tmp_path / "v.csv", text))
    assert [(one.outline_wkb is not None, one.longitude is not None) for one in reading.venues] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip
    assert noted(reading)["venues-note-without-place"] == {"count": 1}


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x")', "+7", "-1+1", "@SUM(A1)", "'; DROP TABLE venue; --", "<b>A</b>", "100%"]
)
def test_a_name_that_looks_like_a_formula_is_kept_as_text(tmp_path: Path, name: str) -> None:
    with (tmp_path / "v.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "name"], ["1", name]])
    assert [one.name for one in accepted(tmp_path / "v.csv")] == [name]


def test_every_kazakh_letter_survives(tmp_path: Path) -> None:
    path = written(tmp_path / "v.csv", f"\ufeffid;атауы;название\n1;{KAZAKH};Ёжик\n")
    (venue,) = accepted(path)
    assert (venue.name_kk, venue.name) == (KAZAKH, "Ёжик")


def test_control_characters_and_line_breaks_become_spaces(tmp_path: Path) -> None:
    (venue,) = accepted(written(tmp_path / "v.csv", 'id,name\n1,"A\n\x1b[31m  B\u200b\u202e"\n'))
    assert venue.name == "A [31m B"


def test_a_fault_names_the_physical_line_even_after_a_name_of_two_lines(tmp_path: Path) -> None:
    text = 'id,name,lon,lat\n1,"two\nlines",76.9,43.2\n\n2,B,43.2,176.9\n3,C,x,43\n4,D\n5,E,190,43\n'
    reading = read_venues(written(tmp_path / "v.csv", text))
    assert [(one.code, one.line) for one in reading.faults] == [
        ("venues-coordinates-swapped", 5), ("venues-not-a-coordinate", 6), ("venues-row-length", 7),
        ("venues-coordinates-out-of-range", 8),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("id,lon,lat\n1,76,43\n", "venues-missing-column", 1),
        ("id,name,Name\n1,a,b\n", "venues-repeated-column", 1),
        ('id,name\n1,a\n2,"b\n3,c\n', "venues-csv-broken", 3),
        ("id,name\n", "venues-none", None),
        ("id,name,wkt\n1,a,CIRCLE (1)\n", "venues-wkt-broken", 2),
        ("id,name,wkt\n1,a,LINESTRING (1 1 2 2)\n", "venues-wkt-broken", 2),
        ('id,name,wkt\n1,a,"LINESTRING (1 1, 2 2)"\n', "venues-geometry-kind", 2),
        ("id,name,wkt\n1,a,POINT (8565000 5350000)\n", "venues-coordinates-out-of-range", 2),
        ("id,name,x,y\n1,a,8565000,5350000\n", "venues-coordinates-out-of-range", 2),
        ("id,name,lon,lat\n1,a,nan,43\n", "venues-coordinates-out-of-range", 2),
    ],
)
def test_a_table_that_cannot_serve_is_refused_with_its_line(
    tmp_path: Path, text: str, code: str, line: int | None
) -> None:
    assert (code, line) in refused(written(tmp_path / "v.csv", text))


def test_an_empty_a_binary_and_a_truncated_file_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"id,name\n" + b"1,a\n" * 1000)
    for content in (b"", b"  \n", b"\x89PNG\r\n\x1a\n\x00\x00", whole[:-20], "id,name\n1,a\n".encode("utf-16")):
        path = tmp_path / "v.csv"
        path.write_bytes(content)
        assert refused(path)


def test_opening_hours_that_are_not_understood_are_kept_and_noted(tmp_path: Path) -> None:
    reading = read_venues(written(tmp_path / "v.csv", "id,name,opening_hours\n1,a,с утра до ночи\n2,b,24/7\n"))
    assert [one.opening_hours for one in reading.venues] == ["с утра до ночи", "24/7"]
    assert noted(reading)["venues-note-hours"] == {"count": 1, "example": "с утра до ночи"}


def test_a_venue_without_a_name_is_called_by_its_address_or_id(tmp_path: Path) -> None:
    reading = read_venues(written(tmp_path / "v.csv", "id,name,address\n1,,Абая 1\n2,,\n"))
    assert [one.name for one in reading.venues] == ["Абая 1", "2"]
    assert noted(reading)["venues-note-unnamed"] == {"count": 2}
