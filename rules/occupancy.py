"""Compute how many people a venue may hold now: its kind, its epidemic zone and its size, by the policy.

Promises: permitted number = the least of the parts that the policy sets (share of the seats, most seats, most persons,
floor space), never above what the licence allows; every part names its source. Where a part needs a fact that is not
known, the number is unknown and the missing fact is named: never a guess. Whole persons, rounded down.
Does not: apply a leader's privileges, which need evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from rules.policy import UNCLASSIFIED, Cap, CategoryPolicy, DarkRedFactor, EpidemicZone, Policy

PER_CENT = 100


@dataclass(frozen=True, slots=True)
class LimitPart:
    """One part of a permitted number: a code (limit-part-...), the people it permits (None: a fact is missing)."""

    code: str
    persons: int | None
    number: float
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """How many people may be inside now.

    `persons` is None when nothing limits, or when a fact is missing: then `missing` names it (category,
    epidemic_zone, seats, area_m2). `closed`: nobody may be admitted, `persons` is 0.
    """

    persons: int | None
    closed: bool
    because: tuple[LimitPart, ...]
    missing: tuple[str, ...] = ()


def occupancy_limit(
    policy: Policy,
    category: str,
    epidemic_zone: EpidemicZone | None,
    seats: int | None,
    area_m2: float | None,
    licensed_capacity: int | None,
    mode: str | None = None,
) -> Limit:
    """Return the permitted number of people (domain.md section 5: the least of the parts).

    `area_m2` in square metres; `mode` of the category (banquet hall: memorial, as_restaurant), else its default.
    A kind or zone that is unknown leaves the number unknown.
    """
    rule = policy.categories.get(category)
    if rule is None or category == UNCLASSIFIED:
        return Limit(None, False, (), ("category",))
    if epidemic_zone is None:
        return Limit(None, False, (), ("epidemic_zone",))
    cap, sources = _cap_in_zone(rule, mode or rule.default_mode, epidemic_zone, policy.dark_red_factor)
    if cap.closed:
        return Limit(0, True, (LimitPart("limit-part-closed", 0, 0, sources),))
    parts = tuple(_parts(cap, sources, seats, area_m2, licensed_capacity))
    missing = tuple(_MISSING[part.code] for part in parts if part.persons is None)
    known = [part.persons for part in parts if part.persons is not None]
    return Limit(min(known) if known and not missing else None, False, parts, missing)


_MISSING = {"limit-part-seats-share": "seats", "limit-part-area": "area_m2"}


def _cap_in_zone(
    rule: CategoryPolicy, mode: str, zone: EpidemicZone, factor: DarkRedFactor
) -> tuple[Cap, tuple[str, ...]]:
    caps = rule.modes.get(mode, rule.modes[rule.default_mode])
    if zone in caps:
        return caps[zone], rule.sources
    return _darkened(caps["red"], factor), (*rule.sources, *factor.sources)


def _darkened(red: Cap, factor: DarkRedFactor) -> Cap:
    return replace(
        red,
        pct=None if red.pct is None else float(_exact(red.pct) * _exact(factor.pct)),
        seats_max=None if red.seats_max is None else floor(red.seats_max * _exact(factor.seats_max)),
        persons_max=None if red.persons_max is None else floor(red.persons_max * _exact(factor.persons_max)),
    )


def _parts(
    cap: Cap, sources: tuple[str, ...], seats: int | None, area_m2: float | None, licensed_capacity: int | None
) -> Iterator[LimitPart]:
    if cap.pct is not None:
        places = (
            licensed_capacity if seats is None else seats
        )  # where seats are not counted, the licence says the places
        share = None if places is None else floor(places * _exact(cap.pct) / PER_CENT)
        yield LimitPart("limit-part-seats-share", share, cap.pct, sources)
    if cap.seats_max is not None:
        yield LimitPart("limit-part-seats-most", cap.seats_max, cap.seats_max, sources)
    if cap.persons_max is not None:
        yield LimitPart("limit-part-persons-most", cap.persons_max, cap.persons_max, sources)
    if cap.m2_per_person is not None:
        by_area = None if area_m2 is None else floor(_exact(area_m2) / _exact(cap.m2_per_person))
        yield LimitPart("limit-part-area", by_area, cap.m2_per_person, sources)
    if licensed_capacity is not None:
        yield LimitPart("limit-part-licence", licensed_capacity, licensed_capacity, ("ours",))


def _exact(number: float) -> Fraction:
    """Return the decimal number that was written: 0.7 is seven tenths, or 30 % of 70 seats would lose a person."""
    return Fraction(str(number))
