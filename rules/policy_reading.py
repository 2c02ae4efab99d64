"""Read a policy file section by section.

Promises: every section is read even after a fault in another; what is left unread is reported. Sections that no rule
uses yet are kept as plain data, after the same checks of sources, numbers and kinds.
"""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import Any

from rules.errors import PolicyRefused
from rules.policy import (
    MEMBER_GROUPS,
    ZONES,
    Bound,
    CalibrationPolicy,
    CountsPolicy,
    DeliveryPolicy,
    HoursPolicy,
    MapPolicy,
    ParticipationPolicy,
    Policy,
    ScoreBand,
    StatusPolicy,
    ZonePolicy,
    ZoneRule,
)
from rules.policy_categories import read_categories, read_dark_red_factor
from rules.policy_crowding import read_crowding
from rules.policy_estimation import read_estimation
from rules.policy_kept import check_entry, check_kept, plain
from rules.policy_scalars import (
    closing_of,
    moment_of,
    sourced,
    sourced_edges,
    sourced_number,
    sourced_whole,
    time_of,
    timezone_of,
    zone_of,
)
from rules.policy_tree import OWN_SOURCES, Findings, Section, number_of, read_tree, text_of

LOWEST_K_MIN = 15  # contract A2: no policy may go below
FINEST_RESOLUTION = 9
COARSEST_RESOLUTION = 5
MINUTES_A_DAY = 24 * 60
RELATIONS = ("above", "from", "below", "up_to")
KEPT = (
    "evidence",
    "requirements",
    "penalty_ladder",
    "fines",
    "reinstatement",
    "rights",
    "overrides",
    "flags",
    "retention",
    "risk_weight",
    "draw",
    "selectivity_alarms",
)


def read_policy(text: str, name: str) -> Policy:
    """Return the policy of a YAML text; raise PolicyRefused with all faults in the file's order."""
    findings = Findings()
    tree = read_tree(text, findings)
    policy = _read_root(Section(tree, findings), name) if tree is not None else None
    if policy is None or findings.faults:
        raise PolicyRefused(name, sorted(findings.faults, key=lambda fault: fault.line or 0))
    return policy


def _read_root(root: Section, name: str) -> Policy:
    sources = _read_sources(root)
    head = root.section("policy")
    categories = read_categories(root)
    policy = Policy(
        name=name,
        version=text_of(head.get("version"), root.findings),
        effective_from=moment_of(head.get("effective_from"), root.findings),
        timezone=timezone_of(head.get("timezone"), root.findings),
        timezones=_read_timezones(head),
        counts=_read_counts(root.section("counts")),
        delivery=_read_delivery(root.section("delivery")),
        estimation=read_estimation(root.section("estimation")),
        map=_read_map(root.section("map")),
        crowding=read_crowding(root.section("crowding"), frozenset(categories)),
        calibration=_read_calibration(root.section("calibration")),
        zones=_read_zones(root.section("zones")),
        categories=categories,
        dark_red_factor=read_dark_red_factor(root.section("dark_red_factor")),
        hours=_read_hours(root.section("hours")),
        participation=_read_participation(root.section("participation")),
        status=_read_status(root.section("status")),
        score_bands=_read_severity(root.section("severity")),
        sources=sources,
        kept=_read_kept(root, frozenset(categories)),
    )
    text_of(head.get("id"), root.findings)
    _end(head)
    root.close()
    return policy


def _read_sources(root: Section) -> MappingProxyType[str, str]:
    section = root.section("sources")
    named = {key: text_of(section.get(key), root.findings) for key in section.members}
    root.findings.sources = OWN_SOURCES | named.keys()
    return MappingProxyType(named)


def _read_timezones(head: Section) -> MappingProxyType[str, str]:
    section = head.find_section("timezones")
    regions = section.members if section else {}
    return MappingProxyType({region: timezone_of(entry, head.findings) for region, entry in regions.items()})


def _read_counts(section: Section) -> CountsPolicy:
    counts = CountsPolicy(
        k_min=sourced_whole(section, "k_min", LOWEST_K_MIN),
        base_bin_minutes=sourced_whole(section, "base_bin_minutes", 1, MINUTES_A_DAY),
        release_after_minutes=sourced_whole(section, "release_after_minutes"),
        max_ahead_minutes=sourced_whole(section, "max_ahead_minutes"),
    )
    if counts.base_bin_minutes and MINUTES_A_DAY % counts.base_bin_minutes:
        section.findings.add("policy-bin-does-not-fill-a-day", section.entry, minutes=counts.base_bin_minutes)
    section.close()
    return counts


