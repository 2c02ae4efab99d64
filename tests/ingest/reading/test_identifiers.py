"""What identifies somebody is found wherever it hides; what only looks so is let through."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.faults import FileRefused, describe
from ingest.feeds import Feed
from ingest.reading.identifiers import PERSON, identifier_columns, identifies, identifying, is_iin, luhn
from ingest.reading.reader import read_counts
from tests.ingest.reading.files import HEADER, KNOWN, QUARTER, places, read, refusal, table

LENIENT = Feed(faulty_rows="reject", unknown_source_areas="reject")
GOOD = f"A1,{QUARTER},120,"

SOMEBODY = {
    "IMSI": "401019876543210",
    "IMSI of a guest": "250991234567890",
    "IMSI as a float": "401019876543210.0",
    "IMSI in parts": "401-01-9876543210",
    "IMEI": "356938035643809",
    "IMEI that begins like no country": "010928000000042",
    "IMEI in parts": "35-693803-564380-9",
    "IMEISV": "3569380356438091",
    "ICCID": "8999701560000000000",
    "ICCID with filler": "8999701560000000000F",
    "mobile, international": "+77011234567",
    "mobile, with 00": "0077011234567",
    "mobile, bare": "77011234567",
    "mobile, national": "87011234567",
    "mobile, of a code that nobody has yet": "87991234567",
    "mobile, written well": "+7 (701) 123-45-67",
    "mobile, national in parts": "8 701 123 45 67",
    "mobile, without trunk": "701 123-45-67",
    "IIN": "061211600012",
    "e-mail": "aliya@example.kz",
    "MAC": "00:1A:2B:3C:4D:5E",
    "MAC, dotted": "001a.2b3c.4d5e",
    "UUID": "550e8400-e29b-41d4-a716-446655440000",
    "MD5": "9e107d9d372bb6826bd81d3542a419d6",
    "SHA-256": "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
    "SHA-256 in base 64": "16j7swfXgJRpypq8sAguT41WUeRtPNt2LQLQvzfJ5ZI=",
}
WRAPS = ["{}", " {} ", "'{}", '="{}"', '"{}"', "tel: {}", "imsi={}", "see {}, please", "\t{}\xa0"]
NOBODY = {
    "12 digits with a wrong check digit": "061211600013",
    "12 digits without a date": "123456789012",
    "a time as yymmddhhmmss": "201120101500",
    "a time as yyyymmddhhmmss": "20261120101500",
    "10 digits from 87": "8701123456",
    "12 digits from 87": "870112345678",
    "epoch seconds": "1795168800",
    "epoch milliseconds": "1795168800000",
    "epoch microseconds": "1795168800000000",
    "epoch nanoseconds": "1795168800000000000",
    "a moment": "2026-11-20T10:00:00.123456+05:00",
    "a decimal": "43.238949123456789",
    "a decimal of eleven digits": "0,87011234567",
    "a large decimal": "87011234567.25",
    "H3": "8920e60a12fffff",
    "H3 as a number": "617700169958293503",
    "geohash": "txwwjkqn4j2f",
    "quadkey": "120310233210313",
    "15 digits that are neither": "812345678901234",
    "global cell": "401-01-1234-56789",
    "a cell of 5G": "68719476735",
    "cadastre": "20-311-012-345",
    "a town": "Өскемен",
    "a web address": "https://example.kz/a@b",
}


def test_the_examples_of_numbers_with_a_check_digit_have_the_right_one() -> None:
    assert is_iin(SOMEBODY["IIN"])
    assert all(luhn(SOMEBODY[name]) for name in ("IMEI", "IMEI that begins like no country", "ICCID"))


@pytest.mark.parametrize("name", SOMEBODY)
def test_what_identifies_somebody_is_found(name: str) -> None:
    assert identifies(SOMEBODY[name])


@pytest.mark.parametrize("name", NOBODY)
def test_what_identifies_nobody_is_let_through(name: str) -> None:
    assert not identifies(NOBODY[name])


@pytest.mark.parametrize(
    "wrap", ["{}", " {} ", "'{}", '="{}"', '"{}"', "tel: {}", "imsi={}", "see {}, please", "\t{}\xa0"]
)
@pytest.mark.parametrize("name", ["IMSI", "IMEI", "mobile, bare", "mobile, international", "IIN", "e-mail", "MD5"])
def test_quotes_blanks_and_words_hide_nothing(wrap: str, name: str) -> None:
    assert identifies(wrap.format(SOMEBODY[name]))


@settings(max_examples=200, deadline=None)
@given(st.dates(), st.sampled_from("3456"), st.integers(0, 9999))
def test_of_the_ten_last_digits_of_a_personal_number_at_most_one_is_right(day: Any, sex: str, number: int) -> None:
    start = f"{day:%y%m%d}{sex}{number:04d}"
    right = [digit for digit in range(10) if is_iin(f"{start}{digit}")]
    assert len(right) <= 1
    assert [digit for digit in range(10) if identifies(f"{start}{digit}")] == right


def test_the_second_weights_count_where_the_first_leave_ten() -> None:
    starts = [f"90010135{number:03d}" for number in range(1000)]
    rest = [sum(int(digit) * weight for digit, weight in zip(one, range(1, 12), strict=True)) % 11 for one in starts]
    second = [one for one, left in zip(starts, rest, strict=True) if left == 10]
    assert any(is_iin(f"{one}{digit}") for one in second for digit in range(10))


@pytest.mark.parametrize("value", ["401019876543210", "87011234567", "061211600012", " 356938035643809 "])
@pytest.mark.parametrize("place", ["area", "start", "count", "status", "note", "revision", "part"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_value_is_found_in_every_column_even_where_faults_may_go(
    value: str, place: str, quote: str, tmp_path: Path
) -> None:
    cells = dict(zip(("area", "start", "end", "count"), GOOD.split(","), strict=False))
    cells |= {"status": "", "note": "x", "revision": "0", "part": "7"}
    hidden = cells | {place: f"{quote}{value}{quote}"}
    header = "area_id,start,end,count,status,note,revision,part"
    feed = Feed(faulty_rows="reject", unknown_source_areas="reject", sum_over=("part",))
    refused = refusal(tmp_path, table(",".join(cells.values()), ",".join(hidden.values()), header=header), feed)
    assert "identifier-values" in {fault.code for fault in refused.faults}
    assert value.strip() not in "".join(describe(fault) for fault in refused.faults)


def test_known_source_areas_are_no_subscribers_wherever_they_stand(tmp_path: Path) -> None:
    cells = frozenset({"214010000000001", "401019876543210"})
    rows = [f"{one},{QUARTER},50,{one}" for one in sorted(cells)]
    reading = read(tmp_path, table(*rows, header="cell_id,start,end,count,serving_cell"), known_source_areas=cells)
    assert reading.rows_accepted == 2


def test_without_a_coverage_fifteen_digits_may_be_a_radio_cell_and_a_phone_is_a_phone(tmp_path: Path) -> None:
    assert not identifies("401019876543210", PERSON)
    assert read(tmp_path, table(f"401019876543210,{QUARTER},50,"), known_source_areas=None).rows_accepted == 1
    refused = refusal(tmp_path, table(f"87011234567,{QUARTER},50,"), known_source_areas=None)
    assert [fault.code for fault in refused.faults] == ["identifier-values"]


@pytest.mark.parametrize("header", ["hexagon", "geohash"])
def test_a_phone_is_no_tile(header: str, tmp_path: Path) -> None:
    content = table(f"87011234567,{QUARTER},50,", header=HEADER.replace("source_area_id", header))
    refused = refusal(tmp_path, content, LENIENT, known_source_areas=None)
    assert [fault.code for fault in refused.faults] == ["identifier-values"]


@pytest.mark.parametrize(
    "name",
    [
        "imsi",
        "IMSI",
        "imsi_hash",
        "imsihash",
        "HashedMsisdn",
        "msisdn_sha256",
        "subscriberId",
        "user_key",
        "deviceToken",
        "phone number",
        "e_mail email",
        "ИИН",
        "номер телефона",
        "ЖСН",
        "ФИО",
        "macHash",
        "77011234567",
        "aliya@example.kz",
    ],
)
def test_a_column_that_names_an_identifier_is_found(name: str) -> None:
    assert [fault.code for fault in identifier_columns([name])] == ["identifier-column"]


@pytest.mark.parametrize(
    "name",
    [
        "imsi_count",
        "count of phones",
        "Абонентов",
        "количество абонентов",
        "число абонента",
        "users",
        "subscribers",
        "machine",
        "district",
        "user_share",
        "device_count",
        "zone_id",
        "commission",
        "simple_no",
    ],
)
def test_a_column_that_counts_or_names_a_place_is_none(name: str) -> None:
    assert identifier_columns([name]) == []


def devices(count: int, *, per_area: int, mark: str = "") -> bytes:
    """Return a file in which each row is a device; `mark` is a pattern for a value of its own."""
    choose = random.Random(4)
    rows = [
        f"A{1 + at // per_area % 3},2026-11-20T{5 + at // (3 * per_area) % 6:02d}:00:00Z,1"
        + (f",{mark.format(choose.getrandbits(48))}" if mark else "")
        for at in range(count)
    ]
    return table(*rows, header="area_id,start,count" + (",token" if mark else ""))


@pytest.mark.parametrize("feed", [Feed(time_bin_minutes=60), LENIENT])
def test_many_rows_that_count_one_device_of_the_same_area_are_devices(feed: Feed, tmp_path: Path) -> None:
    refused = refusal(tmp_path, devices(300, per_area=50), feed)
    assert places(refused.faults) == [("identifier-rows", None, "count")]
    assert refused.rows_in == 300


def test_devices_are_found_beside_rows_that_contradict_them(tmp_path: Path) -> None:
    content = devices(300, per_area=50) + b"A1,2026-11-20T05:00:00Z,2\n"
    assert places(refusal(tmp_path, content, LENIENT).faults) == [("identifier-rows", None, "count")]


@pytest.mark.parametrize(("rows", "devices_found"), [(19, False), (20, True)])
def test_rows_of_one_are_devices_from_k_min_on(rows: int, devices_found: bool, tmp_path: Path) -> None:
    content = table(*[f"A1,{QUARTER},1,"] * rows, f"A2,{QUARTER},50,")
    if devices_found:
        assert places(refusal(tmp_path, content).faults) == [("identifier-rows", None, "device_count")]
    else:
        assert read(tmp_path, content).rows_accepted == rows + 1


@pytest.mark.parametrize("mark", ["{:012x}", "u{:015d}", "{:020d}"])
def test_a_long_value_of_its_own_in_nearly_every_row_is_the_mark_of_a_device(mark: str, tmp_path: Path) -> None:
    refused = refusal(tmp_path, devices(1500, per_area=2, mark=mark), Feed(time_bin_minutes=60))
    assert ("identifier-marks", None, "token") in places(refused.faults)


def many_areas(count: int, bins: int, extra: str) -> tuple[bytes, frozenset[str]]:
    """Return counts of many areas with a harmless extra column, a pattern of the area's number and the row's."""
    areas = [f"KZ{at:06d}" for at in range(count)]
    rows = [
        f"{area},2026-11-20T{hour:02d}:00:00Z,50,{extra.format(area=area, at=at, row=hour * count + at, hour=hour)}"
        for hour in range(bins)
        for at, area in enumerate(areas)
    ]
    return table(*rows, header="cell_id,start,count,remark"), frozenset(areas)


@pytest.mark.parametrize(
    "extra",
    [
        "name of cell {at:07d}",
        "{row}",
        "{row:09d}",
        "0.{row:014d}",
        "{area}_2026-11-20T{hour:02d}",
        "2026-11-20T{hour:02d}:00:00.{row:06d}Z",
        "8920e6{at:07x}ff",
        "txww{at:08d}",
        "an ordinary remark",
    ],
)
def test_what_describes_areas_rows_and_times_is_no_mark(extra: str, tmp_path: Path) -> None:
    content, known = many_areas(600, 4, extra)
    assert read(tmp_path, content, known_source_areas=known).rows_accepted == 2400


def test_the_sample_of_marks_is_the_same_for_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.reading import marks
    from ingest.reading.pieces import PieceSize

    monkeypatch.setattr(marks, "_KEPT", 64)
    content = devices(1500, per_area=2, mark="{:012x}")
    for size in (PieceSize(rows=1), PieceSize(rows=400), PieceSize()):
        with tempfile.TemporaryDirectory() as folder:
            refused = refusal(Path(folder), content, Feed(time_bin_minutes=60), piece_size=size)
        assert ("identifier-marks", None, "token") in places(refused.faults)
    content, known = many_areas(600, 4, "name of cell {at:07d}")
    with tempfile.TemporaryDirectory() as folder:
        assert read(Path(folder), content, known_source_areas=known).rows_accepted == 2400


def test_the_city_of_known_areas_stays_as_it_is() -> None:
    assert not any(identifies(one) for one in KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "870810 487005", "IIN870810487005", "id_870810487005", "#870810487005", "x-870810487005", "a,870810487005",
        "\uff18\uff17\uff10\uff18\uff11\uff10\uff14\uff18\uff17\uff10\uff10\uff15", "870810\u200b487005",
        "8.7071234567E+10", "8.70810487005e11", "4.01771234567897e14", "C-87071234567",
    ],
)  # fmt: skip
def test_signs_words_and_other_digits_around_a_number_hide_nothing(text: str) -> None:
    assert identifies(text)
    assert identifying(pl.Series([text, "free text"]), frozenset()).tolist() == [0]


@pytest.mark.parametrize("name", ["abonent_id", "uid", "user", "A_NUMBER", "mobile_number", "nomer_telefona"])
def test_other_words_for_subscribers_name_somebody(name: str) -> None:
    assert [one.code for one in identifier_columns([name])] == ["identifier-column"]


@pytest.mark.parametrize("number", [870810487005.0, 401771234567897.0, 87071234567.0])
def test_a_float_column_hides_no_identifier(number: float, tmp_path: Path) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=UTC)
    columns = {"source_area_id": ["A", "B"], "start": [start] * 2, "end": [start + timedelta(minutes=15)] * 2}
    path = tmp_path / "floats.parquet"
    pl.DataFrame(columns | {"device_count": [50, 60], "x": [number, None]}).write_parquet(path)
    with pytest.raises(FileRefused) as refused:
        read_counts(path, Feed(), frozenset({"A", "B"}), 20, 15, start + timedelta(days=1))
    assert {one.code for one in refused.value.faults} == {"identifier-values"}
