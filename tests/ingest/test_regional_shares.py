"""Shares by region and hour: with the table both halves of a town come out right, and what changes it is estimated."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.bin_inputs import WITH_HISTORY, BinInputs
from ingest.carrier_shares import LoadedShares, load_shares, replace_shares
from ingest.estimating import Estimator
from ingest.faults import FileRefused
from ingest.regions import LoadedRegions, load_regions
from ingest.world import World
from rules.shares import ShareRow
from store import audit, carrier_shares, regions
from store.errors import NotFound
from tests.ingest.town import NOW, QUARTER, START, Town, changed_tables, quarter, span_table, table, write_boxes

WEST, EAST, MIDDLE, SOUTH, NORTH, STEP = 76.90, 76.98, 76.94, 43.20, 43.24, 0.01
PEOPLE = 1200  # in each of the town's 32 areas
AFTERNOON, EVENING = 0, 12  # quarters after START: 15:00 and 18:00 in Almaty
BOXES = {
    f"{'w' if x < 4 else 'e'}{x}{y}": (WEST + x * STEP, SOUTH + y * STEP, WEST + (x + 1) * STEP, SOUTH + (y + 1) * STEP)
    for x in range(8)
    for y in range(4)
}
HALVES = {"west": (WEST, SOUTH, MIDDLE, NORTH), "east": (MIDDLE, SOUTH, EAST, NORTH)}
TABLE = "region,hours,share\nwest,18-24,0.5\neast,18-24,0.25\n"
ACTOR = "test"


def outlines(town: Town, boxes: dict[str, tuple[float, float, float, float]]) -> LoadedRegions:
    path = write_boxes(town.folder / "regions.geojson", boxes)
    document = json.loads(path.read_text())
    for feature in document["features"]:
        code = feature["properties"]["source_area_id"]
        feature["properties"] = {"code": code, "name": code.title()}
    path.write_text(json.dumps(document))
    return load_regions(town.place, path, ACTOR, NOW)


def shares(town: Town, text: str = TABLE, code: str = "alpha") -> LoadedShares:
    path = town.folder / "shares.csv"
    path.write_text(text)
    return load_shares(town.place, code, path, ACTOR, NOW)


def delivery() -> str:
    """Half of the people in the west and a quarter in the east are counted in the evening, 0.4 before."""
    rows = [(area, AFTERNOON, round(0.4 * PEOPLE)) for area in BOXES]
    rows += [(area, EVENING, round((0.5 if area[0] == "w" else 0.25) * PEOPLE)) for area in BOXES]
    return table(*rows)


def settle(town: Town) -> None:
    town.carrier(share=0.4)
    town.coverage(BOXES)
    outlines(town, HALVES)
    town.receive(delivery())


def halves(town: Town, number: int, stage: str = "estimate") -> tuple[float, float]:
    """Return how many of the people that are there the estimate finds in the west and in the east."""
    import h3

    told = town.people(quarter(number), stage)
    found = {"west": 0.0, "east": 0.0}
    for hexagon, one in told.items():
        side = "west" if h3.cell_to_latlng(hexagon)[1] < MIDDLE else "east"
        found[side] += one.people or 0.0
    return found["west"] / (16 * PEOPLE), found["east"] / (16 * PEOPLE)


def inputs(town: Town, number: int) -> BinInputs:
    with town.database.read() as connection:
        estimator = Estimator(connection, World(connection, town.place.cache), town.place.policy)
        [found] = estimator.inputs([quarter(number)])
    assert found is not None
    return found


@pytest.mark.parametrize("stage", ["estimate", "spread"])
def test_with_the_table_both_halves_are_right_and_without_they_are_not(any_town: Town, stage: str) -> None:
    settle(any_town)
    west, east = halves(any_town, EVENING, stage)
    assert west > 1.15
    assert east < 0.75
    before, afternoon = any_town.released(), halves(any_town, AFTERNOON, stage)
    assert shares(any_town).is_new
    any_town.process()
    assert halves(any_town, EVENING, stage) == pytest.approx((1.0, 1.0), abs=0.06)
    assert halves(any_town, AFTERNOON, stage) == afternoon == pytest.approx((1.0, 1.0), abs=0.06)
    after = any_town.released()
    assert {at for at in after if after[at] != before[at]} == {quarter(EVENING)}


def test_history_is_read_with_the_shares_of_its_own_hour(town: Town) -> None:
    settle(town)
    counts = [(area, round((0.5 if area[0] == "w" else 0.25) * PEOPLE)) for area in BOXES]
    for week in (1, 2, 3, 4):
        at = quarter(EVENING) - week * timedelta(weeks=1)
        town.accept(span_table(*((area, at, at + QUARTER, count) for area, count in counts)))
    town.process()
    before = inputs(town, EVENING)
    shares(town)
    town.process()
    found = inputs(town, EVENING)
    assert found.method == before.method == WITH_HISTORY
    assert {one.digest for one in found.past}.isdisjoint(one.digest for one in before.past)
    assert halves(town, EVENING) == pytest.approx((1.0, 1.0), abs=0.06)


def test_a_digest_names_the_shares_that_hold_in_its_hour_and_no_others(town: Town) -> None:
    settle(town)
    before = {number: inputs(town, number).digest for number in (AFTERNOON, EVENING)}
    shares(town)
    with_table = {number: inputs(town, number).digest for number in (AFTERNOON, EVENING)}
    assert with_table[AFTERNOON] == before[AFTERNOON]
    assert with_table[EVENING] != before[EVENING]
    shares(town, "region,hours,share\nwest,18-24,0.4\n,18-24,0.4\n")
    assert inputs(town, EVENING).digest == before[EVENING]
    shares(town, "region;hours;days;share\nwest;18-24;weekdays;0,5\neast;18-24;weekdays;0,25\nwest;;weekend;0,9\n")
    assert inputs(town, EVENING).digest == with_table[EVENING]
    shares(town, "region,hours,share\n,,0.3\n")
    assert inputs(town, AFTERNOON).digest != before[AFTERNOON]


def test_the_same_table_again_changes_nothing_and_another_takes_its_place(any_town: Town) -> None:
    settle(any_town)
    shares(any_town)
    any_town.process()
    before = any_town.dump()
    again = shares(any_town, "region,hours,share\neast,18-24,0.25\nwest,18:00-24:00,0.5\n")
    assert not again.is_new
    assert changed_tables(before, any_town.dump()) == set()
    shares(any_town, "region,hours,share\nwest,,0.5\n")
    with any_town.database.read() as connection:
        [rows] = carrier_shares.share_tables(connection).values()
        [newest] = audit.events_of(connection, limit=1)
    assert rows == (ShareRow("west", "", 0, 24, 0.5),)
    assert (newest.action, newest.subject) == ("carrier-shares-loaded", "carrier:alpha")
    assert json.loads(newest.details) == {"file": "shares.csv", "rows": 1}
    assert any_town.dirty() == sorted(any_town.released())


def test_without_a_table_again_everything_is_as_it_was(town: Town) -> None:
    settle(town)
    before = town.released()
    shares(town)
    town.process()
    assert town.released() != before
    replace_shares(town.place, "alpha", (), "", ACTOR, NOW)
    town.process()
    assert town.released() == before


def test_regions_loaded_again_are_replaced_by_code(any_town: Town) -> None:
    settle(any_town)
    before = any_town.dump()
    again = outlines(any_town, HALVES)
    assert (again.regions, again.added, again.changed) == (2, 0, 0)
    assert changed_tables(before, any_town.dump()) == set()
    other = outlines(any_town, {"east": (MIDDLE, SOUTH, EAST + 0.01, NORTH), "south": (WEST, 43.1, EAST, SOUTH)})
    assert (other.regions, other.added, other.changed) == (2, 1, 1)
    with any_town.database.read() as connection:
        known = {one.code: one.name for one in regions.list_regions(connection)}
    assert known == {"east": "East", "south": "South", "west": "West"}
    assert changed_tables(before, any_town.dump()) == {"region", "audit_event"}  # no table of shares speaks of them


def test_an_outline_that_moves_has_the_estimates_on_it_made_again(town: Town) -> None:
    settle(town)
    shares(town)
    town.process()
    before = halves(town, EVENING)
    moved = outlines(town, {"west": (WEST, SOUTH, EAST, NORTH), "east": (EAST, SOUTH, EAST + 0.04, NORTH)})
    assert [one.code for one in moved.notes] == []
    town.process()
    assert before[1] == pytest.approx(1.0, abs=0.06)
    assert halves(town, EVENING)[1] == pytest.approx(0.5, abs=0.06)


def test_regions_with_common_ground_are_named_and_the_smaller_one_holds(town: Town) -> None:
    settle(town)
    loaded = outlines(town, {"town": (WEST, SOUTH, EAST, NORTH)})
    [note] = loaded.notes
    assert (note.code, note.params["count"]) == ("regions-overlap", 2)
    assert "east / town" in str(note.params["pairs"])
    shares(town, "region,hours,share\ntown,,1.0\nwest,18-24,0.5\neast,18-24,0.25\n")
    town.process()
    assert halves(town, EVENING) == pytest.approx((1.0, 1.0), abs=0.06)


def test_shares_of_all_operators_that_add_up_to_too_much_are_named(town: Town) -> None:
    settle(town)
    town.carrier("beta", 0.55)
    assert shares(town).over_limit == ()
    [excess] = shares(town, TABLE.replace("0.25", "0.6")).over_one[:1]
    assert (excess.region, excess.hours, round(excess.total, 2)) == ("east", "18-24", 1.15)
    [excess] = shares(town, "region,hours,share\nwest,22-6,1.0\n").over_limit
    assert (excess.region, excess.hours, round(excess.total, 2)) == ("west", "0-6, 22-24", 1.55)


@pytest.mark.parametrize(
    ("text", "code", "line", "told"),
    [
        ("region,hours,share\nnorth,,0.4\n", "shares-unknown-region", 2, {"region": "north", "known": "east, west"}),
        ("region,hours,share\nwest,18-25,0.4\n", "shares-bad-hours", 2, {"value": "18-25"}),
        ("region,hours,days,share\nwest,,monday,0.4\n", "shares-bad-days", 2, {"value": "monday"}),
        ("region,hours,share\nwest,,much\n", "shares-not-a-number", 2, {"value": "much"}),
        ("region,hours,share\nwest,,nan\n", "shares-not-a-number", 2, {"value": "nan"}),
        ("region,hours,share\nwest,,1.31\n", "shares-out-of-range", 2, {"value": "1.31"}),
        ("region,hours,share\nwest,,0\n", "shares-out-of-range", 2, {"value": "0"}),
        ("region,hours,share\nwest,18-24,0.4\neast,,0.3\nwest,22-2,0.5\n", "shares-overlap", 4, {"other_line": 2}),
        ("region,hours\nwest,\n", "shares-missing-column", 1, {"column": "share", "present": "region, hours"}),
        ("region,hours,share\n", "shares-empty", None, {}),
        ("region,hours,share\nwest,0.4\n", "venues-row-length", 2, {"found": 2, "expected": 3}),
        ('{"region": "west"}', "shares-not-text", None, {}),
    ],
)
def test_what_is_wrong_with_a_table_is_named_and_nothing_is_kept(
    town: Town, text: str, code: str, line: int | None, told: dict[str, object]
) -> None:
    settle(town)
    shares(town)
    before = town.dump()
    with pytest.raises(FileRefused) as refused:
        shares(town, text)
    [fault] = refused.value.faults
    assert (fault.code, fault.line) == (code, line)
    assert told.items() <= fault.params.items()
    assert changed_tables(before, town.dump()) == set()


def test_every_fault_of_a_table_is_named_at_once(town: Town, tmp_path: Path) -> None:
    settle(town)
    with pytest.raises(FileRefused) as refused:
        shares(town, "region,hours,share\nnorth,late,2\nwest,,0.4\nwest,,0.5\n")
    assert [(one.code, one.line) for one in refused.value.faults] == [
        ("shares-unknown-region", 2),
        ("shares-bad-hours", 2),
        ("shares-out-of-range", 2),
        ("shares-overlap", 4),
    ]
    with pytest.raises(NotFound):
        load_shares(town.place, "nobody", tmp_path / "shares.csv", ACTOR, START)
