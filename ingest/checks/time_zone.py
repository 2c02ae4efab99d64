"""Is the file in the right hours? Its pattern of areas is laid beside the past, moved by whole hours.

A file whose hours fit the past clearly better when all of them are moved by the same number of hours was probably
written with another offset from UTC than it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ingest.checks.from_reading import said_of
from ingest.checks.outcomes import CheckResult, Hold, Outcome, SliceKey
from ingest.checks.past import HOUR, SHIFT_HOURS, Floats
from ingest.checks.seen import Seen, Subject
from ingest.checks.weeks import distance
from ingest.faults import Fault

SHIFTS = range(-SHIFT_HOURS, SHIFT_HOURS + 1)


@dataclass(frozen=True, slots=True)
class Moved:
    """The best move: `hours`, the distance then over the distance now, and whether it is more than chance."""

    hours: int
    fit: float
    clear: bool


class TimeZone:
    """Keeps one interval for each hour of the day, and every slice's key to hold them all."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._samples: dict[int, tuple[datetime, timedelta, Floats]] = {}
        self._keys: list[SliceKey] = []
        self._holds: list[Hold] = []

    def see(self, seen: Seen) -> None:
        """Keep the first interval of each hour of the day, if it is no longer than an hour."""
        one = seen.one
        self._keys.append((one.start, one.end, one.precision, one.revision))
        if one.precision == 0 and one.end - one.start <= HOUR:
            hour = self._subject.past.local(one.start).hour
            if hour not in self._samples:
                self._samples[hour] = (one.start, one.end - one.start, seen.values)

    def result(self) -> CheckResult:
        """Say what the reading doubted, and by how many hours the file seems to be moved."""
        reading = self._subject.reading
        said = said_of("time-zone", (*reading.faults, *reading.notes))
        distances = self._distances()
        if not np.isfinite(distances[:, SHIFT_HOURS]).any():
            if said:
                return CheckResult("time-zone", "note", said)
            return CheckResult("time-zone", "not-checked", (Fault("check-zone-no-past"),))
        found = (*said, *self._doubt(_best_move(distances, self._subject.past.policy.delivery.drift_sigma)))
        outcome: Outcome = "hold" if self._holds else "note" if found else "ok"
        return CheckResult("time-zone", outcome, found)

    def holds(self) -> list[Hold]:
        """Return every slice of a file that is moved."""
        return self._holds

    def _doubt(self, move: Moved | None) -> list[Fault]:
        delivery = self._subject.past.policy.delivery
        long = len(self._samples) >= delivery.shift_hours_min
        if move is None or move.fit > (delivery.shift_fit_note if long else delivery.shift_fit_hold):
            return []
        params = {"hours": f"{move.hours:+d}", "zone": self._subject.past.policy.timezone}
        if long and move.clear and move.fit <= delivery.shift_fit_hold:
            self._holds = [Hold(*key, None, "held-shifted", params) for key in self._keys]
            return [Fault("held-shifted", params=params)]
        return [Fault("check-zone-shifted", params=params)]

    def _distances(self) -> Floats:
        """Return the distance of each sample (n,) from the past hour that it would be, moved by each of SHIFTS."""
        samples = list(self._samples.values())
        distances = np.full((len(samples), len(SHIFTS)), np.nan)
        aims: dict[tuple[datetime, timedelta], list[tuple[int, int]]] = {}
        for row, (start, width, _values) in enumerate(samples):
            for column, shift in enumerate(SHIFTS):
                aims.setdefault((start + shift * HOUR, width), []).append((row, column))
        for (start, width), places in sorted(aims.items()):
            before = self._before(start, width)
            if before is None:
                continue
            for row, column in places:
                distances[row, column] = distance(samples[row][2], before)
        return distances

    def _before(self, start: datetime, width: timedelta) -> Floats | None:
        """Return what held in the newest past week that has this hour, by code."""
        past, subject = self._subject.past, self._subject
        for week in range(1, past.policy.delivery.hold_max_weeks + 1):
            begin = past.weeks_before(start, week)
            span = (begin, begin + width)
            found = past.held_in(past.carrier.id, span, subject.reading.kind, 0, hidden=subject.hidden)
            if found is not None:
                return np.pad(found, (0, subject.size - len(found)), constant_values=np.nan)
        return None


def _best_move(distances: Floats, sigma: float) -> Moved | None:
    """Return the move that brings the samples nearest to the past; None where the file lies best as it is."""
    best: Moved | None = None
    for column, shift in enumerate(SHIFTS):
        both = np.isfinite(distances[:, SHIFT_HOURS]) & np.isfinite(distances[:, column])
        now, then = distances[both, SHIFT_HOURS], distances[both, column]
        if shift == 0 or not both.any() or both.sum() < np.isfinite(distances[:, SHIFT_HOURS]).sum():
            continue
        if now.sum() > 0 and then.sum() < now.sum() * (1 if best is None else best.fit):
            gain = now - then
            chance = float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf
            best = Moved(shift, float(then.sum() / now.sum()), float(gain.mean()) > sigma * chance)
    return best
