"""Taking in a file: whole or not at all, once, accounted for to the row."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import h3
import pytest
import sqlalchemy as sa

import ingest.pipeline
from ingest.coverage import load_coverage
from ingest.intake import Intake, OwnReader, take_in
from ingest.pipeline import Workplace
from ingest.receiving import Door
from rules.policy import Policy
from store import uploads
from store.carriers import add_carrier
from store.database import Database
from store.records import Receipt
from store.schema import count_slice, coverage_version, upload
from tests.ingest.town import (
    CENTRE,
    HEXAGONS,
    LARGEST_MB,
    NOW,
    START,
    Town,
    changed_tables,
    copied_database,
    quarter,
    table,
)

BOXES = {"A1": (76.94, 43.23, 76.95, 43.24), "A2": (76.95, 43.23, 76.96, 43.24)}
POINTS = "longitude,latitude,radius_m,start,end,device_count"


def rows_of(receipt: Receipt) -> tuple[int, int, int, int]:
    return receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected, receipt.rows_held


def codes_of(receipt: Receipt) -> list[str]:
    return [fault.code for fault in receipt.faults]


def facts_of(receipt: Receipt) -> dict[str, Any]:
    facts = {one.name: getattr(receipt, one.name) for one in upload.c if one.name not in {"id", "carrier_id"}}
    return facts | {"faults": [], "notes": []}


def raw_files(town: Town) -> list[str]:
    return sorted(one.name for one in town.intake.door.folder.iterdir())


def count(town: Town, what: sa.Table) -> int:
    with town.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(what)).scalar_one()


def point_rows(*points: str, count: int = 100) -> str:
    return "\n".join([POINTS, *(f"{one},{START.isoformat()},{quarter(1).isoformat()},{count}" for one in points), ""])


@pytest.fixture
def boxes(town: Town) -> Town:
    town.carrier()
    town.coverage(BOXES)
    town.process()
    return town


def test_an_accepted_file_is_a_receipt_its_counts_and_the_bins_to_estimate(any_town: Town) -> None:
    any_town.carrier()
    receipt = any_town.send(table((CENTRE, 0, 50), (CENTRE, 1, 3), (CENTRE, 2, "no_coverage")))
    assert (receipt.state, rows_of(receipt), receipt.rows_suppressed) == ("accepted", (3, 3, 0, 0), 1)
    assert (receipt.first_bin_at, receipt.last_bin_end_at) == (START, quarter(3))
    assert any_town.dirty() == [quarter(0), quarter(1), quarter(2)]
    assert count(any_town, count_slice) == 3


def test_a_refused_file_leaves_nothing_but_its_receipt(any_town: Town) -> None:
    any_town.carrier()
    any_town.receive(table((CENTRE, 0, 50)))
    before = any_town.dump()
    receipt = any_town.send(table((CENTRE, 1, 50), (CENTRE, 2, -5)))
    assert (receipt.state, codes_of(receipt), rows_of(receipt)) == ("refused", ["count-negative"], (2, 0, 2, 0))
    assert (receipt.faults[0].line, receipt.faults[0].column) == (3, "device_count")
    assert changed_tables(before, any_town.dump()) == {"upload", "job", "audit_event"}
    assert receipt.raw_name is None
    assert len(raw_files(any_town)) == 1  # the accepted one's


def test_the_same_bytes_again_answer_the_same_receipt_and_change_nothing(any_town: Town) -> None:
    any_town.carrier()
    content = table((CENTRE, 0, 50))
    first = any_town.receive(content, name="first.csv")
    before = any_town.dump()
    again = any_town.send(content, name="second.csv")
    assert (again.id, again.replayed, first.replayed) == (first.id, True, False)
    assert again.file_name == "first.csv"
    assert changed_tables(before, any_town.dump()) == set()


def test_the_same_bytes_of_another_carrier_are_another_delivery(town: Town) -> None:
    town.carrier("alpha")
    town.carrier("beta")
    content = table((CENTRE, 0, 50))
    assert town.accept(content, "alpha").id != town.accept(content, "beta").id


def test_the_same_bytes_eight_times_at_once_are_taken_in_once(any_town: Town) -> None:
    carrier = any_town.carrier()
    path = any_town.folder / "same.csv"
    path.write_text(table(*((one, number, 50) for one in HEXAGONS for number in range(4))))

    def deliver(_: int) -> Receipt:
        return take_in(any_town.intake, carrier, path, NOW)

    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(deliver, range(8)))
    assert {one.id for one in receipts} == {receipts[0].id}
    assert sorted(one.replayed for one in receipts) == [False] + [True] * 7
    assert (count(any_town, upload), count(any_town, count_slice), count(any_town, coverage_version)) == (1, 4, 1)


def test_different_files_of_one_carrier_at_once_lose_no_source_area(any_town: Town) -> None:
    carrier = any_town.carrier()
    paths = [any_town.folder / f"{one}.csv" for one in HEXAGONS]
    for path, one in zip(paths, HEXAGONS, strict=True):
        path.write_text(table((one, 0, 50)))

    with ThreadPoolExecutor(len(paths)) as threads:
        list(threads.map(lambda path: take_in(any_town.intake, carrier, path, NOW), paths))
    any_town.process()
    assert any_town.total() == pytest.approx(50 * len(HEXAGONS))


def test_the_database_itself_refuses_rows_that_are_not_accounted_for(any_town: Town) -> None:
    carrier = any_town.carrier()
    receipt = any_town.accept(table((CENTRE, 0, 50)))
    facts = facts_of(receipt) | {"sha256": "0" * 64, "rows_in": 5}
    with pytest.raises(sa.exc.IntegrityError, match="every_row_accounted"), any_town.database.begin() as connection:
        connection.execute(sa.insert(upload).values(carrier_id=carrier.id, **facts))


def test_the_database_itself_refuses_the_same_accepted_bytes_twice(any_town: Town) -> None:
    carrier = any_town.carrier()
    receipt = any_town.accept(table((CENTRE, 0, 50)))
    facts = facts_of(receipt)
    with pytest.raises(sa.exc.IntegrityError), any_town.database.begin() as connection:
        connection.execute(sa.insert(upload).values(carrier_id=carrier.id, **facts))


def test_named_source_areas_without_a_coverage_are_refused_and_may_be_sent_again_once_it_is_loaded(town: Town) -> None:
    town.carrier()
    content = table(("A1", 0, 50))
    refused = town.send(content)
    assert (refused.state, codes_of(refused), rows_of(refused)) == ("refused", ["coverage-not-loaded"], (1, 0, 1, 0))
    town.coverage(BOXES)
    accepted = town.send(content)
    assert (accepted.state, accepted.replayed, accepted.sha256) == ("accepted", False, refused.sha256)


def test_an_unknown_source_area_refuses_the_file(boxes: Town) -> None:
    receipt = boxes.send(table(("A1", 0, 50), ("A9", 0, 50)))
    [fault] = receipt.faults
    assert (receipt.state, fault.code, fault.line, fault.column) == (
        "refused", "source-area-unknown", 3, "source_area_id",
    )  # fmt: skip


def test_a_feed_may_let_unknown_source_areas_go_row_by_row(town: Town) -> None:
    town.carrier(feed='unknown_source_areas = "reject"')
    town.coverage(BOXES)
    receipt = town.receive(table(("A1", 0, 50), ("A9", 0, 70)))
    assert (receipt.state, rows_of(receipt), codes_of(receipt)) == ("accepted", (2, 1, 1, 0), ["source-area-unknown"])
    assert town.total() == pytest.approx(50)


def test_a_file_that_cannot_be_opened_is_refused_without_a_receipt(town: Town) -> None:
    carrier = town.carrier()
    with pytest.raises(Exception, match="cannot be opened"):
        take_in(town.intake, carrier, town.folder / "nowhere.csv", NOW)
    assert count(town, upload) == 0


def test_a_packed_file_and_its_content_are_different_bytes_but_the_same_counts(town: Town) -> None:
    town.carrier()
    content = table((CENTRE, 0, 50))
    town.receive(content)
    before = town.released()
    packed = town.receive(gzip.compress(content.encode(), mtime=0), name="same.csv.gz")
    assert not packed.replayed
    assert town.released() == before


def test_counts_that_have_not_happened_yet_are_refused(town: Town) -> None:
    town.carrier()
    ahead = timedelta(minutes=town.place.policy.counts.max_ahead_minutes)
    content = table((CENTRE, 0, 50))
    too_early = quarter(1) - ahead - timedelta(seconds=1)
    assert codes_of(town.send(content, now=too_early)) == ["time-in-future"]
    assert town.send(content, now=quarter(1) - ahead).state == "accepted"


# --- grids that describe themselves -----------------------------------------------------------------------------------


def test_hexagons_need_no_coverage_and_the_grid_grows_with_the_files(town: Town) -> None:
    town.carrier()
    town.receive(table((HEXAGONS[0], 0, 50)))
    assert set(town.people()) == {HEXAGONS[0]}
    town.receive(table((HEXAGONS[1], 1, 70)))
    assert set(town.people()) == {HEXAGONS[0], HEXAGONS[1]}
    assert town.people()[HEXAGONS[1]].state == "missing"
    assert town.people(quarter(1))[HEXAGONS[1]].people == 70


def test_a_file_that_shows_no_new_area_adds_no_coverage_version(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50)))
    town.receive(table((CENTRE, 1, 50)))
    assert count(town, coverage_version) == 1


def test_a_coarser_hexagon_is_spread_over_its_children(town: Town) -> None:
    town.carrier()
    parent = h3.cell_to_parent(CENTRE, 8)
    town.receive(table((parent, 0, 700)))
    told = town.people(stage="spread")
    assert town.total() == pytest.approx(700)
    assert told[CENTRE].people == pytest.approx(100, rel=0.35)  # children do not tile their parent exactly


def test_geohashes_grow_like_hexagons(town: Town) -> None:
    town.carrier()
    header = "geohash,start,end,device_count,status"
    town.receive(table(("txwwjw", 0, 500), header=header))
    first = set(town.people())
    town.receive(table(("txwwjx", 0, 300), header=header))
    assert set(town.people()) > first
    assert town.total() == pytest.approx(800)


def test_points_with_a_radius_are_discs(town: Town) -> None:
    town.carrier()
    town.receive(point_rows("76.95,43.24,400", count=300))
    told = {hexagon for hexagon, one in town.people(stage="spread").items() if (one.people or 0) > 1}
    assert town.total() == pytest.approx(300)
    assert CENTRE in told
    assert all(h3.great_circle_distance((43.24, 76.95), h3.cell_to_latlng(one), "m") < 700 for one in told)


def test_points_are_remembered_when_new_ones_come(town: Town) -> None:
    town.carrier()
    town.receive(point_rows("76.95,43.24,400", count=300))
    town.receive(point_rows("76.99,43.26,200", count=80))
    assert town.total() == pytest.approx(380)


def test_points_give_the_same_whatever_file_came_first(
    town: Town, tmp_path: Path, policy: Policy, empty_database: Path
) -> None:
    files = point_rows("76.95,43.24,400"), point_rows("76.9500001,43.26,200")
    with copied_database(empty_database, tmp_path / "other") as database:
        other = Town(database, policy, tmp_path / "other")
        for one, order in ((town, files), (other, files[::-1])):
            one.carrier()
            for content in order:
                one.receive(content)
        assert town.exported(stage="spread") == other.exported(stage="spread")


def test_a_point_without_a_radius_is_refused_with_its_line(town: Town) -> None:
    town.carrier()
    receipt = town.send(point_rows("76.95,43.24,400", "76.96,43.24,"))
    [fault] = receipt.faults
    assert (receipt.state, fault.code, fault.line, fault.column) == ("refused", "point-without-radius", 3, "longitude")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (table((CENTRE, 0, 50)), point_rows("76.95,43.24,400")),
        (point_rows("76.95,43.24,400"), table((CENTRE, 0, 50))),
        (table((CENTRE, 0, 50)), table(("txwwjw", 0, 50), header="geohash,start,end,device_count,status")),
    ],
)
def test_a_carrier_keeps_to_one_grid(town: Town, first: str, second: str) -> None:
    town.carrier()
    town.receive(first)
    receipt = town.send(second)
    assert (receipt.state, codes_of(receipt)) == ("refused", ["grids-mixed"])


def test_a_carrier_with_a_loaded_coverage_names_its_areas(boxes: Town) -> None:
    assert codes_of(boxes.send(point_rows("76.95,43.24,400"))) == ["grids-mixed"]


def test_a_camara_response_is_a_grid_of_geohashes(town: Town) -> None:
    town.carrier()
    receipt = town.receive(json.dumps(camara(("txwwjw", 4000.0))), name="response.json")
    assert (receipt.state, receipt.rows_accepted) == ("accepted", 1)
    assert town.total() > 0


def camara(*tiles: tuple[str, float]) -> dict[str, Any]:
    numbers = ("pplDensity", "minPplDensity", "maxPplDensity")
    cells = [
        {"geohash": one, "dataType": "DENSITY_ESTIMATION"} | dict.fromkeys(numbers, density) for one, density in tiles
    ]
    start, end = START.isoformat(), quarter(1).isoformat()
    timed = {"startTime": start, "endTime": end, "cellPopulationDensityData": cells}
    return {"timedPopulationDensityData": [timed], "responseStatus": "SUPPORTED_AREA"}


# --- killed in between ------------------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["clear_dirty", "_publish_all", "_refresh_usual_week", "_release_all"])
def test_a_run_killed_before_any_step_is_done_again_from_the_counts(
    town: Town, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    town.carrier()
    town.accept(table(*((one, number, 50 + number) for one in HEXAGONS for number in range(3))))

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(uploads if step == "clear_dirty" else ingest.pipeline, step, kill)
        with pytest.raises(Killed):
            town.process()
    assert len(town.dirty()) == 3
    assert town.process() == 3
    assert town.dirty() == []
    assert [town.people(quarter(number))[CENTRE].people for number in range(3)] == [50, 50, 50]


def test_a_file_killed_while_it_is_kept_leaves_nothing(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.carrier()
    before = any_town.dump()

    def kill(*_: object) -> None:
        raise Killed

    content = table((CENTRE, 0, 50))
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "mark_dirty", kill)
        with pytest.raises(Killed):
            any_town.send(content)
    assert changed_tables(before, any_town.dump()) == {"upload", "job"}  # received, and still to be read
    assert any_town.send(content).state == "accepted"


def test_an_area_of_a_replaced_coverage_is_unknown_as_it_has_no_place_any_more(
    sqlite_database: Database, policy: Policy, now: datetime, tmp_path: Path
) -> None:
    place = Workplace.at(sqlite_database, policy, tmp_path)
    with sqlite_database.begin() as connection:
        carrier = add_carrier(connection, "alpha", "Alpha", 0.5, now)
    for areas in (["old", "kept"], ["kept", "new"]):
        load_coverage(place, "alpha", _squares(tmp_path / "squares.geojson", areas), None, None, now)
    intake = Intake(Door.at(sqlite_database, tmp_path, LARGEST_MB), policy, OwnReader())
    refused = take_in(intake, carrier, _count(tmp_path / "old.csv", "old"), now)
    accepted = take_in(intake, carrier, _count(tmp_path / "new.csv", "new"), now)
    assert (refused.state, refused.faults[0].code) == ("refused", "source-area-unknown")
    assert accepted.state == "accepted"


def _squares(path: Path, names: Sequence[str]) -> Path:
    corners = [(0.0, 0.0), (0.005, 0.0), (0.005, 0.005), (0.0, 0.005), (0.0, 0.0)]
    features = [
        {
            "type": "Feature",
            "properties": {"zone_id": name},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[76.9 + 0.01 * number + x, 43.2 + y] for x, y in corners]],
            },
        }
        for number, name in enumerate(names)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def _count(path: Path, area: str) -> Path:
    path.write_text(
        f"zone_id,start,end,device_count\n{area},2026-11-20T10:00:00Z,2026-11-20T10:15:00Z,40\n", encoding="utf-8"
    )
    return path
