"""Hours: a file that is moved, intervals that are missing or overlap, clocks that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from ingest.checks.clock import clock
from tests.ingest.checks.past_weeks import (
    AREAS,
    HOUR,
    LEVELS,
    TEN,
    Operator,
    codes,
    found,
    hour_rows,
    outcome,
    rows_of,
    today,
    usual,
)
from tests.ingest.town import Town

DAY = [TEN + (hour - 20) * HOUR for hour in range(24)]


def tide(area: str, hour: datetime) -> int:
    """A level that wanders through the areas with the hours of the day."""
    swing = 1 + 0.6 * np.sin(2 * np.pi * (hour.hour / 24 + AREAS.index(area) / 40))
    return round(float(usual(area, hour) * swing))


def moved(hours: Sequence[datetime], by: int) -> list[tuple[str, datetime, datetime, object, int]]:
    """Rows whose counts belong to other hours than they say."""
    return [
        (area, start + by * HOUR, end + by * HOUR, count, revision)
        for area, start, end, count, revision in rows_of(tide, hours)
    ]


@pytest.fixture
def day(town: Town) -> Operator:
    """A carrier that has delivered whole days for three weeks."""
    operator = Operator.settled(town)
    operator.live_through(3, tide, DAY)
    return operator


def test_a_file_in_its_right_hours_is_in_order(day: Operator) -> None:
    examination = day.examined(*rows_of(tide, DAY))
    assert (outcome(examination, "time-zone"), outcome(examination, "gaps"), examination.holds) == ("ok", "ok", ())


@pytest.mark.parametrize("by", [-5, -2, 3])
def test_a_file_that_is_moved_by_hours_is_held_whole_and_told_by_how_many(day: Operator, by: int) -> None:
    examination = day.examined(*moved(DAY[4:20], by))
    assert outcome(examination, "time-zone") == "hold"
    assert found(examination, "time-zone").findings[0].params["hours"] == f"{-by:+d}"
    assert [(one.reason, one.area_index) for one in examination.holds] == [("held-shifted", None)] * 16


def test_a_short_file_that_is_moved_is_only_said(day: Operator) -> None:
    examination = day.examined(*moved(DAY[8:10], 3))
    assert (outcome(examination, "time-zone"), codes(examination, "time-zone")) == ("note", ["check-zone-shifted"])
    assert "held-shifted" not in {one.reason for one in examination.holds}


def test_without_a_past_the_hours_are_not_checked(town: Town) -> None:
    examination = Operator.settled(town).examined(*hour_rows(today()))
    assert (outcome(examination, "time-zone"), codes(examination, "time-zone")) == (
        "not-checked",
        ["check-zone-no-past"],
    )


def test_a_past_week_is_the_same_local_hour_also_where_the_clocks_were_changed(town: Town) -> None:
    """Kazakhstan went from +06 to +05 on 1 March 2024: ten o'clock was 04:00 UTC before and is 05:00 UTC now."""
    operator = Operator.settled(town)
    ten_now = datetime.fromisoformat("2024-03-08T10:00:00+05:00")
    before = [datetime.fromisoformat(f"2024-02-{day}T10:00:00+06:00") for day in ("16", "23")]
    for ten in (*before, datetime.fromisoformat("2024-03-01T10:00:00+05:00")):
        operator.deliver(*hour_rows(LEVELS, ten))
    thrice = operator.examined(*hour_rows({area: 3 * level for area, level in LEVELS.items()}, ten_now))
    assert [(one.reason, one.params["weeks"]) for one in thrice.holds] == [("held-total", 3)]


def test_bins_that_nothing_covers_are_counted(town: Town) -> None:
    operator = Operator.settled(town)
    rows = [*hour_rows(today(), TEN), *hour_rows(today(), TEN + 3 * HOUR)]
    (fault,) = found(operator.examined(*rows), "gaps").findings
    assert (fault.code, fault.params["count"]) == ("check-gaps-bins", 8)
    assert (fault.params["start"], fault.params["end"]) == ("2026-11-20 16:00+05:00", "2026-11-20 18:00+05:00")


