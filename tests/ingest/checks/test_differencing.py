"""Hidden counts that other rows give away are found, counted and named, and their numbers are never repeated."""

from __future__ import annotations

import re
from datetime import timedelta

import h3

from ingest.checks import Examination
from ingest.faults import LANGUAGES, sentence
from tests.ingest.checks.past_weeks import HOUR, TEN, Operator, Row, codes, found, hour_rows, outcome, today
from tests.ingest.town import Town

QUARTER = HOUR / 4
CALENDAR = """
kind = "device_count"
timezone = "Asia/Almaty"
[columns]
source_area_id = "area"
value = "count"
[calendar]
year = "year"
month = "month"
day_kind = "dayflag"
[calendar.day_kinds]
"0" = "holiday"
"1" = "weekday"
"2" = "all"
"""


def quarters(area: str, *counts: object) -> list[Row]:
    return [(area, TEN + at * QUARTER, TEN + (at + 1) * QUARTER, count, 0) for at, count in enumerate(counts)]


def tiles(kind: str, rows: dict[str, object]) -> str:
    lines = [f"{kind},start,end,device_count,status"]
    for tile, count in rows.items():
        said = f",{count}" if isinstance(count, str) else f"{count},"
        lines.append(f"{tile},{TEN.isoformat()},{(TEN + HOUR).isoformat()},{said}")
    return "\n".join(lines) + "\n"


def told(examination: Examination) -> tuple[str, object, object]:
    (fault,) = found(examination, "differencing").findings
    return fault.code, fault.params["count"], fault.params["area"]


def test_an_hour_gives_its_only_hidden_quarter_away(town: Town) -> None:
    rows = [*quarters("A01", 40, 60, 100, "suppressed"), ("A01", TEN, TEN + HOUR, 53, 0)]
    rows += [*quarters("A02", 40, 60, 100, 80), ("A02", TEN, TEN + HOUR, 70, 0)]
    examination = Operator.settled(town).examined(*rows)
    assert told(examination) == ("check-differencing-time", 1, "A01")
    (fault,) = found(examination, "differencing").findings
    for language in LANGUAGES:
        numbers = set(re.findall(r"\d+", sentence(fault.code, {**fault.params, "start": ""}, language)))
        assert numbers == {"1", "01"}, "how many and which area, and no recovered number"


def test_quarters_that_are_all_counted_give_a_hidden_hour_away(town: Town) -> None:
    rows = [*quarters("A01", 0, 0, 0, 40), ("A01", TEN, TEN + HOUR, "suppressed", 0)]
    assert told(Operator.settled(town).examined(*rows)) == ("check-differencing-time", 1, "A01")


def test_four_hidden_quarters_and_their_hidden_hour_give_nothing_away(town: Town) -> None:
    rows = [*quarters("A01", *["suppressed"] * 4), ("A01", TEN, TEN + HOUR, "suppressed", 0)]
    assert outcome(Operator.settled(town).examined(*rows), "differencing") == "ok"


def test_an_hour_that_counts_visitors_is_no_mean_and_gives_nothing_away(town: Town) -> None:
    rows = [*quarters("A01", 40, 60, 100, "suppressed"), ("A01", TEN, TEN + HOUR, 53, 0)]
    for area in ("A02", "A03"):
        rows += [*quarters(area, 40, 60, 100, 80), (area, TEN, TEN + HOUR, 190, 0)]
    assert outcome(Operator.settled(town).examined(*rows), "differencing") == "ok"


def test_a_quarter_that_is_missing_hides_the_others(town: Town) -> None:
    rows = [*quarters("A01", 40, 60, "suppressed"), ("A01", TEN, TEN + HOUR, 53, 0)]
    assert outcome(Operator.settled(town).examined(*rows), "differencing") == "ok"


def test_a_total_row_gives_the_hidden_area_away(town: Town) -> None:
    counts = {"A01": 30, "A02": 50, "A03": "suppressed", "A04": 70, "A39": 163}
    assert told(Operator.settled(town).examined(*hour_rows(counts))) == ("check-differencing-total", 1, "A39")


