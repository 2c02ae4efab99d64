"""Load a prior layer: read the file, keep it, have every bin that stands on it estimated again, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from geo.errors import PriorError
from geo.prior_files import read_prior
from ingest.pipeline import Workplace, mark_estimates_stale
from ingest.priors import PriorLayer
from ingest.world import World
from store import audit, priors
from store.blobs import digest_of
from store.priors import PriorKind
from store.records import FaultRecord

ACTION = "prior-loaded"


@dataclass(frozen=True, slots=True)
class LoadedPrior:
    """What was loaded: sum, hexagons, column, rows; `is_new`: whether it is another layer than the one in force."""

    total: float
    hexagon_count: int
    column: str
    rows: int
    is_new: bool
    notes: tuple[FaultRecord, ...]


def load_prior(
    place: Workplace, path: Path, kind: PriorKind, column: str | None, actor: str, now: datetime
) -> LoadedPrior:
    """Let a file be the prior layer from now on, for every bin. Raises geo.errors.GeoError; nothing is kept then."""
    reading = read_prior(path, kind, column)
    if not reading.values.sum() > 0.0:
        raise PriorError("prior-nothing", {"column": reading.column}, column=reading.column)
    layer = PriorLayer(reading.hexagons, reading.values)
    notes = tuple(FaultRecord(one.code, params=dict(one.params)) for one in reading.notes) + _fit(place, layer, now)
    data = layer.to_bytes()
    with place.database.begin() as connection:
        before = priors.newest_layer(connection)
        is_new = before is None or (before.blob_digest, before.kind) != (digest_of(data), kind)
        if is_new:
            priors.add_layer(connection, kind, data, reading.column, path.name, now)
            mark_estimates_stale(connection)
            details = {"kind": kind, "file": path.name, "column": reading.column, "hexagons": len(reading.hexagons)}
            audit.append(connection, actor=actor, action=ACTION, subject="prior", details=details, now=now)
    return LoadedPrior(float(reading.values.sum()), len(reading.hexagons), reading.column, reading.rows, is_new, notes)


def _fit(place: Workplace, layer: PriorLayer, now: datetime) -> tuple[FaultRecord, ...]:
    """Say how far the layer reaches over what is covered; refuse one that lies elsewhere."""
    with place.database.read() as connection:
        area = World(connection, place.cache).area_at(now)
    if area is None:
        return ()
    missing = int(np.isnan(layer.over(area.hexagons)).sum())
    if missing == len(area.hexagons):
        raise PriorError("prior-elsewhere")
    if not missing:
        return ()
    return (FaultRecord("prior-partly", params={"missing": missing, "hexagons": len(area.hexagons)}),)
