"""Hexagons as files for reports: CSV, GeoJSON and GeoParquet with the same columns.

Moments are written in RFC 3339, UTC; people as whole or decimal numbers, nothing where there is none.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo import hexagons
from geo.hexagons import Floats, HexIds
from geo.spreading import STATE_WORDS

COLUMNS = ("hexagon", "time_bin_start", "present_population", "low", "high", "state")


@dataclass(frozen=True, slots=True, eq=False)
class HexagonTable:
    """What is exported of one time bin, arrays (H,); NaN becomes nothing. `measure` names what the numbers count."""

    hexagons: HexIds
    time_bin_start: datetime
    present_population: Floats
    low: Floats
    high: Floats
    state: NDArray[np.uint8]
    measure: str = "present_population"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: `measure` stands in the place of present_population."""
        return (*COLUMNS[:2], self.measure, *COLUMNS[3:])


def as_csv(table: HexagonTable) -> bytes:
    """Write the table as CSV with a header, UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(row.values() for row in _rows(table))
    return text.getvalue().encode()


def as_geojson(table: HexagonTable) -> bytes:
    """Write the table as a GeoJSON FeatureCollection of hexagons (RFC 7946), seven decimals (1 cm)."""
    rings = np.round(hexagons.boundaries(table.hexagons), 7)
    closed = np.concatenate([rings, rings[:, :1]], axis=1).tolist()
    features = [
        {
            "type": "Feature",
            "properties": row,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for row, ring in zip(_rows(table), closed, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def as_geoparquet(table: HexagonTable) -> bytes:
    """Write the table as GeoParquet, longitude and latitude (OGC:CRS84), the moment as a UTC timestamp."""
    columns = {
        "hexagon": hexagons.hexagon_text(table.hexagons),
        "time_bin_start": np.full(len(table.hexagons), _naive_utc(table.time_bin_start)),
        table.measure: table.present_population,
        "low": table.low,
        "high": table.high,
        "state": [STATE_WORDS[code] for code in table.state.tolist()],
    }
    frame_gdf = gpd.GeoDataFrame(columns, geometry=hexagons.polygons(table.hexagons), crs="OGC:CRS84")
    frame_gdf["time_bin_start"] = frame_gdf["time_bin_start"].dt.tz_localize("UTC")
    target = io.BytesIO()
    frame_gdf.to_parquet(target, index=False)
    return target.getvalue()


WRITERS: dict[str, Callable[[HexagonTable], bytes]] = {
    "csv": as_csv,
    "geojson": as_geojson,
    "parquet": as_geoparquet,
}


def _naive_utc(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _rows(table: HexagonTable) -> Iterator[dict[str, Any]]:
    start = table.time_bin_start.astimezone(UTC).isoformat().replace("+00:00", "Z")
    numbers = zip(table.present_population.tolist(), table.low.tolist(), table.high.tolist(), strict=True)
    texts = hexagons.hexagon_text(table.hexagons)
    for text, state, people in zip(texts, table.state.tolist(), numbers, strict=True):
        best, low, high = (_plain(value) for value in people)
        values = (text, start, best, low, high, STATE_WORDS[state])
        yield dict(zip(table.columns, values, strict=True))


def _plain(value: float) -> float | int | None:
    """Write a whole number as one, NaN as nothing, and all that was measured of anything else."""
    if not np.isfinite(value):
        return None
    return int(value) if value.is_integer() else value
