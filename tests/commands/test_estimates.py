"""`oryn estimates` says what an estimate stands on; odd coverages and shares are named, and the estimate stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import h3
import pytest

from tests.commands.conftest import Line
from tests.ingest.town import CENTRE, HEXAGONS, QUARTER, START, span_table, table, write_boxes

WEEK = timedelta(weeks=1)


def delivered(oryn: Line, tmp_path: Path, weeks: tuple[int, ...]) -> None:
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.5")
    for number in weeks:
        at = START - number * WEEK
        file = tmp_path / f"week-{number}.csv"
        file.write_text(span_table(*((area, at, at + QUARTER, 200) for area in HEXAGONS)))
        oryn.done("ingest", "alpha", file)


def test_an_estimate_tells_its_history_with_gaps_and_each_operators_residual(oryn: Line, tmp_path: Path) -> None:
    delivered(oryn, tmp_path, (4, 3, 1, 0))
    said = oryn.done("estimates", "--at", START.isoformat()).lines
    assert "joint-2/history" in said[0]
    assert said[1].startswith("alpha (device_count): delivered 1400, expected by the estimate 1")
    assert "3 past weeks" in said[2]
    assert [line for line in said if "gap" in line] == [
        f"history has a gap at {(START - 2 * WEEK).isoformat()}: nothing was delivered"
    ]


@pytest.mark.parametrize(("language", "word"), [("en", "Nothing is released"), ("ru", "ничего"), ("kk", "ештеңе")])
def test_a_bin_of_which_nothing_is_released_is_said_to_be_so(oryn: Line, language: str, word: str) -> None:
    oryn.speak(language)
    said = oryn("estimates", "--at", START.isoformat())
    assert (said.code, word in said.err) == (2, True)


def test_a_coverage_with_a_hole_says_so_and_the_hole_is_missing(oryn: Line, tmp_path: Path) -> None:
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.5")
    ring = {
        "south": (76.90, 43.20, 77.00, 43.21), "north": (76.90, 43.27, 77.00, 43.28),
        "west": (76.90, 43.21, 76.91, 43.27), "east": (76.99, 43.21, 77.00, 43.27),
    }  # fmt: skip
    said = oryn.done("coverage", "load", "alpha", write_boxes(tmp_path / "ring.geojson", ring))
    assert "The coverage has holes" in said.err
    counts = tmp_path / "counts.csv"
    counts.write_text(table(*((name, 0, 400) for name in ring)))
    oryn.done("ingest", "alpha", counts)
    told = oryn.done("hexagons", "--at", START.isoformat(), "--stage", "estimate", "--format", "csv").out
    middle = h3.latlng_to_cell(43.24, 76.95, 9)
    assert middle == CENTRE
    assert middle not in told


def test_sectors_without_an_azimuth_are_counted_and_the_estimate_stands(oryn: Line, tmp_path: Path) -> None:
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.5")
    cells = tmp_path / "cells.csv"
    places = [("a", 76.94, 43.23, ""), ("b", 76.95, 43.24, "120"), ("c", 76.96, 43.23, "")]
    rows = [f"{name},{x},{y},2000,{azimuth}" for name, x, y, azimuth in places]
    cells.write_text("\n".join(["cell_id,longitude,latitude,range,azimuth_angle", *rows]) + "\n")
    assert "2 radio cells have no azimuth" in oryn.done("coverage", "load", "alpha", cells).err
    counts = tmp_path / "counts.csv"
    counts.write_text(table(*((name, 0, 400) for name, *_ in places)))
    oryn.done("ingest", "alpha", counts)
    told = oryn.done("hexagons", "--at", START.isoformat(), "--stage", "estimate", "--format", "csv").lines
    assert any(line.endswith(",estimated") for line in told)


def test_shares_above_one_are_named_and_not_refused(oryn: Line) -> None:
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.6")
    assert oryn.done("carrier", "add", "beta", "--name", "Beta", "--share", "0.4").err == ""
    assert "Market shares cannot exceed 1" in oryn.done("carrier", "add", "gamma", "--name", "G", "--share", "0.2").err
