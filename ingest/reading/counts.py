"""What a reading hands on: accepted counts, grouped by the interval they hold for.

Promises: rows_in == rows_accepted + rows_rejected; a suppressed or missing count has no value anywhere in here.
Slices come in the order of (start, end, precision, revision), areas within a slice in the order of `area_ids`, so
the same set of rows gives the same slices whatever the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from ingest.faults import Fault
from ingest.feeds import CountKind
from ingest.reading.areas import GridKind, Point
from ingest.reading.intervals import Span

NO_COVERAGE, SUPPRESSED, COUNTED = 0, 1, 2
STATE_NAMES = ("no_coverage", "suppressed", "counted")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class CountSlice:
    """Counts of one interval `[start, end)`, aware UTC.

    `area_index` (n,) uint32, ascending, into the reading's `area_ids`; `value` (n,) float64, NaN when not counted;
    `state` (n,) uint8: 0 no_coverage, 1 suppressed, 2 counted. Slices of one calendar row share their arrays.
    """

    start: datetime
    end: datetime
    precision: int
    revision: int
    area_index: np.ndarray
    value: np.ndarray
    state: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class CountGroup:
    """Counts `first` .. `last` of a reading, which hold for every one of `spans` (microseconds since 1970)."""

    spans: tuple[Span, ...]
    precision: int
    revision: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class CountsReading:
    """The accepted rows of one file, and what there is to say about it.

    `area_ids`: the source areas that occur, sorted. `grid`: named (areas of the carrier's coverage), h3, geohash, or
    point (then `points` says where). `rows_suppressed` of the accepted rows are known to be small. `faults` holds
    the first thousand faults of rejected rows, `fault_count` all of them.
    """

    kind: CountKind
    grid: GridKind
    area_ids: tuple[str, ...]
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    rows_suppressed: int
    area_index: np.ndarray
    value: np.ndarray
    state: np.ndarray
    groups: tuple[CountGroup, ...]
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    notes: tuple[Fault, ...] = ()
    points: tuple[Point, ...] = ()
    thresholded_at: float | None = field(default=None)

    def slices(self) -> Iterator[CountSlice]:
        """Yield the counts of each distinct (start, end, precision, revision), in that order."""
        ordered = sorted(
            (*span, group.precision, group.revision, at) for at, group in enumerate(self.groups) for span in group.spans
        )
        for start, end, precision, revision, at in ordered:
            rows = slice(self.groups[at].first, self.groups[at].last)
            arrays = self.area_index[rows], self.value[rows], self.state[rows]
            yield CountSlice(_moment(start), _moment(end), precision, revision, *arrays)

    @cached_property
    def counts_df(self) -> pl.DataFrame:
        """The counts as a frame: source_area_id, start, end, value, state, revision, precision, one row a count."""
        parts = [self._frame_of(one) for one in self.slices()]
        return pl.concat(parts) if parts else self._frame_of(_empty_slice())

    def _frame_of(self, one: CountSlice) -> pl.DataFrame:
        ids = np.array(self.area_ids, dtype=object)[one.area_index].tolist()
        size = len(ids)
        return pl.DataFrame(
            {
                "source_area_id": pl.Series(ids, dtype=pl.String),
                "start": pl.Series([one.start] * size, dtype=pl.Datetime("us", "UTC")),
                "end": pl.Series([one.end] * size, dtype=pl.Datetime("us", "UTC")),
                "value": pl.Series(one.value).fill_nan(None),
                "state": pl.Series([STATE_NAMES[state] for state in one.state], dtype=pl.String),
                "revision": pl.Series([one.revision] * size, dtype=pl.Int32),
                "precision": pl.Series([one.precision] * size, dtype=pl.Int32),
            }
        )


def _moment(since: int) -> datetime:
    return _EPOCH + timedelta(microseconds=since)


def _empty_slice() -> CountSlice:
    nothing = np.zeros(0)
    return CountSlice(_EPOCH, _EPOCH, 0, 0, nothing.astype(np.uint32), nothing, nothing.astype(np.uint8))
