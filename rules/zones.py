"""Say which epidemic zone holds in a region on a day, from announcements; or from the region's numbers.

Promises: a day without an announcement carries the last one forward, marked stale (contract E); nothing is assumed
before the first. Of two announcements for one day, one that names the region wins over one that leaves it out, then
the stricter one; that they differ is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import ge, gt, le, lt
from typing import Protocol

from rules.policy import ZONES, Bound, EpidemicZone, ZonePolicy, ZoneRule

_HOLDS = {"above": gt, "from": ge, "below": lt, "up_to": le}


class Announcement(Protocol):
    """An announced zone of a region on a day; `explicit`: the region was named."""

    @property
    def region(self) -> str: ...
    @property
    def on(self) -> date: ...
    @property
    def zone(self) -> str: ...
    @property
    def explicit(self) -> bool: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ZoneOnDay:
    """The zone that holds on a day. `stale`: carried forward from `announced_on`; `contested`: sources differ."""

    zone: EpidemicZone
    stale: bool
    announced_on: date
    source: str
    contested: bool = False


def zone_on(announcements: Iterable[Announcement], region: str, on: date) -> ZoneOnDay | None:
    """Return the zone of a region on a local day, or None before its first announcement."""
    begun = [one for one in announcements if one.region == region and one.on <= on and one.zone in ZONES]
    if not begun:
        return None
    announced_on = max(one.on for one in begun)
    latest = [one for one in begun if one.on == announced_on]
    chosen = max(latest, key=lambda one: (one.explicit, _strictness(one.zone), one.source))
    contested = len({one.zone for one in latest if one.explicit == chosen.explicit}) > 1
    return ZoneOnDay(_zone(chosen.zone), announced_on != on, announced_on, chosen.source, contested)


def zone_by_numbers(policy: ZonePolicy, numbers: Mapping[str, float]) -> ZoneRule | None:
    """Return the first rule whose bounds all hold for a region's numbers; a number that is missing holds no bound."""
    return next((rule for rule in policy.rules if all(_holds(bound, numbers) for bound in rule.bounds)), None)


def _holds(bound: Bound, numbers: Mapping[str, float]) -> bool:
    value = numbers.get(bound.metric)
    return value is not None and bool(_HOLDS[bound.relation](value, bound.value))


def _strictness(zone: str) -> int:
    return ZONES.index(_zone(zone))


def _zone(word: str) -> EpidemicZone:
    return next(zone for zone in ZONES if zone == word)
