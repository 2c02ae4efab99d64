"""What the policy says about venues: when a crowd is a level, whose crowd it is, and what is expected before counting.

Types only; `rules.policy_crowding` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VenuePriorPolicy:
    """How many people a venue holds before any count is looked at, as shares of its capacity.

    `open_share` with `open_sd_share`, or the share of the kind in `share_of_kind`, times that of the local hour
    (`share_of_hour`, 24 numbers, or those of the kind in `share_of_hour_of_kind`); `usual_sd_share` is the sd of what
    is usual in an hour of the week. When closed nobody, with `closed_sd_share`, so that a gathering after hours can
    still be seen. Nobody expects more than `ceiling_share` x capacity. Where the capacity is unknown: floor space at
    `m2_per_person`, else `unknown_capacity`; its sd is multiplied by `unknown_widening`.
    """

    open_share: float
    open_sd_share: float
    usual_sd_share: float
    closed_sd_share: float
    ceiling_share: float
    m2_per_person: float
    unknown_capacity: int
    unknown_widening: float
    share_of_kind: Mapping[str, float]
    share_of_hour: tuple[float, ...]
    share_of_hour_of_kind: Mapping[str, tuple[float, ...]]

    def shares(self, kind: str) -> tuple[float, ...]:
        """Return the usual share of the capacity of an open venue of a kind, by local hour (24)."""
        share = self.share_of_kind.get(kind, self.open_share)
        return tuple(min(share * one, 1.0) for one in self.share_of_hour_of_kind.get(kind, self.share_of_hour))


@dataclass(frozen=True, slots=True)
class UnusualPolicy:
    """Which past weeks say what is usual in an hour of the week; fewer than `weeks_min` say nothing.

    From `from_z` robust standard deviations on an hour is called unusual. "As usual" is said where the whole interval
    lies nearer than that, or within `as_usual_share` of what is usual.
    """

    weeks_min: int
    weeks_max: int
    from_z: float
    as_usual_share: float


@dataclass(frozen=True, slots=True)
class AfterHoursPolicy:
    """When people in a closed venue are a signal: how rare it is (`prior`), how large (share of capacity, with sd).

    Nothing is said before `wait_minutes` after closing, nor below a probability of `said_from`; `staff_share` of the
    capacity may be there anyway.
    """

    prior: float
    gathering_share: float
    gathering_sd_share: float
    staff_share: float
    wait_minutes: int
    said_from: float


@dataclass(frozen=True, slots=True)
class CrowdingPolicy:
    """When a venue's crowding is a level. `level_edges`: shares of the permitted number, half-open bands.

    A venue is resolvable when its averaging kernel is at least `resolvable_kernel`, half of its 90 % interval at most
    `max_half_width_share` of the permitted number, at least `reach_min` of what covers it has delivered, and no more
    than `believable_share` x its capacity are estimated. A level is shown with a probability of at least
    `level_probability`. Without head counts a standard deviation is multiplied by `uncalibrated_factor`. Whose crowd it
    is, is said from `attribution_probability` on, but without head counts not the venue's where the number of people
    around is `unverified_surplus_z` robust standard deviations above the usual. Two venues whose errors correlate below
    -`rival_correlation` cannot be told apart; at most `rivals_named` of them are named. `residents_margin`: residents
    count that many times against a crowd after hours. A capacity with less than `least_m2_per_person` of floor is
    impossible, or of `outline_floors` floors as large as its outline.
    """

    level_edges: tuple[float, float, float]
    resolvable_kernel: float
    max_half_width_share: float
    reach_min: float
    believable_share: float
    level_probability: float
    uncalibrated_factor: float
    attribution_probability: float
    unverified_surplus_z: float
    rival_correlation: float
    rivals_named: int
    residents_margin: float
    least_m2_per_person: float
    outline_floors: float
    prior: VenuePriorPolicy
    unusual: UnusualPolicy
    after_hours: AfterHoursPolicy
