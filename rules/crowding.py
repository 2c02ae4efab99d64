"""Say how crowded a venue is against the number now permitted, or why that cannot be told.

Promises: a level only where the whole interval low..high supports it: one level however wide (beyond the permitted
number it is the last one), or two neighbours ("between") if it is narrow; otherwise `area_only` with the reason.
Bands are half-open: exactly at an edge is the higher level.
Does not: call anything a breach (contract D): level 4 means near the permitted number or beyond it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from math import isfinite, isnan
from typing import Literal

from rules.occupancy import Limit
from rules.policy import CrowdingPolicy
from rules.words import Params, Words

CrowdingState = Literal["level", "area_only", "no_data"]
CountState = Literal["estimated", "suppressed", "missing", "no_location"]


@dataclass(frozen=True, slots=True)
class Crowding:
    """What may be said. `level`..`level_high`: 1..4, equal for one level, neighbours for "between", else None.

    `reason` (crowding-reason-...) says why there is no level; `params` are its parameters.
    """

    state: CrowdingState
    level: int | None = None
    level_high: int | None = None
    reason: str | None = None
    params: Params = field(default_factory=dict)


def crowding_level(
    low: float,
    best: float,  # noqa: ARG001 - shown beside the level, and must never decide it
    high: float,
    limit: Limit | int | None,
    kernel: float,
    state: CountState,
    policy: CrowdingPolicy,
    *,
    neighbours: int = 0,
    is_open: bool | None = None,
    residents_known: bool = True,
) -> Crowding:
    """Return the crowding of a venue in one time bin.

    `low`, `best`, `high`: people; `limit`: the permitted number (a `Limit`, a number, or None when unknown);
    `kernel` 0..1: how much of the estimate stems from the venue's own hexagons; `neighbours`: other venues there;
    `is_open`: None when the hours are unknown.
    """
    permitted = limit.persons if isinstance(limit, Limit) else limit
    reason = _told_by_facts(low, high, limit, state, is_open)
    if reason is not None:
        return reason
    assert permitted is not None  # _told_by_facts has answered for an unknown limit
    if kernel < policy.resolvable_kernel or isnan(kernel):
        return _area_only("source-areas-too-large", resolved_pct=_per_cent(kernel))
    first, last = level_of(low, permitted, policy), level_of(high, permitted, policy)
    narrow = (high - low) / 2 <= policy.max_half_width_share * permitted
    if first == last or (last - first == 1 and narrow):
        return Crowding("level", first, last)
    return _too_wide(low, high, neighbours, residents_known)


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


def _told_by_facts(
    low: float, high: float, limit: Limit | int | None, state: CountState, is_open: bool | None
) -> Crowding | None:
    """Return the first answer that needs no interval, in the order in which a person would ask."""
    closed_by_rule = limit.closed if isinstance(limit, Limit) else limit == 0
    unknown = limit is None or (isinstance(limit, Limit) and limit.persons is None)
    table = (
        (state == "no_location", Crowding("no_data", reason=_code("no-location"))),
        (state == "missing" or (isnan(low) and state == "estimated"), Crowding("no_data", reason=_code("no-counts"))),
        (state == "suppressed", _area_only("hidden-for-privacy")),
        (is_open is False, _area_only("closed-now")),
        (closed_by_rule, _area_only("closed-by-rule")),
        (unknown, _limit_unknown(limit)),
        (not isfinite(high), _area_only("source-areas-too-large", resolved_pct=0)),
    )
    return next((answer for applies, answer in table if applies), None)


def _limit_unknown(limit: Limit | int | None) -> Crowding:
    missing = limit.missing if isinstance(limit, Limit) else ()
    if isinstance(limit, Limit) and not missing:
        return _area_only("no-limit")
    return _area_only(f"limit-unknown-{missing[0].replace('_', '-')}" if missing else "limit-unknown")


def _too_wide(low: float, high: float, neighbours: int, residents_known: bool) -> Crowding:
    if not residents_known:
        return _area_only("homes-unknown")
    if neighbours:
        return _area_only("neighbours-cannot-be-told-apart", neighbours=neighbours)
    return _area_only("interval-too-wide", low=round(low), high=round(high))


def _area_only(reason: str, **params: float) -> Crowding:
    return Crowding("area_only", reason=_code(reason), params=params)


def _code(reason: str) -> str:
    return f"crowding-reason-{reason}"


def _per_cent(share: float) -> int:
    return 0 if isnan(share) else round(share * 100)
