"""Head counts from a file: every fault with its line and column, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.faults import describe
from ingest.head_count_files import Registry, Told, read_head_counts
from ingest.head_counts import Bounds
from rules.policy import Policy
from store.head_counts import CountedPeople, HeadCount
from store.records import Venue, VenueDraft
from tests.conftest import NOW

HEADER = "venue,counted_at,people,counted_by\n"
AT = datetime(2026, 11, 20, 15, 15, tzinfo=UTC)
FIRST = NOW - timedelta(days=1)
BAZAAR = Venue("vbazaar", "Qz1", VenueDraft("osm", "n1", "Bazaar", longitude=76.9, latitude=43.2, seats=300))
CAFE = Venue("vcafe", "Qz2", VenueDraft("osm", "n2", "Cafe", longitude=76.9, latitude=43.2, seats=40))
HIDDEN = Venue("vhidden", "Qz3", VenueDraft("osm", "n3", "Shelter", longitude=76.9, latitude=43.2, masked=True))


@pytest.fixture
def told(policy: Policy) -> Told:
    return Told(Registry.of([BAZAAR, CAFE, HIDDEN]), [], Bounds(FIRST, NOW + timedelta(minutes=5)), policy)


def read(folder: Path, told: Told, text: str) -> tuple[list[CountedPeople], list[tuple[str, int | None, str | None]]]:
    path = folder / "counts.csv"
    path.write_text(text, encoding="utf-8")
    counted, faults = read_head_counts(path, told)
    for fault in faults:
        for language in ("en", "ru", "kk"):
            assert "{" not in describe(fault, language)  # every sentence has all of its parameters
    return counted, [(one.code, one.line, one.column) for one in faults]


def test_a_venue_is_known_by_id_code_or_the_registrys_id(tmp_path: Path, told: Told) -> None:
    lines = (
        "vbazaar,2026-11-20T20:15:00+05:00,250,Aigul\nQz2,2026-11-20T15:15:00Z,12,Marat\nn2,2026-11-20T15:00Z,0,Marat\n"
    )
    counted, faults = read(tmp_path, told, HEADER + lines)
    assert faults == []
    assert counted == [
        CountedPeople("vbazaar", AT, 250, "Aigul"),
        CountedPeople("vcafe", AT, 12, "Marat"),
        CountedPeople("vcafe", AT - timedelta(minutes=15), 0, "Marat"),
    ]


def test_columns_may_have_russian_or_kazakh_names_in_any_order(tmp_path: Path, told: Told) -> None:
    for header in ("Людей;Заведение;Время;Посчитал;Примечание", "Адам саны;Орын;Уақыты;Санаған;Ескерту"):
        counted, faults = read(tmp_path, told, f"{header}\n250;vbazaar;2026-11-20T20:15+05:00;Aigul;two doors\n")
        assert faults == []
        assert counted == [CountedPeople("vbazaar", AT, 250, "Aigul", "two doors")]


def test_the_same_line_twice_is_one_count(tmp_path: Path, told: Told) -> None:
    line = "vbazaar,2026-11-20T20:15:00+05:00,250,Aigul\n"
    assert len(read(tmp_path, told, HEADER + line + line)[0]) == 1


def test_every_fault_is_listed_with_line_and_column_and_nothing_is_returned(tmp_path: Path, told: Told) -> None:
    lines = [
        "vbazaar,2026-11-20T20:15:00+05:00,250,Aigul",
        "vnobody,2026-11-20T20:15:00+05:00,250,Aigul",
        "vbazaar,2026-11-20 20:20:00,250,Aigul",
        "vbazaar,yesterday,250,Aigul",
        "vbazaar,2026-11-21T20:15:00+05:00,250,Aigul",
        "vbazaar,2026-11-01T20:15:00+05:00,250,Aigul",
        "vbazaar,2026-11-20T20:00:00+05:00,many,Aigul",
        "vbazaar,2026-11-20T20:01:00+05:00,-3,Aigul",
        "vbazaar,2026-11-20T20:02:00+05:00,2500,Aigul",
        "vbazaar,2026-11-20T20:03:00+05:00,999999999,Aigul",
        "vbazaar,2026-11-20T20:04:00+05:00,250,",
        "vbazaar,2026-11-20T20:05:00+05:00,250,+7 701 123 45 67",
        "vhidden,2026-11-20T20:06:00+05:00,25,Aigul",
        "vbazaar,2026-11-20T20:15:00+05:00,205,Aigul",
        "vbazaar,2026-11-20T20:15:00+05:00",
        f"vbazaar,2026-11-20T20:07:00+05:00,25,{'x' * 201}",
        "vbazaar,0001-01-01T00:00:00+05:00,25,Aigul",
    ]
    counted, faults = read(tmp_path, told, HEADER + "\n".join(lines) + "\n")
    assert counted == []
    assert faults == [
        ("headcounts-unknown-venue", 3, "venue"),
        ("headcounts-without-offset", 4, "counted_at"),
        ("headcounts-not-a-moment", 5, "counted_at"),
        ("headcounts-in-the-future", 6, "counted_at"),
        ("headcounts-older-than-releases", 7, "counted_at"),
        ("headcounts-not-a-number", 8, "people"),
        ("headcounts-negative", 9, "people"),
        ("headcounts-beyond-the-venue", 10, "people"),
        ("headcounts-too-many", 11, "people"),
        ("headcounts-missing-value", 12, "counted_by"),
        ("headcounts-persons-number", 13, "counted_by"),
        ("headcounts-venue-not-on-the-map", 14, "venue"),
        ("headcounts-contradiction", 15, "people"),
        ("venues-row-length", 16, None),
        ("headcounts-text-too-long", 17, "counted_by"),
        ("headcounts-not-a-moment", 18, "counted_at"),
    ]


def test_a_small_venue_is_believed_beyond_its_capacity_but_not_beyond_any_sense(tmp_path: Path, told: Told) -> None:
    lines = "vcafe,2026-11-20T20:15:00+05:00,200,Aigul\nvcafe,2026-11-20T20:16:00+05:00,201,Aigul\n"
    assert read(tmp_path, told, HEADER + lines)[1] == [("headcounts-beyond-the-venue", 3, "people")]


def test_a_number_that_contradicts_one_that_stands_is_refused_and_the_same_one_is_not(
    tmp_path: Path, told: Told
) -> None:
    stands = HeadCount(1, "vbazaar", AT, 250, "Aigul", "page", NOW, "", None)
    told = replace(told, standing=[stands])
    assert len(read(tmp_path, told, HEADER + "vbazaar,2026-11-20T20:15:00+05:00,250,Aigul\n")[0]) == 1
    assert read(tmp_path, told, HEADER + "vbazaar,2026-11-20T20:15:00+05:00,251,Aigul\n")[1] == [
        ("headcounts-stands-already", 2, "people")
    ]


def test_before_anything_is_released_no_count_is_too_old(tmp_path: Path, told: Told) -> None:
    told = replace(told, bounds=replace(told.bounds, first_release=None))
    assert len(read(tmp_path, told, HEADER + "vbazaar,2026-01-01T20:15:00+05:00,250,Aigul\n")[0]) == 1


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("venue,people\nvbazaar,3\n", ["headcounts-missing-column", "headcounts-missing-column"]),
        (HEADER, ["headcounts-empty"]),
        ('{"venue": 1}', ["headcounts-not-csv"]),
        ("", ["coverage-empty"]),
        ("venue,venue,counted_at,people,counted_by\n", ["venues-repeated-column"]),
        (HEADER + 'vbazaar,"2026\n', ["venues-csv-broken"]),
    ],
)
def test_a_file_that_cannot_serve_is_refused(tmp_path: Path, told: Told, text: str, codes: list[str]) -> None:
    counted, faults = read(tmp_path, told, text)
    assert counted == []
    assert [code for code, _line, _column in faults] == codes
