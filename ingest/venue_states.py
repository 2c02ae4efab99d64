"""What is known of registered venues before any count: where they are, what fits, if they are open, who is expected.

Promises: venues that have a place and are not masked (sensitive), in the order of the registry; every number comes from
registry and policy; what the registry does not say, or says impossibly, widens the expectation and is never a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.crowding import outline_m2, outlines_of, venue_membership
from geo.joint_types import VenuePrior
from ingest.venues.capacities import capacities_of
from rules.capacity import Capacity
from rules.errors import HoursNotUnderstood
from rules.hours import OpeningHours, closed_minutes, is_open, parse_hours
from rules.occupancy import Limit, occupancy_limit
from rules.policy import EpidemicZone, Policy
from rules.zones import zone_on
from store.records import Venue, ZoneAnnouncement

Floats = NDArray[np.float64]
HOURS = 24
HALF = 0.5  # of the usual share, where it is not known whether a venue is open


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What fits, (V,): people, NaN where it had to be guessed; `usable` is that guess, `widening` of its sd."""

    known: Floats
    usable: Floats
    widening: Floats


class VenueStates:
    """All judged venues over one list of hexagons; `ids` are in the order of every array."""

    def __init__(self, policy: Policy, venues: Sequence[Venue], hexagons: NDArray[np.uint64]) -> None:
        self._policy = policy
        self.venues = tuple(one for one in venues if one.draft.longitude is not None and not one.draft.masked)
        self.ids = tuple(one.id for one in self.venues)
        places = [_place(one) for one in self.venues]
        self.membership = venue_membership(places, hexagons)
        self._outlines = outlines_of(places)
        self.capacities = capacities_of([one.draft for one in self.venues], policy)
        self._sizes = _sizes(self.venues, self.capacities, outline_m2(places), policy)
        shares = [policy.crowding.prior.shares(one.draft.category) for one in self.venues]
        self._shares = np.array(shares, np.float64).reshape(-1, HOURS)
        self._hours = [(_hours(one), policy.timezone_of(one.draft.region)) for one in self.venues]
        self._limits: dict[tuple[int, EpidemicZone | None], Limit] = {}
        self._priors: dict[bytes, tuple[VenuePrior, str]] = {}
        self._where = hashlib.sha256("\n".join(self.ids).encode() + _bytes_of(self.membership))

    @property
    def capacity(self) -> Floats:
        """People that fit, (V,), NaN where the registry does not say, or says what cannot be."""
        return self._sizes.known

    def prior_at(self, start: datetime, zones: Sequence[ZoneAnnouncement]) -> VenuePrior:
        """Return who is expected in each venue in the time bin that begins at `start`, before any count."""
        return self._expected(start, zones)[0]

    def digest_at(self, start: datetime, zones: Sequence[ZoneAnnouncement]) -> str:
        """Name everything that `prior_at` says; equal names mean equal expectations of the same venues."""
        return self._expected(start, zones)[1]

    def limits_at(self, start: datetime, zones: Sequence[ZoneAnnouncement]) -> list[tuple[EpidemicZone | None, Limit]]:
        """Return the epidemic zone and the permitted number of each venue."""
        zone_of = {one: self._zone_of(one, start, zones) for one in {venue.draft.region for venue in self.venues}}
        found = [zone_of[venue.draft.region] for venue in self.venues]
        return [(zone, self._limit_of(row, zone)) for row, zone in enumerate(found)]

    def open_at(self, start: datetime) -> list[bool | None]:
        """Return whether each venue is open by its own hours; None where they are not known."""
        known = {one: None if one[0] is None else is_open(one[0], start, one[1]) for one in set(self._hours)}
        return [known[one] for one in self._hours]

    def closed_at(self, start: datetime, zones: Sequence[ZoneAnnouncement]) -> list[bool]:
        """Return whether nobody is expected in each venue: it is closed by its own hours, or by a rule."""
        rules = [limit.closed for _zone, limit in self.limits_at(start, zones)]
        return [by_rule or one is False for by_rule, one in zip(rules, self.open_at(start), strict=True)]

    def closed_minutes_at(self, start: datetime) -> list[float | None]:
        """Return for how long each venue has been closed; None where it is open or its hours are not known."""
        known = {one: None if one[0] is None else closed_minutes(one[0], start, one[1]) for one in set(self._hours)}
        return [known[one] for one in self._hours]

    def _expected(self, start: datetime, zones: Sequence[ZoneAnnouncement]) -> tuple[VenuePrior, str]:
        limits = self.limits_at(start, zones)
        is_open = np.array([_UNKNOWN if one is None else float(one) for one in self.open_at(start)])
        is_open[[limit.closed for _zone, limit in limits]] = 0.0
        permitted = np.array([_persons(limit) for _zone, limit in limits], np.float64)
        share = self._shares[np.arange(len(self.venues)), self._local_hours(start)]
        key = is_open.tobytes() + permitted.tobytes() + share.tobytes()
        if key not in self._priors:
            self._priors[key] = self._prior(is_open, permitted, share)
        return self._priors[key]

    def _local_hours(self, start: datetime) -> NDArray[np.int64]:
        hour = {one: start.astimezone(ZoneInfo(one)).hour for one in {zone for _hours, zone in self._hours}}
        return np.array([hour[zone] for _hours, zone in self._hours], np.int64)

    def _prior(self, is_open: Floats, permitted: Floats, share: Floats) -> tuple[VenuePrior, str]:
        numbers, sizes = self._policy.crowding.prior, self._sizes
        allowed = np.fmin(sizes.usable, permitted)
        mean = share * allowed * np.where(is_open == _UNKNOWN, HALF, is_open)
        size = sizes.usable * sizes.widening
        wide = np.where(is_open == 0.0, numbers.closed_sd_share, numbers.open_sd_share)
        usual = np.where(is_open == 0.0, numbers.closed_sd_share, numbers.usual_sd_share)
        sd, usual_sd = (np.maximum(one * size, LEAST_SD) for one in (wide, usual))
        prior = VenuePrior(self.membership, mean, sd, numbers.ceiling_share * sizes.known, usual_sd, self._outlines)
        name = self._where.copy()
        for values in (mean, sd, prior.ceiling, usual_sd):
            name.update(values.astype("<f8").tobytes())
        return prior, name.hexdigest()

    def _zone_of(self, region: str | None, start: datetime, zones: Sequence[ZoneAnnouncement]) -> EpidemicZone | None:
        on = start.astimezone(ZoneInfo(self._policy.timezone_of(region))).date()
        found = zone_on(zones, region or "", on)
        return None if found is None else found.zone

    def _limit_of(self, row: int, zone: EpidemicZone | None) -> Limit:
        if (row, zone) not in self._limits:
            draft = self.venues[row].draft
            self._limits[row, zone] = occupancy_limit(
                self._policy, draft.category, zone, draft.seats, draft.area_m2, draft.licensed_capacity
            )
        return self._limits[row, zone]


