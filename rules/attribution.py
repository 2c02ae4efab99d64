"""Say whose a crowd is: of the venue, or of the area around it (flats, streets, other places).

Promises: a probability, or "cannot tell". "The venue" is said only where its own averaging kernel is good enough, so
that a crowd beside a small place never becomes its own (estimation.md section 4), and where no other venue may have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal

from rules.crowding import VenueFigures
from rules.crowding_policy import CrowdingPolicy

Whose = Literal["venue", "area", "cannot-tell"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where most of the people are who are in the venue's hexagons; `probability` that the venue holds over half."""

    whose: Whose
    probability: float


def attribute(
    own_probability: float,
    figures: VenueFigures,
    policy: CrowdingPolicy,
    *,
    rivals: int = 0,
    unverified_z: float = 0.0,
) -> Attribution | None:
    """Return whose the crowd is; None where nothing was estimated.

    `own_probability` 0..1: that the venue holds more than half of the people of its hexagons, as unsure as its interval
    is wide; `rivals`: other venues that it cannot be told apart from, to which the crowd may as well belong;
    `unverified_z`: how unusual the number of people around is, where no head count has shown that such are told
    rightly: a gathering that nobody registered looks like a full venue.
    """
    if figures.state != "estimated" or isnan(own_probability):
        return None
    seen = figures.reach >= policy.reach_min
    doubtful = rivals > 0 or unverified_z >= policy.unverified_surplus_z
    resolved = seen and not doubtful and figures.kernel >= policy.resolvable_kernel
    own = resolved and own_probability >= policy.attribution_probability
    around = seen and 1.0 - own_probability >= policy.attribution_probability
    return Attribution("venue" if own else "area" if around else "cannot-tell", own_probability)
