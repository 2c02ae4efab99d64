"""What a reading hands on: accepted counts, grouped by the interval they hold for.

Promises: rows_in == rows_accepted + rows_rejected; a suppressed or missing count has no value anywhere in here.
Slices come in the order of (start, end, precision, revision), areas within a slice in the order of `area_ids`, so
the same set of rows gives the same slices whatever the order of the file. The arrays stay in a file on disk, read
slice by slice, so that a reading of 30 million rows is as light as one of thirty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Literal, Self

import numpy as np

from ingest.faults import Fault
from ingest.feeds import CountKind

if TYPE_CHECKING:
    import polars as pl

NO_COVERAGE, SUPPRESSED, COUNTED = 0, 1, 2
STATE_NAMES = ("no_coverage", "suppressed", "counted")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

GridKind = Literal["named", "h3", "geohash", "point"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Point:
    """A source area given as a point: a disc of `radius_m` metres (None if the file does not say)."""

    source_area_id: str
    longitude: float
    latitude: float
    radius_m: float | None


@dataclass(frozen=True, slots=True, eq=False)
class CountSlice:
    """Counts of one interval `[start, end)`, aware UTC.

    `area_index` (n,) uint32, ascending, into the reading's `area_ids`; `value` (n,) float64, NaN when not counted;
    `state` (n,) uint8: 0 no_coverage, 1 suppressed, 2 counted. Slices of one calendar row hold the same.
    """

    start: datetime
    end: datetime
    precision: int
    revision: int
    area_index: np.ndarray
    value: np.ndarray
    state: np.ndarray


@dataclass(frozen=True, slots=True)
class CountGroup:
    """`size` counts that hold for every one of `spans` (microseconds since 1970); from byte `offset` of the file on."""

    spans: tuple[Span, ...]
    precision: int
    revision: int
    offset: int
    size: int


class CountsFile:
    """The arrays of a reading on disk: each group's values (float64), area numbers (uint32) and states (uint8)."""

    ROW_BYTES = 8 + 4 + 1

    def __init__(self, file: BinaryIO, rank: np.ndarray | None = None) -> None:
        self._file = file
        self._rank = rank

    def rank_said(self) -> list[int] | None:
        """Return the place of each area number among the areas that occur, if they are not the same."""
        return None if self._rank is None else self._rank.tolist()

    def write(self, area: np.ndarray, value: np.ndarray, state: np.ndarray) -> tuple[int, int]:
        """Add the counts of a group; return (offset, size)."""
        offset = self._file.seek(0, 2)
        for column, kind in ((value, "<f8"), (area, "<u4"), (state, "u1")):
            self._file.write(np.ascontiguousarray(column, dtype=kind).data)
        return offset, len(value)

    def read(self, group: CountGroup, areas: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (area indices, values, states) of a group. Raises ValueError for what no reading writes."""
        self._file.seek(group.offset)
        raw = self._file.read(group.size * self.ROW_BYTES)
        if len(raw) < group.size * self.ROW_BYTES:
            raise ValueError("the file of counts is too short")
        value = np.frombuffer(raw, "<f8", group.size).astype(np.float64)
        area = np.frombuffer(raw, "<u4", group.size, group.size * 8).astype(np.uint32)
        state = np.frombuffer(raw, "u1", group.size, group.size * 12)
        most = areas if self._rank is None else len(self._rank)
        if group.size and (int(area.max()) >= most or int(state.max()) > COUNTED):
            raise ValueError("the file of counts names areas or states that are not there")
        if not np.array_equal(np.isnan(value), state != COUNTED) or np.any(value < 0) or np.any(np.isinf(value)):
            raise ValueError("the file of counts holds values that are no counts")
        index = area if self._rank is None else self._rank[area]
        if group.size and int(index.max()) >= areas:
            raise ValueError("the file of counts names areas that are not there")
        return index, value, state

    def close(self) -> None:
        """Give the file up; an unnamed file is gone with this."""
        self._file.close()


@dataclass(frozen=True, eq=False)
class CountsReading:
    """The accepted rows of one file, and what there is to say about it. Close it, or use it in a `with` block.

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
    groups: tuple[CountGroup, ...]
    counts: CountsFile = field(repr=False)
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    notes: tuple[Fault, ...] = ()
    points: tuple[Point, ...] = ()
    thresholded_at: float | None = None

    def slices(self) -> Iterator[CountSlice]:
        """Yield the counts of each distinct (start, end, precision, revision), in that order."""
        ordered = sorted(
            (*span, group.precision, group.revision, at) for at, group in enumerate(self.groups) for span in group.spans
        )
        for start, end, precision, revision, at in ordered:
            arrays = self.counts.read(self.groups[at], len(self.area_ids))
            yield CountSlice(_moment(start), _moment(end), precision, revision, *arrays)

    def intervals(self) -> list[tuple[datetime, datetime]]:
        """Return the distinct (start, end) of the slices, in order, without reading any array."""
        spans = sorted({span for group in self.groups for span in group.spans})
        return [(_moment(start), _moment(end)) for start, end in spans]

    def close(self) -> None:
        """Give up the file of arrays; slices cannot be read afterwards."""
        self.counts.close()

    def __enter__(self) -> Self:
        """Return the reading."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @cached_property
    def counts_df(self) -> pl.DataFrame:
        """The counts as a frame: source_area_id, start, end, value, state, revision, precision, one row a count."""
        import polars as pl

        parts = [self._frame_of(one) for one in self.slices()]
        return pl.concat(parts) if parts else self._frame_of(_empty_slice())

    def _frame_of(self, one: CountSlice) -> pl.DataFrame:
        import polars as pl

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
