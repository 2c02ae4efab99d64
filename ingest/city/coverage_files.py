"""The source areas of a carrier as the carrier would deliver them: what is on record, not what is true.

multimno columns with recorded azimuths; OpenCelliD columns, where a cell lies at the middle of its area rather than
at its site; 500 m squares as GeoJSON polygons.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from ingest.city.carriers import Carrier, opencellid_parts
from ingest.city.geography import closed_ring, to_degrees
from ingest.city.noise import Floats

MAST_ALTITUDE_M = 800.0
POWER_W = 20.0
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
    network = carrier.network
    place = to_degrees(network.site_m)[network.sector_site]
    count = len(carrier.source_area_ids)
    return pl.DataFrame(
        {
            "cell_id": carrier.source_area_ids,
            "latitude": place[:, 1],
            "longitude": place[:, 0],
            "altitude": np.full(count, MAST_ALTITUDE_M),
            "antenna_height": network.height_m,
            "directionality": np.ones(count, dtype=np.int64),
            "azimuth_angle": network.recorded_azimuth,
            "elevation_angle": np.full(count, 5.0),
            "horizontal_beam_width": network.beam_degrees,
            "vertical_beam_width": np.full(count, 9.0),
            "power": np.full(count, POWER_W),
            "range": network.range_m,
            "frequency": np.full(count, 1800),
            "technology": ["LTE"] * count,
            "valid_date_start": [VALID_FROM] * count,
            "valid_date_end": [None] * count,
            "cell_type": ["macrocell"] * count,
        }
    )


def _opencellid(carrier: Carrier) -> pl.DataFrame:
    network = carrier.network
    place = _middles(carrier)
    count = len(carrier.source_area_ids)
    parts = np.array([opencellid_parts(site, n % 3) for n, site in enumerate(network.sector_site.tolist())])
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
            "range": network.range_m.astype(np.int64),
            "samples": 20 + (parts[:, 3] * 37) % 900,
            "changeable": np.ones(count, dtype=np.int64),
            "created": np.full(count, OPENCELLID_DAY),
            "updated": np.full(count, OPENCELLID_DAY),
            "averageSignal": np.zeros(count, dtype=np.int64),
        }
    )


def _middles(carrier: Carrier) -> Floats:
    """Place a cell a quarter of its range in front of its antenna, as a mean of many sightings would."""
    network = carrier.network
    angle = np.radians(network.recorded_azimuth)
    ahead = np.stack([np.sin(angle), np.cos(angle)], axis=1) * (0.25 * network.range_m)[:, None]
    return to_degrees(network.site_m[network.sector_site] + ahead)


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
