"""Released base bins: the one table that everything anybody sees is made from (contract.md C)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.blobs import put_blob, put_blobs, read_blob
from store.errors import NotFound
from store.records import ReleaseRef
from store.schema import geometry_pack, hexagon_area, release, usual_profile
from store.writing import insert_missing, replace_rows

Blobs = tuple[str, str | None]  # digests of a release's hexagons and venues
BINS_A_QUERY = 500


def save_area(
    connection: sa.Connection, digest: str, data: bytes, count: int, packs: dict[int, bytes], now: datetime
) -> None:
    """Keep a list of hexagons and its geometry by resolution, under the digest of the list."""
    row = {
        "digest": digest,
        "hexagon_count": count,
        "hexagons_digest": put_blob(connection, data),
        "created_at": now,
    }
    insert_missing(connection, hexagon_area, [row])
    digests = put_blobs(connection, packs.values())
    rows = [
        {"area_digest": digest, "resolution": resolution, "blob_digest": one}
        for resolution, one in zip(packs, digests, strict=True)
    ]
    insert_missing(connection, geometry_pack, rows)


def area_exists(connection: sa.Connection, digest: str) -> bool:
    """Tell whether that list of hexagons is kept."""
    query = sa.select(sa.literal(1)).select_from(hexagon_area).where(hexagon_area.c.digest == digest)
    return connection.execute(query).one_or_none() is not None


def area_bytes(connection: sa.Connection, digest: str) -> bytes:
    """Return what was kept of an area's hexagons; raise NotFound."""
    query = sa.select(hexagon_area.c.hexagons_digest).where(hexagon_area.c.digest == digest)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound(what="area", name=digest)
    return read_blob(connection, found)


def save_releases(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Release base bins; a bin whose bytes differ from those released before gets the next version.

    Each row: `time_bin_start`, `area_digest`, `input_digest`, `data` (bytes of its hexagons), `released_at`, `carriers`
    (codes), `method`, `residuals`, and of its venues `venues_digest` and `venue_data`, both None where it has none.
    """
    versions = _versions(connection, [row["time_bin_start"] for row in rows])
    digests = put_blobs(connection, [row["data"] for row in rows])
    venue_data = [row["venue_data"] for row in rows if row["venue_data"] is not None]
    venue_digests = iter(put_blobs(connection, venue_data))
    complete = []
    for row, digest in zip(rows, digests, strict=True):
        blobs = (digest, None if row["venue_data"] is None else next(venue_digests))
        kept = {key: value for key, value in row.items() if key not in {"data", "venue_data"}}
        kept |= {"blob_digest": blobs[0], "venue_blob_digest": blobs[1]}
        complete.append(kept | {"version": _next_version(versions.get(row["time_bin_start"]), blobs)})
    replace_rows(connection, release, complete)


def delete_releases(connection: sa.Connection, bins: Sequence[datetime]) -> None:
    """Take back base bins for which no accepted counts are left."""
    if bins:
        gone = sa.delete(release).where(release.c.time_bin_start == sa.bindparam("start"))
        connection.execute(gone, [{"start": one} for one in bins])


def find_release(connection: sa.Connection, time_bin_start: datetime) -> ReleaseRef | None:
    """Return what was released for a base bin, or None."""
    rows = releases_between(connection, time_bin_start, None)
    return rows[0] if rows else None


def releases_between(connection: sa.Connection, start: datetime, end: datetime | None) -> list[ReleaseRef]:
    """Return the releases with `start <= time_bin_start < end`, oldest first; `end` None means exactly `start`."""
    within = release.c.time_bin_start == start
    if end is not None:
        within = (release.c.time_bin_start >= start) & (release.c.time_bin_start < end)
    query = sa.select(release).where(within).order_by(release.c.time_bin_start)
    return [_release_ref(row) for row in connection.execute(query)]


def releases_of(connection: sa.Connection, bins: Sequence[datetime]) -> list[ReleaseRef]:
    """Return the releases of these base bins, oldest first; bins that are not released are left out."""
    found: list[ReleaseRef] = []
    for first in range(0, len(bins), BINS_A_QUERY):
        some = release.c.time_bin_start.in_(bins[first : first + BINS_A_QUERY])
        rows = connection.execute(sa.select(release).where(some).order_by(release.c.time_bin_start))
        found += [_release_ref(row) for row in rows]
    return found


def all_bins(connection: sa.Connection) -> list[datetime]:
    """Return every released base bin, oldest first."""
    return list(connection.execute(sa.select(release.c.time_bin_start).order_by(release.c.time_bin_start)).scalars())


def first_bin(connection: sa.Connection) -> datetime | None:
    """Return the oldest released base bin, or None."""
    oldest = sa.type_coerce(sa.func.min(release.c.time_bin_start), release.c.time_bin_start.type)
    return connection.execute(sa.select(oldest)).scalar()


def save_usual_profile(connection: sa.Connection, area_digest: str, data: bytes, weeks: int, now: datetime) -> None:
    """Keep the usual week of an area: means by hour of the week and hexagon."""
    row = {"area_digest": area_digest, "blob_digest": put_blob(connection, data), "weeks": weeks, "computed_at": now}
    replace_rows(connection, usual_profile, [row])


def forget_usual_profile(connection: sa.Connection, area_digest: str) -> None:
    """Forget the usual week of an area: nothing is left that it could be averaged from."""
    connection.execute(sa.delete(usual_profile).where(usual_profile.c.area_digest == area_digest))


def find_usual_profile(connection: sa.Connection, area_digest: str) -> tuple[bytes, int] | None:
    """Return the usual week of an area and the number of weeks behind it, or None."""
    query = sa.select(usual_profile).where(usual_profile.c.area_digest == area_digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else (read_blob(connection, row.blob_digest), row.weeks)


def _next_version(before: tuple[int, Blobs] | None, blobs: Blobs) -> int:
    if before is None:
        return 1
    version, blobs_before = before
    return version if blobs_before == blobs else version + 1


def _versions(connection: sa.Connection, bins: Sequence[datetime]) -> dict[datetime, tuple[int, Blobs]]:
    if not bins:
        return {}
    within = release.c.time_bin_start.between(min(bins), max(bins))
    columns = (release.c.time_bin_start, release.c.version, release.c.blob_digest, release.c.venue_blob_digest)
    rows = connection.execute(sa.select(*columns).where(within))
    return {row.time_bin_start: (row.version, (row.blob_digest, row.venue_blob_digest)) for row in rows}


def _release_ref(row: Any) -> ReleaseRef:
    return ReleaseRef(**(dict(row._mapping) | {"carriers": tuple(row.carriers), "residuals": tuple(row.residuals)}))
