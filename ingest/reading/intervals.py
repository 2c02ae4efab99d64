"""Find out which interval each row holds for: from start and end, from the spacing of the starts, or a calendar.

Promises: an interval lies on whole base bins, or is a finer whole part of an hour; it is not inverted, not in the
future, not longer than LONGEST_DAYS. Rows of one group share their intervals (a calendar row holds for many).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed
from ingest.reading.columns import Columns
from ingest.reading.findings import Coded, Findings, Params
from ingest.reading.gathering import Rows
from ingest.reading.moments import NOT_A_TIME, Moments, moments_of

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST_DAYS = 32  # a month; one row would otherwise stand for any number of base bins

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """What an interval must fit: the base bin, and the moment after which nothing can have been counted yet."""

    base_minutes: int
    not_after: datetime

    @property
    def latest(self) -> int:
        """`not_after` in microseconds since 1970."""
        return microseconds(self.not_after)

    def code_of(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the fault's code of each interval ('' if it is sound)."""
        length, base = end - start, self.base_minutes * MINUTE
        # Finer data are averaged over the bins that they overlap, so 10 minutes within bins of 15 are welcome.
        finer = (length > 0) & (length < base) & (HOUR % np.maximum(length, 1) == 0)
        step = np.where(finer, np.maximum(length, 1), base)
        off = (start % step != 0) | (length % step != 0)
        cases = [length <= 0, length > LONGEST_DAYS * DAY, end > self.latest, off]
        codes = ["interval-inverted", "interval-too-long", "time-in-future", "interval-off-grid"]
        return np.select(cases, codes, default="")


@dataclass(frozen=True, slots=True)
class Intervals:
    """`group` (n,) int64: index into `spans` and `precision`, -1 for a faulty row; `notes` on what was assumed."""

    group: np.ndarray
    spans: tuple[tuple[Span, ...], ...]
    precision: tuple[int, ...]
    notes: tuple[Fault, ...] = ()


def microseconds(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970 in UTC, exactly."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def written_intervals(rows: Rows, columns: Columns, feed: Feed, grid: Grid, findings: Findings) -> Intervals:
    """Return the intervals of rows that say their start (and mostly their end)."""
    if rows.start is None:
        raise ValueError("rows without a start need a calendar")
    starts, start_of_row = _ranked(rows.start, columns.name(columns.start), feed, findings)
    if rows.end is not None:
        ends, end_of_row = _ranked(rows.end, columns.name(columns.end), feed, findings)
        pair = np.where((start_of_row < 0) | (end_of_row < 0), -1, start_of_row * len(ends) + end_of_row)
        group, pairs = compressed(pair, len(starts) * max(1, len(ends)))
        start, end = starts[pairs // max(1, len(ends))], ends[pairs % max(1, len(ends))]
        notes: tuple[Fault, ...] = ()
    else:
        width, notes = _width(starts, rows, columns, feed)
        group, start, end = start_of_row, starts, starts + width
    group = _judged(group, start, end, columns, grid, findings)
    spans = tuple(((first, last),) for first, last in zip(start.tolist(), end.tolist(), strict=True))
    return Intervals(group, spans, (0,) * len(spans), notes)


def compressed(keys: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (index of each key among the distinct keys, the distinct keys in order); -1 stays -1. Keys < `size`."""
    if size > 4 * len(keys) + (1 << 20):
        distinct, index = np.unique(keys, return_inverse=True)
        hole = int(len(distinct) > 0 and distinct[0] < 0)
        return index.astype(np.int64) - hole, distinct[hole:]
    there = np.zeros(size + 1, dtype=bool)
    there[keys] = True  # -1 marks the last place, which is nobody's
    distinct = np.flatnonzero(there[:size])
    rank = np.full(size + 1, -1, dtype=np.int64)
    rank[distinct] = np.arange(len(distinct))
    return rank[keys], distinct


def _ranked(coded: Coded, name: str | None, feed: Feed, findings: Findings) -> tuple[np.ndarray, np.ndarray]:
    """Return (distinct moments, index of each row's moment or -1), and report texts that are no time."""
    moments = moments_of(coded.texts, feed)
    _report(moments, coded, name, feed, findings)
    distinct, rank = np.unique(moments.microseconds, return_inverse=True)
    hole = int(len(distinct) > 0 and distinct[0] == NOT_A_TIME)
    by_text = rank.astype(np.int64).reshape(-1) - hole
    return distinct[hole:], coded.spread(by_text, -1)


def _report(moments: Moments, coded: Coded, name: str | None, feed: Feed, findings: Findings) -> None:
    findings.add("time-empty", np.flatnonzero(coded.codes < 0), name)
    zone = feed.timezone or ""
    findings.add_texts(moments.codes, coded, name, lambda text: {"value": quoted(text), "timezone": zone})


def _width(starts: np.ndarray, rows: Rows, columns: Columns, feed: Feed) -> tuple[int, tuple[Fault, ...]]:
    """Return the length of every interval in microseconds; refuse the file if nobody can say it."""
    if feed.time_bin_minutes:
        return feed.time_bin_minutes * MINUTE, ()
    gaps = np.diff(starts)
    if len(gaps) and gaps.min() <= DAY and not (gaps % gaps.min()).any():
        width = int(gaps.min())
        return width, (Fault("end-inferred", params={"minutes": round(width / MINUTE, 3)}),)
    if not len(starts):  # no readable start at all, which is reported as such
        return DAY, ()
    raise FileRefused([Fault("end-not-inferable", int(rows.line[0]), columns.name(columns.start))])


def _judged(
    group: np.ndarray, start: np.ndarray, end: np.ndarray, columns: Columns, grid: Grid, findings: Findings
) -> np.ndarray:
    codes = grid.code_of(start, end)
    for code in sorted(set(codes.tolist()) - {""}):
        bad = np.append(codes == code, False)
        at = columns.end if code in ("interval-inverted", "interval-too-long") and columns.end else columns.start
        rows = np.flatnonzero(bad[group])
        findings.add(code, rows, columns.name(at), lambda row: interval_params(start, end, group[row], grid))
    return np.asarray(np.append(np.where(codes == "", np.arange(len(codes)), -1), -1)[group])


def interval_params(start: np.ndarray, end: np.ndarray, at: int, grid: Grid) -> Params:
    """Return what a sentence about interval `at` may say."""
    return {
        "start": _written(int(start[at])),
        "end": _written(int(end[at])),
        "minutes": grid.base_minutes,
        "days": LONGEST_DAYS,
        "now": _written(grid.latest),
    }


def _written(moment: int) -> str:
    return str(np.datetime64(moment, "us").astype("datetime64[s]")) + "Z"
