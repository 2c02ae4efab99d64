"""Can a hidden count be found from other rows: an hour beside its quarters, a total beside its parts, two revisions?

A finding names how many hidden counts are bounded more narrowly than by being hidden, one of them, and what to do. It
never repeats a number that somebody could have found. Nothing is held or refused: what is found protects people on
the carrier's side, and the release has an auditor of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ingest.checks.bounding import Bools, Floats, Wholes, known_wholes, values_left
from ingest.checks.moments import written
from ingest.checks.nesting import nesting_of
from ingest.checks.outcomes import CheckResult, Hold
from ingest.checks.relations import Relation, relations_of, revisions_of
from ingest.checks.seen import Seen, Subject
from ingest.checks.total_rows import TotalRow
from ingest.faults import Fault, quoted
from ingest.reading import COUNTED, NO_COVERAGE, SUPPRESSED
from ingest.reading.counts import CountGroup

ROUNDING = 0.5  # a mean of whole numbers is written as a whole number
SUMMED_KINDS = frozenset({"device_count", "people"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One group over all areas of the file, (A,)."""

    value: Floats
    state: NDArray[np.uint8]


class Differencing:
    """Looks within each slice while it passes, and between groups at the end, where the file has such groups."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        reading, threshold = subject.reading, subject.threshold
        self._most = 0 if threshold is None else ceil(threshold) - 1
        summed = reading.kind in SUMMED_KINDS and self._most > 0
        self._nesting = nesting_of(reading.area_ids, reading.grid) if summed else None
        self._total = TotalRow(self._most) if summed and self._nesting is None else None
        self._found: dict[str, tuple[int, str, datetime]] = {}

    def see(self, seen: Seen) -> None:
        """Look for a total row, nested tiles and counts that were hidden in an earlier file."""
        if not self._most:
            return
        if self._nesting is not None:
            self._add("check-differencing-nested", self._nested(seen), seen.one.start)
        if self._total is not None:
            self._total.see(seen.one)
        self._add("check-differencing-before", self._shown_now(seen), seen.one.start)

    def result(self) -> CheckResult:
        """Say what can be found out."""
        if not self._most:
            return CheckResult("differencing", "not-checked", (Fault("check-differencing-unknown"),))
        for relation in relations_of(self._subject.reading.groups):
            self._relate(relation)
        for one, other in revisions_of(self._subject.reading.groups):
            self._revise(one, other)
        found = [*self._findings(), *self._total_finding()]
        return CheckResult("differencing", "note" if found else "ok", tuple(found))

    def holds(self) -> list[Hold]:
        """Hold nothing."""
        return []

    def _relate(self, relation: Relation) -> None:
        whole, parts = self._column(relation.whole), [self._column(one) for one, _ in relation.parts]
        weights = [weight for _, weight in relation.parts]
        slack = ROUNDING * (2 if relation.is_calendar else 1)
        wholes = _wholes(whole, parts, weights, slack, self._most)
        if not _is_mean(whole, wholes, slack):
            return
        narrowed = (whole.state == SUPPRESSED) & known_wholes(wholes, self._most)
        there = whole.state != NO_COVERAGE
        for part, weight in zip(parts, weights, strict=True):
            left = values_left(wholes, weight, self._most)
            narrowed |= there & (part.state == SUPPRESSED) & (left > 0) & (left < self._most)
        code = "check-differencing-calendar" if relation.is_calendar else "check-differencing-time"
        self._add(code, np.flatnonzero(narrowed), _moment(relation.whole))

    def _revise(self, one: CountGroup, other: CountGroup) -> None:
        first, second = self._column(one), self._column(other)
        shown = _near_hidden(first.state, second, self._most) | _near_hidden(second.state, first, self._most)
        self._add("check-differencing-revisions", np.flatnonzero(shown), _moment(one))

    def _nested(self, seen: Seen) -> NDArray[np.intp]:
        """Return the hidden tiles of a slice that the tile around them tells, or that tell theirs."""
        if self._nesting is None:
            return np.zeros(0, np.intp)
        column = self._spread(seen.one.area_index, seen.one.value, seen.one.state)
        size, inside = len(column.state), self._nesting.whole >= 0
        whole = self._nesting.whole[inside]
        part = _Column(column.value[inside], column.state[inside])
        present = np.bincount(whole[part.state != NO_COVERAGE], minlength=size)
        counted = np.bincount(whole, np.where(part.state == COUNTED, part.value, 0.0), size).astype(np.float64)
        hidden = np.bincount(whole, part.state == SUPPRESSED, size).astype(np.float64)
        low, high = _limits(column, 0.0, self._most)
        complete = (self._nesting.parts > 0) & (present == self._nesting.parts)
        wholes = Wholes(low, high, counted, hidden, complete)
        told = (column.state == SUPPRESSED) & known_wholes(wholes, self._most)
        left = values_left(wholes, 1.0, self._most)
        around = (column.state != NO_COVERAGE) & (left > 0) & (left < self._most)
        told[np.flatnonzero(inside)[around[whole] & (part.state == SUPPRESSED)]] = True
        return np.flatnonzero(told)

    def _shown_now(self, seen: Seen) -> NDArray[np.intp]:
        """Return the areas (indices) that were hidden in an earlier file for this interval and are nearly so now."""
        before = self._subject.past.states_in(seen.span)
        if before is None:
            return np.zeros(0, np.intp)
        known = seen.codes < len(before)
        states = np.where(known, before[np.where(known, seen.codes, 0)], NO_COVERAGE)
        shown = _near_hidden(states, _Column(seen.one.value, seen.one.state), self._most)
        return seen.one.area_index[shown].astype(np.intp)

    def _column(self, group: CountGroup) -> _Column:
        reading = self._subject.reading
        return self._spread(*reading.counts.read(group, len(reading.area_ids)))

    def _spread(self, index: np.ndarray, value: np.ndarray, state: np.ndarray) -> _Column:
        size = len(self._subject.reading.area_ids)
        values, states = np.full(size, np.nan), np.zeros(size, np.uint8)
        values[index], states[index] = value, state
        return _Column(values, states)

    def _add(self, code: str, areas: NDArray[np.intp], moment: datetime) -> None:
        if len(areas):
            before = self._found.get(code)
            first = (quoted(self._subject.reading.area_ids[int(areas[0])]), moment) if before is None else before[1:]
            self._found[code] = (len(areas) + (before[0] if before else 0), *first)

    def _findings(self) -> list[Fault]:
        past = self._subject.past
        return [
            Fault(code, params={"count": count, "area": area, "start": written(past, moment)})
            for code, (count, area, moment) in sorted(self._found.items())
        ]

    def _total_finding(self) -> list[Fault]:
        found = self._total.found() if self._total is not None else None
        if found is None:
            return []
        count, index = found
        params: dict[str, str | int | float] = {"count": count}
        params["area"] = quoted(self._subject.reading.area_ids[index])
        return [Fault("check-differencing-total", params=params)]


def _wholes(whole: _Column, parts: list[_Column], weights: list[float], slack: float, most: int) -> Wholes:
    size = len(whole.state)
    counted, hidden, complete = np.zeros(size), np.zeros(size), np.ones(size, bool)
    for part, weight in zip(parts, weights, strict=True):
        counted += weight * np.where(part.state == COUNTED, part.value, 0.0)
        hidden += weight * (part.state == SUPPRESSED)
        complete &= part.state != NO_COVERAGE
    return Wholes(*_limits(whole, slack, most), counted, hidden, complete)


def _limits(whole: _Column, slack: float, most: int) -> tuple[Floats, Floats]:
    """Return the least and the most that wholes can be, (A,); unlimited where they are missing."""
    hidden = whole.state == SUPPRESSED
    low = np.select([hidden, whole.state == COUNTED], [1.0 - slack, whole.value - slack], -np.inf)
    high = np.select([hidden, whole.state == COUNTED], [most + slack, whole.value + slack], np.inf)
    return low, high


def _is_mean(whole: _Column, wholes: Wholes, slack: float) -> bool:
    """Tell whether the wholes are means of their parts where both are counted; an hour may count visitors instead."""
    both: Bools = (whole.state == COUNTED) & wholes.complete & (wholes.hidden == 0)
    if not both.any():
        return True
    return bool((np.abs(whole.value[both] - wholes.counted[both]) <= slack + 1e-6).mean() > 0.5)


def _near_hidden(state: NDArray[np.uint8], other: _Column, most: int) -> Bools:
    """Return which hidden counts are shown by another row for the same cell as 0 or less than k_min above hidden."""
    with np.errstate(invalid="ignore"):
        near: Bools = (state == SUPPRESSED) & (other.state == COUNTED) & (other.value <= 2 * most)
    return near


def _moment(group: CountGroup) -> datetime:
    return _EPOCH + timedelta(microseconds=min(group.spans)[0])
