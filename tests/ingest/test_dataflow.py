"""Walk one upload through the steps of docs/dataflow.md: each step exists, is called, and keeps what the page says."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from store import venues
from store.schema import metadata
from tests.ingest.test_pipeline import venue, with_history
from tests.ingest.town import CENTRE, NOW, START, Town, changed_tables, quarter, table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dataflow.md").read_text("utf-8")
NAME = re.compile(r"`((?:geo|ingest|rules|store|webapp)\.[\w.]+)`")
LAST_STEP = 14


def steps() -> dict[int, list[str]]:
    """Return the cells of each numbered row of the table."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")
    ]
    return {int(row[0].split()[0]): row for row in rows if row[0].split()[0].isdigit()}


def resolved(name: str) -> Any:
    """Return the module, class or function that a dotted name means; raise where there is none."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def names_of(step: int) -> list[str]:
    return NAME.findall(steps()[step][1])


def tables_of(step: int) -> set[str]:
    return set(re.findall(r"`(\w+)`", steps()[step][3])) & set(metadata.tables)


@contextmanager
def called() -> Iterator[set[CodeType]]:
    """Collect the code of every Python function that is called."""
    seen: set[CodeType] = set()
    before = sys.getprofile(), threading.getprofile()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    sys.setprofile(look)
    threading.setprofile(look)
    try:
        yield seen
    finally:
        sys.setprofile(before[0])
        threading.setprofile(before[1])


def codes_of(target: Any) -> set[CodeType]:
    """Return the code of a function, or of the methods of a class."""
    if isinstance(target, type):
        return {one.__code__ for one in vars(target).values() if hasattr(one, "__code__")}
    return {target.__code__}


def test_the_page_has_its_steps_in_order() -> None:
    assert list(steps()) == list(range(1, LAST_STEP + 1))


@pytest.mark.parametrize("name", sorted(set(NAME.findall(PAGE))))
def test_every_name_on_the_page_exists(name: str) -> None:
    assert resolved(name) is not None


@pytest.mark.parametrize("name", ["ingest.nowhere", "ingest.intake.take_out"])
def test_a_name_that_does_not_exist_is_noticed(name: str) -> None:
    with pytest.raises((ModuleNotFoundError, AttributeError)):
        resolved(name)


@pytest.mark.parametrize("step", range(1, LAST_STEP + 1))
def test_every_step_says_where_it_happens(step: int) -> None:
    assert names_of(step)


def kept_by(town: Town, action: Callable[[], object]) -> tuple[set[str], set[CodeType]]:
    before = town.dump()
    with called() as seen:
        action()
    return changed_tables(before, town.dump()), seen


def test_one_upload_takes_the_steps_of_the_page_and_keeps_what_it_says(town: Town) -> None:
    town.carrier()
    with town.database.begin() as connection:
        venues.upsert_venues(connection, [venue("hall")], NOW)
    content = table((CENTRE, 0, 500), (CENTRE, 1, 7))

    kept, seen = kept_by(town, lambda: town.accept(content))
    for step in (1, 2, 3, 4, 5, 6):
        assert all(codes_of(resolved(name)) & seen for name in names_of(step)), step
    assert kept == tables_of(1) | tables_of(2) | tables_of(6) | {"coverage_version"}  # a grid grows with the file
    assert len(list(town.intake.door.folder.iterdir())) == 1
    assert town.dirty() == [quarter(0), quarter(1)]

    kept, seen = kept_by(town, town.process)
    for step in (7, 8, 9, 10, 12, 13):
        assert all(codes_of(resolved(name)) & seen for name in names_of(step)), step
    derived = {one for step in (10, 12, 13) for one in tables_of(step)}
    assert kept == derived | {"dirty_bin", "hexagon_area", "geometry_pack", "venue_list"}
    assert list((town.folder / "weights").iterdir())
    assert town.dirty() == []


def test_the_usual_week_is_kept_where_the_page_says(town: Town) -> None:
    before = town.dump()
    with called() as seen:
        with_history(town)
    assert all(codes_of(resolved(name)) & seen for name in names_of(11))
    assert tables_of(11) <= changed_tables(before, town.dump())


def test_the_same_bytes_end_at_the_first_step(town: Town) -> None:
    town.carrier()
    content = table((CENTRE, 0, 500))
    town.receive(content)
    kept, seen = kept_by(town, lambda: town.accept(content))
    assert kept == set()
    assert not codes_of(resolved("ingest.reading.read_counts")) & seen
    assert START in town.released()
