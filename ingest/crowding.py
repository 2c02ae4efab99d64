"""Crowding of every venue in one released bin: bounds from geo, the word from the rules.

Only released rows enter, so a venue says nothing that its hexagons do not say already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.crowding import VenuePeople, venue_membership, venue_people
from geo.release import Released, rounded
from geo.spreading import kernel_of_sets
from ingest.world import Reporting
from rules.crowding import Crowding, crowding_level
from rules.errors import HoursNotUnderstood
from rules.hours import OpeningHours, is_open, parse_hours
from rules.occupancy import Limit, occupancy_limit
from rules.policy import EpidemicZone, Policy
from rules.zones import zone_on
from store.records import Venue, VenueCrowding, ZoneAnnouncement

NO_DATA_CODE, AREA_ONLY_CODE, CLOSED_CODE = 0, 1, 2
LEVEL_CODES = {(1, 1): 3, (2, 2): 4, (3, 3): 5, (4, 4): 6, (1, 2): 7, (2, 3): 8, (3, 4): 9}
CLOSED_REASON = "crowding-reason-closed-now"
COUNT_STATES = ("missing", "suppressed", "estimated")


class VenueJudge:
    """Judges all venues that have a place, over one list of hexagons."""

    def __init__(
        self,
        policy: Policy,
        venues: Sequence[Venue],
        announcements: Sequence[ZoneAnnouncement],
        hexagons: NDArray[np.uint64],
        residents: NDArray[np.float64],
        reporting_of: Callable[[datetime], Sequence[Reporting]],
    ) -> None:
        self._policy = policy
        self._venues = [one for one in venues if one.draft.longitude is not None]
        self._announcements = announcements
        self._hexagons = hexagons
        self._residents = residents
        self._reporting_of = reporting_of
        self._membership = venue_membership([_place(one) for one in self._venues], hexagons)
        self._capacity = np.array([_capacity(one) for one in self._venues], np.float64)
        self._hours = [_hours(one) for one in self._venues]
        self._residents_known = np.isfinite(self._membership @ residents) if len(self._venues) else np.zeros(0, bool)
        self._kernels: dict[tuple[str, ...], NDArray[np.float64]] = {}
        self._limits: dict[tuple[int, EpidemicZone | None], Limit] = {}
        self._zones: dict[tuple[str | None, object], EpidemicZone | None] = {}

    @property
    def venue_ids(self) -> tuple[str, ...]:
        """Ids of the judged venues, in the order of the bytes of a venue frame."""
        return tuple(one.id for one in self._venues)

    def judge(
        self, released: Released, start: datetime, width: timedelta, carriers: Sequence[str]
    ) -> list[VenueCrowding]:
        """Return the crowding of every judged venue in the time bin `[start, start + width)`."""
        if not self._venues:
            return []
        open_now = self._open_at(start)
        capacity = np.where([one is False for one in open_now], 0.0, self._capacity)
        people = venue_people(
            self._membership, released, capacity, self._residents, self._policy.crowding.residents_margin
        )
        kernels = self._kernel_at(start, carriers)
        return [
            self._judge_one(row, people, float(kernels[row]), open_now[row], (start, start + width))
            for row in range(len(self._venues))
        ]

    def _judge_one(
        self, row: int, people: VenuePeople, kernel: float, open_now: bool | None, span: tuple[datetime, datetime]
    ) -> VenueCrowding:
        zone = self._zone_of(self._venues[row], span[0])
        limit = self._limit_of(row, zone)
        low, best, high = (float(one[row]) for one in (people.low, people.best, people.high))
        state = COUNT_STATES[int(people.state[row])]
        neighbours = int(people.neighbours[row])
        crowding = crowding_level(
            low,
            best,
            high,
            limit,
            kernel,
            state,  # type: ignore[arg-type]
            self._policy.crowding,
            neighbours=neighbours,
            is_open=open_now,
            residents_known=bool(self._residents_known[row]),
        )
        return self._row(self._venues[row], span, crowding, (low, best, high), limit, zone, neighbours, open_now)

    def _row(
        self,
        venue: Venue,
        span: tuple[datetime, datetime],
        crowding: Crowding,
        people: tuple[float, float, float],
        limit: Limit,
        zone: str | None,
        neighbours: int,
        open_now: bool | None,
    ) -> VenueCrowding:
        told = crowding.state != "no_data" and bool(np.isfinite(people).all())
        low, best, high = (float(one) for one in rounded(np.array(people))) if told else (None, None, None)
        return VenueCrowding(
            venue_id=venue.id,
            time_bin_start=span[0],
            state=crowding.state,
            level=crowding.level,
            level_high=crowding.level_high,
            low=low,
            best=best,
            high=high,
            occupancy_limit=limit.persons,
            epidemic_zone=zone,
            reason=crowding.reason,
            params=dict(crowding.params),
            neighbour_count=neighbours,
            is_open=open_now,
            observed_at=span[1],
        )

    def _open_at(self, start: datetime) -> list[bool | None]:
        known = {hours: is_open(hours, start, self._policy.timezone) for hours in set(self._hours) if hours is not None}
        return [None if hours is None else known[hours] for hours in self._hours]

    def _zone_of(self, venue: Venue, start: datetime) -> EpidemicZone | None:
        on = start.astimezone(ZoneInfo(self._policy.timezone)).date()
        key = (venue.draft.region, on)
        if key not in self._zones:
            found = zone_on(self._announcements, venue.draft.region or "", on)
            self._zones[key] = None if found is None else found.zone
        return self._zones[key]

    def _limit_of(self, row: int, zone: EpidemicZone | None) -> Limit:
        if (row, zone) not in self._limits:
            draft = self._venues[row].draft
            self._limits[row, zone] = occupancy_limit(
                self._policy, draft.category, zone, draft.seats, draft.area_m2, draft.licensed_capacity
            )
        return self._limits[row, zone]

    def _kernel_at(self, start: datetime, carriers: Sequence[str]) -> NDArray[np.float64]:
        reporting = [one for one in self._reporting_of(start) if one.carrier.code in carriers]
        key = tuple(one.coverage_digest for one in reporting)
        if key not in self._kernels:
            self._kernels[key] = self._mixed_kernel(reporting)
        return self._kernels[key]

    def _mixed_kernel(self, reporting: Sequence[Reporting]) -> NDArray[np.float64]:
        """Mix the carriers' averaging kernels of the venues' hexagons by share."""
        total, shares = np.zeros(len(self._venues)), 0.0
        for one in reporting:
            at = np.searchsorted(self._hexagons, one.weights.hexagons)
            total += one.carrier.share * np.nan_to_num(kernel_of_sets(one.weights, self._membership[:, at]))
            shares += one.carrier.share
        return total / shares if shares else total


def venue_codes(rows: Sequence[VenueCrowding]) -> bytes:
    """Return one byte a venue: 0 no data, 1 cannot tell, 2 closed, 3..6 level 1..4, 7..9 between two levels."""
    return bytes(_venue_code(row) for row in rows)


def _venue_code(row: VenueCrowding) -> int:
    if row.state == "no_data":
        return NO_DATA_CODE
    if row.state == "area_only" or row.level is None or row.level_high is None:
        return CLOSED_CODE if row.reason == CLOSED_REASON else AREA_ONLY_CODE
    return LEVEL_CODES[row.level, row.level_high]


def _place(venue: Venue) -> bytes | tuple[float, float]:
    draft = venue.draft
    if draft.outline_wkb is not None:
        return draft.outline_wkb
    if draft.longitude is None or draft.latitude is None:
        raise ValueError(f"{venue.id} has no place")
    return (draft.longitude, draft.latitude)


def _capacity(venue: Venue) -> float:
    known = venue.draft.licensed_capacity or venue.draft.seats
    return float(known) if known else float("nan")


def _hours(venue: Venue) -> OpeningHours | None:
    return None if not venue.draft.opening_hours else _parse(venue.draft.opening_hours)


@lru_cache(maxsize=10_000)
def _parse(text: str) -> OpeningHours | None:
    try:
        return parse_hours(text)
    except HoursNotUnderstood:
        return None
