"""Exports hold the same rows in every format."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo import hexagons
from geo.export import COLUMNS, WRITERS, HexagonTable
from tests.geo.builders import ALMATY, NAN

IDS = np.sort(hexagons.disc(hexagons.hexagon_at(*ALMATY, 9), 1))[:3]
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=timezone(timedelta(hours=5)))
TABLE = HexagonTable(
    IDS,
    NOON,
    np.array([120.0, NAN, NAN]),
    np.array([95.5, 0.0, NAN]),
    np.array([150.0, 40.0, NAN]),
    np.array([2, 1, 0], dtype=np.uint8),
)


def test_csv_has_the_promised_columns_and_leaves_gaps_empty() -> None:
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](TABLE).decode())))
    assert tuple(rows[0]) == COLUMNS
    assert list(rows[0].values())[1:] == ["2026-11-20T12:00:00Z", "120", "95.5", "150", "estimated"]
    assert [row["state"] for row in rows] == ["estimated", "suppressed", "missing"]
    assert [row["present_population"] for row in rows] == ["120", "", ""]


def test_geojson_holds_closed_rings_and_nulls() -> None:
    features = json.loads(WRITERS["geojson"](TABLE))["features"]
    assert [f["properties"]["present_population"] for f in features] == [120, None, None]
    assert [f["properties"]["hexagon"] for f in features] == hexagons.hexagon_text(IDS)
    ring = features[0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert shapely.Polygon(ring).exterior.is_ccw


def test_geoparquet_reads_back_with_its_crs_and_moment() -> None:
    frame_gdf = gpd.read_parquet(io.BytesIO(WRITERS["parquet"](TABLE)))
    assert tuple(frame_gdf.columns) == (*COLUMNS, "geometry")
    assert frame_gdf.crs.to_authority() == ("OGC", "CRS84")
    assert frame_gdf["time_bin_start"][0].to_pydatetime() == NOON.astimezone(UTC)
    assert frame_gdf["low"].tolist() == pytest.approx([95.5, 0.0, NAN], nan_ok=True)
