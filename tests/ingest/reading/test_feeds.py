"""Feeds: every key is checked, every fault has its line, and the ready feeds are sound."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingest.faults import FileRefused, describe
from ingest.feeds import Feed, parse_feed

READY = sorted((Path(__file__).parents[3] / "docs/feeds").glob("*.toml"))


def refused(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(FileRefused) as caught:
        parse_feed(text)
    assert all(describe(fault, language) for fault in caught.value.faults for language in ("en", "ru", "kk"))
    return [(fault.code, fault.line) for fault in caught.value.faults]


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_a_ready_feed_is_sound_and_describes_itself(path: Path) -> None:
    assert parse_feed(path.read_text(encoding="utf-8")).description


def test_there_are_ready_feeds_for_the_three_cities() -> None:
    assert [path.stem for path in READY] == ["milan-activity", "seoul", "tokyo-mesh"]


def test_an_empty_feed_is_a_feed() -> None:
    assert parse_feed("") == Feed()


def test_every_key_reaches_the_feed() -> None:
    feed = parse_feed(
        """
        kind = "activity"
        grid = "named"
        time_bin_minutes = 10
        timezone = "Asia/Almaty"
        time_format = "local"
        delimiter = ";"
        header = false
        column_names = ["a", "b", "c"]
        sum_over = ["c"]
        suppressed_marks = ["*"]
        empty_counts = "zero"
        thresholded_at = 10
        faulty_rows = "reject"
        unknown_source_areas = "reject"
        [columns]
        source_area_id = "a"
        device_count = "b"
        [statuses]
        "1" = "counted"
        [calendar]
        year = "y"
        month = "m"
        day_hours = "11:00-15:00"
        weekend = ["friday", "saturday"]
        holidays = [2026-03-21]
        """
    )
    assert feed.columns == {"source_area_id": "a", "value": "b"}
    assert (feed.kind, feed.time_format, feed.delimiter, feed.thresholded_at) == ("activity", "local", ";", 10.0)
    assert feed.calendar is not None
    assert feed.calendar.day_hours == (660, 900)
    assert feed.calendar.weekend == (4, 5)
    assert feed.calendar.holidays == {date(2026, 3, 21)}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("kind = ", "feed-not-toml", 1),
        ('\nkid = "people"', "feed-key-unknown", 2),
        ('kind = "persons"', "feed-value-unfit", 1),
        ("time_bin_minutes = 0", "feed-value-unfit", 1),
        ("time_bin_minutes = true", "feed-value-unfit", 1),
        ('timezone = "Asia/Alma-Ata2"', "feed-value-unfit", 1),
        ('time_format = "iso"', "feed-value-unfit", 1),
        ('delimiter = "::"', "feed-value-unfit", 1),
        ("header = 1", "feed-value-unfit", 1),
        ('sum_over = "country"', "feed-value-unfit", 1),
        ('sum_over = ["a", "a"]', "feed-value-unfit", 1),
        ("thresholded_at = -1", "feed-value-unfit", 1),
        ("thresholded_at = nan", "feed-value-unfit", 1),
        ('\n[columns]\narea = "x"', "feed-value-unfit", 2),
        ('[columns]\ncount = "x"\nvalue = "y"', "feed-value-unfit", 1),
        ('[statuses]\n"x" = "hidden"', "feed-value-unfit", 1),
        ('calendar = "monthly"', "feed-value-unfit", 1),
        ('[calendar]\nyear = "y"', "feed-key-missing", 1),
        ('[calendar]\nyear = "y"\nmonth = "m"\nnight = "n"', "feed-key-missing", 1),
        ('[calendar]\nyear = "y"\nmonth = "m"\nday_hours = "15:00-11:00"', "feed-value-unfit", 4),
        ('[calendar]\nyear = "y"\nmonth = "m"\nholidays = ["1 May"]', "feed-value-unfit", 4),
        ('[calendar]\nyear = "y"\nmonth = "m"\nweekend = ["Sunday"]', "feed-value-unfit", 4),
        ('[calendar]\nyear = "y"\nmonth = "m"', "feed-key-missing", None),
        ('time_format = "local"', "feed-key-missing", None),
        ('time_format = "%d.%m.%Y"', "feed-key-missing", None),
        ("header = false", "feed-key-missing", None),
        ('header = false\ncolumn_names = ["a"]\n[columns]\nvalue = "b"', "feed-value-unfit", 2),
    ],
)
def test_a_feed_that_cannot_be_right_is_refused_with_its_line(text: str, code: str, line: int | None) -> None:
    assert refused(text) == [(code, line)]


def test_all_faults_of_a_feed_are_listed() -> None:
    text = 'kind = "x"\nheader = 3\nfoo = 1\n'
    assert refused(text) == [("feed-value-unfit", 1), ("feed-value-unfit", 2), ("feed-key-unknown", 3)]
