"""Name the venues of a registry whose capacity cannot be true: nobody fits, or the floor cannot hold them.

Does not refuse them: such a venue is registered, its capacity counts as unknown, and its crowding is never a level.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.faults import Fault
from rules.capacity import Capacity, capacity_of
from store.records import VenueDraft

MOST_IN_A_NOTE = 20


def impossible_capacities(drafts: Sequence[VenueDraft], least_m2_per_person: float) -> list[Fault]:
    """Return a note for each kind of impossible capacity, naming its venues; the policy says how little floor is."""
    by_kind: dict[str, list[str]] = {}
    for draft in drafts:
        kind = _capacity(draft, least_m2_per_person).impossible
        if kind is not None:
            by_kind.setdefault(kind, []).append(draft.source_id)
    return [
        Fault(f"venues-note-{kind}", params={"count": len(ids), "ids": ", ".join(ids[:MOST_IN_A_NOTE])})
        for kind, ids in sorted(by_kind.items())
    ]


def _capacity(draft: VenueDraft, least_m2_per_person: float) -> Capacity:
    return capacity_of(draft.licensed_capacity, draft.seats, draft.area_m2, least_m2_per_person)
