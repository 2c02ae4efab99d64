"""Registries as a test needs them: written to a folder, read through the door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingest.venues import VenuesReading, read_venues
from store.records import VenueDraft

SQUARE = [[76.90, 43.24], [76.91, 43.24], [76.91, 43.25], [76.90, 43.25], [76.90, 43.24]]
BOW_TIE = [[76.90, 43.24], [76.91, 43.25], [76.91, 43.24], [76.90, 43.25], [76.90, 43.24]]


def polygon(ring: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def feature(geometry: dict[str, Any] | None, feature_id: object = None, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": properties}


def geojson(folder: Path, *features: dict[str, Any], crs: str | None = None, name: str = "places.geojson") -> Path:
    document: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if crs is not None:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    return written(folder / name, json.dumps(document, ensure_ascii=False))


def establishment(record_id: int, name: str = "Café", kind: str = "Restaurant/Cafe/Canteen", geocode: str = "") -> str:
    return (
        f"<EstablishmentDetail><FHRSID>{record_id}</FHRSID><BusinessName>{name}</BusinessName>"
        f"<BusinessType>{kind}</BusinessType><AddressLine1>1 Road</AddressLine1><AddressLine2>Norwich</AddressLine2>"
        f"<PostCode>NR1</PostCode><LocalAuthorityName>Norwich City</LocalAuthorityName>"
        f"<LocalAuthorityEmailAddress>someone@example.org</LocalAuthorityEmailAddress>{geocode}</EstablishmentDetail>"
    )


def geocode(longitude: str, latitude: str) -> str:
    return f"<Geocode><Longitude>{longitude}</Longitude><Latitude>{latitude}</Latitude></Geocode>"


def fhrs(folder: Path, *records: str, before: str = "", end: str = "</FHRSEstablishment>") -> Path:
    inside = "\n".join(records)
    head = f'<?xml version="1.0"?>\n{before}<FHRSEstablishment><EstablishmentCollection>'
    return written(folder / "fhrs.xml", f"{head}\n{inside}\n</EstablishmentCollection>{end}")


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def accepted(path: Path) -> list[VenueDraft]:
    reading = read_venues(path)
    assert reading.faults == []
    return reading.venues


def refused(path: Path) -> list[tuple[str, int | None]]:
    reading = read_venues(path)
    assert reading.venues == []
    assert reading.faults
    return [(fault.code, fault.line) for fault in reading.faults]


def noted(reading: VenuesReading) -> dict[str, dict[str, object]]:
    return {note.code: dict(note.params) for note in reading.notes}
