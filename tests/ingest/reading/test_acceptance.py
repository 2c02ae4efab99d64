"""What is accepted, and what it means."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import zstandard

from ingest.faults import describe
from ingest.feeds import Feed, parse_feed
from ingest.reading import COUNTED, SUPPRESSED
from tests.ingest.reading.files import HEADER, NEXT_QUARTER, QUARTER, counts, places, read, refusal, table

FEEDS = Path(__file__).parents[3] / "docs/feeds"
GOOD = f"A1,{QUARTER},120,"
ANY: dict[str, Any] = {"known_source_areas": None}


def test_zero_suppressed_and_no_coverage_are_three_things(tmp_path: Path) -> None:
    reading = read(tmp_path, table(f"A1,{QUARTER},0,", f"A2,{QUARTER},,suppressed", f"A3,{QUARTER},,no_coverage"))
    assert counts(reading) == {
        ("A1", "05:00"): ("counted", 0.0),
        ("A2", "05:00"): ("suppressed", None),
        ("A3", "05:00"): ("no_coverage", None),
    }


@pytest.mark.parametrize(("count", "state"), [(0, "counted"), (1, "suppressed"), (19, "suppressed"), (20, "counted")])
def test_a_device_count_below_k_min_is_suppressed_and_its_number_is_gone(
    count: int, state: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, table(f"A1,{QUARTER},{count},"))
    expected = None if state == "suppressed" else float(count)
    assert counts(reading) == {("A1", "05:00"): (state, expected)}
    assert reading.rows_suppressed == (state == "suppressed")


def test_k_min_does_not_apply_to_people(tmp_path: Path) -> None:
    reading = read(tmp_path, table(f"A1,{QUARTER},7.25,"), Feed(kind="people"))
    assert counts(reading) == {("A1", "05:00"): ("counted", 7.25)}


def test_a_suppressed_status_with_a_count_drops_the_count(tmp_path: Path) -> None:
    reading = read(tmp_path, table(f"A1,{QUARTER},150,suppressed"))
    assert counts(reading) == {("A1", "05:00"): ("suppressed", None)}


@pytest.mark.parametrize(
    ("header", "end"),
    [
        ("Source Area ID,START,End,Device Count,Status", "\n"),
        ("zone_id,startTime,endTime,count,status", "\r\n"),
        ("\ufefftileId,start,end,value,status", "\n"),
        ("mesh1kmid,start,end,device_count,status", "\r\n"),
        ('"square","start","end","device_count","status"', "\n"),
    ],
)
def test_columns_decide_without_a_feed(header: str, end: str, tmp_path: Path) -> None:
    assert counts(read(tmp_path, table(GOOD, header=header, end=end))) == {("A1", "05:00"): ("counted", 120.0)}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_quoted_field_may_contain_the_delimiter(delimiter: str, tmp_path: Path) -> None:
    area = f'say{delimiter} "here"'
    row = delimiter.join([f'"say{delimiter} ""here"""', *QUARTER.split(","), "120", ""])
    content = table(row, header=HEADER.replace(",", delimiter))
    assert read(tmp_path, content, known_source_areas=frozenset({area})).area_ids == (area,)


def test_people_and_density_columns_say_their_kind(tmp_path: Path) -> None:
    assert read(tmp_path, table(GOOD, header="id,start,end,population,status")).kind == "people"
    assert read(tmp_path, table(GOOD, header="id,start,end,density,status")).kind == "density_per_km2"


@pytest.mark.parametrize(
    "pack", [gzip.compress, zstandard.compress, lambda data: gzip.compress(data[:40]) + gzip.compress(data[40:])]
)
def test_packed_files_read_like_plain_ones_whatever_their_name(pack: Any, tmp_path: Path) -> None:
    plain = table(GOOD, f"A2,{NEXT_QUARTER},5,")
    assert counts(read(tmp_path, pack(plain), name="counts.csv")) == counts(read(tmp_path, plain, name="x.gz"))


def test_parquet_reads_with_timestamps_typed_or_as_text(tmp_path: Path) -> None:
    start = datetime(2026, 11, 20, 5, tzinfo=UTC)
    typed_df = pl.DataFrame(
        {"zone_id": ["A1", "A2"], "start": [start] * 2, "count": [120.0, float("nan")], "status": ["", "suppressed"]}
    )
    text_df = typed_df.with_columns(
        pl.col("start").dt.strftime("%Y-%m-%dT%H:%M:%SZ"), pl.col("count").cast(pl.Int32, strict=False)
    )
    feed = Feed(time_bin_minutes=15)
    readings = [counts(read(tmp_path, parquet(frame), feed)) for frame in (typed_df, text_df)]
    assert readings[0] == readings[1] == {("A1", "05:00"): ("counted", 120.0), ("A2", "05:00"): ("suppressed", None)}


