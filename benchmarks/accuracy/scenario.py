"""What every world hands to every method: registered carriers, their counts, and the truth to compare with.

A world never tells a method more than a carrier and a registry would: coverage as recorded, claimed shares, counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.coverage import Coverage
from geo.hexagons import Floats, HexIds
from store.records import VenueDraft

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

K_MIN = 20


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """A carrier as it is registered. `kind`: sectors, squares or geohashes; `counts_people`: it delivers people."""

    code: str
    share: float
    coverage: Coverage
    kind: str
    counts_people: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """One carrier's counts of a bin: (A,), NaN where suppressed or missing; `suppressed` (A,)."""

    counts: Floats
    suppressed: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One base bin: counts by carrier (None: not delivered) and the truth, people (H,) and venue people (V,).

    `events` are the venues with a planted crowd; `gatherings` the hexagons with one that nobody registered.
    `share_bound` (H,): what one would say who knew every phone's place, but the shares only as claimed.
    """

    label: str
    start: datetime
    counted: tuple[Counted | None, ...]
    people: Floats
    venue_people: Floats
    events: Ints
    gatherings: Ints
    share_bound: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One world, one network, one seed. `hexagons` (H,) sorted: where people can be; `boundary`: their outline.

    `past`: for each moment the same quarter-hour of the weeks before, newest first; () without a history.
    `to_the_end`: the slow iteration is run until it stands still, too. `unhidden`: the same counts, none hidden.
    """

    world: str
    name: str
    seed: int
    registrations: tuple[Registration, ...]
    hexagons: HexIds
    boundary: Any
    venues: tuple[VenueDraft, ...]
    capacity: Floats
    moments: tuple[Moment, ...]
    past: tuple[tuple[Moment, ...], ...]
    to_the_end: bool = False
    unhidden: Scenario | None = None

    @property
    def title(self) -> str:
        """Name the scenario in one line."""
        return f"{self.world} / {self.name} / seed {self.seed}"


def hidden_below(drawn: Floats, k_min: int) -> Counted:
    """Hide what the contract hides: 1..k-1 is suppressed, 0 is delivered; below 1 there is nothing to hide."""
    suppressed = (drawn > 0) & (drawn < k_min)
    return Counted(np.where(suppressed, np.nan, drawn.astype(np.float64)), suppressed)


def sorted_like(coverage: Coverage, ids: tuple[str, ...]) -> Ints:
    """Give for each area of a coverage (sorted by id) its position among the world's own ids."""
    position = {one: number for number, one in enumerate(ids)}
    return np.array([position[one] for one in coverage.source_area_ids], dtype=np.int64)
