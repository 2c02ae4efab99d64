"""From released bins to the pictures of the map: one byte a hexagon, one byte a venue, for each layer.

The group layer shows base bins at res 9, the public layer hours at res 8. A picture is made of released rows only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.frames import frame_codes, interval_frame
from geo.hexagons import area_km2
from geo.release import Released, coarser, mean_of_releases
from ingest.crowding import VenueJudge, venue_codes
from rules.policy import Policy
from store import crowding, map_frames, releases
from store.blobs import read_blobs
from store.database import Connection
from store.records import MapLayer, ReleaseRef, VenueCrowding


@dataclass(frozen=True, slots=True)
class Pictures:
    """Rows to publish: map frames of both layers, crowding of venues."""

    frames: list[dict[str, Any]]
    crowding: list[VenueCrowding]


class Publisher:
    """Draws the pictures of released bins; equal bytes are decoded and drawn once."""

    def __init__(self, policy: Policy, judge_of: Callable[[str], VenueJudge], now: datetime) -> None:
        self._policy = policy
        self._judge_of = judge_of
        self._now = now
        self._width = timedelta(minutes=policy.counts.base_bin_minutes)
        self._hour = timedelta(minutes=policy.map.public_bin_minutes)
        self._areas_km2: dict[tuple[str, int], NDArray[np.float64]] = {}

    def publish(self, connection: Connection, bins: Sequence[datetime]) -> None:
        """Draw and keep the pictures of base bins and of the public bins that hold them."""
        hours = sorted({self._hour_of(one) for one in bins})
        refs = releases.releases_between(connection, hours[0], hours[-1] + self._hour)
        released = self._decode(connection, refs)
        wanted = set(bins)
        pictures = Pictures([], [])
        for ref in refs:
            if ref.time_bin_start in wanted:
                self._draw_bin(connection, ref, released[ref.blob_digest], pictures)
        for hour in hours:
            inside = [ref for ref in refs if hour <= ref.time_bin_start < hour + self._hour]
            if inside:
                self._draw_hour(connection, hour, inside, released, pictures)
        crowding.save_crowding(connection, bins, pictures.crowding)
        map_frames.publish_frames(connection, pictures.frames)

    def _hour_of(self, start: datetime) -> datetime:
        seconds = int(self._hour.total_seconds())
        return datetime.fromtimestamp(int(start.timestamp()) // seconds * seconds, tz=start.tzinfo)

    def _decode(self, connection: Connection, refs: Sequence[ReleaseRef]) -> dict[str, Released]:
        areas = {ref.area_digest for ref in refs}
        hexagons = {one: np.frombuffer(releases.area_hexagons(connection, one), "<u8") for one in areas}
        data = read_blobs(connection, {ref.blob_digest for ref in refs})
        return {ref.blob_digest: Released.from_bytes(data[ref.blob_digest], hexagons[ref.area_digest]) for ref in refs}

    def _draw_bin(self, connection: Connection, ref: ReleaseRef, released: Released, pictures: Pictures) -> None:
        judge = self._judge_of(ref.area_digest)
        rows = judge.judge(released, ref.time_bin_start, ref.carriers)
        pictures.crowding.extend(rows)
        span = (ref.time_bin_start, ref.time_bin_start + self._width)
        pictures.frames.append(self._frame(connection, "group", span, ref.area_digest, released, rows, judge))

    def _draw_hour(
        self,
        connection: Connection,
        hour: datetime,
        refs: Sequence[ReleaseRef],
        released: Mapping[str, Released],
        pictures: Pictures,
    ) -> None:
        area_digest = refs[-1].area_digest
        same_area = [ref for ref in refs if ref.area_digest == area_digest]
        mean = mean_of_releases([released[ref.blob_digest] for ref in same_area])
        judge = self._judge_of(area_digest)
        carriers = sorted({code for ref in same_area for code in ref.carriers})
        rows = judge.judge(mean, hour, carriers)
        public = coarser(mean, self._policy.map.public_resolution)
        pictures.frames.append(
            self._frame(connection, "public", (hour, hour + self._hour), area_digest, public, rows, judge)
        )

    def _frame(
        self,
        connection: Connection,
        layer: MapLayer,
        span: tuple[datetime, datetime],
        area_digest: str,
        released: Released,
        rows: Sequence[VenueCrowding],
        judge: VenueJudge,
    ) -> dict[str, Any]:
        largest = self._policy.map.frame_density_max_per_km2
        area = self._area_km2(area_digest, layer, released)
        low, high = released.low / area, released.high / area
        return {
            "layer": layer,
            "bin_start": span[0],
            "bin_end": span[1],
            "area_digest": area_digest,
            "venues_digest": map_frames.keep_venue_list(connection, judge.venue_ids),
            "frame": frame_codes(released.present_population / area, released.state, largest),
            "interval": interval_frame(low, high, released.state, largest) if layer == "group" else None,
            "venue_frame": venue_codes(rows),
            "observed_at": span[1],
            "published_at": self._now,
        }

    def _area_km2(self, area_digest: str, layer: str, released: Released) -> NDArray[np.float64]:
        key = (area_digest, 8 if layer == "public" else 9)
        if key not in self._areas_km2:
            self._areas_km2[key] = area_km2(released.hexagons)
        return self._areas_km2[key]