def _read_delivery(section: Section) -> DeliveryPolicy:
    weeks_min = sourced_whole(section, "hold_min_weeks", 2)
    delivery = DeliveryPolicy(
        hold_sigma=sourced_number(section, "hold_sigma", 1),
        hold_area_floor=sourced_number(section, "hold_area_floor"),
        hold_total_floor=sourced_number(section, "hold_total_floor"),
        hold_gathering_people=sourced_number(section, "hold_gathering_people"),
        hold_min_weeks=weeks_min,
        hold_max_weeks=sourced_whole(section, "hold_max_weeks", weeks_min),
        drift_sigma=sourced_number(section, "drift_sigma", 1),
        shift_hours_min=sourced_whole(section, "shift_hours_min", 1, 24),
        shift_fit_note=sourced_number(section, "shift_fit_note", 0, 1),
        shift_fit_hold=sourced_number(section, "shift_fit_hold", 0, 1),
        coverage_share_min=sourced_number(section, "coverage_share_min", 0, 1),
        late_after_minutes=sourced_whole(section, "late_after_minutes", 1),
        raw_days=sourced_whole(section, "raw_days", 1),
        counts_days=sourced_whole(section, "counts_days", 1),
        key_days=sourced_whole(section, "key_days", 1),
        keys_at_once=sourced_whole(section, "keys_at_once", 1),
        token_minutes=sourced_whole(section, "token_minutes", 1),
        invitation_hours=sourced_whole(section, "invitation_hours", 1),
    )
    section.close()
    return delivery


def _read_map(section: Section) -> MapPolicy:
    read = MapPolicy(
        density_steps_per_km2=sourced_edges(section, "density_steps_per_km2"),
        frame_density_max_per_km2=sourced_number(section, "frame_density_max_per_km2", 1),
        public_resolution=sourced_whole(section, "public_resolution", COARSEST_RESOLUTION, FINEST_RESOLUTION),
        group_resolution=sourced_whole(section, "group_resolution", COARSEST_RESOLUTION, FINEST_RESOLUTION),
        public_bin_minutes=sourced_whole(section, "public_bin_minutes", 1, MINUTES_A_DAY),
        public_delay_bins=sourced_whole(section, "public_delay_bins"),
        stale_after_minutes=sourced_whole(section, "stale_after_minutes", 1),
        nearby_m=sourced_number(section, "nearby_m"),
        usual_weeks_min=sourced_whole(section, "usual_weeks_min", 1),
        usual_steps=sourced_edges(section, "usual_steps", 1),
    )
    section.close()
    return read


def _read_calibration(section: Section) -> CalibrationPolicy:
    calibration = CalibrationPolicy(
        coverage=sourced_number(section, "coverage", 0, 1),
        pairs_min=sourced_whole(section, "pairs_min", 1),
        venue_pairs_max=sourced_whole(section, "venue_pairs_max", 1),
        bins_min=sourced_whole(section, "bins_min", 1),
        factor_min=sourced_number(section, "factor_min", 0, 1),
        factor_max=sourced_number(section, "factor_max", 1),
        band_edges=sourced_edges(section, "band_edges"),
        window_days=sourced_whole(section, "window_days", 1),
        capacity_times=sourced_number(section, "capacity_times", 1),
        people_floor=sourced_whole(section, "people_floor"),
        people_max=sourced_whole(section, "people_max", 1),
        shown_counts_min=sourced_whole(section, "shown_counts_min", 1),
        shown_venues_min=sourced_whole(section, "shown_venues_min", 1),
        agreement_share=sourced_number(section, "agreement_share", 0, 1),
    )
    section.close()
    return calibration


def _read_zones(section: Section) -> ZonePolicy:
    zones = ZonePolicy(
        window_days=sourced_whole(section, "window_days", 1),
        notice_hours_before_stricter_zone=sourced_whole(section, "notice_hours_before_stricter_zone"),
        rules=tuple(_read_zone_rule(Section(entry, section.findings)) for entry in section.items("rules")),
    )
    section.close()
    return zones


