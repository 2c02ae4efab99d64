"""Grids that describe themselves (H3, geohashes, points): a carrier's coverage is what its counts name.

Promises: such a coverage holds exactly the areas of the counts that count, so it grows with a file and shrinks when
the only file that named an area is taken back; whoever changes it notes every bin to be estimated again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from geo.coverage import Coverage, coverage_of_geohashes, coverage_of_hexagons
from geo.projections import discs
from ingest.counts import unpack_counts
from store import carriers, releases, uploads
from store.blobs import read_blob, read_blobs
from store.database import Connection
from store.records import CoverageVersion

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
SLICES_A_READ = 50


def coverage_of_points(ids: Sequence[str]) -> Coverage:
    """Make a coverage of discs: a point's id is its longitude, latitude and radius in metres, so it says its place."""
    longitude, latitude, radius_m = np.array([one.split(",") for one in ids], dtype=np.float64).T
    return Coverage("area", tuple(ids), discs(longitude, latitude, radius_m), grid="point")


GRIDS: dict[str, Callable[[Sequence[str]], Coverage]] = {
    "h3": coverage_of_hexagons,
    "geohash": coverage_of_geohashes,
    "point": coverage_of_points,
}


def grid_ids(connection: Connection, carrier_id: int) -> frozenset[str]:
    """Return the areas of a carrier's self-describing coverage; none where it has none, or a named one."""
    version = _grid_version(connection, carrier_id)
    return frozenset() if version is None else _ids(connection, version)


def grow(
    connection: Connection,
    carrier_id: int,
    grid: str,
    ids: Iterable[str],
    name: str,
    now: datetime,
    base_bin: timedelta,
) -> None:
    """Let a carrier's coverage hold `ids` too; where that is new, note every bin, of all carriers."""
    before = grid_ids(connection, carrier_id)
    after = before.union(ids)
    if grid in GRIDS and after != before:
        _replace(connection, carrier_id, grid, after, name, now, base_bin)


def refit(connection: Connection, carrier_id: int, now: datetime, base_bin: timedelta) -> bool:
    """Take areas that no count names any more out of a carrier's coverage; tell whether there were any."""
    version = _grid_version(connection, carrier_id)
    if version is None:
        return False
    before = _ids(connection, version)
    after = before & _named_by_counts(connection, carrier_id, before)
    if after == before:
        return False
    _replace(connection, carrier_id, version.kind, after, version.source_name, now, base_bin)
    return True


def ids_of_upload(connection: Connection, carrier_id: int, upload_id: int) -> frozenset[str]:
    """Return the areas that the counts of one upload name (those that count: what is held is left out)."""
    names = {code: one for one, code in uploads.source_area_codes(connection, carrier_id).items()}
    digests = uploads.count_digests(connection, carrier_id, upload_id)
    return frozenset(names[code] for code in _codes_in(connection, digests, set()))


def _named_by_counts(connection: Connection, carrier_id: int, wanted: frozenset[str]) -> frozenset[str]:
    """Return which of `wanted` are in accepted counts; the newest are looked at first, and as few as possible."""
    codes = uploads.source_area_codes(connection, carrier_id)
    names = {codes[one]: one for one in wanted}
    found = _codes_in(connection, uploads.count_digests(connection, carrier_id), set(names))
    return frozenset(names[code] for code in found & names.keys())


def _codes_in(connection: Connection, digests: Sequence[str], enough: set[int]) -> set[int]:
    """Return the area codes in these counts; stop once all of `enough` were seen."""
    found: set[int] = set()
    for first in range(0, len(digests), SLICES_A_READ):
        for data in read_blobs(connection, digests[first : first + SLICES_A_READ]).values():
            found.update(unpack_counts(data).area_codes.tolist())
        if enough and found >= enough:
            break
    return found


def _replace(
    connection: Connection,
    carrier_id: int,
    grid: str,
    ids: frozenset[str],
    name: str,
    now: datetime,
    base_bin: timedelta,
) -> None:
    carriers.forget_coverages(connection, carrier_id, grid)
    if ids:
        data = GRIDS[grid](sorted(ids)).to_bytes()
        carriers.add_coverage(connection, carrier_id, data, grid, name, ALWAYS, now)
    intervals = uploads.carrier_intervals(connection, carrier_id)
    touched = {one for span in intervals for one in uploads.base_bins(*span, base_bin)}
    # Others' bins too: all share one list of hexagons.
    uploads.mark_dirty(connection, touched.union(releases.all_bins(connection)))


def _grid_version(connection: Connection, carrier_id: int) -> CoverageVersion | None:
    versions = [one for one in carriers.list_coverages(connection, carrier_id) if one.kind in GRIDS]
    return versions[-1] if versions else None


def _ids(connection: Connection, version: CoverageVersion) -> frozenset[str]:
    return frozenset(Coverage.from_bytes(read_blob(connection, version.digest)).source_area_ids)