def test_areas_that_stop_in_the_middle_are_counted(town: Town) -> None:
    operator = Operator.settled(town)
    hours = [TEN, TEN + HOUR, TEN + 2 * HOUR]
    rows = [row for row in rows_of(usual, hours) if not (row[0] in {"A11", "A12"} and row[1] == hours[2])]
    (fault,) = found(operator.examined(*rows), "gaps").findings
    assert (fault.code, fault.params["count"], fault.params["area"]) == ("check-gaps-areas", 2, "A11")


def test_an_area_that_comes_back_has_not_stopped(town: Town) -> None:
    hours = [TEN, TEN + HOUR, TEN + 2 * HOUR]
    rows = [row for row in rows_of(usual, hours) if not (row[0] == "A11" and row[1] == hours[1])]
    assert outcome(Operator.settled(town).examined(*rows), "gaps") == "ok"


def test_intervals_that_overlap_are_said_and_nested_ones_are_not(town: Town) -> None:
    operator = Operator.settled(town)
    half = HOUR / 2
    across = [("A01", TEN, TEN + HOUR, 100, 0), ("A01", TEN + half, TEN + half + HOUR, 110, 0)]
    assert codes(operator.examined(*across), "gaps") == ["check-gaps-overlap"]
    nested = [("A01", TEN, TEN + HOUR, 100, 0), ("A01", TEN + half, TEN + HOUR, 110, 0)]
    assert outcome(operator.examined(*nested), "gaps") == "ok"


def test_a_clock_that_runs_ahead_is_said(town: Town) -> None:
    operator = Operator.settled(town)
    assert outcome(operator.examined(*hour_rows(today()), now=TEN + HOUR), "clock") == "ok"
    with operator.past(TEN + HOUR - timedelta(minutes=3)) as past:
        assert [one.code for one in clock(past, TEN + HOUR).findings] == ["check-clock-ahead"]


def test_data_that_are_older_than_this_carriers_ever_were_are_said(day: Operator) -> None:
    fresh = day.examined(*hour_rows(today()), now=TEN + 2 * HOUR)
    old = day.examined(*hour_rows(today()), now=TEN + 9 * HOUR)
    assert outcome(fresh, "clock") == "ok"
    (fault,) = found(old, "clock").findings
    assert (fault.code, fault.params["hours"], fault.params["usual"]) == ("check-clock-older", 8.0, 1.0)


def test_the_first_file_is_old_only_beside_the_policys_patience(town: Town) -> None:
    operator = Operator.settled(town)
    patience = timedelta(minutes=town.place.policy.delivery.late_after_minutes)
    end = TEN + HOUR
    assert outcome(operator.examined(*hour_rows(today()), now=end + patience), "clock") == "ok"
    late = operator.examined(*hour_rows(today()), now=end + patience + timedelta(seconds=1))
    assert codes(late, "clock") == ["check-clock-old"]


def times(*starts: str) -> str:
    """A file whose starts are written as given; each interval lasts an hour."""
    lines = ["source_area_id,start,end,device_count"]
    for start in starts:
        end = (datetime.fromisoformat(start) + HOUR).isoformat()
        lines.append(f"A01,{start},{end},100")
    return "\n".join(lines) + "\n"


def test_offsets_that_differ_inside_a_file_are_said(town: Town) -> None:
    operator = Operator.settled(town)
    examination = operator.examined_file(times("2026-11-20T10:00:00+05:00", "2026-11-20T12:00:00+06:00"))
    (fault,) = found(examination, "time-zone").findings
    assert (fault.code, fault.params["offsets"]) == ("offsets-differ", "+05:00, +06:00")
    assert outcome(examination, "time-zone") == "note"


def test_offsets_that_the_feeds_zone_has_are_right_also_when_they_differ(town: Town) -> None:
    town.carrier(feed='timezone = "Asia/Almaty"\n')
    town.coverage({"A01": (76.94, 43.23, 76.95, 43.24)})
    operator = Operator(town)
    changed = operator.examined_file(times("2024-02-29T10:00:00+06:00", "2024-03-01T10:00:00+05:00"))
    assert "offsets-differ" not in codes(changed, "time-zone")
    utc = operator.examined_file(times("2026-11-20T05:00:00+00:00"))
    assert codes(utc, "time-zone") == ["check-zone-no-past"], "UTC is nobody's mistake"
    old = operator.examined_file(times("2026-11-20T10:00:00+06:00"))
    assert codes(old, "time-zone") == ["offset-unlike-zone"]
