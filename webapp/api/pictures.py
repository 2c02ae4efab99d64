"""The pictures of one layer that may be shown now, and a day of them in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

from flask import url_for

from rules.policy import Policy
from store import crowding as crowding_store
from store import map_frames
from store.database import Connection
from store.errors import NotFound
from store.records import MapFrame, MapLayer
from webapp.languages import LANGUAGES, language
from webapp.scene import visible_until
from webapp.views import Unusual
from webapp.wording.certainty import unusual_of
from webapp.wording.density import code_densities
from webapp.wording.moments import MINUTE, SHOWN_SPAN, stale_after


def day_of(connection: Connection, layer: MapLayer, end: datetime) -> list[MapFrame]:
    """Return the pictures of the 24 hours before `end` that lie over one and the same area, oldest first."""
    frames = map_frames.frames_between(connection, layer, end - SHOWN_SPAN, end)
    return [frame for frame in frames if frame.area_digest == frames[-1].area_digest]


def manifest(connection: Connection, layer: MapLayer, policy: Policy, now: datetime) -> dict[str, Any]:
    """Return what a map needs to know before it asks for bytes."""
    newest = map_frames.latest_frame(connection, layer, visible_until(layer, policy, now))
    frames = day_of(connection, layer, newest.bin_end) if newest else []
    resolution = policy.map.public_resolution if layer == "public" else policy.map.group_resolution
    return {
        "layer": layer,
        "resolution": resolution,
        "area": _area(newest, resolution),
        "venues": _venues(newest),
        "bins": [_bin(frame) for frame in frames],
        "window": _window(layer, newest, frames),
        "density": {
            "steps": list(policy.map.density_steps_per_km2),
            "codes": code_densities(policy.map.frame_density_max_per_km2),
        },
        "observed_at": newest.observed_at.isoformat() if newest else None,
        "unusual": _unusual(connection, newest, policy) if newest else {},
        "generated_at": now.isoformat(),
        "stale_after_minutes": stale_after(layer, policy.map) // MINUTE,
        "old_after_minutes": SHOWN_SPAN // MINUTE,
        "timezone": policy.timezone,
        "languages": list(LANGUAGES),
    }


def _unusual(connection: Connection, newest: MapFrame, policy: Policy) -> dict[str, Unusual]:
    """Return what is unusual in the newest picture, by venue: the middle of its base bins."""
    values: dict[str, list[float]] = {}
    for venue_id, z in crowding_store.unusual_between(connection, newest.bin_start, newest.bin_end):
        values.setdefault(venue_id, []).append(z)
    called = {venue_id: unusual_of(median(some), None, policy.crowding) for venue_id, some in values.items()}
    return {venue_id: one for venue_id, one in called.items() if one in {"busier", "quieter"}}


def window(connection: Connection, layer: MapLayer, end: datetime) -> bytes:
    """Return the hexagon bytes of a day, picture after picture; raise NotFound where there is none."""
    frames = _frames_or_not_found(connection, layer, end)
    data = map_frames.read_blobs(connection, {frame.frame_digest for frame in frames})
    return b"".join(data[frame.frame_digest] for frame in frames)


def venue_window(connection: Connection, layer: MapLayer, end: datetime) -> bytes:
    """Return the venue bytes of a day, picture after picture, all in the order of the newest list of venues."""
    frames = _frames_or_not_found(connection, layer, end)
    data = map_frames.read_blobs(connection, {frame.venue_frame_digest for frame in frames})
    orders = {digest: map_frames.venue_list(connection, digest) for digest in {one.venues_digest for one in frames}}
    newest = frames[-1].venues_digest
    return b"".join(
        data[frame.venue_frame_digest]
        if frame.venues_digest == newest
        else _reordered(data[frame.venue_frame_digest], orders[frame.venues_digest], orders[newest])
        for frame in frames
    )


def instant(moment: datetime) -> str:
    """Return a moment as it stands in an address: 20261120T153000Z."""
    return f"{moment:%Y%m%dT%H%M%SZ}"


def _frames_or_not_found(connection: Connection, layer: MapLayer, end: datetime) -> list[MapFrame]:
    frames = day_of(connection, layer, end)
    if not frames or frames[-1].bin_end != end:
        raise NotFound(what="window", name=instant(end))
    return frames


def _reordered(codes: bytes, order: Sequence[str], wanted: Sequence[str]) -> bytes:
    known = dict(zip(order, codes, strict=True))
    return bytes(known.get(venue_id, 0) for venue_id in wanted)


def _area(newest: MapFrame | None, resolution: int) -> dict[str, str] | None:
    if newest is None:
        return None
    url = url_for("api.area", digest=newest.area_digest, resolution=resolution)
    return {"digest": newest.area_digest, "url": url}


def _venues(newest: MapFrame | None) -> dict[str, str] | None:
    if newest is None:
        return None
    url = url_for("api.map_venues", digest=newest.venues_digest, lang=language())
    return {"digest": newest.venues_digest, "url": url}


def _bin(frame: MapFrame) -> dict[str, Any]:
    return {
        "start": frame.bin_start.isoformat(),
        "end": frame.bin_end.isoformat(),
        "frame": url_for("api.frame", digest=frame.frame_digest),
        "venues": url_for("api.frame", digest=frame.venue_frame_digest),
        "interval": url_for("api.frame", digest=frame.interval_digest) if frame.interval_digest else None,
        "revised": frame.version > 1,
    }


def _window(layer: MapLayer, newest: MapFrame | None, frames: Sequence[MapFrame]) -> dict[str, Any] | None:
    if newest is None:
        return None
    end = instant(newest.bin_end)
    return {
        "url": url_for("api.window", layer=layer, end=end),
        "venues_url": url_for("api.venue_window", layer=layer, end=end),
        "bins": [frame.bin_start.isoformat() for frame in frames],
    }
