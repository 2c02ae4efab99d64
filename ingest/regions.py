"""Load outlines of regions: read the file, keep what is new or changed by code, all or nothing.

Where tables of shares speak of regions, every estimate that stands on an outline is noted to be made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geo.outlines import Outline, overlapping, read_outlines
from ingest.pipeline import Workplace, mark_estimates_stale
from store import audit, carrier_shares, regions
from store.records import FaultRecord
from store.regions import Region

ACTION = "regions-loaded"
MOST_IN_A_NOTE = 20


@dataclass(frozen=True, slots=True)
class LoadedRegions:
    """How many regions the file has, how many of them are new and how many others than before; what was remarked."""

    regions: int
    added: int
    changed: int
    notes: tuple[FaultRecord, ...]


def load_regions(
    place: Workplace,
    path: Path,
    actor: str,
    now: datetime,
    *,
    code_column: str | None = None,
    name_column: str | None = None,
) -> LoadedRegions:
    """Keep the regions in `path`; those with other codes stay. Raises geo.errors.GeoError; nothing is kept then."""
    reading = read_outlines(path, code_column, name_column)
    notes = [FaultRecord(one.code, params=dict(one.params)) for one in reading.notes]
    with place.database.begin() as connection:
        before = {one.code: one for one in regions.list_regions(connection)}
        fresh = [one for one in reading.outlines if _is_other(one, before.get(one.code))]
        if fresh:
            regions.save_regions(connection, [Region(*_facts(one), path.name, now) for one in fresh])
            if carrier_shares.share_tables(connection):
                mark_estimates_stale(connection)
            details = {"file": path.name, "codes": [one.code for one in fresh]}
            audit.append(connection, actor=actor, action=ACTION, subject="regions", details=details, now=now)
        notes += _overlaps(regions.list_regions(connection), {one.code for one in reading.outlines})
    added = sum(one.code not in before for one in fresh)
    return LoadedRegions(len(reading.outlines), added, len(fresh) - added, tuple(notes))


def _facts(one: Outline) -> tuple[str, str, bytes]:
    return one.code, one.name, one.wkb


def _is_other(one: Outline, before: Region | None) -> bool:
    return before is None or (before.name, before.outline_wkb) != (one.name, one.wkb)


def _overlaps(known: Sequence[Region], loaded: set[str]) -> list[FaultRecord]:
    """Name pairs of regions with common ground of which one is of this file."""
    pairs = overlapping([one.outline_wkb for one in known])
    named = [(known[a].code, known[b].code, km2) for a, b, km2 in pairs if {known[a].code, known[b].code} & loaded]
    if not named:
        return []
    words = [f"{one} / {other} ({km2:.2f} km²)" for one, other, km2 in named[:MOST_IN_A_NOTE]]
    params: Mapping[str, str | int | float] = {"count": len(named), "pairs": ", ".join(words)}
    return [FaultRecord("regions-overlap", params=params)]
