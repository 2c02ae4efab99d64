from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingest.zones import read_zones
from store.records import ZoneAnnouncement
from tests.ingest.venues.files import written

HEADER = "date,region,zone,country_zone,explicit,source,lang,note\n"


def test_a_matrix_is_read_as_announced(tmp_path: Path) -> None:
    text = (
        HEADER + "2020-12-08,NS,YELLOW,GREEN,True,https://a.kz,ru,year inferred\n2020-12-01,ALA,Dark-red,,False,b,kk,\n"
    )
    announcements, faults = read_zones(written(tmp_path / "z.csv", text))
    assert faults == []
    assert announcements == [
        ZoneAnnouncement("ALA", date(2020, 12, 1), "dark_red", False, "b", ""),
        ZoneAnnouncement("NS", date(2020, 12, 8), "yellow", True, "https://a.kz", "year inferred"),
    ]


def test_date_region_and_zone_are_enough_in_any_order(tmp_path: Path) -> None:
    announcements, faults = read_zones(written(tmp_path / "z.csv", "Zone;Region;Date\ngreen;ALA;2021-01-01\n"))
    assert faults == []
    assert announcements == [ZoneAnnouncement("ALA", date(2021, 1, 1), "green", True, "", "")]


def test_the_same_line_twice_is_one_announcement(tmp_path: Path) -> None:
    line = "2020-12-08,NS,RED,,True,a,ru,\n"
    assert len(read_zones(written(tmp_path / "z.csv", HEADER + line + line))[0]) == 1


def test_every_fault_is_listed_with_its_line_and_nothing_is_returned(tmp_path: Path) -> None:
    lines = [
        "2020-12-08,NS,RED,,True,a,ru,",
        "2020-13-08,NS,RED,,True,a,ru,",
        "2020-12-08,NS,PURPLE,,True,a,ru,",
        "2020-12-08,,RED,,True,a,ru,",
        "2020-12-08,NS,GREEN,,True,a,ru,",
        "2020-12-08,NS",
        f"2020-12-08,{'N' * 41},RED,,True,a,ru,",
    ]
    announcements, faults = read_zones(written(tmp_path / "z.csv", HEADER + "\n".join(lines) + "\n"))
    assert announcements == []
    assert [(fault.code, fault.line) for fault in faults] == [
        ("zones-bad-date", 3), ("zones-unknown-zone", 4), ("zones-missing-value", 5), ("zones-contradiction", 6),
        ("venues-row-length", 7), ("zones-text-too-long", 8),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("date,region\n2020-12-08,NS\n", "zones-missing-column"),
        (HEADER, "zones-empty"),
        ('{"a": 1}', "zones-not-text"),
        ('date,region,zone\n2020-12-08,"NS,RED\n', "venues-csv-broken"),
    ],
)
def test_a_file_that_cannot_serve_is_refused(tmp_path: Path, text: str, code: str) -> None:
    assert code in [fault.code for fault in read_zones(written(tmp_path / "z.csv", text))[1]]
