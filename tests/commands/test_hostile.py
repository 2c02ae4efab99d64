"""Files and arguments that once broke something: each is refused with a sentence, and what comes after still works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Line

TIMES = "2026-11-20T10:00:00Z,2026-11-20T10:15:00Z"
HEAD = "source_area_id,start,end,device_count"


@pytest.fixture
def carriers(oryn: Line) -> Line:
    """Two carriers that describe their own grids, one with a file that was accepted."""
    for code in ("alpha", "beta"):
        oryn.done("carrier", "add", code, "--name", code, "--share", "0.5")
    return oryn


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"geohash,start,end,device_count\nt,{TIMES},100\n", "Split it into regions"),
        (f"longitude,latitude,radius_m,start,end,device_count\n0,90,1000,{TIMES},200\n", "latitude"),
        (f"hexagon,start,end,device_count\n8009fffffffffff,{TIMES},100\n", "Split it into regions"),
        (f"hexagon,start,end,device_count\n81083ffffffffff,{TIMES},100\n", "Split it into regions"),
    ],
    ids=["a geohash of one letter", "a disc over the pole", "a hexagon of res 0", "a hexagon of res 1"],
)
def test_a_grid_that_cannot_be_spread_is_refused_and_stops_nobody_else(
    carriers: Line, tmp_path: Path, text: str, sentence: str
) -> None:
    before = carriers.dump()
    said = carriers("ingest", "alpha", _written(tmp_path / "wide.csv", text))
    after = carriers.dump()
    assert said.code == 2
    assert sentence in said.err
    assert {name for name, rows in after.items() if rows != before[name]} == {"upload", "job", "audit_event"}
    good = f"hexagon,start,end,device_count\n8920e60a12fffff,{TIMES},100\n"
    carriers.done("ingest", "beta", _written(tmp_path / "good.csv", good))


def test_a_coverage_that_cannot_be_spread_leaves_nothing_behind(carriers: Line, tmp_path: Path) -> None:
    corners = [[0, 0], [90, 0], [90, 60], [0, 60], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    world = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"id": "A"}, "geometry": shape}],
    }
    before = carriers.dump()
    said = carriers("coverage", "load", "alpha", _written(tmp_path / "world.geojson", json.dumps(world)))
    assert said.code == 2
    assert "world.geojson" in said.err
    assert carriers.dump() == before


def test_rows_with_many_extra_fields_are_named_by_their_line(carriers: Line, tmp_path: Path) -> None:
    row = f"8920e60a12fffff,{TIMES},30"
    said = carriers("ingest", "alpha", _written(tmp_path / "wide.csv", f"{HEAD}\n{row},x,y,z\n"))
    assert said.code == 2
    assert "line 2" in said.err


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:00:00Z"])
def test_a_moment_beyond_all_data_is_refused_with_a_sentence(oryn: Line, moment: str) -> None:
    said = oryn("hexagons", "--at", moment, "--format", "csv")
    assert said.code == 2
    assert "1970" in said.err


def test_an_export_that_cannot_be_written_says_so(carriers: Line, tmp_path: Path) -> None:
    good = f"hexagon,start,end,device_count\n8920e60a12fffff,{TIMES},100\n"
    carriers.done("ingest", "alpha", _written(tmp_path / "good.csv", good))
    target = tmp_path / "nowhere" / "out.csv"
    said = carriers("hexagons", "--at", "2026-11-20T10:05:00Z", "--format", "csv", "-o", target)
    assert said.code == 2
    assert "cannot be written" in said.err


def test_a_gap_between_deliveries_is_missing_not_an_error(carriers: Line, tmp_path: Path) -> None:
    for hour in ("08", "10"):
        times = f"2026-11-20T{hour}:00:00Z,2026-11-20T{hour}:15:00Z"
        text = f"hexagon,start,end,device_count\n8920e60a12fffff,{times},100\n"
        carriers.done("ingest", "alpha", _written(tmp_path / f"{hour}.csv", text))
    rows = carriers.done("hexagons", "--at", "2026-11-20T09:05:00Z", "--format", "csv").lines[1:]
    assert rows == ["8920e60a12fffff,2026-11-20T09:00:00Z,,,,missing"]


def test_an_area_that_a_later_coverage_leaves_out_is_refused_from_its_day_on(carriers: Line, tmp_path: Path) -> None:
    def squares(*names: str) -> str:
        boxes = [[[x, 43.2], [x + 0.005, 43.2], [x + 0.005, 43.205], [x, 43.205], [x, 43.2]] for x in (76.9, 76.95)]
        places = dict(zip(("A", "B"), boxes, strict=True))
        shapes = [{"type": "Polygon", "coordinates": [places[one]]} for one in names]
        found = [
            {"type": "Feature", "properties": {"zone_id": name}, "geometry": shape}
            for name, shape in zip(names, shapes, strict=True)
        ]
        return json.dumps({"type": "FeatureCollection", "features": found})

    carriers.done("coverage", "load", "alpha", _written(tmp_path / "1.geojson", squares("A", "B")))
    later = _written(tmp_path / "2.geojson", squares("B"))
    carriers.done("coverage", "load", "alpha", later, "--valid-from", "2026-11-20")
    before = f"{HEAD}\nA,2026-11-19T10:00:00Z,2026-11-19T10:15:00Z,50\n"
    carriers.done("ingest", "alpha", _written(tmp_path / "before.csv", before))
    said = carriers("ingest", "alpha", _written(tmp_path / "after.csv", f"{HEAD}\nA,{TIMES},50\n"))
    assert said.code == 2
    assert "in force" in said.err


def test_a_radio_cell_with_a_negative_range_is_refused(carriers: Line, tmp_path: Path) -> None:
    cells = "cell_id,latitude,longitude,range\nC1,43.2,76.9,-5\n"
    said = carriers("coverage", "load", "alpha", _written(tmp_path / "cells.csv", cells))
    assert said.code == 2
    assert "C1" in said.err


@pytest.mark.parametrize(("language", "word"), [("ru", "принят"), ("kk", "қабылданды"), ("en", "accepted")])
def test_a_receipt_speaks_the_readers_language(carriers: Line, tmp_path: Path, language: str, word: str) -> None:
    carriers.speak(language)
    good = f"hexagon,start,end,device_count\n8920e60a12fffff,{TIMES},100\n"
    assert word in carriers.done("ingest", "alpha", _written(tmp_path / "good.csv", good)).out


def test_the_same_coverage_again_changes_nothing(carriers: Line, tmp_path: Path) -> None:
    cells = _written(tmp_path / "cells.csv", "cell_id,latitude,longitude,range\nC1,43.2,76.9,500\n")
    carriers.done("coverage", "load", "alpha", cells)
    before = carriers.dump()
    carriers.done("coverage", "load", "alpha", cells)
    assert carriers.dump() == before
