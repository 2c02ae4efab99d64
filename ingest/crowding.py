"""Crowding of every venue in one released bin: bounds from geo, the word from the rules.

Only released rows enter, so a venue says nothing that its hexagons do not say already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.crowding import VenuePeople, venue_membership, venue_people
from geo.release import Released, rounded
from geo.spreading import kernel_of_sets
from ingest.world import Reporting
from rules.crowding import CountState, crowding_level
from rules.errors import HoursNotUnderstood
from rules.hours import OpeningHours, is_open, parse_hours
from rules.occupancy import Limit, occupancy_limit
from rules.policy import EpidemicZone, Policy
from rules.zones import zone_on
from store.records import Venue, VenueCrowding, ZoneAnnouncement

NO_DATA_CODE, AREA_ONLY_CODE, CLOSED_CODE = 0, 1, 2
LEVEL_CODES = {(1, 1): 3, (2, 2): 4, (3, 3): 5, (4, 4): 6, (1, 2): 7, (2, 3): 8, (3, 4): 9}
CLOSED_REASON = "crowding-reason-closed-now"
COUNT_STATES: tuple[CountState, ...] = ("missing", "suppressed", "estimated")


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What is released of each venue, as plain Python values (V,): the judgement goes venue by venue."""

    people: list[tuple[float, float, float]]
    kernel: list[float]
    state: list[int]
    neighbours: list[int]

    @staticmethod
    def of(people: VenuePeople, kernel: NDArray[np.float64]) -> _Numbers:
        columns = rounded(np.stack([people.low, people.best, people.high], axis=1))
        return _Numbers(
            [(low, best, high) for low, best, high in columns.tolist()],
            kernel.tolist(),
            people.state.tolist(),
            people.neighbours.tolist(),
        )


class VenueJudge:
    """Judges all venues that have a place and are not masked (sensitive), over one list of hexagons."""

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
        self._venues = [one for one in venues if one.draft.longitude is not None and not one.draft.masked]
        self._announcements = announcements
        self._hexagons = hexagons
        self._residents = residents
        self._reporting_of = reporting_of
        self._membership = venue_membership([_place(one) for one in self._venues], hexagons)
        self._capacity = np.array([_capacity(one) for one in self._venues], np.float64)
        self._hours = [(_hours(one), policy.timezone_of(one.draft.region)) for one in self._venues]
        self._residents_known = np.isfinite(self._membership @ residents).tolist()
        self._kernels: dict[tuple[str, ...], NDArray[np.float64]] = {}
        self._limits: dict[tuple[int, EpidemicZone | None], Limit] = {}
        self._zones: dict[tuple[str | None, datetime], EpidemicZone | None] = {}

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
        margin = self._policy.crowding.residents_margin
        people = venue_people(self._membership, released, capacity, self._residents, margin)
        numbers = _Numbers.of(people, self._kernel_at(start, carriers))
        zones = [self._zone_of(one.draft.region, start) for one in self._venues]
        span = (start, start + width)
        return [
            self._judge_one(row, numbers, zone, is_open_now, span)
            for row, (zone, is_open_now) in enumerate(zip(zones, open_now, strict=True))
        ]

    def _judge_one(
        self,
        row: int,
        numbers: _Numbers,
        zone: EpidemicZone | None,
        open_now: bool | None,
        span: tuple[datetime, datetime],
    ) -> VenueCrowding:
        limit = self._limit_of(row, zone)
        people = numbers.people[row]
        crowding = crowding_level(
            *people,
            limit,
            numbers.kernel[row],
            COUNT_STATES[numbers.state[row]],
            self._policy.crowding,
            neighbours=numbers.neighbours[row],
            is_open=open_now,
            residents_known=self._residents_known[row],
        )
        told = crowding.state != "no_data" and all(map(isfinite, people))
        low, best, high = people if told else (None, None, None)
        return VenueCrowding(
            venue_id=self._venues[row].id,
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
            params=crowding.params,
            neighbour_count=numbers.neighbours[row],
            is_open=open_now,
            observed_at=span[1],
        )

    def _open_at(self, start: datetime) -> list[bool | None]:
        known = {one: None if one[0] is None else is_open(one[0], start, one[1]) for one in set(self._hours)}
        return [known[one] for one in self._hours]

    def _zone_of(self, region: str | None, start: datetime) -> EpidemicZone | None:
        if (region, start) not in self._zones:
            on = start.astimezone(ZoneInfo(self._policy.timezone_of(region))).date()
            found = zone_on(self._announcements, region or "", on)
            self._zones[region, start] = None if found is None else found.zone
        return self._zones[region, start]

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
