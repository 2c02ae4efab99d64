"""One slice of a reading beside the past: what the checks look at, computed once and only if one of them asks.

Promises: a slice's numbers are arrays over the carrier's area codes, so that past and present lie side by side; areas
never delivered before stand behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.checks.outcomes import CheckResult, Hold
from ingest.checks.past import Floats, Past, Span
from ingest.checks.weeks import Usual
from ingest.reading import COUNTED, SUPPRESSED, CountSlice, CountsReading


@dataclass(frozen=True, eq=False)
class Subject:
    """What is examined: a reading and the past of its carrier. `code_of_index` (A,): area code of each area id."""

    reading: CountsReading
    past: Past
    code_of_index: NDArray[np.int64]
    size: int

    @staticmethod
    def of(reading: CountsReading, past: Past) -> Subject:
        """Return the subject; areas that are new get codes behind the known ones, here only."""
        known = past.codes(past.carrier.id)
        first = max(known.values(), default=-1) + 1
        fresh = {one: first + at for at, one in enumerate(one for one in reading.area_ids if one not in known)}
        codes = [known[one] if one in known else fresh[one] for one in reading.area_ids]
        return Subject(reading, past, np.array(codes, np.int64), first + len(fresh))

    @property
    def threshold(self) -> float | None:
        """Below what a count is suppressed: k_min for devices, else what the feed says; None if nobody says it."""
        if self.reading.kind == "device_count":
            return float(self.past.policy.counts.k_min)
        return self.reading.thresholded_at

    @property
    def hidden(self) -> float:
        """How a suppressed count enters sums: as the middle of what it may be."""
        return float("nan") if self.threshold is None else self.threshold / 2

    def at(self, code: int) -> str:
        """Return the id of an area that this file holds, by its code."""
        return self.reading.area_ids[int(np.flatnonzero(self.code_of_index == code)[0])]


@dataclass(frozen=True, eq=False)
class Seen:
    """One slice `one` of a subject."""

    subject: Subject
    one: CountSlice

    @property
    def span(self) -> Span:
        """Its interval."""
        return self.one.start, self.one.end

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """The codes of its areas, (n,)."""
        codes: NDArray[np.int64] = self.subject.code_of_index[self.one.area_index]
        return codes

    @cached_property
    def values(self) -> Floats:
        """Its counts by code, (C,): suppressed ones as `hidden`, NaN where there is none."""
        by_code = np.full(self.subject.size, np.nan)
        state = self.one.state
        hidden = np.where(state == SUPPRESSED, self.subject.hidden, np.nan)
        by_code[self.codes] = np.where(state == COUNTED, self.one.value, hidden)
        return by_code

    @cached_property
    def weeks(self) -> Floats:
        """What held in the same hour of past weeks, (W, C)."""
        past, subject = self.subject.past, self.subject
        known = past.weeks(past.carrier.id, self.span, subject.reading.kind, self.one.precision, hidden=subject.hidden)
        return np.pad(known, ((0, 0), (0, subject.size - known.shape[1])), constant_values=np.nan)

    @cached_property
    def usual(self) -> Usual:
        """What is usual in this hour of the week, by code."""
        return Usual.of(self.weeks)

    @cached_property
    def together(self) -> Floats:
        """Its counts over those that this carrier delivered for the interval before, (C,): a correction is partial."""
        past, subject = self.subject.past, self.subject
        kind, precision = subject.reading.kind, self.one.precision
        before = past.held_in(past.carrier.id, self.span, kind, precision, hidden=subject.hidden)
        if before is None:
            return self.values
        wider = np.pad(before, (0, subject.size - len(before)), constant_values=np.nan)
        delivered = np.zeros(subject.size, bool)
        delivered[self.codes] = True
        merged: Floats = np.where(delivered, self.values, wider)
        return merged

    def hold(self, reason: str, params: Mapping[str, str | int | float], rows: NDArray[np.bool_] | None) -> Hold:
        """Return a hold of this slice: of the areas marked in `rows` (n,), or of all of it."""
        one = self.one
        index = None if rows is None else one.area_index[rows]
        return Hold(one.start, one.end, one.precision, one.revision, index, reason, params)


class Watch(Protocol):
    """One check: it sees every slice once, in order, then says what it found."""

    def see(self, seen: Seen) -> None:
        """Look at one slice."""

    def result(self) -> CheckResult:
        """Say what was found; called once, after the last slice."""

    def holds(self) -> list[Hold]:
        """Return what should wait for a person."""
