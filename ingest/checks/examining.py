"""Examine a reading: every check of CHECKS looks at every slice once, then says what it found.

Promises: the slices are walked once and memory does not grow with their number; a check without anything to compare
with says so; at most one hold names a slice, and one of a whole slice takes the place of those of single areas.
"""

from __future__ import annotations

from ingest.checks.clock import clock
from ingest.checks.coverage_share import CoverageShare
from ingest.checks.differencing import Differencing
from ingest.checks.drift import Drift
from ingest.checks.from_reading import duplicates, identifiers, schema, small_counts
from ingest.checks.gaps import Gaps
from ingest.checks.outcomes import CHECKS, CheckResult, Examination, Hold, SliceKey
from ingest.checks.past import Past
from ingest.checks.seen import Seen, Subject, Watch
from ingest.checks.source_areas import source_areas
from ingest.checks.time_zone import TimeZone
from ingest.faults import Fault
from ingest.reading import CountsReading

# The receipt says these by itself already: in its rows, or in the reading's own notes.
SAID_ELSEWHERE = frozenset({"schema", "identifiers", "duplicates", "small-counts"})


def examine(reading: CountsReading, past: Past) -> Examination:
    """Return what every check says about a reading that was not refused; pure but for the past."""
    intervals = reading.intervals()
    if not intervals:
        return Examination(tuple(CheckResult(one, "not-checked", (Fault("check-no-rows"),)) for one in CHECKS))
    last_end = max(end for _start, end in intervals)
    past.expect((intervals[0][0], last_end))
    subject = Subject.of(reading, past)
    watches: tuple[Watch, ...] = (
        TimeZone(subject),
        Gaps(subject),
        CoverageShare(subject),
        Drift(subject),
        Differencing(subject),
    )
    for one in reading.slices():
        seen = Seen(subject, one)
        for watch in watches:
            watch.see(seen)
    found = [watch.result() for watch in watches]
    found += [schema(reading), identifiers(), duplicates(reading), small_counts(reading)]
    found += [clock(past, last_end), source_areas(reading, past)]
    by_check = {one.check: one for one in found}
    results = tuple(by_check[check] for check in CHECKS)
    return Examination(results, _notes(results, reading), _holds(watches))


def _notes(results: tuple[CheckResult, ...], reading: CountsReading) -> tuple[Fault, ...]:
    """Return what the receipt should say beside what it says anyway; a hold is a remark on what is held."""
    known = (*reading.notes, *reading.faults)
    speaking = [one for one in results if one.outcome in {"note", "hold"} and one.check not in SAID_ELSEWHERE]
    return tuple(fault for one in speaking for fault in one.findings if fault not in known)


def _holds(watches: tuple[Watch, ...]) -> tuple[Hold, ...]:
    chosen: dict[SliceKey, Hold] = {}
    for hold in (hold for watch in watches for hold in watch.holds()):
        before = chosen.get(hold.key)
        if before is None or (before.area_index is not None and hold.area_index is None):
            chosen[hold.key] = hold
    return tuple(chosen[key] for key in sorted(chosen))
