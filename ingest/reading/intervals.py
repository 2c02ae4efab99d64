"""Find out which interval each row holds for: from start and end, from the spacing of the starts, or a calendar.

Promises: an interval lies on whole base bins, or is a finer whole part of an hour; it is not inverted, not in the
future, not longer than LONGEST_DAYS. Rows of one group share their intervals (a calendar row holds for many).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed
from ingest.reading.columns import Columns
from ingest.reading.counts import Span
from ingest.reading.findings import Findings, Params, Verdicts, room_for
from ingest.reading.gathering import Rows
from ingest.reading.identifiers import identifying_among
from ingest.reading.lexicons import MOST_TIMES, Coded
from ingest.reading.moments import NOT_A_TIME, moments_of, offset_of

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MOST_INTERVALS = MOST_TIMES
_DENSE = 1 << 21  # keys are marked in an array up to this size, which is quicker than sorting them
LONGEST_DAYS = 32  # a month; one row would otherwise stand for any number of base bins


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


class Intervals(ABC):
    """The intervals of one file, learnt as they come: what a group of rows holds for. `notes`: what was assumed.

    A group is one interval, or the many of a calendar row; `spans` and `precision` by group.
    """

    def __init__(self) -> None:
        self.spans: list[tuple[Span, ...]] = []
        self.precision: list[int] = []
        self.notes: tuple[Fault, ...] = ()

    def _group(self, spans: tuple[Span, ...], precision: int) -> int:
        if len(self.spans) >= MOST_INTERVALS:
            raise FileRefused([Fault("too-many-values", params={"limit": MOST_INTERVALS})])
        self.spans.append(spans)
        self.precision.append(precision)
        return len(self.spans) - 1

    @abstractmethod
    def of(self, rows: Rows, findings: Findings) -> np.ndarray:
        """Return (n,) int64, the group of each row, -1 where its time is at fault; report why."""


def microseconds(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970 in UTC, exactly."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class WrittenIntervals(Intervals):
    """Intervals of rows that say their start; `width` (microseconds) is their length where no end is said."""

    def __init__(self, columns: Columns, feed: Feed, grid: Grid, width: int | None, notes: tuple[Fault, ...]) -> None:
        super().__init__()
        self.notes = self._assumed = notes
        self._feed = feed
        self._columns = columns
        self._grid = grid
        self._width = width
        self._starts = Moments(columns.name(columns.start), feed)
        self._ends = Moments(columns.name(columns.end), feed)
        self._found: dict[Span, tuple[int, str]] = {}

    def of(self, rows: Rows, findings: Findings) -> np.ndarray:
        """Return the group of each row."""
        if rows.start is None:
            raise ValueError("rows without a start need a calendar")
        start = self._starts.of(rows.start, findings)
        if rows.end is None:
            pair, starts = compressed(start, len(rows.start.texts))
            spans = [(one, one + (self._width or 0)) for one in self._starts.microseconds[starts].tolist()]
        else:
            end, size = self._ends.of(rows.end, findings), len(rows.end.texts)
            both = np.where((start < 0) | (end < 0), -1, start * size + end)
            pair, pairs = compressed(both, len(rows.start.texts) * size)
            first = self._starts.microseconds[pairs // max(1, size)].tolist()
            spans = list(zip(first, self._ends.microseconds[pairs % max(1, size)].tolist(), strict=True))
        self.notes = (*self._assumed, *offset_notes(self._starts.offsets, self._feed))
        return self._judged(pair, spans, findings)

    def _judged(self, pair: np.ndarray, spans: list[Span], findings: Findings) -> np.ndarray:
        self._learn([span for span in spans if span not in self._found])
        found = [self._found[span] for span in spans]
        for code in sorted({code for _, code in found} - {""}):
            bad = np.array([one == code for _, one in found] + [False])
            rows = np.flatnonzero(bad[pair])
            late = code in ("interval-inverted", "interval-too-long") and self._columns.end is not None
            at = self._columns.end if late else self._columns.start
            findings.add(code, rows, self._columns.name(at), lambda row: interval_params(spans[pair[row]], self._grid))
        groups = np.array([group for group, _ in found] + [-1], dtype=np.int64)
        return np.asarray(groups[pair])

    def _learn(self, spans: list[Span]) -> None:
        if not spans:
            return
        start, end = np.array(spans, dtype=np.int64).T
        for span, code in zip(spans, self._grid.code_of(start, end).tolist(), strict=True):
            if span not in self._found:
                self._found[span] = (-1 if code else self._group((span,), 0), code)
        if len(self._found) > MOST_INTERVALS:
            raise FileRefused([Fault("too-many-values", params={"limit": MOST_INTERVALS})])


class Moments:
    """The moments of a column of times, by code: `microseconds` since 1970, NOT_A_TIME where a text is none."""

    def __init__(self, name: str | None, feed: Feed) -> None:
        self.microseconds = np.zeros(64, dtype=np.int64)
        self.offsets: dict[int, int] = {}  # minutes east of UTC as written: the first moment that says so
        self._name = name
        self._feed = feed
        self._verdicts = Verdicts()

    def of(self, coded: Coded, findings: Findings) -> np.ndarray:
        """Return (n,) int64, the code of each row's moment or -1; report texts that are no time."""
        seen = len(self._verdicts)
        if seen < len(coded.texts):
            read = moments_of(coded.texts[seen:], self._feed)
            self.microseconds = room_for(self.microseconds, seen + len(read.codes))
            self.microseconds[seen : seen + len(read.codes)] = read.microseconds
            texts = list(zip(coded.texts[seen : seen + len(read.codes)], read.codes, strict=True))
            self._note_offsets([text for text, _ in texts], read.microseconds.tolist())
            somebody = identifying_among([text for text, code in texts if code])
            self._verdicts.learn(["identifier-values" if text in somebody else code for text, code in texts])
        findings.add("time-empty", np.flatnonzero(coded.codes < 0), self._name)
        zone = self._feed.timezone or ""
        marks = findings.add_texts(
            self._verdicts, coded, self._name, lambda text: {"value": quoted(text), "timezone": zone}
        )
        return np.where(marks > 0, -1, coded.codes).astype(np.int64)

    def _note_offsets(self, texts: Sequence[str], moments: Sequence[int]) -> None:
        if self._feed.time_format not in ("rfc3339", "local"):
            return
        for text, moment in zip(texts, moments, strict=True):
            minutes = offset_of(text)
            if minutes is not None and moment != NOT_A_TIME:
                self.offsets.setdefault(minutes, moment)