def parquet(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()


def test_a_naive_parquet_timestamp_needs_the_feeds_timezone(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["A1"], "start": [datetime(2026, 11, 20, 10)], "count": [50]})  # noqa: DTZ001
    feed = Feed(time_bin_minutes=15, timezone="Asia/Almaty")
    assert counts(read(tmp_path, parquet(frame), feed)) == {("A1", "05:00"): ("counted", 50.0)}


def test_a_fault_in_parquet_names_the_row_and_a_nested_column_is_refused(tmp_path: Path) -> None:
    start = datetime(2026, 11, 20, 5, tzinfo=UTC)
    frame = pl.DataFrame({"id": ["A1", "A2"], "start": [start] * 2, "count": [50, -1]})
    refused = refusal(tmp_path, parquet(frame), Feed(time_bin_minutes=15))
    assert places(refused.faults) == [("count-negative", 2, "count")]
    nested = frame.with_columns(trace=pl.Series([[1], [2]]))
    assert places(refusal(tmp_path, parquet(nested)).faults) == [("parquet-column-unfit", None, "trace")]


def test_hexagons_read_in_any_writing_and_any_resolution(tmp_path: Path) -> None:
    number = int("8928308280fffff", 16)
    rows = [f"{name},{QUARTER},50" for name in ("8828308281FFFFF", str(number))]
    reading = read(tmp_path, table(*rows, header="hexagon,start,end,device_count"), **ANY)
    assert (reading.grid, reading.area_ids) == ("h3", ("8828308281fffff", "8928308280fffff"))


def test_ids_that_are_all_hexagons_are_hexagons_whatever_their_column_is_called(tmp_path: Path) -> None:
    reading = read(tmp_path, table(f"8928308280fffff,{QUARTER},50,"), **ANY)
    assert reading.grid == "h3"


def test_geohashes_of_mixed_precision_read_by_their_column_or_the_feed(tmp_path: Path) -> None:
    rows = [f"{name},{QUARTER},50" for name in ("TXWWJK", "txwwh")]
    by_name = read(tmp_path, table(*rows, header="geohash,start,end,device_count"), **ANY)
    by_feed = read(tmp_path, table(*rows, header="area_id,start,end,device_count"), Feed(grid="geohash"), **ANY)
    assert by_name.grid == by_feed.grid == "geohash"
    assert by_name.area_ids == by_feed.area_ids == ("txwwh", "txwwjk")


def test_points_with_a_radius_are_source_areas(tmp_path: Path) -> None:
    content = table(f"76.95,43.24,500,{QUARTER},50", header="longitude,latitude,radius,start,end,count")
    reading = read(tmp_path, content, **ANY)
    [point] = reading.points
    assert (reading.grid, point.longitude, point.latitude, point.radius_m) == ("point", 76.95, 43.24, 500.0)
    assert reading.area_ids == (point.source_area_id,)


CAMARA = {
    "timedPopulationDensityData": [
        {
            "startTime": "2026-11-20T05:00:00Z",
            "endTime": "2026-11-20T06:00:00Z",
            "cellPopulationDensityData": [
                {"geohash": "txwwjk", "dataType": "DENSITY_ESTIMATION", "pplDensity": 500, "maxPplDensity": 900},
                {"geohash": "txwwjm", "dataType": "LOW_DENSITY"},
                {"geohash": "txwwj", "dataType": "NO_DATA"},
                {"geohash": "txwwjq", "dataType": "DENSITY_ESTIMATION", "populationDensityData": 12.5},
            ],
        },
        {"startTime": "2026-11-20T06:00:00Z", "endTime": "2026-11-20T07:00:00Z", "cellPopulationDensityData": []},
    ],
    "status": "SUPPORTED_AREA",
}


