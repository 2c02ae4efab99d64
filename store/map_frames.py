"""Published pictures of the map: which bytes belong to which layer and time bin."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.blobs import put_blobs, read_blob, read_blobs
from store.errors import NotFound
from store.records import MapFrame, MapLayer
from store.schema import geometry_pack as geometry_pack_table
from store.schema import map_frame
from store.schema import venue_list as venue_list_table
from store.writing import insert_missing, replace_rows

__all__ = [
    "frames_between",
    "geometry_pack",
    "keep_venue_list",
    "latest_frame",
    "layers_of_blob",
    "publish_frames",
    "read_blob",
    "read_blobs",
    "venue_list",
]

FINEST_RESOLUTION = 15  # H3 knows no finer one
PAYLOADS = {"frame", "interval", "venue_frame", "venue_ids"}
CONTENT = ("area_digest", "venues_digest", "frame_digest", "interval_digest", "venue_frame_digest")
FRAME_COLUMNS = (map_frame.c.frame_digest, map_frame.c.interval_digest, map_frame.c.venue_frame_digest)


def publish_frames(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Publish pictures; one that differs from that published before for its layer and bin gets the next version.

    Each row: the fields of MapFrame but for digests and version, with the bytes `frame`, `interval` (or None) and
    `venue_frame`, and `venue_ids` in the order of its bytes.
    """
    versions = _versions(connection, rows)
    complete = []
    for row in rows:
        frame, venue_frame = put_blobs(connection, [row["frame"], row["venue_frame"]])
        interval = None if row["interval"] is None else put_blobs(connection, [row["interval"]])[0]
        facts = {key: value for key, value in row.items() if key not in PAYLOADS}
        facts["venues_digest"] = venue_list_digest(row["venue_ids"])
        digests = {"frame_digest": frame, "interval_digest": interval, "venue_frame_digest": venue_frame}
        complete.append(_with_version(facts | digests, versions.get((row["layer"], row["bin_start"]))))
    replace_rows(connection, map_frame, complete)


def forget_frames(connection: sa.Connection, layer: MapLayer, starts: Sequence[datetime]) -> None:
    """Take back the pictures of a layer whose bins start at these moments."""
    if starts:
        gone = (map_frame.c.layer == layer) & (map_frame.c.bin_start == sa.bindparam("start"))
        connection.execute(sa.delete(map_frame).where(gone), [{"start": one} for one in starts])


def starts_drawn(connection: sa.Connection, layer: MapLayer, start: datetime, end: datetime) -> set[datetime]:
    """Return the bins from `start` to `end` (inclusive) of which a layer has a picture."""
    within = (map_frame.c.layer == layer) & map_frame.c.bin_start.between(start, end)
    return set(connection.execute(sa.select(map_frame.c.bin_start).where(within)).scalars())


def frames_between(connection: sa.Connection, layer: MapLayer, start: datetime, end: datetime) -> list[MapFrame]:
    """Return the pictures of a layer whose bins end in `(start, end]`, oldest first."""
    within = (map_frame.c.layer == layer) & (map_frame.c.bin_end > start) & (map_frame.c.bin_end <= end)
    query = sa.select(map_frame).where(within).order_by(map_frame.c.bin_start)
    return [MapFrame(**row._mapping) for row in connection.execute(query)]


def latest_frame(connection: sa.Connection, layer: MapLayer, not_after: datetime) -> MapFrame | None:
    """Return the newest picture of a layer whose bin has ended by `not_after`."""
    ended = (map_frame.c.layer == layer) & (map_frame.c.bin_end <= not_after)
    query = sa.select(map_frame).where(ended).order_by(map_frame.c.bin_start.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else MapFrame(**row._mapping)


def layers_of_blob(connection: sa.Connection, digest: str) -> dict[str, datetime]:
    """Return the layers in which these bytes are published, each with the end of the oldest bin that shows them."""
    holds = sa.or_(*(column == digest for column in FRAME_COLUMNS))
    oldest = sa.type_coerce(sa.func.min(map_frame.c.bin_end), map_frame.c.bin_end.type)
    query = sa.select(map_frame.c.layer, oldest.label("oldest")).where(holds).group_by(map_frame.c.layer)
    return {row.layer: row.oldest for row in connection.execute(query)}


def geometry_pack(connection: sa.Connection, area_digest: str, resolution: int) -> bytes:
    """Return the geometry of an area at a resolution; raise NotFound."""
    if resolution > FINEST_RESOLUTION:
        raise NotFound(what="area", name=f"{area_digest}/{resolution}")
    here = (geometry_pack_table.c.area_digest == area_digest) & (geometry_pack_table.c.resolution == resolution)
    digest = connection.execute(sa.select(geometry_pack_table.c.blob_digest).where(here)).scalar_one_or_none()
    if digest is None:
        raise NotFound(what="area", name=f"{area_digest}/{resolution}")
    return read_blob(connection, digest)


def keep_venue_list(connection: sa.Connection, venue_ids: Sequence[str]) -> str:
    """Keep the order of venues in a venue frame and return its digest."""
    digest = venue_list_digest(venue_ids)
    insert_missing(connection, venue_list_table, [{"digest": digest, "venue_ids": list(venue_ids)}])
    return digest


def venue_list_digest(venue_ids: Sequence[str]) -> str:
    """Return the digest that names a list of venues in its order."""
    return hashlib.sha256("\n".join(venue_ids).encode()).hexdigest()


def venue_list(connection: sa.Connection, venues_digest: str) -> tuple[str, ...]:
    """Return the venue ids in the order of the bytes of a venue frame; raise NotFound."""
    query = sa.select(venue_list_table.c.venue_ids).where(venue_list_table.c.digest == venues_digest)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound(what="venue-list", name=venues_digest)
    return tuple(found)


def _with_version(row: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    if before is None:
        return row | {"version": 1}
    same = all(row[name] == before[name] for name in CONTENT)
    return row | {"version": before["version"] + (not same)}


def _versions(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, datetime], dict[str, Any]]:
    """Return what is published already between the first and the last of `rows`, by layer and bin."""
    if not rows:
        return {}
    starts = [row["bin_start"] for row in rows]
    within = map_frame.c.bin_start.between(min(starts), max(starts))
    found = connection.execute(sa.select(map_frame).where(within)).mappings()
    return {(row["layer"], row["bin_start"]): dict(row) for row in found}
