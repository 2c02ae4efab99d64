"""The planted scenes: what goes on, where, when and how many people, known exactly (`scenes.toml`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.city.geography import read_toml, to_degrees, to_metres
from ingest.city.noise import Floats
from ingest.city.people import ground, hexagon_index
from ingest.city.venues import Venue

RAMP_MINUTES = 30
QUIET_RESIDENTS = (120, 420)


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene on every day of the live period, local `starts` to `ends` (may pass midnight).

    `people` at its height; `limit` persons permitted in a yellow zone, None away from venues; `hexagon` is the H3 id of
    its place; `regular`: part of the usual week, so the history knows it too.
    """

    id: str
    name_kk: str
    name_ru: str
    name_en: str
    starts: str
    ends: str
    people: int
    limit: int | None
    regular: bool
    venue_id: str | None
    longitude: float
    latitude: float
    hexagon: int

    def share_at(self, minute_of_day: int) -> float:
        """Return how much of the scene's height is there, 0..1, at a local minute of the day."""
        start, end = _minutes(self.starts), _minutes(self.ends)
        length = (end - start) % 1440
        into = (minute_of_day - start) % 1440
        if into >= length:
            return 0.0
        return min(1.0, (into + 15) / RAMP_MINUTES, (length - into) / RAMP_MINUTES)


def build_scenes(venues: tuple[Venue, ...], residents: Floats) -> tuple[Scene, ...]:
    """Return the scenes; the gathering at home takes the nearest quiet hexagon of dwellings without a venue."""
    raw = read_toml("scenes.toml")["scenes"]
    scenes = []
    planted = iter(venues)
    for one in raw:
        venue = next(planted) if "venue" in one else None
        place = _place_of(venue) if venue else _quiet_place(one["place"], venues, residents)
        starts, ends = one["hours"].split("-")
        scenes.append(
            Scene(
                id=one["id"],
                name_kk=one["kk"],
                name_ru=one["ru"],
                name_en=one["en"],
                starts=starts,
                ends=ends,
                people=one["people"],
                limit=one.get("limit"),
                regular=one["regular"],
                venue_id=venue.id if venue else None,
                longitude=float(place[0]),
                latitude=float(place[1]),
                hexagon=int(ground().ids[hexagon_index(place[None])[0]]),
            )
        )
    return tuple(scenes)


def _place_of(venue: Venue) -> Floats:
    return np.array([venue.longitude, venue.latitude])


def _quiet_place(wanted: list[float], venues: tuple[Venue, ...], residents: Floats) -> Floats:
    """Return the middle of the hexagon nearest to a place where some people live and no venue is."""
    here = ground()
    with_venue = np.zeros(len(here.ids), dtype=bool)
    corners = np.concatenate([venue.outline for venue in venues])
    with_venue[hexagon_index(corners)] = True
    quiet = ~with_venue & (residents > QUIET_RESIDENTS[0]) & (residents < QUIET_RESIDENTS[1])
    distance = np.linalg.norm(here.metres - to_metres(np.array([wanted])), axis=1)
    chosen = int(np.where(quiet, distance, np.inf).argmin())
    middle: Floats = to_degrees(here.metres[chosen : chosen + 1])[0]
    return middle


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
