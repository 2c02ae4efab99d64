"""Read from the store what judging venues needs: the registry, the zones, the calibration, and released bins.

Does not judge; see `ingest.crowding`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geo.release import Released
from geo.venue_release import ReleasedVenues
from ingest.areas import read_area
from ingest.calibrating import current_calibration
from ingest.crowding import VenueJudge
from ingest.ordinary_weeks import OrdinaryWeeks
from ingest.usual import UsualWeek
from ingest.venue_figures import ReleasedBin
from rules.policy import Policy
from store import map_frames, releases, venues, zones
from store.blobs import read_blobs
from store.database import Connection
from store.records import ReleaseRef


def read_judge(connection: Connection, policy: Policy, area_digest: str) -> VenueJudge:
    """Return the judge of the venues that are registered now, over one list of hexagons."""
    hexagons = read_area(connection, area_digest).hexagons
    known = releases.find_usual_profile(connection, area_digest)
    residents = np.full(len(hexagons), np.nan) if known is None else UsualWeek.from_bytes(*known).residents()
    return VenueJudge(
        policy,
        venues.list_venues(connection),
        zones.announcements(connection),
        hexagons,
        residents,
        current_calibration(connection),
    )


class ReleasedBins:
    """The released bins of some references: their bytes are read once, and decoded when they are asked for."""

    def __init__(self, connection: Connection, refs: Sequence[ReleaseRef]) -> None:
        digests = {ref.blob_digest for ref in refs} | {ref.venue_blob_digest or "" for ref in refs}
        self._data: Mapping[str, bytes] = read_blobs(connection, digests - {""})
        lists = {ref.venues_digest for ref in refs if ref.venues_digest is not None}
        self._venue_ids = {one: tuple(map_frames.venue_list(connection, one)) for one in lists}

    def of(self, ref: ReleaseRef, hexagons: NDArray[np.uint64]) -> ReleasedBin:
        """Return what was released of one bin over `hexagons`, the list of its area."""
        released = Released.from_bytes(self._data[ref.blob_digest], hexagons)
        if ref.venue_blob_digest is None or ref.venues_digest is None:
            return ReleasedBin(ref.time_bin_start, released, (), None)
        venue_ids = self._venue_ids[ref.venues_digest]
        rows = ReleasedVenues.from_bytes(self._data[ref.venue_blob_digest])
        return ReleasedBin(ref.time_bin_start, released, venue_ids, rows)


def past_hours(policy: Policy, hour: datetime) -> list[datetime]:
    """Return the starts of the same hour of the week in past weeks, holidays apart, newest first."""
    weeks = OrdinaryWeeks(policy.crowding.unusual.weeks_max, policy.estimation.holidays, policy.timezone)
    return [one for one in weeks.before(hour) if not weeks.is_holiday(one)]
