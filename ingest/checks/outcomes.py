"""What an examination says: one result a check, remarks for the receipt, and the counts that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingest.faults import Fault

CHECKS = (
    "schema",
    "identifiers",
    "time-zone",
    "gaps",
    "duplicates",
    "clock",
    "source-areas",
    "coverage-share",
    "drift",
    "small-counts",
    "differencing",
)
Outcome = Literal["ok", "note", "hold", "refuse", "not-checked"]
SliceKey = tuple[datetime, datetime, int, int]  # start, end, precision, revision


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `not-checked`: there was nothing to compare with, and a finding says what was missing."""

    check: str
    outcome: Outcome
    findings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """Counts of one slice of the reading that wait for headquarters; at most one hold names a slice.

    `area_index` (n,) ascending, into the reading's `area_ids`; None: the whole slice. `reason` is a code of ingest's
    messages, `params` what its sentence needs.
    """

    start: datetime
    end: datetime
    precision: int
    revision: int
    area_index: NDArray[np.uint32] | None
    reason: str
    params: Mapping[str, str | int | float]

    @property
    def key(self) -> SliceKey:
        """What names its slice within the reading."""
        return self.start, self.end, self.precision, self.revision


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """Results in the order of CHECKS. `notes`: findings worth a line on the receipt; `holds` in the slices' order."""

    results: tuple[CheckResult, ...]
    notes: tuple[Fault, ...] = ()
    holds: tuple[Hold, ...] = ()
