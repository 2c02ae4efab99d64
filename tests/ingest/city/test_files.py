from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from geo.coverage import read_coverage
from ingest.city import City, build_city
from ingest.city.carriers import PLANS, Carrier
from ingest.city.counting import OFF_AIR_AREA
from ingest.city.rhythms import TIMEZONE
from ingest.feeds import Feed, parse_feed
from ingest.reading.reader import read_counts

NOON = datetime(2025, 6, 6, 12, tzinfo=TIMEZONE).astimezone(UTC)
HOUR, BIN = timedelta(hours=1), timedelta(minutes=15)
CODES = [plan.code for plan in PLANS]
AREA_COLUMN = {"tulpar": "cell_id", "jusan": "zone_id", "samal": "cell_id"}
COUNT_COLUMN = {"tulpar": "device_count", "jusan": "subscribers_total", "samal": "device_count"}


def read(code: str, path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, separator=";" if code == "jusan" else ",", infer_schema_length=None)


def rows(code: str, paths: list[Path]) -> pl.DataFrame:
    return pl.concat([read(code, path) for path in paths], how="vertical_relaxed")


@pytest.fixture(params=CODES)
def carrier(request: pytest.FixtureRequest, city: City) -> Carrier:
    return city.carrier(request.param)


def test_a_span_has_a_row_for_every_area_and_bin(city: City, carrier: Carrier, tmp_path: Path) -> None:
    paths = city.write_live(carrier, tmp_path, NOON - HOUR, NOON)
    assert len(rows(carrier.code, paths)) == 4 * len(carrier.source_area_ids)


def test_an_area_off_air_has_no_row(city: City, tmp_path: Path) -> None:
    tulpar = city.carrier("tulpar")
    counts_df = rows("tulpar", city.write_live(tulpar, tmp_path, NOON + HOUR, NOON + 2 * HOUR))
    assert len(counts_df) == 4 * (len(tulpar.source_area_ids) - 1)
    assert tulpar.source_area_ids[OFF_AIR_AREA] not in counts_df["cell_id"]


def test_suppressed_counts_are_empty_and_marked(city: City, carrier: Carrier, tmp_path: Path) -> None:
    counts_df = rows(carrier.code, city.write_live(carrier, tmp_path, NOON - HOUR, NOON))
    status = "mark" if carrier.code == "jusan" else "status"
    hidden = counts_df.filter(pl.col(status) == "suppressed")
    assert len(hidden) > 0
    assert hidden[COUNT_COLUMN[carrier.code]].null_count() == len(hidden)
    shown = counts_df.filter(pl.col(status).is_null())[COUNT_COLUMN[carrier.code]]
    assert ((shown == 0) | (shown >= 20)).all()


def test_a_bin_is_the_same_whatever_span_it_is_asked_in(city: City, carrier: Carrier, tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    alone = rows(carrier.code, city.write_live(carrier, tmp_path / "alone", NOON - BIN, NOON))
    amid = rows(carrier.code, city.write_live(carrier, tmp_path, NOON - 2 * HOUR, NOON + BIN))
    same = amid.join(alone.select(alone.columns[1]).unique(), on=alone.columns[1])
    assert alone.sort(alone.columns[0]).equals(same.sort(same.columns[0]))


def test_the_late_hour_comes_last_and_only_once_it_is_due(city: City, tmp_path: Path) -> None:
    samal = city.carrier("samal")
    seven = NOON - 5 * HOUR
    before = city.write_live(samal, tmp_path, seven - 2 * HOUR, seven + HOUR)
    assert not [path for path in before if "late" in path.name]
    due = city.write_live(samal, tmp_path, seven + 1.5 * HOUR - BIN, seven + 1.5 * HOUR)
    assert "late" in due[-1].name
    assert len(read("samal", due[-1])) == 4 * len(samal.source_area_ids)
    day = city.write_live(samal, tmp_path, NOON - 24 * HOUR, NOON)
    assert sum("late" in path.name for path in day) == 1
    assert len(rows("samal", day)) == 96 * len(samal.source_area_ids)


def test_history_is_one_file_a_week_of_hours(city: City, carrier: Carrier, tmp_path: Path) -> None:
    paths = city.write_history(carrier, tmp_path, NOON, weeks=2)
    assert len(paths) == 2
    assert [168 * len(carrier.source_area_ids)] * 2 == [len(read(carrier.code, path)) for path in paths]


def test_progress_ends_at_one(city: City, carrier: Carrier, tmp_path: Path) -> None:
    told: list[float] = []
    city.write_history(carrier, tmp_path, NOON, weeks=2, progress=lambda share, _what: told.append(share))
    city.write_live(carrier, tmp_path, NOON - HOUR, NOON, progress=lambda share, _what: told.append(share))
    assert told == [0.5, 1.0, 1.0]


def test_the_projects_own_reader_accepts_every_file(city: City, carrier: Carrier, tmp_path: Path) -> None:
    feed_path = city.write_feed(carrier, tmp_path)
    feed = parse_feed(feed_path.read_text("utf-8")) if feed_path else Feed()
    known = frozenset(carrier.source_area_ids)
    paths = city.write_live(carrier, tmp_path, NOON - HOUR, NOON)
    paths += city.write_history(carrier, tmp_path, NOON - HOUR, weeks=1)
    for path in paths:
        reading = read_counts(path, feed, known, 20, 15, NOON)
        assert reading.rows_in == reading.rows_accepted == len(read(carrier.code, path))
        assert reading.rows_suppressed > 0


def test_the_projects_own_coverage_reader_finds_every_area(city: City, carrier: Carrier, tmp_path: Path) -> None:
    reading = read_coverage(city.write_coverage(carrier, tmp_path))
    assert set(reading.coverage.source_area_ids) == set(carrier.source_area_ids)
    assert reading.coverage.kind == ("area" if carrier.code == "jusan" else "radio_cell")


def test_the_coverage_on_record_is_not_the_true_one(city: City, tmp_path: Path) -> None:
    tulpar = city.carrier("tulpar")
    cells_df = pl.read_csv(city.write_coverage(tulpar, tmp_path))
    outdoor = cells_df.filter(pl.col("directionality") == 1)
    assert (outdoor["azimuth_angle"].to_numpy() == tulpar.network.recorded_azimuth).all()
    assert (abs(outdoor["azimuth_angle"].to_numpy() - tulpar.network.azimuth) > 1).mean() > 0.7


def test_the_same_seed_writes_the_same_bytes(city: City, tmp_path: Path) -> None:
    again = build_city(seed=city.seed, people=1_000_000)
    written = []
    for number, one in enumerate((city, again)):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths = [one.write_registry(folder / "venues.geojson")]
        for carrier in one.carriers:
            paths.append(one.write_coverage(carrier, folder))
            paths += one.write_live(carrier, folder, NOON - HOUR, NOON)
            paths += one.write_history(carrier, folder, NOON, weeks=1)
        written.append({path.name: path.read_bytes() for path in paths})
    assert written[0] == written[1]


def test_gzipped_files_carry_no_time_of_writing(city: City, tmp_path: Path) -> None:
    path = city.write_live(city.carrier("tulpar"), tmp_path, NOON - BIN, NOON)[0]
    assert path.read_bytes()[4:8] == b"\0\0\0\0"
    assert gzip.decompress(path.read_bytes()).startswith(b"cell_id,start,end,device_count,status\n")
