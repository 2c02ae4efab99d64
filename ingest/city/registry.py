"""The demo's venue registry as GeoJSON and its epidemic zones as CSV, for the project's own readers."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ingest.city.geography import closed_ring
from ingest.city.venues import Venue, district_names

REGION = "ALA"
ZONE_COLUMNS = ("date", "region", "zone", "country_zone", "explicit", "source", "lang", "note")
DEFAULT_DAY = date(2021, 6, 1)


def write_registry(venues: Sequence[Venue], path: Path, on: date = DEFAULT_DAY) -> Path:
    """Write the venues as a GeoJSON FeatureCollection; `participation_since` counts back from the day `on`."""
    features = [_feature(venue, on) for venue in venues]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return path


def write_zones(path: Path, start: date, end: date) -> Path:
    """Write the demo's epidemic zone, yellow, for every day of the half-open span."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(ZONE_COLUMNS)
        for number in range((end - start).days):
            day = (start + timedelta(days=number)).isoformat()
            rows.writerow([day, REGION, "YELLOW", "YELLOW", "True", "demo", "en", "invented for the demo city"])
    return path


def _feature(venue: Venue, on: date) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [closed_ring(venue.outline)]}
    return {"type": "Feature", "id": venue.id, "properties": _properties(venue, on), "geometry": geometry}


def _properties(venue: Venue, on: date) -> dict[str, Any]:
    since = None
    if venue.participation != "not_participating":
        since = (on - timedelta(days=venue.participating_days)).isoformat()
    district_kk, district_ru = district_names(venue.district)
    return {
        "id": venue.id,
        "name": venue.name_ru,
        "name_kk": venue.name_kk,
        "name_ru": venue.name_ru,
        "category": venue.category,
        "address": venue.address_ru,
        "address_kk": venue.address_kk,
        "district": district_ru,
        "district_kk": district_kk,
        "region": REGION,
        "seats": venue.seats,
        "area_m2": venue.area_m2,
        "licensed_capacity": venue.licensed_capacity,
        "opening_hours": venue.opening_hours,
        "business_size": venue.business_size,
        "participation": venue.participation,
        "participation_since": since,
        "entrances": venue.entrances,
    }