def test_a_large_area_that_is_no_sum_is_no_total(town: Town) -> None:
    counts = {"A01": 30, "A02": 50, "A03": "suppressed", "A04": 70, "A39": 500}
    assert outcome(Operator.settled(town).examined(*hour_rows(counts)), "differencing") == "ok"


def test_a_sum_in_one_interval_only_is_chance(town: Town) -> None:
    counts = {"A01": 30, "A02": 50, "A03": "suppressed", "A04": 70, "A39": 163}
    rows = [*hour_rows(counts), *hour_rows(counts | {"A39": 400}, TEN + HOUR)]
    assert outcome(Operator.settled(town).examined(*rows), "differencing") == "ok"


def test_a_revision_that_shows_a_hidden_count_is_found(town: Town) -> None:
    rows = [*hour_rows({"A01": "suppressed", "A02": "suppressed"}), *hour_rows({"A01": 21, "A02": 900}, revision=1)]
    assert told(Operator.settled(town).examined(*rows)) == ("check-differencing-revisions", 1, "A01")


def test_a_count_that_was_hidden_in_an_earlier_file_is_found(town: Town) -> None:
    operator = Operator.settled(town)
    operator.deliver(*hour_rows(today() | {"A01": "suppressed", "A02": 7, "A03": 50}))
    again = operator.examined(*hour_rows(today() | {"A01": 22, "A02": 300, "A03": 21}))
    assert told(again) == ("check-differencing-before", 1, "A01")


def test_geohashes_beside_the_one_around_them_are_found(town: Town) -> None:
    town.carrier()
    operator = Operator(town)
    letters = "0123456789bcdefghjkmnpqrstuvwxyz"
    rows: dict[str, object] = {f"txwww{letter}": 30 for letter in letters[1:]}
    rows |= {f"txwww{letters[0]}": "suppressed", "txwww": 30 * 31 + 7}
    assert told(operator.examined_file(tiles("geohash", rows))) == ("check-differencing-nested", 1, "txwww0")
    del rows["txwww"]
    assert outcome(operator.examined_file(tiles("geohash", rows)), "differencing") == "ok"


def test_hexagons_beside_their_parent_are_found(town: Town) -> None:
    town.carrier()
    operator = Operator(town)
    parent = h3.latlng_to_cell(43.24, 76.95, 8)
    children = sorted(h3.cell_to_children(parent, 9))
    rows: dict[str, object] = dict.fromkeys(children, 30) | {children[2]: "suppressed", parent: 30 * 6 + 9}
    assert told(operator.examined_file(tiles("hexagon", rows))) == ("check-differencing-nested", 1, children[2])


def test_a_calendars_all_beside_its_kinds_of_day_is_found(town: Town) -> None:
    town.carrier(feed=CALENDAR)
    town.coverage({"A1": (76.94, 43.23, 76.95, 43.24), "A2": (76.95, 43.23, 76.96, 43.24)})
    lines = ["area,year,month,dayflag,count", "A1,2026,10,1,300", "A1,2026,10,0,5", "A1,2026,10,2,215"]
    lines += ["A2,2026,10,1,300", "A2,2026,10,0,200", "A2,2026,10,2,271"]
    examination = Operator(town).examined_file("\n".join(lines) + "\n")
    assert told(examination) == ("check-differencing-calendar", 1, "A1")
    assert codes(examination, "gaps") == ["check-gaps-calendar"]


def test_a_feed_that_hides_below_nobody_knows_what_is_not_checked(town: Town) -> None:
    operator = Operator.settled(town)
    people = f"source_area_id,start,end,people\nA01,{TEN.isoformat()},{(TEN + HOUR).isoformat()},12.5\n"
    assert codes(operator.examined_file(people), "differencing") == ["check-differencing-unknown"]


def test_finding_costs_nothing_where_nothing_is_nested(town: Town) -> None:
    rows = [row for at in range(3) for row in hour_rows(today() | {"A01": "suppressed"}, TEN + timedelta(hours=at))]
    assert outcome(Operator.settled(town).examined(*rows), "differencing") == "ok"
