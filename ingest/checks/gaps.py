"""Is anything missing inside the file: base bins that nothing covers, areas that stop, intervals that overlap?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from ingest.checks.moments import written
from ingest.checks.outcomes import CheckResult, Hold
from ingest.checks.past import Span
from ingest.checks.seen import Seen, Subject
from ingest.faults import Fault, quoted
from ingest.reading import NO_COVERAGE


class Gaps:
    """Counts in how many intervals each area appears and where it is seen last; memory: two numbers an area."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._intervals: dict[Span, int] = {}
        self._seen = np.zeros(subject.size, np.int64)
        self._last = np.full(subject.size, -1, np.int64)
        self._precise = True

    def see(self, seen: Seen) -> None:
        """Note which areas the interval has."""
        self._precise = self._precise and seen.one.precision == 0
        number = self._intervals.setdefault(seen.span, len(self._intervals))
        here = seen.codes[seen.one.state != NO_COVERAGE]
        fresh = here[self._last[here] != number]
        self._seen[fresh] += 1
        self._last[fresh] = number

    def result(self) -> CheckResult:
        """Say what is missing or doubled."""
        if not self._precise:  # a calendar's rows lie on one another and leave days out on purpose
            return CheckResult("gaps", "not-checked", (Fault("check-gaps-calendar"),))
        spans = sorted(self._intervals)
        found = [*self._holes(spans), *self._overlaps(spans), *self._stopped(len(spans))]
        return CheckResult("gaps", "note" if found else "ok", tuple(found))

    def holds(self) -> list[Hold]:
        """Hold nothing: what is missing cannot do harm."""
        return []

    def _holes(self, spans: list[Span]) -> list[Fault]:
        width = timedelta(minutes=self._subject.past.policy.counts.base_bin_minutes)
        holes = list(holes_between(spans))
        if not holes:
            return []
        bins = sum(-(-(end - start) // width) for start, end in holes)
        start, end = (written(self._subject.past, one) for one in holes[0])
        return [Fault("check-gaps-bins", params={"count": bins, "start": start, "end": end})]

    def _overlaps(self, spans: list[Span]) -> list[Fault]:
        pairs = [(one, other) for one, other in pairwise(spans) if other[0] < one[1] and not _nested(one, other)]
        if not pairs:
            return []
        names = ("first_start", "first_end", "second_start", "second_end")
        moments = (written(self._subject.past, moment) for span in pairs[0] for moment in span)
        return [Fault("check-gaps-overlap", params={"count": len(pairs), **dict(zip(names, moments, strict=True))})]

    def _stopped(self, intervals: int) -> list[Fault]:
        """Report areas that were in every interval up to one and in none after it."""
        stopped = np.flatnonzero((self._seen > 1) & (self._seen == self._last + 1) & (self._last < intervals - 1))
        if not len(stopped):
            return []
        first = int(stopped[0])
        spans = list(self._intervals)
        params: dict[str, str | int | float] = {
            "count": len(stopped),
            "area": quoted(self._subject.at(first)),
            "end": written(self._subject.past, spans[int(self._last[first])][1]),
        }
        return [Fault("check-gaps-areas", params=params)]


def holes_between(spans: Iterable[Span]) -> Iterable[tuple[datetime, datetime]]:
    """Yield what no interval covers between the first and the last; `spans` ascending."""
    covered: datetime | None = None
    for start, end in spans:
        if covered is not None and start > covered:
            yield covered, start
        covered = end if covered is None else max(covered, end)


def _nested(one: Span, other: Span) -> bool:
    return (one[0] <= other[0] and other[1] <= one[1]) or (other[0] <= one[0] and one[1] <= other[1])
