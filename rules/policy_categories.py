"""Read the kinds of object: their names and classes, and their permitted numbers by epidemic zone.

Promises: `kinds` and `categories` name the same keys, so that a typing error never makes a venue limitless.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rules.policy import Cap, CategoryPolicy, DarkRedFactor, EpidemicZone, ZoneHours
from rules.policy_scalars import days_of, flag_of, zone_hours_of, zone_of
from rules.policy_tree import Entry, Findings, Section, number_of, text_of, whole_number_of

ONLY_MODE = "default"
LANGUAGES = ("en", "ru", "kk")
ANNOUNCED_CAPS: tuple[EpidemicZone, ...] = ("green", "yellow", "red")


def read_categories(root: Section) -> Mapping[str, CategoryPolicy]:
    """Return the categories by key, from the sections `kinds` and `categories`."""
    kinds, categories = root.section("kinds"), root.section("categories")
    for key, rule in categories.members.items():
        if key not in kinds.members:
            root.findings.add("policy-unknown-category", rule, name=key)
    for key, kind in kinds.members.items():
        if key not in categories.members:
            root.findings.add("policy-category-without-rule", kind, name=key)
    known = [key for key in kinds.members if key in categories.members]
    read = {key: _read_category(key, kinds.section(key), categories.section(key)) for key in known}
    return MappingProxyType(read)


def read_dark_red_factor(section: Section) -> DarkRedFactor:
    """Return the factors on the red caps in a dark-red zone."""
    factor = DarkRedFactor(
        pct=number_of(section.get("pct"), section.findings, 0, 1),
        seats_max=number_of(section.get("seats_max"), section.findings, 0, 1),
        persons_max=number_of(section.get("persons_max"), section.findings, 0, 1),
        sources=section.source(),
    )
    section.note()
    section.close()
    return factor


def _read_category(key: str, kind: Section, rule: Section) -> CategoryPolicy:
    modes = _read_modes(rule)
    min_area, min_age, unit = rule.find("min_area_m2"), rule.find("min_age"), rule.find("unit")
    crowd_flag = rule.find("crowd_flag")
    for fact in ("alcohol", "round_the_clock"):
        flag_of(rule.find(fact), rule.findings)
    category = CategoryPolicy(
        key=key,
        names=_read_names(kind),
        oked=tuple(text_of(entry, kind.findings) for entry in kind.items("oked")),
        default_mode=_read_default_mode(rule, modes),
        modes=modes,
        hours=_read_hours(rule),
        closed_days=_read_closed_days(rule),
        crowd_flag=crowd_flag is None or flag_of(crowd_flag, rule.findings),
        min_area_m2=None if min_area is None else number_of(min_area, rule.findings),
        min_age=None if min_age is None else whole_number_of(min_age, rule.findings),
        unit="venue" if unit is None else text_of(unit, rule.findings),
        sources=rule.source(),
        note=rule.note(),
    )
    kind.source()
    kind.note()
    kind.close()
    rule.close()
    return category


def _read_names(kind: Section) -> Mapping[str, str]:
    names = kind.section("names")
    read = {language: text_of(names.get(language), kind.findings) for language in LANGUAGES}
    names.close()
    return MappingProxyType(read)


def _read_modes(rule: Section) -> Mapping[str, Mapping[EpidemicZone, Cap]]:
    modes = rule.find_section("modes")
    if modes is None:
        return MappingProxyType({ONLY_MODE: _read_caps(rule.section("caps"))})
    return MappingProxyType({mode: _read_caps(caps) for mode, caps in modes.each()})


def _read_default_mode(rule: Section, modes: Mapping[str, object]) -> str:
    if rule.find_section("modes") is None:
        return ONLY_MODE
    entry = rule.get("default_mode")
    name = text_of(entry, rule.findings)
    if entry is not None and name not in modes:
        rule.findings.add("policy-unknown-mode", entry, name=name, known=", ".join(modes))
    return name


def _read_caps(caps: Section) -> Mapping[EpidemicZone, Cap]:
    read = {zone: _read_cap(caps.get(zone), caps.findings) for zone in ANNOUNCED_CAPS}
    if (stricter := caps.find("dark_red")) is not None:
        read["dark_red"] = _read_cap(stricter, caps.findings)
    caps.close()
    return MappingProxyType(read)


def _read_cap(entry: Entry | None, findings: Findings) -> Cap:
    if entry is None:
        return Cap()
    if entry.value == "closed":
        return Cap(closed=True)
    section = Section(entry, findings)
    parts = {name: section.find(name) for name in ("pct", "seats_max", "persons_max", "m2_per_person")}
    section.close()
    return Cap(
        pct=_number(parts["pct"], findings, 0, 100),
        seats_max=_whole(parts["seats_max"], findings),
        persons_max=_whole(parts["persons_max"], findings),
        m2_per_person=_number(parts["m2_per_person"], findings, 0.1, 1000),
    )


def _number(entry: Entry | None, findings: Findings, least: float, most: float) -> float | None:
    return None if entry is None else number_of(entry, findings, least, most)


def _whole(entry: Entry | None, findings: Findings) -> int | None:
    return None if entry is None else whole_number_of(entry, findings)


def _read_hours(rule: Section) -> Mapping[EpidemicZone, ZoneHours]:
    section = rule.find_section("hours")
    read = {zone: zone_hours_of(entry, rule.findings) for zone, entry in _by_zone(section)}
    return MappingProxyType(read)


def _read_closed_days(rule: Section) -> Mapping[EpidemicZone, tuple[int, ...]]:
    section = rule.find_section("closed_days")
    read = {zone: days_of(entry, rule.findings) for zone, entry in _by_zone(section)}
    return MappingProxyType(read)


def _by_zone(section: Section | None) -> list[tuple[EpidemicZone, Entry]]:
    if section is None:
        return []
    return [(zone_of(key, entry, section.findings), entry) for key, entry in section.members.items() if key]
