"""`oryn headcounts`: whole or not at all, harmless to repeat, and what follows is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import head_counts, venues
from store.records import VenueDraft
from tests.commands.conftest import Line
from tests.ingest.town import NOW

HEADER = "venue,counted_at,people,counted_by\n"


@pytest.fixture
def hall(oryn: Line) -> str:
    oryn.at(NOW)
    oryn.done("venues", "list")  # the first command makes the database
    with oryn.database().begin() as connection:
        found = VenueDraft("t", "hall", "Hall", longitude=76.95, latitude=43.24, seats=300)
        venues.upsert_venues(connection, [found], NOW)
        return venues.list_venues(connection)[0].id


def written(folder: Path, lines: str) -> Path:
    path = folder / "counts.csv"
    path.write_text(HEADER + lines, encoding="utf-8")
    return path


def test_a_file_is_loaded_once_however_often_it_is_given(oryn: Line, hall: str, tmp_path: Path) -> None:
    file = written(tmp_path, f"{hall},2026-11-20T20:00:00+05:00,120,Aigul\nhall,2026-11-20T20:15:00+05:00,90,Aigul\n")
    first = oryn.done("headcounts", "load", file)
    assert first.lines[0] == "counts.csv: 2 head counts, 2 new, 0 as before"
    assert "Uncalibrated: 0 head counts" in first.lines[1]
    assert oryn.done("headcounts", "load", file).lines[0] == "counts.csv: 2 head counts, 0 new, 2 as before"
    with oryn.database().read() as connection:
        assert head_counts.tally(connection).counts == 2


@pytest.mark.parametrize(("language", "words"), [("en", "line 3"), ("ru", "строка 3"), ("kk", "3-жол")])
def test_one_fault_refuses_the_whole_file_in_every_language(
    oryn: Line, hall: str, tmp_path: Path, language: str, words: str
) -> None:
    oryn.speak(language)
    file = written(tmp_path, f"{hall},2026-11-20T20:00:00+05:00,120,Aigul\n{hall},2026-11-20 20:15,many,Aigul\n")
    said = oryn("headcounts", "load", file)
    assert said.code == 2
    assert [words in line for line in said.err.splitlines()] == [True, True]
    with oryn.database().read() as connection:
        assert head_counts.tally(connection).counts == 0


def test_before_any_count_it_says_that_the_map_is_uncalibrated(oryn: Line, hall: str) -> None:
    assert "There is no head count yet" in oryn.done("headcounts", "show").out
