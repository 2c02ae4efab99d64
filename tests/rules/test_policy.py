from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import NoPolicyInForce, PolicyFault, PolicyRefused
from rules.policy import ZONES, parse_policy, policy_at
from tests.rules.builders import draft_policy, policy_text, utc


def faults_of(text: str) -> list[PolicyFault]:
    with pytest.raises(PolicyRefused) as refusal:
        parse_policy(text, "changed.yaml")
    return list(refusal.value.faults)


def changed(before: str, after: str) -> str:
    assert policy_text().count(before) == 1, before
    return policy_text().replace(before, after)


def line_of(part: str, text: str | None = None) -> int:
    return next(n for n, line in enumerate((text or policy_text()).splitlines(), start=1) if part in line)


def test_the_draft_policy_has_no_fault_and_is_in_force_from_december_2020() -> None:
    policy = draft_policy()
    assert policy.effective_from == utc("2020-12-01T00:00+06:00")
    assert policy.counts.k_min == 20
    assert policy.crowding.level_edges == (0.25, 0.5, 0.8)
    assert len(policy.categories) == 31
    assert policy.hours.closing["non_member"]["dark_red"] is None
    assert policy.hours.closing["leader"]["green"] == time(5)
    assert policy.categories["bath_sauna_pool"].closed_days == {"red": (6,)}
    assert policy.categories["airport_station"].crowd_flag is False
    assert policy.categories["computer_club"].min_age == 16


def test_every_region_has_a_time_zone_and_the_western_ones_their_own() -> None:
    policy = draft_policy()
    noon = utc("2021-06-01T12:00+00:00")
    offsets = {
        region: noon.astimezone(ZoneInfo(policy.timezone_of(region))).hour - 12 for region in ("ALA", "ZKO", "??")
    }
    assert offsets == {"ALA": 6, "ZKO": 5, "??": 6}


def test_every_kind_has_names_in_three_languages() -> None:
    for category in draft_policy().categories.values():
        assert set(category.names) == {"en", "ru", "kk"}
        assert all(category.names.values())


def test_every_kind_has_a_cap_for_every_announced_zone() -> None:
    for category in draft_policy().categories.values():
        for caps in category.modes.values():
            assert set(caps) >= set(ZONES) - {"dark_red"}


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "low"),
        (30, "low"),
        (30.5, "low"),
        (31, "medium"),
        (70.5, "medium"),
        (70.999, "medium"),
        (71, "high"),
        (100, "high"),
    ],
)
def test_score_bands_are_half_open_so_that_half_points_fall_into_one(score: float, band: str) -> None:
    assert draft_policy().score_band(score) == band


def test_a_score_below_every_band_is_an_error() -> None:
    with pytest.raises(ValueError, match="below every band"):
        draft_policy().score_band(-1)