def _read_zone_rule(section: Section) -> ZoneRule:
    zone = zone_of(text_of(section.get("zone"), section.findings), section.entry, section.findings)
    bounds = [bound for metric, limits in section.section("when").each() for bound in _read_bounds(metric, limits)]
    rule = ZoneRule(zone, tuple(bounds), section.source())
    section.note()
    section.close()
    return rule


def _read_bounds(metric: str, limits: Section) -> list[Bound]:
    entries = [(relation, limits.find(relation)) for relation in RELATIONS]
    limits.close()
    return [
        Bound(metric, relation, number_of(entry, limits.findings)) for relation, entry in entries if entry is not None
    ]


def _read_hours(section: Section) -> HoursPolicy:
    closing = section.section("closing")
    hours = HoursPolicy(
        opening=time_of(sourced(section, "opening"), section.findings),
        closing=MappingProxyType({group: _read_closing(closing.section(group)) for group in MEMBER_GROUPS}),
        grace_minutes=sourced_whole(section, "grace_minutes"),
    )
    belongs = sourced(section, "crosses_midnight_belongs_to")
    if belongs is not None and belongs.value != "previous_day":
        section.findings.add("policy-not-the-previous-day", belongs)
    closing.close()
    section.close()
    return hours


def _read_closing(group: Section) -> MappingProxyType[Any, Any]:
    times = {zone: closing_of(group.get(zone), group.findings) for zone in ZONES}
    _end(group)
    return MappingProxyType(times)


def _read_participation(section: Section) -> ParticipationPolicy:
    read = ParticipationPolicy(
        test_week_days=sourced_whole(section, "test_week_days", 1),
        leader_term_days=sourced_whole(section, "leader_term_days", 1),
        leader_zone_shift_steps=sourced_whole(section, "leader_zone_shift_steps"),
        leader_occupancy_bonus_pct=sourced_number(section, "leader_occupancy_bonus_pct"),
        leader_bonus_if_staff_first_dose_pct=sourced_number(section, "leader_bonus_if_staff_first_dose_pct", 0, 100),
    )
    for key in ("test_week_penalties", "required_proofs"):
        sourced(section, key)
    for key in ("leader_test", "outsider_legacy", "outsider"):
        _keep(section, key)
    section.close()
    return read


def _read_status(section: Section) -> StatusPolicy:
    status = StatusPolicy(
        gross_violation_days=sourced_whole(section, "gross_violation_days", 1),
        high_score_days=sourced_whole(section, "high_score_days", 1),
        mend_days=sourced_whole(section, "mend_days", 1),
        reinstated_days=sourced_whole(section, "reinstated_days", 1),
        evidence_days=sourced_whole(section, "evidence_days", 1),
        self_declaration_days=sourced_whole(section, "self_declaration_days", 1),
    )
    sourced(section, "falls_back")
    section.close()
    return status


def _read_severity(section: Section) -> tuple[ScoreBand, ...]:
    _keep(section, "weights")
    bands = [_read_band(name, band) for name, band in section.section("bands").each()]
    section.close()
    for (band, entry), (following, place) in pairwise(bands):
        if band.below is None or band.below <= band.from_score:
            section.findings.add("policy-band-without-end", entry.entry, name=band.name)
        elif band.below != following.from_score:
            code = "policy-bands-overlap" if band.below > following.from_score else "policy-bands-gap"
            section.findings.add(code, place.entry, below=band.below, start=following.from_score)
    return tuple(band for band, _ in bands)


def _read_band(name: str, section: Section) -> tuple[ScoreBand, Section]:
    below = section.find("below")
    band = ScoreBand(
        name=name,
        from_score=number_of(section.get("from"), section.findings),
        below=None if below is None else number_of(below, section.findings),
    )
    _end(section)
    return band, section


def _keep(section: Section, key: str) -> None:
    entry = section.get(key)
    if entry is not None:
        check_entry(entry, frozenset(), section.findings)


def _read_kept(root: Section, categories: frozenset[str]) -> MappingProxyType[str, Any]:
    kept = {key: root.get(key) for key in KEPT}
    for entry in kept.values():
        if entry is not None:
            check_kept(entry, categories, root.findings)
    kept |= {also: root.members.get(also) for also in ("participation", "severity")}
    return MappingProxyType({key: plain(entry) for key, entry in kept.items() if entry is not None})


def _end(section: Section) -> None:
    section.source()
    section.note()
    section.close()
