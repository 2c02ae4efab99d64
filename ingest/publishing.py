"""From released bins to the pictures of the map: one byte a hexagon, one byte a venue, for each layer.

The group layer shows base bins at res 9, the public layer hours at res 8. A picture is made of released rows only; what
is unusual in a base bin is told from the released rows of the same hour of the week before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.frames import frame_codes, interval_frame
from geo.hexagons import area_km2
from geo.release import Released, coarser, mean_of_releases
from geo.venue_release import mean_of_venue_releases
from ingest.areas import KeptArea, read_area
from ingest.crowding import VenueJudge, venue_codes
from ingest.judging import ReleasedBins, past_hours
from ingest.venue_figures import ReleasedBin
from ingest.venue_signals import UsualHour
from rules.policy import Policy
from store import crowding, map_frames, releases, uploads
from store.database import Connection
from store.records import MapLayer, ReleaseRef, VenueCrowding


@dataclass(frozen=True, slots=True)
class Pictures:
    """Rows to publish: map frames of both layers, crowding of venues."""

    frames: list[dict[str, Any]]
    crowding: list[VenueCrowding]

    @staticmethod
    def joined(many: Iterable[Pictures]) -> Pictures:
        """Return all pictures as one."""
        frames, rows = [], []
        for one in many:
            frames += one.frames
            rows += one.crowding
        return Pictures(frames, rows)


class Publisher:
    """Draws the pictures of released bins; equal bytes are decoded and drawn once."""

    def __init__(self, policy: Policy, judge_of: Callable[[str], VenueJudge], now: datetime) -> None:
        self._policy = policy
        self._judge_of = judge_of
        self._now = now
        self._width = timedelta(minutes=policy.counts.base_bin_minutes)
        self._hour = timedelta(minutes=policy.map.public_bin_minutes)
        self._public_km2: dict[str, NDArray[np.float64]] = {}
        self._areas: dict[str, KeptArea] = {}
        self._judges: dict[str, VenueJudge] = {}

    def draw(self, connection: Connection, bins: Sequence[datetime], own: Set[datetime]) -> Pictures:
        """Draw the public bins that hold `bins`, side by side, and of the base bins those that are `own`."""
        hours = sorted({self._hour_of(one) for one in bins})
        refs = releases.releases_between(connection, hours[0], hours[-1] + self._hour)
        past = self._past_refs(connection, {self._hour_of(one) for one in own})
        data = ReleasedBins(connection, [*refs, *(ref for _week, ref in chain.from_iterable(past.values()))])
        for area_digest in {ref.area_digest for ref in refs}:
            self._areas.setdefault(area_digest, read_area(connection, area_digest))
            self._judges.setdefault(area_digest, self._judge_of(area_digest))
        inside = [[ref for ref in refs if hour <= ref.time_bin_start < hour + self._hour] for hour in hours]
        before = [past.get(hour, ()) for hour in hours]
        with ThreadPoolExecutor(cpu_count()) as threads:
            work = partial(self._draw, data=data, own=own)
            return Pictures.joined(threads.map(work, hours, inside, before))

    def _past_refs(self, connection: Connection, hours: Set[datetime]) -> dict[datetime, list[tuple[int, ReleaseRef]]]:
        """Return the releases of the same hour in the weeks before, by hour, each with the number of its week."""
        spans = {hour: past_hours(self._policy, hour) for hour in hours}
        steps = range(self._hour // self._width)
        wanted = {one + step * self._width for some in spans.values() for one in some for step in steps}
        known = {ref.time_bin_start: ref for ref in releases.releases_of(connection, sorted(wanted))}
        found = {}
        for hour, some in spans.items():
            bins = [(week, one + step * self._width) for week, one in enumerate(some) for step in steps]
            found[hour] = [(week, known[one]) for week, one in bins if one in known]
        return found

    def _draw(
        self,
        hour: datetime,
        refs: Sequence[ReleaseRef],
        past: Sequence[tuple[int, ReleaseRef]],
        data: ReleasedBins,
        own: Set[datetime],
    ) -> Pictures:
        pictures = Pictures([], [])
        told = {_key(ref): self._decode(ref, data) for ref in refs}  # an hourly feed has four bins of the same bytes
        usual = {area: self._usual(area, past, data) for area in {ref.area_digest for ref in refs}} if past else {}
        for ref in refs:
            if ref.time_bin_start in own:
                one = replace(told[_key(ref)], start=ref.time_bin_start)
                self._draw_bin(ref, one, usual.get(ref.area_digest), pictures)
        if refs:
            self._draw_hour(hour, refs, told, pictures)
        return pictures

    def _decode(self, ref: ReleaseRef, data: ReleasedBins) -> ReleasedBin:
        return data.of(ref, self._areas[ref.area_digest].hexagons)

    def _usual(self, area_digest: str, past: Sequence[tuple[int, ReleaseRef]], data: ReleasedBins) -> UsualHour:
        """Return what is usual in an hour; bins of another list of hexagons tell nothing of this one."""
        judge = self._judges[area_digest]
        same = [(week, ref) for week, ref in past if ref.area_digest == area_digest] if judge.venue_ids else []
        return judge.usual_hour([(week, self._decode(ref, data)) for week, ref in same])

    def keep(self, connection: Connection, bins: Sequence[datetime], pictures: Pictures) -> None:
        """Publish what was drawn for base bins, in the transaction of `connection`."""
        for venue_ids in {frame["venue_ids"] for frame in pictures.frames}:
            map_frames.keep_venue_list(connection, venue_ids)
        crowding.save_crowding(connection, bins, pictures.crowding)
        map_frames.publish_frames(connection, pictures.frames)

    def _hour_of(self, start: datetime) -> datetime:
        return uploads.base_bins(start, start + self._width, self._hour)[0]

    def _draw_bin(self, ref: ReleaseRef, told: ReleasedBin, usual: UsualHour | None, pictures: Pictures) -> None:
        judge = self._judges[ref.area_digest]
        rows = judge.judge(told, self._width, usual)
        pictures.crowding.extend(rows)
        span = (ref.time_bin_start, ref.time_bin_start + self._width)
        pictures.frames.append(self._frame("group", span, ref.area_digest, told.hexagons, rows, judge))

    def _draw_hour(
        self,
        hour: datetime,
        refs: Sequence[ReleaseRef],
        told: Mapping[tuple[str, str | None, str | None], ReleasedBin],
        pictures: Pictures,
    ) -> None:
        area_digest = refs[-1].area_digest
        same_area = [told[_key(ref)] for ref in refs if ref.area_digest == area_digest]
        fine = [one.hexagons for one in same_area]
        public = mean_of_releases([coarser(one, self._policy.map.public_resolution) for one in fine])
        judge = self._judges[area_digest]
        rows = judge.judge(_hour_of_bins(hour, same_area), self._hour) if judge.venue_ids else []
        span = (hour, hour + self._hour)
        pictures.frames.append(self._frame("public", span, area_digest, public, rows, judge))

    def _frame(
        self,
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
            "venue_ids": judge.venue_ids,
            "frame": frame_codes(released.present_population / area, released.state, largest),
            "interval": interval_frame(low, high, released.state, largest) if layer == "group" else None,
            "venue_frame": venue_codes(rows),
            "observed_at": span[1],
            "published_at": self._now,
        }

    def _area_km2(self, area_digest: str, layer: str, released: Released) -> NDArray[np.float64]:
        if layer == "group":
            return self._areas[area_digest].area_km2
        if area_digest not in self._public_km2:
            self._public_km2[area_digest] = area_km2(released.hexagons)
        return self._public_km2[area_digest]


def _key(ref: ReleaseRef) -> tuple[str, str | None, str | None]:
    return ref.blob_digest, ref.venue_blob_digest, ref.venues_digest


def _hour_of_bins(hour: datetime, bins: Sequence[ReleasedBin]) -> ReleasedBin:
    """Return the mean of released bins; of the venues those bins that have the newest list of them."""
    mean = mean_of_releases([one.hexagons for one in bins])
    newest = next((one.venue_ids for one in reversed(bins) if one.venues is not None), ())
    rows = [one.venues for one in bins if one.venues is not None and one.venue_ids == newest]
    return ReleasedBin(hour, mean, newest, mean_of_venue_releases(rows) if rows else None)