CHANGES = [
    (
        "  grace_minutes: {value: 10, source: ours}",
        "  grace_minutes: {value: 10}",
        "policy-missing-source",
        "hours.grace_minutes",
    ),
    (
        "  group_resolution: {value: 9, source: ours}",
        "  group_resolution: {value: 9, source: K999}",
        "policy-unknown-source",
        "map.group_resolution.source",
    ),
    ("  marathon:\n    caps", "  maraton:\n    caps", "policy-unknown-category", "categories.maraton"),
    ("  marathon:\n    caps", "  maraton:\n    caps", "policy-category-without-rule", "kinds.marathon"),
    ("only: [computer_club]", "only: [computer_klub]", "policy-unknown-category", "requirements.age16.only[0]"),
    (
        "yellow: {persons_max: 500}",
        "yellow: {persons_max: -500}",
        "policy-negative-number",
        "categories.marathon.caps.yellow.persons_max",
    ),
    (
        "yellow: {persons_max: 500}",
        "yellow: {persons_max: 2.5}",
        "policy-not-a-whole-number",
        "categories.marathon.caps.yellow.persons_max",
    ),
    (
        "yellow: {persons_max: 500}",
        "yellow: {persons_mx: 500}",
        "policy-unknown-entry",
        "categories.marathon.caps.yellow.persons_mx",
    ),
    ("yellow: {persons_max: 500}", "amber: {persons_max: 500}", "policy-missing-entry", "categories.marathon.caps"),
    ("{value: [0.25, 0.5, 0.8]", "{value: [0.25, 0.8, 0.5]", "policy-edges-unordered", "crowding.level_edges.value[2]"),
    (
        "{value: [0.25, 0.5, 0.8]",
        "{value: [0.25, 0.25, 0.8]",
        "policy-edges-unordered",
        "crowding.level_edges.value[1]",
    ),
    ("{value: [0.25, 0.5, 0.8]", "{value: [0.25, 0.8]", "policy-edges-count", "crowding.level_edges.value"),
    ("{from: 0, below: 31,", "{from: 0, below: 35,", "policy-bands-overlap", "severity.bands.medium"),
    ("{from: 0, below: 31,", "{from: 0, below: 30,", "policy-bands-gap", "severity.bands.medium"),
    ("{from: 0, below: 31,", "{from: 0,", "policy-band-without-end", "severity.bands.low"),
    ("k_min: {value: 20,", "k_min: {value: 14,", "policy-out-of-range", "counts.k_min.value"),
    ("k_min: {value: 20,", "k_min: {value: twenty,", "policy-not-a-number", "counts.k_min.value"),
    ("base_bin_minutes: {value: 15,", "base_bin_minutes: {value: 7,", "policy-bin-does-not-fill-a-day", "counts"),
    ('"2020-12-01T00:00:00+06:00"', '"2020-12-01T00:00:00"', "policy-not-a-moment", "policy.effective_from"),
    ("  timezone: Asia/Almaty", "  timezone: Asia/Almata", "policy-unknown-timezone", "policy.timezone"),
    (
        '"22:00": 0.8, source: ours, note',
        "evening: 0.8, source: ours, note",
        "policy-not-a-time",
        "crowding.prior.share_of_hour.evening",
    ),
    ("      hotel: {", "      hotell: {", "policy-unknown-category", "crowding.prior.share_of_hour_of_kind.hotell"),
    ('opening: {value: "07:00"', 'opening: {value: "7 am"', "policy-not-a-time", "hours.opening.value"),
    ("{zone: dark_red, when", "{zone: purple, when", "policy-unknown-zone", "zones.rules[0]"),
    (
        "{bed_occupancy_pct: {above: 70}",
        "{bed_occupancy_pct: {over: 70}",
        "policy-unknown-entry",
        "zones.rules[0].when.bed_occupancy_pct.over",
    ),
    (
        "closed_days: {red: [sunday]}",
        "closed_days: {red: [funday]}",
        "policy-unknown-day",
        "categories.bath_sauna_pool.closed_days.red[0]",
    ),
    ("default_mode: memorial", "default_mode: wedding", "policy-unknown-mode", "categories.banquet_hall.default_mode"),
    (
        "  floor_expected_gap_days: {value: 60, source: ours}",
        "  floor_expected_gap_days: {value: -60, source: ours}",
        "policy-negative-number",
        "risk_weight.floor_expected_gap_days.value",
    ),
    ("  cap: {value: 4.0, source: ours}", "  cap: 4.0", "policy-missing-source", "risk_weight.cap"),
    (
        "crosses_midnight_belongs_to: {value: previous_day",
        "crosses_midnight_belongs_to: {value: next_day",
        "policy-not-the-previous-day",
        "hours.crosses_midnight_belongs_to.value",
    ),
    ("  window_days: {value: 7, source: K52}\n", "", "policy-missing-entry", "zones"),
]


@pytest.mark.parametrize(("before", "after", "code", "path"), CHANGES)
def test_every_fault_is_named_with_its_path_and_line(before: str, after: str, code: str, path: str) -> None:
    text = changed(before, after)
    found = [(fault.code, fault.column) for fault in faults_of(text)]
    assert (code, path) in found
    fault = next(one for one in faults_of(text) if (one.code, one.column) == (code, path))
    first_word = after.strip().split("\n")[0] if after.strip() else "zones:"
    if code not in ("policy-category-without-rule", "policy-missing-entry", "policy-bands-overlap", "policy-bands-gap",
                    "policy-bin-does-not-fill-a-day"):  # fmt: skip
        assert fault.line in (line_of(first_word, text), line_of(first_word, text) + 1)


def test_all_faults_are_listed_in_the_order_of_the_file() -> None:
    text = changed("k_min: {value: 20,", "k_min: {value: -20,")
    text = text.replace("grace_minutes: {value: 10, source: ours}", "grace_minutes: {value: 10}")
    text = text.replace(
        "  - {when: visit without passport reported, level: prosecutor, source: ours}", "  - {when: x, level: y}"
    )
    faults = faults_of(text)
    assert [fault.code for fault in faults] == [
        "policy-negative-number",
        "policy-missing-source",
        "policy-missing-source",
    ]
    assert [fault.line for fault in faults] == [
        line_of("k_min: {value"), line_of("grace_minutes"), line_of("visit without passport"),
    ]  # fmt: skip
    assert faults[2].column == "selectivity_alarms[3]"


