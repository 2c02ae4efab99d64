"""Read the section `estimation` of a policy: method, errors, history, holidays."""

from __future__ import annotations

from datetime import date

from rules.estimation_policy import METHODS, EstimationPolicy, Holidays, Method
from rules.policy_scalars import sourced, sourced_number, sourced_whole
from rules.policy_tree import Entry, Findings, Section, text_of

A_LEAP_YEAR = 2020
REGION_AREAS_LEAST = 50


def read_estimation(section: Section) -> EstimationPolicy:
    """Return the section."""
    weeks = sourced_whole(section, "history_weeks", 1)
    estimation = EstimationPolicy(
        method=_method(sourced(section, "method"), section.findings),
        spread_relative_error=sourced_number(section, "spread_relative_error"),
        share_relative_error=sourced_number(section, "share_relative_error"),
        interval_z=sourced_number(section, "interval_z"),
        history_weeks=weeks,
        history_weeks_min=sourced_whole(section, "history_weeks_min", 1, max(weeks, 1)),
        coarse_error_per_root_hour=sourced_number(section, "coarse_error_per_root_hour"),
        coarse_error_max=sourced_number(section, "coarse_error_max"),
        region_areas_max=sourced_whole(section, "region_areas_max", REGION_AREAS_LEAST),
        believed_within=sourced_number(section, "believed_within"),
        holidays=Holidays(
            frozenset((one.month, one.day) for one in _dates(section, "holidays_yearly", f"{A_LEAP_YEAR}-")),
            frozenset(_dates(section, "holidays_dated", "")),
        ),
    )
    section.close()
    return estimation


def _method(entry: Entry | None, findings: Findings) -> Method:
    text = text_of(entry, findings)
    for method in METHODS:
        if text == method:
            return method
    if entry is not None and text:
        findings.add("policy-unknown-method", entry, method=text, known=", ".join(METHODS))
    return METHODS[0]


def _dates(section: Section, key: str, before: str) -> list[date]:
    """Return the dates of a sourced list; `before` completes dates that have no year."""
    entry = sourced(section, key)
    if entry is None:
        return []
    if not isinstance(entry.value, list):
        section.findings.add("policy-not-a-list", entry)
        return []
    found = [_date(one, before, section.findings) for one in entry.value]
    return [one for one in found if one is not None]


def _date(entry: Entry, before: str, findings: Findings) -> date | None:
    text = text_of(entry, findings)
    try:
        return date.fromisoformat(before + text) if text else None
    except ValueError:
        findings.add("policy-not-a-date", entry, value=text, example=f"{A_LEAP_YEAR}-12-31".removeprefix(before))
        return None