def test_a_camara_response_gives_densities_suppressed_and_missing(tmp_path: Path) -> None:
    reading = read(tmp_path, json.dumps(CAMARA).encode(), **ANY)
    assert (reading.kind, reading.grid, reading.rows_in, reading.rows_suppressed) == (
        "density_per_km2",
        "geohash",
        4,
        1,
    )
    assert counts(reading) == {
        ("txwwj", "05:00"): ("no_coverage", None),
        ("txwwjk", "05:00"): ("counted", 500.0),
        ("txwwjm", "05:00"): ("suppressed", None),
        ("txwwjq", "05:00"): ("counted", 12.5),
    }


def test_a_fault_in_camara_json_names_its_path(tmp_path: Path) -> None:
    broken = json.loads(json.dumps(CAMARA))
    tiles = broken["timedPopulationDensityData"][0]["cellPopulationDensityData"]
    tiles[1] = {"geohash": "txwwjm", "dataType": "DENSITY_ESTIMATION", "pplDensity": -4}
    [fault] = refusal(tmp_path, json.dumps(broken).encode(), **ANY).faults
    path = "timedPopulationDensityData[0].cellPopulationDensityData[1].pplDensity"
    assert (fault.code, fault.line, fault.column) == ("count-negative", None, path)


def test_a_missing_end_is_inferred_from_the_spacing_and_said(tmp_path: Path) -> None:
    rows = [f"A1,2026-11-20T{hour:02d}:00:00+05:00,50" for hour in (3, 1, 2)]
    reading = read(tmp_path, table(*rows, header="zone_id,start,count"))
    assert [f"{one.start:%H}-{one.end:%H}" for one in reading.slices()] == ["20-21", "21-22", "22-23"]
    assert [(note.code, note.params["minutes"]) for note in reading.notes] == [("end-inferred", 60.0)]


@pytest.mark.parametrize("minutes", [5, 10, 15, 30, 60])
def test_bins_finer_and_coarser_than_the_base_bin_are_welcome(minutes: int, tmp_path: Path) -> None:
    rows = [f"A1,2026-11-20T01:{minute:02d}:00+05:00,50" for minute in range(0, 60, minutes)]
    reading = read(tmp_path, table(*rows, header="zone_id,start,count"), Feed(time_bin_minutes=minutes))
    assert len(list(reading.slices())) == 60 // minutes


def test_revisions_are_kept_apart_and_finer_offsets_mean_the_same_moment(tmp_path: Path) -> None:
    same = "2026-11-20T05:00:00Z,2026-11-20T05:15:00Z"
    content = table(f"A1,{QUARTER},50,0", f"A1,{same},60,2", header="id,start,end,count,revision")
    slices = list(read(tmp_path, content).slices())
    assert [(one.revision, one.value.tolist()) for one in slices] == [(0, [50.0]), (2, [60.0])]
    assert slices[0].start == slices[1].start == datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_identical_rows_count_once_and_are_noted(tmp_path: Path) -> None:
    reading = read(tmp_path, table(GOOD, GOOD, f"A2,{QUARTER},7,", GOOD))
    assert (reading.rows_in, reading.rows_accepted, reading.rows_rejected) == (4, 4, 0)
    assert [(note.code, note.params["count"]) for note in reading.notes] == [("rows-repeated", 2)]
    assert counts(reading)["A1", "05:00"] == ("counted", 120.0)


def test_a_feed_may_reject_faulty_rows_one_by_one(tmp_path: Path) -> None:
    content = table(GOOD, f"A2,{QUARTER},x,", f"A3,{QUARTER},30,", f"A3,{QUARTER},31,")
    reading = read(tmp_path, content, Feed(faulty_rows="reject"))
    assert (reading.rows_in, reading.rows_accepted, reading.rows_rejected) == (4, 1, 3)
    assert [fault.line for fault in reading.faults] == [3, 4, 5]
    assert reading.area_ids == ("A1",)


def test_a_feed_may_reject_unknown_source_areas_and_still_refuse_other_faults(tmp_path: Path) -> None:
    feed = Feed(unknown_source_areas="reject")
    reading = read(tmp_path, table(GOOD, f"B9,{QUARTER},50,"), feed)
    assert (reading.rows_accepted, reading.rows_rejected) == (1, 1)
    assert places(reading.faults) == [("source-area-unknown", 3, "source_area_id")]
    assert refusal(tmp_path, table(GOOD, f"A2,{QUARTER},x,"), feed).rows_in == 2


