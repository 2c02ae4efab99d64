"""`oryn fit` says which parameters hold, from which counts they were chosen, and what else was tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.commands.conftest import Line
from tests.ingest.town import START, write_boxes

Write = Callable[[str, str | bytes], Path]
ACROSS = 9
NAMES = [f"B{x}{y}" for x in range(ACROSS) for y in range(ACROSS)]


@pytest.fixture
def fed(oryn: Line, tmp_path: Path) -> Line:
    """An operator that delivered one bin of 81 source areas."""
    boxes = {
        name: (west, south, west + 0.005, south + 0.004)
        for name in NAMES
        for west, south in [(76.90 + 0.005 * int(name[1]), 43.20 + 0.004 * int(name[2]))]
    }
    drawn = np.random.default_rng(1).poisson(np.random.default_rng(2).lognormal(5.5, 0.8, len(NAMES)))
    end = START + timedelta(minutes=15)
    lines = [f"{name},{START.isoformat()},{end.isoformat()},{value}" for name, value in zip(NAMES, drawn, strict=True)]
    counts = tmp_path / "counts.csv"
    counts.write_text("\n".join(["source_area_id,start,end,device_count", *lines]) + "\n")
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "0.4")
    oryn.done("coverage", "load", "alpha", write_boxes(tmp_path / "boxes.geojson", boxes))
    oryn.done("ingest", "alpha", counts)
    return oryn


def test_what_was_chosen_from_what_and_what_else_was_tried_is_shown(fed: Line) -> None:
    said = fed.done("fit").out
    assert said == fed.done("fit", "--show").out
    assert "alpha: chosen on 2026-11-20T15:30:00+00:00 from" in said
    assert START.isoformat() in said
    assert "relative error of a count of alpha" in said
    assert "tried, with the gain over the defaults" in said
    assert "factor on standard deviations" in said
    assert "radio slope" not in said


def test_everything_is_told_as_json(fed: Line) -> None:
    [row] = json.loads(fed.done("fit", "--json").out)
    assert row["coverages"][0]["carrier"] == "alpha"
    assert row["parameters"]["reason"] == "fitted"
    assert row["evidence"]["sample"]["bins"] == [START.isoformat()]
    assert {"name", "carrier", "value", "gain", "chosen"} == set(row["evidence"]["trials"][0])


@pytest.mark.parametrize(("language", "words"), [
    ("en", "Nothing has been chosen"), ("ru", "Ничего не выбрано"), ("kk", "Әзірге ештеңе таңдалған жоқ"),
])  # fmt: skip
def test_where_nothing_was_chosen_the_defaults_are_said_to_hold(oryn: Line, language: str, words: str) -> None:
    oryn.speak(language)
    assert words in oryn.done("fit").out


@pytest.mark.parametrize(("language", "words"), [
    ("ru", ("выбрано", "относительная ошибка числа", "множитель")),
    ("kk", ("таңдалды", "салыстырмалы қатесі", "көбейткіші")),
])  # fmt: skip
def test_it_is_said_in_each_language(fed: Line, language: str, words: tuple[str, ...]) -> None:
    fed.speak(language)
    said = fed.done("fit").out
    assert all(one in said for one in words)
    assert "tried" not in said
