"""The policy in force and small values, so that a test shows only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from rules.policy import Policy, parse_policy

POLICY_FILE = Path(__file__).parents[2] / "config" / "policies" / "2020-12-01-kz.yaml"


@cache
def policy_text() -> str:
    return POLICY_FILE.read_text(encoding="utf-8")


@cache
def draft_policy() -> Policy:
    return parse_policy(policy_text(), POLICY_FILE.name)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
