"""`oryn prior load`: a layer takes part in every estimate, a bad one is refused with its place and changes nothing."""

from __future__ import annotations

from pathlib import Path

import h3
import pytest

from tests.commands.conftest import Line
from tests.ingest.town import CENTRE, HEXAGONS, START, changed_tables, table

FILE = "counts.csv"


@pytest.fixture
def town(oryn: Line, tmp_path: Path) -> Line:
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.5")
    counts = tmp_path / FILE
    counts.write_text(table(*((one, 0, 300) for one in HEXAGONS)))
    oryn.done("ingest", "alpha", counts)
    return oryn


def layer(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "layer.csv"
    path.write_text("\n".join(["h3,residents", *rows]) + "\n")
    return path


def estimate(line: Line) -> str:
    return line.done("hexagons", "--at", START.isoformat(), "--stage", "estimate", "--format", "csv").out


def test_a_layer_is_told_counted_and_has_every_bin_estimated_again(town: Line, tmp_path: Path) -> None:
    people = {one: 50 * (1 + 5 * number % 13) for number, one in enumerate(sorted(h3.grid_disk(CENTRE, 5)))}
    (tmp_path / "wide.csv").write_text(table(*((one, 0, count) for one, count in people.items())))
    town.done("ingest", "alpha", tmp_path / "wide.csv")
    before, seen = town.dump(), estimate(town)
    rows = [f"{one},{count}" for one, count in people.items()]
    said = town.done("prior", "load", layer(tmp_path, *rows))
    assert "residents" in said.out
    changed = changed_tables(before, town.dump())
    assert {"prior_layer", "release", "audit_event"} <= changed
    assert "dirty_bin" not in changed
    assert estimate(town) != seen
    assert "already" in town.done("prior", "load", layer(tmp_path, *rows)).out


def test_a_layer_that_the_counts_do_not_bear_out_leaves_the_estimate_as_it_was(town: Line, tmp_path: Path) -> None:
    before, seen = town.dump(), estimate(town)
    town.done("prior", "load", layer(tmp_path, *(f"{one},{5000 if one == CENTRE else 1}" for one in HEXAGONS)))
    assert {"prior_layer", "release"} <= changed_tables(before, town.dump())
    assert estimate(town) == seen


def test_a_layer_that_says_nothing_of_some_places_says_so(town: Line, tmp_path: Path) -> None:
    assert "6 of 7" in town.done("prior", "load", layer(tmp_path, f"{CENTRE},10")).err


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
@pytest.mark.parametrize(
    ("rows", "place"),
    [([f"{CENTRE},many"], "layer.csv"), ([f"{CENTRE},0"], "layer.csv"), (["8920e60a12fffff,5"], "layer.csv")],
)
def test_a_bad_layer_is_refused_in_words_and_changes_nothing(
    town: Line, tmp_path: Path, rows: list[str], place: str, language: str
) -> None:
    rows = [row.replace("8920e60a12fffff", "891fb466257ffff") for row in rows]  # far away
    before = town.dump()
    town.speak(language)
    said = town("prior", "load", layer(tmp_path, *rows))
    assert said.code == 2
    assert place in said.err
    assert "Traceback" not in said.err
    assert changed_tables(before, town.dump()) == set()
