"""Which venues are open at a moment by their own hours: a fact of the clock and the registry that needs no counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from rules.errors import HoursNotUnderstood
from rules.hours import OpeningHours, is_open, parse_hours
from rules.policy import Policy
from store.records import Venue


def open_venues(venues: Sequence[Venue], policy: Policy, moment: datetime) -> dict[str, bool]:
    """Return by venue id whether it is open at `moment`; venues whose hours are not known are not there."""
    drafts = {one.id: one.draft for one in venues}
    kinds = {(one.opening_hours, one.region) for one in drafts.values()}
    known = {kind: is_open_by_hours(*kind, policy, moment) for kind in kinds}
    found = {venue_id: known[one.opening_hours, one.region] for venue_id, one in drafts.items()}
    return {venue_id: one for venue_id, one in found.items() if one is not None}


def is_open_by_hours(hours: str | None, region: str | None, policy: Policy, moment: datetime) -> bool | None:
    """Tell whether hours hold `moment`; None where there are none or they are not understood."""
    parsed = _parsed(hours) if hours else None
    return None if parsed is None else is_open(parsed, moment, policy.timezone_of(region))


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> OpeningHours | None:
    try:
        return parse_hours(text)
    except HoursNotUnderstood:
        return None