def test_an_entry_that_stands_twice_is_a_fault() -> None:
    text = changed(
        "  grace_minutes: {value: 10, source: ours}",
        "  grace_minutes: {value: 10, source: ours}\n  grace_minutes: {value: 99, source: ours}",
    )
    (fault,) = faults_of(text)
    assert (fault.code, fault.params["first_line"]) == ("policy-duplicate-key", line_of("grace_minutes"))
    assert fault.line == line_of("grace_minutes") + 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "policy-not-a-mapping"),
        ("- a\n- b", "policy-not-a-mapping"),
        ("policy: [1, 2", "policy-not-yaml"),
        ("a: &x {b: 1}\nc: *x", "policy-alias"),
        ("[" * 5000, "policy-not-yaml"),
        ("a: b: c", "policy-not-yaml"),
        ("\x00", "policy-not-yaml"),
    ],
)
def test_what_is_no_policy_is_refused_with_a_code(text: str, code: str) -> None:
    assert faults_of(text)[0].code == code


def test_an_empty_mapping_lacks_every_section() -> None:
    missing = {fault.params.get("name") for fault in faults_of("{}")}
    assert {"policy", "counts", "map", "crowding", "zones", "categories", "hours", "status", "draw"} <= missing


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_entry_of_the_policy_cannot_lose_its_source_unnoticed(data: st.DataObject) -> None:
    lines = policy_text().splitlines()
    sourced = [n for n, line in enumerate(lines) if "source: " in line and not line.lstrip().startswith("#")]
    at = data.draw(st.sampled_from(sourced))
    lines[at] = lines[at].replace("source: ", "sauce: ", 1)
    codes = {fault.code for fault in faults_of("\n".join(lines))}
    assert "policy-missing-source" in codes


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(data: st.DataObject) -> None:
    lines = policy_text().splitlines()
    del lines[data.draw(st.integers(0, len(lines) - 1))]
    with contextlib.suppress(PolicyRefused):
        parse_policy("\n".join(lines), "damaged.yaml")


def test_the_policy_in_force_is_the_latest_that_has_begun() -> None:
    first = draft_policy()
    second = replace(first, version="second", effective_from=utc("2021-06-01T00:00+06:00"))
    assert policy_at([second, first], utc("2021-05-31T23:59+06:00")).version == first.version
    assert policy_at([second, first], utc("2021-06-01T00:00+06:00")).version == "second"
    with pytest.raises(NoPolicyInForce) as refusal:
        policy_at([first], utc("2020-11-30T23:59+06:00"))
    assert refusal.value.code == "policy-none-in-force"


def test_the_kept_sections_are_plain_data_with_their_numbers() -> None:
    kept = draft_policy().kept
    assert kept["draw"]["arms"]["random"] == 0.3
    assert kept["evidence"]["D"]["may_set"] == ["attention_flag"]
    assert kept["participation"]["test_week_penalties"] == {"value": False, "source": "ours"}
    assert yaml.safe_load(policy_text())["requirements"] == kept["requirements"]


def test_the_section_of_estimates_knows_methods_weeks_and_holidays() -> None:
    estimation = draft_policy().estimation
    assert (estimation.method, estimation.history_weeks, estimation.history_weeks_min) == ("joint", 4, 3)
    holidays = estimation.holidays
    days = [date(2026, 3, 22), date(2031, 12, 16), date(2026, 5, 27), date(2025, 5, 27), date(2026, 11, 20)]
    assert [holidays.holds(day) for day in days] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("method: {value: joint", "method: {value: magic", "policy-unknown-method"),
        ('"2020-12-01", "2020-12-17"', '"2020-12-01", "2020-13-17"', "policy-not-a-date"),
        ('["01-01", "01-02"', '["01-01", "02-30"', "policy-not-a-date"),
        ("history_weeks_min: {value: 3", "history_weeks_min: {value: 5", "policy-out-of-range"),
    ],
)
def test_a_wrong_method_date_or_number_of_weeks_is_named(before: str, after: str, code: str) -> None:
    text = changed(before, after)
    assert [(fault.code, fault.line) for fault in faults_of(text)] == [(code, line_of(after, text))]
