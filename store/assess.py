"""A venue's status as it stands at a moment: read the facts, ask the rules (contract.md E, G)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.policy import Policy, policy_at
from rules.status import StatusFacts, VenueStatus, assess
from store.records import Venue


def status_of(venue: Venue, policies: Sequence[Policy], moment: datetime) -> VenueStatus:
    """Return the status of a venue at a moment, by the policy in force then."""
    policy = policy_at(policies, moment)
    draft = venue.draft
    facts = StatusFacts(draft.participation, draft.participation_since, policy.timezone_of(draft.region))
    return assess(facts, policy, moment)