_UNKNOWN = -1.0
LEAST_SD = 1.0  # a person: nobody is expected with certainty


def _sizes(venues: Sequence[Venue], capacities: Sequence[Capacity], ground_m2: Floats, policy: Policy) -> _Sizes:
    """Take the capacity, else guess it from the floor area, the outline, or the policy's number, in this order."""
    numbers = policy.crowding.prior
    known = np.array([np.nan if one.persons is None else one.persons for one in capacities], np.float64)
    floor_m2 = np.array([venue.draft.area_m2 or 0.0 for venue in venues], np.float64)
    by_area = np.where(floor_m2 > 0.0, floor_m2, ground_m2) / numbers.m2_per_person
    guessed = np.where(by_area >= 1.0, by_area, numbers.unknown_capacity)
    return _Sizes(
        known, np.where(np.isnan(known), guessed, known), np.where(np.isnan(known), numbers.unknown_widening, 1.0)
    )


def _persons(limit: Limit) -> float:
    return float("nan") if limit.persons is None else float(limit.persons)


def _place(venue: Venue) -> bytes | tuple[float, float]:
    draft = venue.draft
    if draft.outline_wkb is not None:
        return draft.outline_wkb
    if draft.longitude is None or draft.latitude is None:
        raise ValueError(f"{venue.id} has no place")
    return (draft.longitude, draft.latitude)


def _bytes_of(membership: object) -> bytes:
    parts = (getattr(membership, name) for name in ("indptr", "indices", "data"))
    return b"".join(np.asarray(part).astype("<f8").tobytes() for part in parts)


def _hours(venue: Venue) -> OpeningHours | None:
    return None if not venue.draft.opening_hours else _parse(venue.draft.opening_hours)


@lru_cache(maxsize=10_000)
def _parse(text: str) -> OpeningHours | None:
    try:
        return parse_hours(text)
    except HoursNotUnderstood:
        return None
