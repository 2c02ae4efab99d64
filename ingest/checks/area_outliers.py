"""Single source areas far above their usual hour of the week, by more people than a gathering, seen by nobody else.

The rule and why it is this one: docs/adr/0012. A drop is never an outlier here: its deviation is floored at half of
the median, and a sector that is off air says so by a zero.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ingest.checks.past import Floats, Past
from ingest.checks.seen import Seen
from ingest.checks.weeks import Usual
from store.records import Carrier

PEOPLE_KINDS = ("device_count", "people")
HIDDEN_ELSEWHERE = 0.0  # a suppressed count of another carrier confirms nothing


def outlying(seen: Seen) -> NDArray[np.bool_]:
    """Return which areas (C,), by code, should wait for a person."""
    delivery = seen.subject.past.policy.delivery
    usual = seen.usual
    with np.errstate(invalid="ignore"):
        excess = seen.values - usual.median
        far = np.abs(excess) > delivery.hold_sigma * usual.deviation(delivery.hold_area_floor)
        crowd = _people(seen, excess) > delivery.hold_gathering_people
    found: NDArray[np.bool_] = far & crowd & (usual.weeks >= delivery.hold_min_weeks)
    for code in np.flatnonzero(found):
        found[code] = not _seen_by_others(seen, int(code), float(_people(seen, excess)[code]))
    return found


def _people(seen: Seen, excess: Floats) -> Floats:
    """Return how many people an excess stands for; a density's is taken per km2, an activity's is nobody."""
    kind = seen.subject.reading.kind
    if kind == "activity":
        return np.zeros(excess.shape)
    return excess / seen.subject.past.carrier.share if kind == "device_count" else excess


def _seen_by_others(seen: Seen, code: int, people: float) -> bool:
    """Tell whether another carrier has a rise of at least half as many people at the same place and hour."""
    past = seen.subject.past
    here = past.places(past.carrier.id, seen.one.start)
    area = seen.subject.at(code)
    if here is None or area not in here[0]:
        return False
    row = here[0].index(area)
    centre, radius = here[1].centres[row], float(here[1].radius_m[row])
    wanted = past.policy.delivery.hold_area_floor * people
    return any(_rise(past, one, seen, centre, radius) >= wanted for one in past.others)


def _rise(past: Past, other: Carrier, seen: Seen, centre: Floats, radius_m: float) -> float:
    """Return the people by which another carrier's areas around a place stand above their usual hour."""
    codes = _codes_near(past, other, seen.one.start, centre, radius_m)
    counts = {kind: past.held_in(other.id, seen.span, kind, None, hidden=HIDDEN_ELSEWHERE) for kind in PEOPLE_KINDS}
    kind, now = next(((kind, one) for kind, one in counts.items() if one is not None), ("", None))
    if now is None or not len(codes):
        return 0.0
    weeks = past.weeks(other.id, seen.span, kind, seen.one.precision, hidden=HIDDEN_ELSEWHERE)
    usual = Usual.of(weeks[:, codes])
    delivery = past.policy.delivery
    with np.errstate(invalid="ignore"):
        excess = now[codes] - usual.median
        clear = (excess > delivery.drift_sigma * usual.deviation(0.0)) & (usual.weeks >= delivery.hold_min_weeks)
    return float(excess[clear].sum()) / (other.share if kind == "device_count" else 1.0)


def _codes_near(past: Past, other: Carrier, moment: datetime, centre: Floats, radius_m: float) -> NDArray[np.int64]:
    found = past.places(other.id, moment)
    if found is None:
        return np.zeros(0, np.int64)
    ids, places = found
    codes = past.codes(other.id)
    near = [codes[ids[row]] for row in places.near(centre, radius_m) if ids[row] in codes]
    return np.array(near, np.int64)
