"""The dated policy: every number that judges a venue or hides a count, with its source.

Promises: a `Policy` was read from a file without a single fault; it is immutable; the rules read their numbers from
it and from nowhere else. `parse_policy` lists every fault of a file with its path and line.
Does not: open files or know which policy is in force now; the caller passes texts and moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from math import ceil
from typing import Any, Literal

from rules.crowding_policy import CrowdingPolicy
from rules.errors import NoPolicyInForce
from rules.estimation_policy import EstimationPolicy

EpidemicZone = Literal["green", "yellow", "red", "dark_red"]
ZONES: tuple[EpidemicZone, ...] = ("green", "yellow", "red", "dark_red")
MEMBER_GROUPS = ("member", "leader", "non_member")
UNCLASSIFIED = "unclassified"

Sources = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountsPolicy:
    """What is asked of counts. `k_min` applies to device counts per carrier, source area and time bin."""

    k_min: int
    base_bin_minutes: int
    release_after_minutes: int
    max_ahead_minutes: int


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """What holds at the operators' door: when counts wait for a person, what is kept how long, when keys end.

    `hold_sigma`: robust standard deviations from the usual hour of the week beyond which counts wait for headquarters;
    the deviation is never taken smaller than `hold_area_floor` x median (one source area) or `hold_total_floor` x
    median (a carrier's total and its share); `hold_min_weeks`..`hold_max_weeks`: how many past weeks it looks at.
    One area is held only for more people above the usual than `hold_gathering_people`. A file whose hours fit the past
    better when moved by whole hours: `shift_fit_note` and `shift_fit_hold` are the distance then over the distance now,
    for a file of at least `shift_hours_min` hours of the day.
    """

    hold_sigma: float
    hold_area_floor: float
    hold_total_floor: float
    hold_gathering_people: float
    hold_min_weeks: int
    hold_max_weeks: int
    drift_sigma: float
    shift_hours_min: int
    shift_fit_note: float
    shift_fit_hold: float
    coverage_share_min: float
    late_after_minutes: int
    raw_days: int
    counts_days: int
    key_days: int
    keys_at_once: int
    token_minutes: int
    invitation_hours: int


@dataclass(frozen=True, slots=True)
class MapPolicy:
    """What the map shows to whom. `density_steps_per_km2`: the three inner edges of four steps.

    `nearby_m`: how far a less crowded place is offered. `usual_weeks_min`: fewer weeks make nothing usual.
    `usual_steps`: shares of the busiest usual hour, the inner edges of four steps that are told without numbers.
    """

    density_steps_per_km2: tuple[float, float, float]
    frame_density_max_per_km2: float
    public_resolution: int
    group_resolution: int
    public_bin_minutes: int
    public_delay_bins: int
    stale_after_minutes: int
    nearby_m: float
    usual_weeks_min: int
    usual_steps: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class CalibrationPolicy:
    """When head counts make intervals mean what they say, and which head counts are believed.

    `coverage` 0..1: what an interval promises; `pairs_min`: head counts with a release, below which nothing is called
    calibrated; those of one venue weigh no more than `venue_pairs_max`, all are of at least `bins_min` time bins;
    `factor_min`..`factor_max`: bounds of the factor on a standard deviation; `band_edges`: capacities between the kinds
    of venue; `window_days`: so long before the newest one a head count serves. Above `capacity_times` x capacity (but
    never below `people_floor`) and above `people_max` a head count is a slip of the finger.
    `shown_counts_min`, `shown_venues_min`: a band of fewer is not published.
    `agreement_share`: operators whose totals lie so near to the common estimate agree.
    """

    coverage: float
    pairs_min: int
    venue_pairs_max: int
    bins_min: int
    factor_min: float
    factor_max: float
    band_edges: tuple[float, float, float]
    window_days: int
    capacity_times: float
    people_floor: int
    people_max: int
    shown_counts_min: int
    shown_venues_min: int
    agreement_share: float

    @property
    def venues_min(self) -> int:
        """Return of how many venues the pairs are at least."""
        return ceil(self.pairs_min / self.venue_pairs_max)


@dataclass(frozen=True, slots=True)
class Cap:
    """The parts of a permitted number in one zone; a part that is None does not limit. `pct` is of the seats."""

    pct: float | None = None
    seats_max: int | None = None
    persons_max: int | None = None
    m2_per_person: float | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class ZoneHours:
    """Local opening and closing time; a closing at or before the opening lies on the next day."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class CategoryPolicy:
    """One kind of object: names by language, OKED classes, caps by mode and zone, and what else is ruled.

    `modes` holds at least `default_mode`; `hours` and `closed_days` (0 = Monday) by zone where they differ.
    """

    key: str
    names: Mapping[str, str]
    oked: tuple[str, ...]
    default_mode: str
    modes: Mapping[str, Mapping[EpidemicZone, Cap]]
    hours: Mapping[EpidemicZone, ZoneHours]
    closed_days: Mapping[EpidemicZone, tuple[int, ...]]
    crowd_flag: bool
    min_area_m2: float | None
    min_age: int | None
    unit: str
    sources: Sources
    note: str


@dataclass(frozen=True, slots=True)
class DarkRedFactor:
    """Factors on the red caps in a dark-red zone."""

    pct: float
    seats_max: float
    persons_max: float
    sources: Sources


@dataclass(frozen=True, slots=True)
class Bound:
    """One condition on one number of a region: `relation` is above (>), from (>=), below (<) or up_to (<=)."""

    metric: str
    relation: str
    value: float


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """A zone and the conditions that all must hold for it."""

    zone: EpidemicZone
    bounds: tuple[Bound, ...]
    sources: Sources


@dataclass(frozen=True, slots=True)
class ZonePolicy:
    """How a region's numbers become a zone: the first rule that matches."""

    window_days: int
    notice_hours_before_stricter_zone: int
    rules: tuple[ZoneRule, ...]


@dataclass(frozen=True, slots=True)
class HoursPolicy:
    """Permitted hours: `closing[group][zone]`, None = closed all day. Hours past midnight belong to the day before."""

    opening: time
    closing: Mapping[str, Mapping[EpidemicZone, time | None]]
    grace_minutes: int


@dataclass(frozen=True, slots=True)
class ParticipationPolicy:
    """Terms of taking part."""

    test_week_days: int
    leader_term_days: int
    leader_zone_shift_steps: int
    leader_occupancy_bonus_pct: float
    leader_bonus_if_staff_first_dose_pct: float


@dataclass(frozen=True, slots=True)
class StatusPolicy:
    """How long evidence colours a status, in days (contract E)."""

    gross_violation_days: int
    high_score_days: int
    mend_days: int
    reinstated_days: int
    evidence_days: int
    self_declaration_days: int


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """A half-open band of inspection scores: from_score <= score < below; the highest band has no `below`."""

    name: str
    from_score: float
    below: float | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One dated policy, in force from `effective_from` until the next one.

    `kept` holds the validated sections that later rules will use, as plain data; `sources` the bibliography.
    """

    name: str
    version: str
    effective_from: datetime
    timezone: str
    timezones: Mapping[str, str]
    counts: CountsPolicy
    delivery: DeliveryPolicy
    estimation: EstimationPolicy
    map: MapPolicy
    crowding: CrowdingPolicy
    calibration: CalibrationPolicy
    zones: ZonePolicy
    categories: Mapping[str, CategoryPolicy]
    dark_red_factor: DarkRedFactor
    hours: HoursPolicy
    participation: ParticipationPolicy
    status: StatusPolicy
    score_bands: tuple[ScoreBand, ...]
    sources: Mapping[str, str]
    kept: Mapping[str, Any]

    def timezone_of(self, region: str | None) -> str:
        """Return the IANA time zone of a region; the country's for a region that has none of its own."""
        return self.timezones.get(region or "", self.timezone)

    def score_band(self, score: float) -> str:
        """Return the name of the band a score falls into; raises ValueError below the lowest band."""
        for band in reversed(self.score_bands):
            if score >= band.from_score:
                return band.name
        raise ValueError(f"a score of {score} lies below every band")


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy that a YAML text states.

    Raises PolicyRefused with every fault, in the order of the file, each with its path and line.
    """
    from rules.policy_reading import read_policy  # the reader needs the types above

    return read_policy(text, name)


def policy_at(policies: Iterable[Policy], moment: datetime) -> Policy:
    """Return the policy in force at an aware moment: the latest that has begun. Raises NoPolicyInForce before all."""
    begun = [policy for policy in policies if policy.effective_from <= moment]
    if not begun:
        raise NoPolicyInForce(moment)
    return max(begun, key=lambda policy: policy.effective_from)
