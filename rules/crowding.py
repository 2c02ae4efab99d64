"""Say how crowded a venue is against the number now permitted, or why that cannot be told.

Promises: no venue that is not resolvable has a level, ever. Resolvable: its averaging kernel, the width of its
calibrated interval and the part of its surroundings that delivered all satisfy the policy. A level, or two neighbours
("between"), is said only with the policy's probability, from a normal distribution cut off at 0.
Does not: call anything a breach (contract D): level 4 means near the permitted number or beyond it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import erfc, inf, isfinite, isnan, sqrt
from typing import Literal

from rules.crowding_policy import CrowdingPolicy
from rules.occupancy import Limit
from rules.words import Params, Words

CrowdingState = Literal["level", "area_only", "no_data"]
CountState = Literal["estimated", "suppressed", "missing", "no_location"]


@dataclass(frozen=True, slots=True)
class VenueFigures:
    """What is released of a venue: people with their 90 % interval and standard deviation, or why there are none.

    `kernel` 0..1: of a person more in the venue, how much the estimate finds; `reach` 0..1: the part of what covers it
    that has delivered.
    """

    low: float
    best: float
    high: float
    sd: float
    kernel: float
    reach: float
    state: CountState

    def widened(self, factor: float) -> VenueFigures:
        """Return the figures with their uncertainty multiplied, not below 0 people."""
        low = max(0.0, self.best - factor * (self.best - self.low))
        return replace(self, low=low, high=self.best + factor * (self.high - self.best), sd=factor * self.sd)

    @property
    def half_width(self) -> float:
        """Half of the 90 % interval, in people: its wider half, as the lower one ends at 0."""
        return max(self.high - self.best, self.best - self.low)


@dataclass(frozen=True, slots=True)
class Crowding:
    """What may be said. `level`..`level_high`: 1..4, equal for one level, neighbours for "between", else None.

    `probability` of what is said, None without a level. `reason` (crowding-reason-...) says why there is no level;
    `params` are its parameters.
    """

    state: CrowdingState
    level: int | None = None
    level_high: int | None = None
    probability: float | None = None
    reason: str | None = None
    params: Params = field(default_factory=dict)


def crowding_level(
    figures: VenueFigures,
    limit: Limit | int | None,
    policy: CrowdingPolicy,
    *,
    rivals: int = 0,
    is_open: bool | None = None,
    impossible: str | None = None,
    capacity: float = inf,
) -> Crowding:
    """Return the crowding of a venue in one time bin.

    `figures`: calibrated already (`VenueFigures.widened`); `limit`: the permitted number (a `Limit`, a number, or None
    when unknown); `rivals`: venues that it cannot be told apart from; `is_open`: None when the hours are unknown;
    `impossible`: the registered number that cannot be true; `capacity`: people that fit, infinite where unknown.
    """
    permitted = limit.persons if isinstance(limit, Limit) else limit
    told = _told_by_facts(figures, limit, is_open, impossible)
    if told is not None:
        return told
    assert permitted is not None  # _told_by_facts has answered for an unknown limit
    reason = unresolvable(figures, permitted, policy, capacity)
    if reason is None:
        return _said(level_probabilities(figures, permitted, policy), figures, policy)
    if rivals and reason != "too-few-delivered":
        return _area_only("neighbours-cannot-be-told-apart", neighbours=rivals)
    return _area_only(reason, **_params(figures))


def unresolvable(figures: VenueFigures, permitted: int, policy: CrowdingPolicy, capacity: float = inf) -> str | None:
    """Return why a venue with figures cannot have a level; None where it is resolvable.

    However wide, an interval that lies wholly at or beyond the permitted number resolves the last level. An estimate
    of far more people than fit into the venue has taken others' for its own, whatever its interval says.
    """
    believable = figures.best <= policy.believable_share * capacity
    narrow = figures.half_width <= policy.max_half_width_share * permitted or figures.low >= permitted
    table = (
        (not figures.reach >= policy.reach_min, "too-few-delivered"),
        (not figures.kernel >= policy.resolvable_kernel, "source-areas-too-large"),
        (not (narrow and believable and isfinite(figures.high)), "interval-too-wide"),
    )
    return next((reason for applies, reason in table if applies), None)


def level_probabilities(figures: VenueFigures, permitted: int, policy: CrowdingPolicy) -> tuple[float, ...]:
    """Return the probabilities of levels 1..4: of N(best, sd) cut off at 0, between the edges."""
    if figures.sd <= 0.0:
        here = level_of(figures.best, permitted, policy)
        return tuple(float(level == here) for level in (1, 2, 3, 4))
    edges = [0.0, *(edge * permitted for edge in policy.level_edges), inf]
    above = [_above((edge - figures.best) / figures.sd) for edge in edges]
    return tuple((lower - upper) / above[0] for lower, upper in pairwise(above))


def level_of(people: float, permitted: int, policy: CrowdingPolicy) -> int:
    """Return the level 1..4 of a number of people against the permitted number; at an edge, the higher one."""
    return bisect_right([edge * permitted for edge in policy.level_edges], people) + 1


def meaning_of(level: int, policy: CrowdingPolicy) -> Words:
    """Return what a level 1..4 means: the shares of the permitted number between which it lies, in per cent."""
    edges = [0, *policy.level_edges]
    params = {"from_pct": _per_cent(edges[level - 1])}
    if level < len(edges):
        params["edge_pct"] = _per_cent(edges[level])
    return Words(f"crowding-level-{level}-meaning", params)


def is_stale(observed_at: datetime, now: datetime, stale_after_minutes: int) -> bool:
    """Say whether a crowding is too old to be called that of now (policy `map.stale_after_minutes`)."""
    return now - observed_at > timedelta(minutes=stale_after_minutes)


def _said(probabilities: tuple[float, ...], figures: VenueFigures, policy: CrowdingPolicy) -> Crowding:
    """Say one level where it is probable enough, else two neighbours, else nothing."""
    spans = [(one, one) for one in (1, 2, 3, 4)], [(1, 2), (2, 3), (3, 4)]
    for candidates in spans:
        first, last = max(candidates, key=lambda span: sum(probabilities[span[0] - 1 : span[1]]))
        probability = min(1.0, sum(probabilities[first - 1 : last]))
        if probability >= policy.level_probability:
            return Crowding("level", first, last, probability)
    return _area_only("interval-too-wide", **_params(figures))


def _told_by_facts(
    figures: VenueFigures, limit: Limit | int | None, is_open: bool | None, impossible: str | None
) -> Crowding | None:
    """Return the first answer that needs no interval, in the order in which a person would ask."""
    closed_by_rule = limit.closed if isinstance(limit, Limit) else limit == 0
    permitted = limit.persons if isinstance(limit, Limit) else limit
    state, unknown = figures.state, isnan(figures.best) or isnan(figures.sd)
    table = (
        (state == "no_location", Crowding("no_data", reason=_code("no-location"))),
        (state == "missing" or (unknown and state == "estimated"), Crowding("no_data", reason=_code("no-counts"))),
        (state == "suppressed", _area_only("hidden-for-privacy")),
        (is_open is False, _area_only("closed-now")),
        (closed_by_rule, _area_only("closed-by-rule")),
        (impossible is not None, _area_only("capacity-impossible")),
        (permitted is None, _limit_unknown(limit)),
        (permitted is not None and permitted <= 0, _area_only("capacity-impossible")),
    )
    return next((answer for applies, answer in table if applies), None)


def _limit_unknown(limit: Limit | int | None) -> Crowding:
    missing = limit.missing if isinstance(limit, Limit) else ()
    if isinstance(limit, Limit) and not missing:
        return _area_only("no-limit")
    return _area_only(f"limit-unknown-{missing[0].replace('_', '-')}" if missing else "limit-unknown")


def _params(figures: VenueFigures) -> dict[str, int]:
    """Return what the sentences of `unresolvable` may need."""
    ends = {"low": figures.low, "high": figures.high}
    numbers = {name: round(value) for name, value in ends.items() if isfinite(value)}
    return numbers | {"resolved_pct": _per_cent(figures.kernel), "reach_pct": _per_cent(figures.reach)}


def _area_only(reason: str, **params: float) -> Crowding:
    return Crowding("area_only", reason=_code(reason), params=params)


def _code(reason: str) -> str:
    return f"crowding-reason-{reason}"


def _per_cent(share: float) -> int:
    return 0 if isnan(share) else round(share * 100)


def _above(deviations: float) -> float:
    """Return the upper tail of the standard normal distribution."""
    return 0.5 * erfc(deviations / sqrt(2.0))