def offset_notes(offsets: Mapping[int, int], feed: Feed) -> tuple[Fault, ...]:
    """Return a remark where times are written with several offsets, or with another than the feed's timezone has.

    `offsets`: minutes east of UTC, each with a moment. UTC by itself is nobody's mistake.
    """
    zone = ZoneInfo(feed.timezone) if feed.timezone else None
    wrong = {one for one, at in offsets.items() if zone is not None and one != _minutes_in(zone, at)}
    written = {"offsets": ", ".join(_written_offset(one) for one in sorted(offsets))}
    if len(offsets) > 1 and (zone is None or wrong):
        return (Fault("offsets-differ", params=written),)
    if wrong - {0}:
        return (Fault("offset-unlike-zone", params={**written, "zone": feed.timezone or ""}),)
    return ()


def _minutes_in(zone: ZoneInfo, moment: int) -> int:
    shift = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(zone).utcoffset()
    return (shift or timedelta()) // timedelta(minutes=1)


def _written_offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def width_needed(columns: Columns, feed: Feed) -> bool:
    """Return whether only the spacing of all starts can tell how long an interval is."""
    return not (columns.calendar or columns.end is not None or feed.time_bin_minutes)


def spacing_of(texts: Sequence[str], feed: Feed) -> tuple[int, tuple[Fault, ...]] | None:
    """Return the length of every interval in microseconds with a note, or None if the starts do not tell it."""
    read = moments_of(texts, feed).microseconds
    starts = np.unique(read[read != NOT_A_TIME])
    gaps = np.diff(starts)
    if len(gaps) and gaps.min() <= DAY and not (gaps % gaps.min()).any():
        width = int(gaps.min())
        return width, (Fault("end-inferred", params={"minutes": round(width / MINUTE, 3)}),)
    return None if len(starts) else (DAY, ())  # no readable start at all is reported as such


def compressed(keys: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (index of each key among the distinct keys, the distinct keys in order); -1 stays -1. Keys < `size`."""
    if size > 4 * len(keys) + _DENSE:
        distinct, index = np.unique(keys, return_inverse=True)
        hole = int(len(distinct) > 0 and distinct[0] < 0)
        return index.astype(np.int64) - hole, distinct[hole:]
    there = np.zeros(size + 1, dtype=bool)
    there[keys] = True  # -1 marks the last place, which is nobody's
    distinct = np.flatnonzero(there[:size])
    rank = np.full(size + 1, -1, dtype=np.int32)
    rank[distinct] = np.arange(len(distinct))
    return rank[keys].astype(np.int64), distinct


def interval_params(span: Span, grid: Grid) -> Params:
    """Return what a sentence about an interval may say."""
    return {
        "start": _written(span[0]),
        "end": _written(span[1]),
        "minutes": grid.base_minutes,
        "days": LONGEST_DAYS,
        "now": _written(grid.latest),
    }


def _written(moment: int) -> str:
    return str(np.datetime64(moment, "us").astype("datetime64[s]")) + "Z"
