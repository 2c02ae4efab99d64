"""What fits into the venues of a registry, and which capacities cannot be true: nobody fits, or no walls hold them.

Does not refuse them: such a venue is registered, its capacity counts as unknown, and its crowding is never a level.
"""

from __future__ import annotations

from collections.abc import Sequence

from geo.crowding import outline_m2
from ingest.faults import Fault
from rules.capacity import Bounds, Capacity, Room, capacity_of
from rules.policy import Policy
from store.records import VenueDraft

MOST_IN_A_NOTE = 20


def capacities_of(drafts: Sequence[VenueDraft], policy: Policy) -> list[Capacity]:
    """Return what fits into each venue, against its floor and the ground that its outline covers."""
    crowding = policy.crowding
    bounds = Bounds(crowding.least_m2_per_person, crowding.outline_floors, policy.calibration.people_max)
    outlines = [one.outline_wkb for one in drafts if one.outline_wkb is not None]
    grounds = iter(outline_m2(outlines).tolist())
    rooms = [Room(one.area_m2, None if one.outline_wkb is None else next(grounds) or None) for one in drafts]
    return [
        capacity_of(one.licensed_capacity, one.seats, room, bounds) for one, room in zip(drafts, rooms, strict=True)
    ]


def impossible_capacities(drafts: Sequence[VenueDraft], policy: Policy) -> list[Fault]:
    """Return a note for each kind of impossible capacity, naming its venues."""
    by_kind: dict[str, list[str]] = {}
    for draft, found in zip(drafts, capacities_of(drafts, policy), strict=True):
        if found.impossible is not None:
            by_kind.setdefault(found.impossible, []).append(draft.source_id)
    return [
        Fault(f"venues-note-{kind}", params={"count": len(ids), "ids": ", ".join(ids[:MOST_IN_A_NOTE])})
        for kind, ids in sorted(by_kind.items())
    ]
