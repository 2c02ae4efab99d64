"""Registries of venues: read from GeoJSON, GeoPackage, Shapefile, CSV and FHRS XML."""

from ingest.venues.reading import VenuesReading, read_venues

__all__ = ["VenuesReading", "read_venues"]
