"""Say how many people a venue can hold at all, from what a registry says, and which of its numbers cannot be true.

Promises: a number is taken or named as impossible, never mended. 0 places, places that neither the floor nor the
outline can hold, and more than stand in any venue are impossible; a negative one is refused where registries are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Impossible = Literal[
    "capacity-zero",
    "seats-zero",
    "floor-zero",
    "capacity-beyond-floor",
    "seats-beyond-floor",
    "capacity-beyond-outline",
    "seats-beyond-outline",
    "capacity-beyond-any-venue",
    "seats-beyond-any-venue",
]


@dataclass(frozen=True, slots=True)
class Capacity:
    """People that fit; None where the registry does not say. `impossible` names a number that cannot be true."""

    persons: int | None
    impossible: Impossible | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What a registry says of the size of a venue, in square metres: of its floors, of its outline; None unknown."""

    floor_m2: float | None = None
    outline_m2: float | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is certainly too much: less than `least_m2_per_person` for each, counted on `outline_floors` floors where
    only the outline is known, or more people than `people_most`.
    """

    least_m2_per_person: float
    outline_floors: float
    people_most: int


def capacity_of(licensed_capacity: int | None, seats: int | None, room: Room, bounds: Bounds) -> Capacity:
    """Return the capacity: of the licence, else the seats. An impossible number is no capacity."""
    fault = _impossible(licensed_capacity, seats, room, bounds)
    named = [one for one in (licensed_capacity, seats) if one is not None and one > 0]
    return Capacity(named[0] if named and fault is None else None, fault)


def _impossible(licensed_capacity: int | None, seats: int | None, room: Room, bounds: Bounds) -> Impossible | None:
    least, outline = bounds.least_m2_per_person, room.outline_m2
    floors_m2 = None if outline is None else outline * bounds.outline_floors
    table: tuple[tuple[bool, Impossible], ...] = (
        (licensed_capacity is not None and licensed_capacity <= 0, "capacity-zero"),
        (seats is not None and seats <= 0 and not licensed_capacity, "seats-zero"),
        (room.floor_m2 is not None and room.floor_m2 <= 0, "floor-zero"),
        (_beyond(licensed_capacity, room.floor_m2, least), "capacity-beyond-floor"),
        (_beyond(seats, room.floor_m2, least), "seats-beyond-floor"),
        (_beyond(licensed_capacity, floors_m2, least), "capacity-beyond-outline"),
        (_beyond(seats, floors_m2, least), "seats-beyond-outline"),
        ((licensed_capacity or 0) > bounds.people_most, "capacity-beyond-any-venue"),
        ((seats or 0) > bounds.people_most, "seats-beyond-any-venue"),
    )
    return next((name for applies, name in table if applies), None)


def _beyond(places: int | None, area_m2: float | None, least_m2_per_person: float) -> bool:
    return places is not None and area_m2 is not None and area_m2 < places * least_m2_per_person
