"""Compute a venue's status: one decision table over facts, policy and now (contract E); first match wins.

Promises: the status names its rule, the policy version and what it was computed from, says what would lead to the next
better colour, and can be recomputed for any moment. Crowding is not among the facts, so it can never colour a venue.
Does not: decide from evidence yet. The rows S1 to S5, S9 and S10 need inspections, decisions and declarations, which
no fact here holds; they take their places in `TABLE` with the facts they read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from rules.policy import Policy
from rules.words import Words

Colour = Literal["green", "yellow", "red", "grey"]
PARTICIPATIONS = ("applied", "test_week", "member", "leader", "suspended", "left", "not_participating")
_OUTSIDE = ("applied", "left", "not_participating")
_TAKING_PART = ("member", "leader")


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What is known of a venue. `participation_since`: local date, None when unknown; `timezone`: IANA name."""

    participation: str
    participation_since: date | None
    timezone: str


@dataclass(frozen=True, slots=True)
class VenueStatus:
    """A computed status. `word` and `reason` are codes of the catalogue; `inputs` as texts, for the record.

    `valid_until` is aware UTC; None where only new facts end it.
    """

    colour: Colour
    word: str
    rule: str
    reason: Words
    policy_version: str
    evidence: tuple[str, ...]
    inputs: Mapping[str, str]
    what_would_change: tuple[Words, ...]
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class _Case:
    """Facts as of `now`: what participation meant then, and how long its test week runs."""

    participation: str
    test_week_ends_at: datetime | None
    policy: Policy
    now: datetime

    @property
    def in_test_week(self) -> bool:
        return self.participation == "test_week" and self.test_week_ends_at is not None and not self.test_week_over

    @property
    def test_week_over(self) -> bool:
        return self.test_week_ends_at is not None and self.now >= self.test_week_ends_at


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table. `reason` and `changes` read the case, because their words depend on it."""

    rule: str
    colour: Colour
    word: str
    when: Callable[[_Case], bool]
    reason: Callable[[_Case], Words]
    changes: Callable[[_Case], tuple[Words, ...]]
    valid_until: Callable[[_Case], datetime | None] = field(default=lambda _: None)


def assess(facts: StatusFacts, policy: Policy, now: datetime) -> VenueStatus:
    """Return the status of a venue at an aware moment: the first row of contract E that holds."""
    case = _Case(_participation_at(facts, now), _test_week_ends_at(facts, policy), policy, now)
    row = next(row for row in TABLE if row.when(case))
    return VenueStatus(
        colour=row.colour,
        word=f"status-word-{row.word}",
        rule=row.rule,
        reason=row.reason(case),
        policy_version=policy.version,
        evidence=(),
        inputs=_inputs(facts),
        what_would_change=row.changes(case),
        valid_until=row.valid_until(case),
    )


def _is_outside(case: _Case) -> bool:
    return case.participation in _OUTSIDE


def _has_no_evidence(case: _Case) -> bool:
    # Nobody has evidence before inspections and declarations are recorded. A suspension without a decision on record
    # is no lack of evidence but a contradiction, and falls through to S11.
    return case.participation in _TAKING_PART or (case.participation == "test_week" and case.test_week_over)


def _why_outside(case: _Case) -> Words:
    return Words(f"status-reason-{case.participation.replace('_', '-')}")


def _how_to_join(case: _Case) -> tuple[Words, ...]:
    days = {"days": case.policy.participation.test_week_days}
    return (
        Words("status-change-application-accepted" if case.participation == "applied" else "status-change-join", days),
    )


def _how_to_be_known(case: _Case) -> tuple[Words, ...]:
    status = case.policy.status
    return (
        Words("status-change-self-declaration", {"days": status.self_declaration_days}),
        Words("status-change-inspection", {"days": status.evidence_days}),
    )


def _why_test_week(case: _Case) -> Words:
    return Words("status-reason-test-week", {"days": case.policy.participation.test_week_days})


def _why_unknown(case: _Case) -> Words:
    status = case.policy.status
    params = {"evidence_days": status.evidence_days, "declaration_days": status.self_declaration_days}
    return Words("status-reason-no-evidence", params)


def _why_undetermined(case: _Case) -> Words:
    contradictions = {
        "suspended": "status-reason-suspended-without-decision",
        "test_week": "status-reason-test-week-without-date",
    }
    return Words(contradictions.get(case.participation, "status-reason-undetermined"))


TABLE: tuple[_Row, ...] = (
    _Row("S6", "grey", "not-participating", _is_outside, _why_outside, _how_to_join),
    _Row(
        "S7",
        "grey",
        "test-week",
        lambda case: case.in_test_week,
        _why_test_week,
        _how_to_be_known,
        lambda case: case.test_week_ends_at,
    ),
    _Row("S8", "grey", "not-known", _has_no_evidence, _why_unknown, _how_to_be_known),
    _Row(
        "S11",
        "grey",
        "undetermined",
        lambda _: True,
        _why_undetermined,
        lambda _: (Words("status-change-headquarters"),),
    ),
)


def _participation_at(facts: StatusFacts, now: datetime) -> str:
    """Return what participation meant at `now`: before its first day, only the start of joining tells what was."""
    today = now.astimezone(ZoneInfo(facts.timezone)).date()
    if facts.participation_since is None or facts.participation_since <= today:
        return facts.participation
    return "not_participating" if facts.participation in (*_OUTSIDE[:1], "test_week") else "unknown"


def _test_week_ends_at(facts: StatusFacts, policy: Policy) -> datetime | None:
    if facts.participation_since is None:
        return None
    last = facts.participation_since + timedelta(days=policy.participation.test_week_days)
    return datetime.combine(last, time(), ZoneInfo(facts.timezone)).astimezone(UTC)


def _inputs(facts: StatusFacts) -> Mapping[str, str]:
    since = facts.participation_since
    return {
        "participation": facts.participation,
        "participation_since": since.isoformat() if since else "",
        "timezone": facts.timezone,
    }
