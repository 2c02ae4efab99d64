"""Does each interval cover enough of the carrier's source areas?

Named areas are measured against the coverage in force; tiles that describe themselves, against the usual number of
tiles in the same hour of past weeks. A correction covers little on purpose, so this never holds or refuses.
"""

from __future__ import annotations

import numpy as np

from ingest.checks.moments import written
from ingest.checks.outcomes import CheckResult, Hold
from ingest.checks.seen import Seen, Subject
from ingest.faults import Fault
from ingest.reading import NO_COVERAGE


class CoverageShare:
    """Remembers the thinnest interval."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._least = subject.past.policy.delivery.coverage_share_min
        self._thin = 0
        self._measured = 0
        self._worst: tuple[float, Seen, int, int] | None = None

    def see(self, seen: Seen) -> None:
        """Compare the areas of one interval with those that there should be."""
        wanted = self._wanted(seen)
        if not wanted:
            return
        self._measured += 1
        present = int((seen.one.state != NO_COVERAGE).sum())
        share = present / wanted
        if share >= self._least:
            return
        self._thin += 1
        if self._worst is None or share < self._worst[0]:
            self._worst = (share, seen, present, wanted)

    def result(self) -> CheckResult:
        """Say how many intervals are thin, and the thinnest."""
        if not self._measured:
            return CheckResult("coverage-share", "not-checked", (Fault("check-coverage-unknown"),))
        if self._worst is None:
            return CheckResult("coverage-share", "ok")
        share, seen, present, wanted = self._worst
        params: dict[str, str | int | float] = {
            "count": self._thin,
            "start": written(self._subject.past, seen.one.start),
            "present": present,
            "wanted": wanted,
            "percent": int(100 * share),
        }
        return CheckResult("coverage-share", "note", (Fault("check-coverage-thin", params=params),))

    def holds(self) -> list[Hold]:
        """Hold nothing: what is missing is missing, and the estimate knows it."""
        return []

    def _wanted(self, seen: Seen) -> int:
        if self._subject.reading.grid == "named":
            return len(self._subject.past.coverage.ids_at(seen.one.start))
        delivered = np.isfinite(seen.weeks).sum(axis=1)
        return int(np.median(delivered)) if len(delivered) else 0
