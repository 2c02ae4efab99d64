"""Crowds planted on top of a world's own: venues in four states of occupancy, events, gatherings nobody registered."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.scenario import Ints
from geo.hexagons import Floats

STATES = ((0.05, 0.25), (0.25, 0.50), (0.50, 0.80), (0.80, 1.00))
SMALLEST_PLANTED = 200
PLANTED = 100
PLANTED_IN_THE_PAST = 10
EVENTS = 12
SMALLEST_EVENT = 1500
GATHERINGS = 8


def plant_states(rng: np.random.Generator, people: Floats, capacity: Floats, open_now: np.ndarray, many: int) -> Floats:
    """Give `many` open venues of 200 places or more a state of occupancy, each of the four equally often."""
    chosen = _drawn(rng, np.flatnonzero(open_now & (capacity >= SMALLEST_PLANTED)), many)
    bounds = np.array(STATES)[rng.permutation(np.arange(len(chosen)) % len(STATES))]
    planted = people.copy()
    planted[chosen] = np.round(capacity[chosen] * rng.uniform(bounds[:, 0], bounds[:, 1]))
    return planted


def plant_events(rng: np.random.Generator, people: Floats, capacity: Floats, many: int = EVENTS) -> tuple[Floats, Ints]:
    """Fill some of the great venues to 85-100 %; return the people and which venues."""
    chosen = _drawn(rng, np.flatnonzero(capacity >= SMALLEST_EVENT), many)
    planted = people.copy()
    planted[chosen] = np.round(capacity[chosen] * rng.uniform(0.85, 1.0, len(chosen)))
    return planted, chosen


def draw_gatherings(rng: np.random.Generator, allowed: np.ndarray) -> tuple[Ints, Floats]:
    """Draw hexagons (of those allowed) and people for gatherings away from every registered venue."""
    chosen = _drawn(rng, np.flatnonzero(allowed), GATHERINGS)
    people = np.clip(rng.lognormal(np.log(900.0), 0.5, len(chosen)), 300, 4000)
    return chosen, np.round(people).astype(float)


def _drawn(rng: np.random.Generator, candidates: Ints, many: int) -> Ints:
    return np.sort(rng.choice(candidates, min(many, len(candidates)), replace=False)).astype(np.int64)
