"""Every reason to refuse a file: a tiny file, and what the carrier is told (file, line, column, code, sentence)."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ingest.faults import LANGUAGES, catalogue, describe, report
from ingest.feeds import Feed, parse_feed
from tests.ingest.reading.files import HEADER, QUARTER, places, read, refusal, table

GOOD = f"A1,{QUARTER},120,"
LATE = "2026-11-20T10:00:00+05:00"
CALENDAR = parse_feed(
    """
    kind = "people"
    timezone = "Asia/Tokyo"
    [calendar]
    year = "year"
    month = "month"
    day_kind = "dayflag"
    day_kinds = { "0" = "holiday", "1" = "weekday" }
    """
)
MONTH = "mesh1kmid,year,month,dayflag,population"
PACKED = gzip.compress(table(*[GOOD] * 500))


@dataclass(frozen=True)
class Case:
    """A file and the first fault that it must be refused for; `says` is part of the English sentence."""

    code: str
    content: bytes
    line: int | None
    column: str | None
    says: str
    feed: Feed = field(default_factory=Feed)
    terms: dict[str, Any] = field(default_factory=dict)


def row(text: str, code: str, column: str | None, says: str, **more: Any) -> Case:
    return Case(code, table(GOOD, text), 3, column, says, **more)


CASES = [
    Case("file-empty", b"", None, None, "The file is empty"),
    Case("file-empty", b"\xef\xbb\xbf \n\n", None, None, "The file is empty"),
    Case("file-without-rows", table(), None, None, "no rows below its header"),
    Case("file-without-rows", table("", ""), None, None, "no rows below its header"),
    Case("packed-file-truncated", PACKED[:-20], None, None, "The gzip file breaks off"),
    Case("packed-file-truncated", zstandard.compress(table(GOOD))[:-3], None, None, "The zstd file breaks off"),
    Case("packed-file-damaged", PACKED[:30] + b"\x00" * 9 + PACKED[39:], None, None, "The gzip file is damaged"),
    Case(
        "file-too-large",
        gzip.compress(table(*[GOOD] * 50_000)),
        None,
        None,
        "larger than 1 MB",
        terms={"max_bytes": 1 << 20},
    ),
    Case("file-is-archive", b"PK\x03\x04" + b"\x14\x00" * 40, None, None, "This is a zip/xlsx file"),
    Case("file-is-archive", gzip.compress(PACKED), None, None, "This is a gzip file"),
    Case("file-is-binary", b"%PDF-1.7\n" * 9, None, None, "This is a PDF file"),
    Case("file-utf16", table(GOOD).decode().encode("utf-16"), None, None, "Save the file as UTF-8"),
    Case("file-utf16", table(GOOD).decode().encode("utf-16-le"), None, None, "Save the file as UTF-8"),
    Case("file-nul-byte", table(GOOD, "A2,\x00,x"), 3, None, "zero byte"),
    Case("line-too-long", table(GOOD, "A" * (3 << 20), GOOD), 3, None, "longer than 65536 bytes"),
    Case("line-ends-old", table(GOOD, end="\r"), 1, None, "carriage return only"),
    Case("text-not-utf8", "участок,start,end,count\n".encode("cp1251"), 1, None, "not valid UTF-8"),
    Case("text-not-utf8", table(GOOD).replace(b"A1", "Ж1".encode("cp1251")), 2, "source_area_id", "not valid UTF-8"),
    Case("quotes-unbalanced", table(GOOD, f'"A2,{QUARTER},5,'), 3, None, "double quotes"),
    Case("quotes-unbalanced", table(GOOD, f'A"2,{QUARTER},5,'), 3, None, "double quotes"),
    Case("quotes-unbalanced", table(f'"A\n2",{QUARTER},5,'), 2, None, "end every field on its own line"),
    Case("too-many-columns", table(GOOD, header=",".join(f"c{n}" for n in range(10_000))), 1, None, "10,000 columns"),
    Case(
        "too-many-values",
        table(*[f"A1,{QUARTER},30,state {n}" for n in range(10_001)]),
        None,
        "status",
        "more than 10000 different values",
    ),
    Case("column-twice", table(GOOD, header="start,Start,end,count,id"), 1, "Start", "is there twice"),
    Case(
        "columns-missing",
        table(f"A1,{QUARTER}", header="zone_id,start,end"),
        1,
        None,
        "lacks: device_count. It has: zone_id, start, end.",
    ),
    Case("columns-missing", table("120", header="count"), 1, None, "lacks: source_area_id, start."),
    Case("columns-missing", table(GOOD), 1, None, "lacks: belegung", feed=parse_feed('[columns]\nvalue = "belegung"')),
    Case(
        "columns-ambiguous",
        table(f"A1,A1,{QUARTER},5", header="zone_id,tileId,start,end,count"),
        1,
        None,
        "Several columns could be source_area_id: zone_id, tileId",
    ),
    Case(
        "identifier-column",
        table(GOOD + ",401019876543210", header=HEADER + ",IMSI"),
        1,
        "IMSI",
        "refused and not kept",
    ),
    Case("identifier-column", table(GOOD + ",7", header=HEADER + ",userId"), 1, "userId", "refused and not kept"),
    Case(
        "identifier-values",
        table(GOOD + ",x", GOOD.replace("A1", "A2") + ",+7 701 123 45 67", header=HEADER + ",note"),
        3,
        "note",
        "shape of a phone number",
    ),
    row(f"401019876543210,{QUARTER},5,", "identifier-values", "source_area_id", "refused and not kept"),
    row(f"A2,{QUARTER},30,,9", "too-many-fields", None, "more than the 5 fields"),
    row(f",{QUARTER},30,", "source-area-empty", "source_area_id", "is empty"),
    row(f" A2,{QUARTER},30,", "source-area-malformed", "source_area_id", '" A2" has spaces'),
    row(f"B9,{QUARTER},30,", "source-area-unknown", "source_area_id", '"B9" is not in this carrier'),
    row("A2,,2026-11-20T10:15:00+05:00,30,", "time-empty", "start", "The time is empty"),
    row("A2,20.11.2026 10:00,2026-11-20T10:15:00+05:00,30,", "time-unreadable", "start", '"20.11.2026 10:00" cannot'),
    row(f"A2,{LATE},2026-11-20T10:75:00+05:00,30,", "time-unreadable", "end", "cannot be read as a time"),
    row("A2,2026-11-20T10:00:00,2026-11-20T10:15:00+05:00,30,", "time-without-offset", "start", "has no offset"),
    row(
        "A2,2024-02-29T23:30:00,2024-03-01T00:30:00+05:00,30,",
        "time-ambiguous",
        "start",
        "In Asia/Almaty",
        feed=Feed(timezone="Asia/Almaty"),
    ),
    row(f"A2,{LATE},2026-11-20T09:00:00+05:00,30,", "interval-inverted", "end", "does not end after it starts"),
    row(f"A2,{LATE},{LATE},30,", "interval-inverted", "end", "does not end after it starts"),
    row("A2,2026-11-20T10:07:00+05:00,2026-11-20T10:22:00+05:00,30,", "interval-off-grid", "start", "15-minute bins"),
    row("A2,2026-11-20T10:00:00+05:00,2026-11-20T10:07:00+05:00,30,", "interval-off-grid", "start", "15-minute bins"),
    row("A2,2025-01-01T00:00:00Z,2026-01-01T00:00:00Z,30,", "interval-too-long", "end", "longer than 32 days"),
    row("A2,2026-11-21T10:00:00Z,2026-11-21T10:15:00Z,30,", "time-in-future", "start", "Check the clock"),
    Case("end-not-inferable", table(f"A1,{LATE},5", header="zone_id,start,count"), 2, "start", "time_bin_minutes"),
    row(f"A2,{QUARTER},,", "count-empty", "device_count", "Write 0 for nobody"),
    row(f"A2,{QUARTER},-3,", "count-negative", "device_count", '"-3" is below zero'),
    row(f"A2,{QUARTER},12.5,", "count-not-whole", "device_count", '"12.5" is not a whole number'),
    row(f"A2,{QUARTER},many,", "count-unreadable", "device_count", '"many" is not a count'),
    row(f"A2,{QUARTER},5,no_coverage", "count-without-coverage", "device_count", "Remove one of the two"),
    row(f"A2,{QUARTER},5,closed", "status-unknown", "status", '"closed" is not known'),
    Case(
        "revision-unreadable",
        table(GOOD + "x", header=HEADER.replace("status", "revision")),
        2,
        "revision",
        '"x" is not a whole number',
    ),
    Case(
        "row-contradicts",
        table(GOOD, f"A2,{QUARTER},30,", f"A1,{QUARTER},121,"),
        2,
        "device_count",
        "Line 4 gives another",
    ),
    Case(
        "point-unfit",
        table(f"76.95,91.5,{QUARTER},5", header="lon,lat,start,end,count"),
        2,
        "lon",
        "is not a place",
        terms={"known_source_areas": None},
    ),
    Case(
        "point-without-radius",
        table(f"76.95,43.24,500,{QUARTER},50", f"76.96,43.24,,{QUARTER},50", header="lon,lat,radius,start,end,count"),
        3,
        "lon",
        "has no radius",
        terms={"known_source_areas": None},
    ),
    Case(
        "hexagon-unfit",
        table(f"8928308280fffff,{QUARTER},50", f"892830828,{QUARTER},50", header="hexagon,start,end,count"),
        3,
        "hexagon",
        "not an H3 hexagon",
        terms={"known_source_areas": None},
    ),
    Case(
        "geohash-unfit",
        table(f"txwwjk,{QUARTER},50", f"txaail,{QUARTER},50", header="geohash,start,end,count"),
        3,
        "geohash",
        "is not a geohash",
        terms={"known_source_areas": None},
    ),
    Case(
        "calendar-value-unknown",
        table("A1,2019,01,7,50", header=MONTH),
        2,
        "dayflag",
        'does not know "7"',
        feed=CALENDAR,
    ),
    Case(
        "calendar-value-unknown",
        table("A1,2019,13,0,50", header=MONTH),
        2,
        "month",
        'does not know "13"',
        feed=CALENDAR,
    ),
    Case(
        "time-in-future", table("A1,2031,01,0,50", header=MONTH), 2, "year", "cannot have been counted", feed=CALENDAR
    ),
    Case("json-broken", b'{"timedPopulationDensityData": [', 1, None, "JSON cannot be read"),
    Case("json-not-camara", b'{"type": "FeatureCollection"}', None, None, "found here: type"),
    Case("parquet-broken", b"PAR1" + b"\x15\x04" * 50, None, None, "Parquet file cannot be read"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.line}")
def test_a_refusal_names_file_line_column_code_and_what_to_do(case: Case, tmp_path: Path) -> None:
    refused = refusal(tmp_path, case.content, case.feed, "march.csv", **case.terms)
    assert places(refused.faults)[0] == (case.code, case.line, case.column)
    assert case.says in str(refused)
    assert str(refused).startswith("march.csv")
    for language in LANGUAGES:
        words = describe(refused.faults[0], language, refused.file)
        assert "{" not in re.sub(r"\{\}", "", words)
        assert case.line is None or str(case.line) in words
        assert case.column is None or case.column in words


def test_every_reason_of_the_readers_has_a_case() -> None:
    notes = {"end-inferred", "rows-repeated", "columns-ignored", "values-below-threshold", "calendar-cut"}
    elsewhere = {"place-line", "place-column", "more-faults", "parquet-column-unfit"} | notes
    elsewhere |= {"file-needs-too-much-memory", "file-takes-too-long"}  # test_capped.py
    elsewhere |= {"identifier-rows", "identifier-marks"}  # test_identifiers.py
    own = {code for code in catalogue_of_counts() if not code.startswith("feed-")}
    assert own - elsewhere == {case.code for case in CASES}


def catalogue_of_counts() -> set[str]:
    text = (Path(__file__).parents[3] / "ingest/messages/counts.toml").read_text(encoding="utf-8")
    return set(re.findall(r"^\[([a-z0-9-]+)\]", text, re.MULTILINE)) & catalogue().keys()


@pytest.mark.parametrize(
    "form", ["1_000", "１２", " 12 ", "+5", "1e3", "inf", "nan", "007", "0x1F", "1,000", "٣", "1000000000"]
)
@pytest.mark.parametrize("kind", ["device_count", "people"])
def test_odd_forms_of_numbers_are_no_counts(form: str, kind: Any, tmp_path: Path) -> None:
    refused = refusal(tmp_path, table(GOOD, f'A2,{QUARTER},"{form}",'), Feed(kind=kind))
    assert places(refused.faults) == [("count-unreadable", 3, "device_count")]


def test_all_faults_are_listed_in_the_order_of_the_file_and_all_rows_count_as_rejected(tmp_path: Path) -> None:
    content = table(f"A1,{QUARTER},x,", GOOD, f"B9,{QUARTER},-1,", "A2,when,then,3,")
    refused = refusal(tmp_path, content)
    assert places(refused.faults) == [
        ("count-unreadable", 2, "device_count"),
        ("source-area-unknown", 4, "source_area_id"),
        ("count-negative", 4, "device_count"),
        ("time-unreadable", 5, "start"),
        ("time-unreadable", 5, "end"),
    ]
    assert (refused.rows_in, refused.fault_count) == (4, 5)
    assert "4 more" in report(refused.faults)


def test_a_file_with_very_many_faults_lists_a_thousand_and_counts_all(tmp_path: Path) -> None:
    refused = refusal(tmp_path, table(*[f"A1,{QUARTER},x,"] * 1500))
    assert (len(refused.faults), refused.fault_count, refused.rows_in) == (1000, 1500, 1500)


def test_a_message_never_shows_an_identifier(tmp_path: Path) -> None:
    content = table(f"A1,{QUARTER},77011234567,", f"+77011234567,{QUARTER},20,")
    refused = refusal(tmp_path, content)
    assert "7701123" not in "".join(describe(fault) for fault in refused.faults)


def test_physical_lines_are_counted_through_blank_lines_and_windows_line_ends(tmp_path: Path) -> None:
    refused = refusal(tmp_path, table(GOOD, "", "", f"A2,{QUARTER},x,", end="\r\n"))
    assert places(refused.faults) == [("count-unreadable", 5, "device_count")]


def test_an_identifier_refuses_the_file_even_where_faulty_rows_may_be_rejected(tmp_path: Path) -> None:
    content = table(GOOD, f"401019876543210,{QUARTER},5,")
    refused = refusal(tmp_path, content, Feed(faulty_rows="reject", unknown_source_areas="reject"))
    assert places(refused.faults)[0][0] == "identifier-values"


def test_a_known_source_area_may_look_like_a_sim(tmp_path: Path) -> None:
    content = table(f"401019876543210,{QUARTER},50,")
    assert read(tmp_path, content, known_source_areas=frozenset({"401019876543210"})).area_ids == ("401019876543210",)


def test_nothing_unpacked_is_left_behind(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    refusal(tmp_path, gzip.compress(table(GOOD, f"A2,{QUARTER},x,")), scratch=scratch)
    assert list(scratch.iterdir()) == []
