"""Say how many people a venue can hold at all, from what a registry says, and which of its numbers cannot be true.

Promises: a number is taken or named as impossible, never mended. 0 places and places that the floor cannot hold are
impossible; a negative one is refused where registries are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Impossible = Literal["capacity-zero", "seats-zero", "floor-zero", "capacity-beyond-floor", "seats-beyond-floor"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """People that fit; None where the registry does not say. `impossible` names a number that cannot be true."""

    persons: int | None
    impossible: Impossible | None = None


def capacity_of(
    licensed_capacity: int | None, seats: int | None, area_m2: float | None, least_m2_per_person: float
) -> Capacity:
    """Return the capacity: of the licence, else the seats. An impossible number is no capacity."""
    fault = _impossible(licensed_capacity, seats, area_m2, least_m2_per_person)
    named = [one for one in (licensed_capacity, seats) if one is not None and one > 0]
    return Capacity(named[0] if named and fault is None else None, fault)


def _impossible(
    licensed_capacity: int | None, seats: int | None, area_m2: float | None, least_m2_per_person: float
) -> Impossible | None:
    table: tuple[tuple[bool, Impossible], ...] = (
        (licensed_capacity is not None and licensed_capacity <= 0, "capacity-zero"),
        (seats is not None and seats <= 0 and not licensed_capacity, "seats-zero"),
        (area_m2 is not None and area_m2 <= 0, "floor-zero"),
        (_beyond(licensed_capacity, area_m2, least_m2_per_person), "capacity-beyond-floor"),
        (_beyond(seats, area_m2, least_m2_per_person), "seats-beyond-floor"),
    )
    return next((name for applies, name in table if applies), None)


def _beyond(places: int | None, area_m2: float | None, least_m2_per_person: float) -> bool:
    return places is not None and area_m2 is not None and area_m2 < places * least_m2_per_person
