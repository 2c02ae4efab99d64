"""Read the section `crowding` of a policy: levels, attribution, expectations, signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from rules.crowding_policy import AfterHoursPolicy, CrowdingPolicy, UnusualPolicy, VenuePriorPolicy
from rules.policy_scalars import sourced_edges, sourced_number, sourced_whole, time_of
from rules.policy_tree import Entry, Section, number_of

RIVALS_MOST = 10
HOURS = 24
SHARE_MOST = 10.0  # times the usual share; more is a slip
LEAST_PRIOR = 1e-6  # what is certain before counting cannot be changed by it


def read_crowding(section: Section, kinds: frozenset[str]) -> CrowdingPolicy:
    """Return the section; `kinds` are the kinds of object that may be named in it."""
    crowding = CrowdingPolicy(
        level_edges=sourced_edges(section, "level_edges"),
        resolvable_kernel=sourced_number(section, "resolvable_kernel", 0, 1),
        max_half_width_share=sourced_number(section, "max_half_width_share"),
        reach_min=sourced_number(section, "reach_min", 0, 1),
        believable_share=sourced_number(section, "believable_share", 1),
        level_probability=sourced_number(section, "level_probability", 0.5, 1),
        uncalibrated_factor=sourced_number(section, "uncalibrated_factor", 1),
        attribution_probability=sourced_number(section, "attribution_probability", 0.5, 1),
        unverified_surplus_z=sourced_number(section, "unverified_surplus_z"),
        rival_correlation=sourced_number(section, "rival_correlation", 0, 1),
        rivals_named=sourced_whole(section, "rivals_named", 1, RIVALS_MOST),
        residents_margin=sourced_number(section, "residents_margin", 1),
        least_m2_per_person=sourced_number(section, "least_m2_per_person"),
        outline_floors=sourced_number(section, "outline_floors", 1),
        prior=_read_prior(section.section("prior"), kinds),
        unusual=_read_unusual(section.section("unusual")),
        after_hours=_read_after_hours(section.section("after_hours")),
    )
    section.close()
    return crowding


def _read_prior(section: Section, kinds: frozenset[str]) -> VenuePriorPolicy:
    prior = VenuePriorPolicy(
        open_share=sourced_number(section, "open_share", 0, 1),
        open_sd_share=sourced_number(section, "open_sd_share"),
        usual_sd_share=sourced_number(section, "usual_sd_share"),
        closed_sd_share=sourced_number(section, "closed_sd_share"),
        ceiling_share=sourced_number(section, "ceiling_share", 1),
        m2_per_person=sourced_number(section, "m2_per_person"),
        unknown_capacity=sourced_whole(section, "unknown_capacity", 1),
        unknown_widening=sourced_number(section, "unknown_widening", 1),
        share_of_kind=_read_shares(section.section("share_of_kind"), kinds),
        share_of_hour=_read_hours(section.section("share_of_hour")),
        share_of_hour_of_kind=_read_hours_of_kind(section.section("share_of_hour_of_kind"), kinds),
    )
    section.close()
    return prior


def _read_shares(section: Section, kinds: frozenset[str]) -> Mapping[str, float]:
    shares = {}
    for kind, entry in _said(section):
        if kind not in kinds:
            section.findings.add("policy-unknown-category", entry, name=kind)
        shares[kind] = number_of(entry, section.findings, 0, 1)
    section.close()
    return MappingProxyType(shares)


def _read_hours(section: Section) -> tuple[float, ...]:
    """Return 24 numbers from a mapping of local times, each from its hour on; 1 before the first."""
    hours = [1.0] * HOURS
    for text, entry in _said(section):
        start = time_of(replace(entry, value=text), section.findings).hour
        hours[start:] = [number_of(entry, section.findings, 0, SHARE_MOST)] * (HOURS - start)
    section.close()
    return tuple(hours)


def _read_hours_of_kind(section: Section, kinds: frozenset[str]) -> Mapping[str, tuple[float, ...]]:
    found = {}
    for kind, hours in section.each():
        if kind not in kinds:
            section.findings.add("policy-unknown-category", hours.entry, name=kind)
        found[kind] = _read_hours(hours)
    section.close()
    return MappingProxyType(found)


def _said(section: Section) -> Iterator[tuple[str, Entry]]:
    """Yield the members of a sourced mapping but for its source and note."""
    section.source()
    section.note()
    for name, entry in section.members.items():
        if name not in ("source", "note"):
            section.find(name)
            yield name, entry


def _read_unusual(section: Section) -> UnusualPolicy:
    weeks_min = sourced_whole(section, "weeks_min", 2)
    weeks_max = sourced_whole(section, "weeks_max", weeks_min)
    from_z, as_usual_share = sourced_number(section, "from_z", 1), sourced_number(section, "as_usual_share")
    unusual = UnusualPolicy(weeks_min, weeks_max, from_z, as_usual_share)
    section.close()
    return unusual


def _read_after_hours(section: Section) -> AfterHoursPolicy:
    after_hours = AfterHoursPolicy(
        prior=sourced_number(section, "prior", LEAST_PRIOR, 1 - LEAST_PRIOR),
        gathering_share=sourced_number(section, "gathering_share"),
        gathering_sd_share=sourced_number(section, "gathering_sd_share"),
        staff_share=sourced_number(section, "staff_share"),
        wait_minutes=sourced_whole(section, "wait_minutes"),
        said_from=sourced_number(section, "said_from", 0, 1),
    )
    section.close()
    return after_hours