def test_a_feed_names_columns_marks_and_statuses(tmp_path: Path) -> None:
    feed = parse_feed(
        """
        time_bin_minutes = 60
        timezone = "Asia/Almaty"
        time_format = "%d.%m.%Y %H:%M"
        suppressed_marks = ["*", "<20"]
        [columns]
        source_area_id = "Участок"
        start = "Начало"
        device_count = "Абонентов"
        status = "Признак"
        [statuses]
        "нет сети" = "no_coverage"
        """
    )
    rows = ["A1;20.11.2026 10:00;*;", "A2;20.11.2026 10:00;;нет сети", "A3;20.11.2026 10:00;25;"]
    reading = read(tmp_path, table(*rows, header="Участок;Начало;Абонентов;Признак"), feed)
    assert [state for state, _ in counts(reading).values()] == ["suppressed", "no_coverage", "counted"]


def test_the_tokyo_feed_expands_month_day_kind_and_night(tmp_path: Path) -> None:
    feed = parse_feed((FEEDS / "tokyo-mesh.toml").read_text(encoding="utf-8"))
    rows = ["1,13,2019,02,1,1,44", "1,13,2019,02,2,2,80", "2,13,2019,02,1,1,9", "9,13,2019,02,0,0,50"]
    content = table(*rows, header="mesh1kmid,prefcode,year,month,dayflag,timezone,population")
    reading = read(tmp_path, content, feed, known_source_areas=frozenset("12"))
    slices = list(reading.slices())
    assert (reading.rows_in, reading.rows_accepted, reading.rows_rejected) == (4, 3, 1)
    nights = [one for one in slices if one.precision == 3]
    assert len(nights) == 19  # working days of February 2019: 20 weekdays, one of them a holiday
    assert nights[0].start == datetime(2019, 1, 31, 16, tzinfo=UTC)
    assert nights[0].end == datetime(2019, 1, 31, 20, tzinfo=UTC)
    assert nights[0].value.tolist() == [44.0, 9.0]
    assert [(one.precision, one.value.tolist()) for one in slices if one.precision == 0] == [(0, [80.0])] * 28
    assert "values-below-threshold" in [note.code for note in reading.notes]


def test_the_milan_feed_sums_over_countries_and_takes_blanks_for_zero(tmp_path: Path) -> None:
    feed = parse_feed((FEEDS / "milan-activity.toml").read_text(encoding="utf-8"))
    rows = [
        "1\t1383260400000\t0\t0.08\t\t\t\t",
        "1\t1383260400000\t39\t\t\t\t0.05\t11.5",
        "1\t1383260400000\t33\t\t\t\t\t0.25",
    ]
    rows += ["2\t1383261000000\t39\t0.1\t\t\t\t"]
    content = ("\n".join(rows) + "\n").encode()
    reading = read(tmp_path, content, feed, known_source_areas=frozenset("12"))
    assert reading.kind == "activity"
    assert counts(reading) == {("1", "23:00"): ("counted", 11.75), ("2", "23:10"): ("counted", 0.0)}


def test_the_seoul_feed_says_people(tmp_path: Path) -> None:
    feed = parse_feed((FEEDS / "seoul.toml").read_text(encoding="utf-8"))
    content = table("1,2020-03-02T00:00:00+09:00,7", header="zone_id,start,count")
    reading = read(tmp_path, content, feed, known_source_areas=frozenset("1"))
    assert (reading.kind, counts(reading)) == ("people", {("1", "15:00"): ("counted", 7.0)})


def test_ignored_columns_are_named(tmp_path: Path) -> None:
    reading = read(tmp_path, table(GOOD + ",Almaty", header=HEADER + ",city"))
    assert "city" in describe(reading.notes[0])


def test_slices_are_sorted_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [f"A2,{NEXT_QUARTER},50,", f"A2,{QUARTER},5,", f"A1,{NEXT_QUARTER},40,"]
    slices = list(read(tmp_path, table(*rows)).slices())
    assert [one.area_index.tolist() for one in slices] == [[1], [0, 1]]
    assert [one.state.tolist() for one in slices] == [[SUPPRESSED], [COUNTED, COUNTED]]
    assert slices[0].area_index.dtype == np.uint32
    assert slices[0].state.dtype == np.uint8
    assert np.isnan(slices[0].value).all()
    assert slices[1].value.tolist() == [40.0, 50.0]


def test_progress_runs_from_nothing_to_everything(tmp_path: Path) -> None:
    seen: list[float] = []
    read(tmp_path, table(GOOD), progress=lambda share, step: seen.append(share))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
