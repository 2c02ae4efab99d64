"""Load a carrier's source areas: read the file, keep a version, compute its weights once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geo.coverage import read_coverage
from geo.hexagons import area_km2, holes
from ingest.areas import keep_area
from ingest.grids import ALWAYS
from ingest.pipeline import Workplace, mark_everything_dirty
from ingest.progress import Progress, part, silent
from ingest.world import World
from store import carriers, uploads
from store.blobs import digest_of
from store.records import FaultRecord

MOST_SEARCHED = 300_000  # hexagons: holes of a country's coverage would take minutes to find


@dataclass(frozen=True, slots=True)
class LoadedCoverage:
    """What was loaded: how many source areas of which kind, over how many hexagons, and what was remarked."""

    kind: str
    source_area_count: int
    hexagon_count: int
    notes: tuple[FaultRecord, ...]


def load_coverage(
    place: Workplace,
    carrier_code: str,
    path: Path,
    id_column: str | None,
    valid_from: datetime | None,
    now: datetime,
    progress: Progress = silent,
) -> LoadedCoverage:
    """Keep the source areas in `path` for a carrier, in force from `valid_from` on (None: always).

    Bins estimated before that stand on another coverage are marked to be estimated again. The same areas again change
    nothing.
    Raises geo.errors.CoverageError (nothing is kept) and store.errors.NotFound.
    """
    with place.database.read() as connection:
        carrier = carriers.get_carrier(connection, carrier_code)
    progress(0.0, "reading")
    reading = read_coverage(path, id_column)
    notes = tuple(FaultRecord(note.code, params=_plain(note.params)) for note in reading.notes)
    data = reading.coverage.to_bytes()
    starts = valid_from or ALWAYS
    # What cannot be spread is refused here, before anything of it is kept.
    weights = place.cache.get(digest_of(data), lambda: data, part(progress, 0.1, 0.9))
    notes += _holes(weights.hexagons)
    loaded = LoadedCoverage(reading.coverage.kind, len(reading.coverage.source_area_ids), len(weights.hexagons), notes)
    with place.database.begin() as connection:
        carriers.lock_carrier(connection, carrier.id)
        before = {one.valid_from: one.digest for one in carriers.list_coverages(connection, carrier.id)}
        if before.get(starts) == digest_of(data):
            return loaded
        carriers.add_coverage(connection, carrier.id, data, reading.coverage.kind, path.name, starts, now, notes)
        uploads.source_area_codes(connection, carrier.id, reading.coverage.source_area_ids)
        mark_everything_dirty(connection, starts)
        intervals = uploads.carrier_intervals(connection, carrier.id)
        width = timedelta(minutes=place.policy.counts.base_bin_minutes)
        uploads.mark_dirty(connection, {one for span in intervals for one in uploads.base_bins(*span, width)})
    _keep_present_area(place, now)
    return loaded


def _keep_present_area(place: Workplace, now: datetime) -> None:
    """Make the geometry of the hexagons now, so that the first file does not wait for it."""
    with place.database.read() as connection:
        area = World(connection, place.cache).area_at(now)
    if area is not None:
        with place.database.begin() as connection:
            keep_area(connection, area, now)


def _holes(covered: NDArray[np.uint64]) -> tuple[FaultRecord, ...]:
    """Say how many hexagons lie inside a coverage without being covered: they will be missing on the map."""
    if len(covered) > MOST_SEARCHED:
        return ()
    found = holes(covered)
    if not len(found):
        return ()
    params: dict[str, str | int | float] = {"count": len(found), "km2": round(float(area_km2(found).sum()), 1)}
    return (FaultRecord("coverage-holes", params=params),)


def _plain(params: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    return dict(params)
