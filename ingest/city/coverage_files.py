"""The source areas of a carrier as the carrier would deliver them: what is on record, not what is true.

multimno columns with recorded azimuths; OpenCelliD columns, where a cell lies at the middle of its area rather than
at its site; 500 m squares as GeoJSON polygons.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from ingest.city.carriers import Carrier, opencellid_parts, sector_numbers
from ingest.city.geography import closed_ring, to_degrees
from ingest.city.noise import Floats

MAST_ALTITUDE_M = 800.0
POWER_W = 20.0
INDOOR_POWER_W, INDOOR_HEIGHT_M, INDOOR_RANGE_M = 1.0, 4.0, 250.0
VALID_FROM = "2020-01-01T00:00:00"
OPENCELLID_DAY = 1_577_836_800


def write_coverage(carrier: Carrier, folder: Path) -> Path:
    """Write a carrier's source areas into `folder` and return the file's path."""
    if carrier.delivery == "squares":
        path = folder / f"{carrier.code}-squares.geojson"
        path.write_text(json.dumps(_squares(carrier), ensure_ascii=False), encoding="utf-8")
        return path
    path = folder / f"{carrier.code}-cells.csv"
    cells_df = _multimno(carrier) if carrier.delivery == "multimno" else _opencellid(carrier)
    cells_df.write_csv(path, float_precision=6)
    return path


def _multimno(carrier: Carrier) -> pl.DataFrame:
    network, indoor = carrier.network, len(carrier.indoor_m)
    place = to_degrees(np.concatenate([network.site_m[network.sector_site], carrier.indoor_m]))
    count = len(carrier.source_area_ids)
    inside = np.arange(count) >= count - indoor
    return pl.DataFrame(
        {
            "cell_id": carrier.source_area_ids,
            "latitude": place[:, 1],
            "longitude": place[:, 0],
            "altitude": np.full(count, MAST_ALTITUDE_M),
            "antenna_height": _with_indoor(network.height_m, indoor, INDOOR_HEIGHT_M),
            "directionality": (~inside).astype(np.int64),
            "azimuth_angle": [*network.recorded_azimuth.tolist(), *[None] * indoor],
            "elevation_angle": np.where(inside, 0.0, 5.0),
            "horizontal_beam_width": _with_indoor(network.beam_degrees, indoor, 360.0),
            "vertical_beam_width": np.where(inside, 90.0, 9.0),
            "power": np.where(inside, INDOOR_POWER_W, POWER_W),
            "range": _with_indoor(network.range_m, indoor, INDOOR_RANGE_M),
            "frequency": np.full(count, 1800),
            "technology": ["LTE"] * count,
            "valid_date_start": [VALID_FROM] * count,
            "valid_date_end": [None] * count,
            "cell_type": np.where(inside, "picocell", "macrocell"),
        }
    )


def _opencellid(carrier: Carrier) -> pl.DataFrame:
    network, indoor = carrier.network, len(carrier.indoor_m)
    place = to_degrees(np.concatenate([_middles(carrier), carrier.indoor_m]))
    count = len(carrier.source_area_ids)
    parts = np.array([opencellid_parts(*numbers) for numbers in sector_numbers(network, indoor)])
    return pl.DataFrame(
        {
            "radio": ["LTE"] * count,
            "mcc": parts[:, 0],
            "net": parts[:, 1],
            "area": parts[:, 2],
            "cell": parts[:, 3],
            "unit": np.zeros(count, dtype=np.int64),
            "lon": place[:, 0],
            "lat": place[:, 1],
            "range": _with_indoor(network.range_m, indoor, INDOOR_RANGE_M).astype(np.int64),
            "samples": 20 + (parts[:, 3] * 37) % 900,
            "changeable": np.ones(count, dtype=np.int64),
            "created": np.full(count, OPENCELLID_DAY),
            "updated": np.full(count, OPENCELLID_DAY),
            "averageSignal": np.zeros(count, dtype=np.int64),
        }
    )


def _with_indoor(outdoor: Floats, indoor_count: int, value: float) -> Floats:
    return np.concatenate([outdoor, np.full(indoor_count, value)])


def _middles(carrier: Carrier) -> Floats:
    """Place a cell a quarter of its range in front of its antenna, in metres, as a mean of many sightings would."""
    network = carrier.network
    angle = np.radians(network.recorded_azimuth)
    ahead = np.stack([np.sin(angle), np.cos(angle)], axis=1) * (0.25 * network.range_m)[:, None]
    middles: Floats = network.site_m[network.sector_site] + ahead
    return middles


def _squares(carrier: Carrier) -> dict[str, object]:
    assert carrier.squares is not None
    features = [
        {
            "type": "Feature",
            "properties": {"zone_id": name},
            "geometry": {"type": "Polygon", "coordinates": [closed_ring(square)]},
        }
        for name, square in zip(carrier.source_area_ids, carrier.squares, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}
