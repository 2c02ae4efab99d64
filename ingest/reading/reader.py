"""Read one file of counts: open, understand its columns, check every row, group what is accepted.

Promises: rows in = accepted + rejected, always. A file with any fault is refused whole, unless the feed lets faulty
rows or unknown source areas go; a file that identifies somebody is refused always. Only good rows come out. The file is
read piece by piece and good rows wait on disk, so memory does not grow with the rows; pieces of any size give the same.
Does not: know the database, the clock (`not_after` is given) or the shapes of source areas.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed
from ingest.reading.ahead import ahead
from ingest.reading.areas import Areas
from ingest.reading.calendars import CalendarIntervals
from ingest.reading.camara import camara_table
from ingest.reading.columns import Columns, columns_of
from ingest.reading.counts import CountGroup, CountsFile, CountsReading
from ingest.reading.findings import Findings, Ledger, Params, Verdicts
from ingest.reading.gathering import WHOLE, Gatherer, Rows
from ingest.reading.identifiers import identifier_columns, identifies
from ingest.reading.intervals import MINUTE, MOST_INTERVALS, Grid, Intervals, WrittenIntervals, spacing_of, width_needed
from ingest.reading.merging import Merger, has_devices
from ingest.reading.merging import Terms as MergingTerms
from ingest.reading.pieces import PieceSize
from ingest.reading.sources import MAX_BYTES, Source, opened
from ingest.reading.spill import Spill, SpilledRows
from ingest.reading.states import States, values_of
from ingest.reading.tables import Table, row_count, text_table

Progress = Callable[[float, str], None]


def _silent(_share: float, _step: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file is read against: its feed, the carrier's source areas (None: any), and the policy's numbers."""

    feed: Feed
    known: frozenset[str] | None
    k_min: int
    grid: Grid


def read_counts(
    path: Path,
    feed: Feed,
    known_source_areas: frozenset[str] | None,
    k_min: int,
    base_bin_minutes: int,
    not_after: datetime,
    progress: Progress = _silent,
    *,
    file_name: str | None = None,
    max_bytes: int = MAX_BYTES,
    scratch: Path | None = None,
    counts_file: BinaryIO | None = None,
    piece_size: PieceSize | None = None,
) -> CountsReading:
    """Return the accepted counts of the file at `path`; close the reading when its slices are no longer needed.

    `known_source_areas`: ids of the carrier's coverage, None for tiles that describe themselves. `not_after`: no
    interval may end later. `max_bytes` caps what is unpacked, `scratch` is where; the arrays of the result go to
    `counts_file` (default: an unnamed file in `scratch`). Raises FileRefused with all faults.
    """
    terms = Terms(feed, known_source_areas, k_min, Grid(base_bin_minutes, not_after))
    size = piece_size or PieceSize()
    target = counts_file or cast("BinaryIO", tempfile.TemporaryFile(dir=scratch, prefix="oryn-"))  # noqa: SIM115
    try:
        progress(0.0, "open")
        with opened(path, max_bytes, scratch) as source, tempfile.TemporaryFile(dir=scratch, prefix="oryn-") as spilled:
            table = _table(source, feed, max_bytes, size)
            progress(0.1, "read")
            return _Reading(table, terms, Spill(cast("BinaryIO", spilled))).read(target, progress)
    except BaseException as problem:
        target.close()
        if isinstance(problem, FileRefused):
            problem.file = file_name or path.name
        raise


def _table(source: Source, feed: Feed, max_bytes: int, size: PieceSize) -> Table:
    if source.form == "json":
        return camara_table(source, size)
    if source.form == "parquet":
        from ingest.reading.parquet import parquet_table

        return parquet_table(source, max_bytes, size)
    return text_table(source, feed, size)


class _Reading:
    """One file on its way from rows to groups of counts."""

    def __init__(self, table: Table, terms: Terms, spill: Spill) -> None:
        if identifying := identifier_columns(table.names):
            raise FileRefused(identifying, rows_in=row_count(table))
        self._table = table
        self._terms = terms
        self._spill = spill
        self._columns = columns_of(table.names, terms.feed)
        self._gatherer = Gatherer(table, self._columns, terms.feed, terms.known)
        self._ledger = Ledger()
        self._devices = False

    def read(self, target: BinaryIO, progress: Progress) -> CountsReading:
        """Read, judge and merge everything; write the arrays of counts to `target`."""
        try:
            judge = _Judge(self._table, self._columns, self._terms, self._gatherer)
            for rows, share in ahead(self._gatherer.rows()):
                findings = Findings(rows.line, self._table.place, self._ledger.room)
                good = judge.good_rows(rows, findings)
                self._devices = self._devices or has_devices(good, self._terms.k_min)
                if not self._devices:  # else nothing that they say is used
                    self._spill.add(good)
                self._ledger.take(findings)
                progress(0.1 + 0.6 * share, "check")
        except FileRefused as refused:
            refused.rows_in = refused.rows_in or row_count(self._table)
            raise
        if not self._ledger.rows_in:
            raise FileRefused([Fault("file-without-rows")])
        progress(0.8, "group")
        reading = self._merged(judge, target)
        progress(1.0, "done")
        return reading

    def _merged(self, judge: _Judge, target: BinaryIO) -> CountsReading:
        ids = judge.areas.ids
        order = sorted(range(len(ids)), key=ids.__getitem__)
        rank = np.empty(len(ids), dtype=np.int64)
        rank[order] = np.arange(len(ids))
        merger = Merger(self._spill, rank, CountsFile(target), self._merging_terms(judge))
        if not self._devices:
            merger.merge()
        if not (self._devices or merger.devices):  # else rows that contradict each other are devices, and no faults
            self._report_torn(merger)
        self._report_devices(merger, len(ids))
        self._ledger.refuse_if_due(self._terms.feed)
        counts = CountsFile(target) if merger.used.all() else CountsFile(target, _places(merger.used))
        area_ids = tuple(ids[at] for at, used in zip(order, merger.used, strict=True) if used)
        ledger = self._ledger
        return CountsReading(
            kind=self._columns.kind,
            grid=judge.areas.grid,
            area_ids=area_ids,
            rows_in=ledger.rows_in,
            rows_accepted=ledger.rows_in - ledger.rows_rejected,
            rows_rejected=ledger.rows_rejected,
            rows_suppressed=merger.suppressed,
            groups=tuple(judge.group(*placed) for placed in merger.placed),
            counts=counts,
            faults=ledger.faults,
            fault_count=ledger.count,
            notes=(*judge.intervals.notes, *_notes(merger, self._columns, self._terms.feed)),
            points=judge.areas.points_of(area_ids),
            thresholded_at=self._terms.feed.thresholded_at,
        )

    def _merging_terms(self, judge: _Judge) -> MergingTerms:
        parts = judge.parts if self._columns.sum_over else None
        return MergingTerms(self._columns.kind, self._terms.k_min, self._terms.feed.thresholded_at, parts)

    def _report_devices(self, merger: Merger, areas: int) -> None:
        for at in self._gatherer.marked_columns(self._ledger.rows_in, areas):
            self._ledger.take_whole(Fault("identifier-marks", None, self._columns.name(at)))
        if self._devices or merger.devices:
            name, params = self._columns.name(self._columns.value), {"count": self._terms.k_min}
            self._ledger.take_whole(Fault("identifier-rows", None, name, params))

    def _report_torn(self, merger: Merger) -> None:
        name = self._columns.name(self._columns.value)
        found = []
        for line, other in merger.torn.tolist():
            number, where = self._table.place(line, name)
            found.append((line, Fault("row-contradicts", number, where, {"line": other})))
        self._ledger.take_late("row-contradicts", merger.torn_count, found)


class _Judge:
    """Check the rows of a file, piece by piece, and number what their counts belong to."""

    def __init__(self, table: Table, columns: Columns, terms: Terms, gatherer: Gatherer) -> None:
        self._columns = columns
        self._fields = {"expected": len(table.names)}
        self.areas = Areas(columns, terms.feed, terms.known, lambda: gatherer.survey("area")[0])
        self.intervals = _intervals(columns, terms, gatherer)
        self._states = States(columns, terms.feed)
        self._revisions = _Revisions(columns)
        self._combinations: dict[tuple[int, int], int] = {}
        self.parts = 0

    def good_rows(self, rows: Rows, findings: Findings) -> SpilledRows:
        """Return the rows of a piece that nothing is wrong with; report what is wrong with the others."""
        findings.add("too-many-fields", np.flatnonzero(rows.too_many_fields), None, lambda _: self._fields)
        for at, found in rows.identifying.items():
            findings.add("identifier-values", found, self._columns.name(at))
        area = self.areas.of(rows.area, findings)
        group = self.intervals.of(rows, findings)
        revision = self._revisions.of(rows, findings)
        state = self._states.of(rows, findings)
        combination = self._combination(np.where(findings.bad, -1, group), revision)
        part = np.zeros(0, np.uint32) if rows.part is None else rows.part.codes.astype(np.uint32)
        self.parts = max(self.parts, int(part.max(initial=0)) + 1)
        spilled = SpilledRows(combination, area, part, rows.line, values_of(rows, state), state)
        return spilled if not findings.bad.any() else spilled.chosen(np.flatnonzero(~findings.bad))

    def _combination(self, group: np.ndarray, revision: np.ndarray | None) -> np.ndarray:
        """Return the number of each row's (group, revision); anything where the group is -1."""
        if revision is None:
            return group
        used, pair = np.unique(np.stack([group, revision]), axis=1, return_inverse=True)
        numbers = [
            self._combinations.setdefault((at, said), len(self._combinations)) if at >= 0 else -1
            for at, said in used.T.tolist()
        ]
        if len(self._combinations) > MOST_INTERVALS:
            raise FileRefused([Fault("too-many-values", params={"limit": MOST_INTERVALS})])
        return np.array(numbers, dtype=np.int64)[pair.reshape(-1)]

    def group(self, combination: int, offset: int, size: int) -> CountGroup:
        """Return what the counts of a combination hold for."""
        if self._columns.revision is None:
            at, revision = combination, 0
        else:
            at, revision = self._named()[combination]
        return CountGroup(self.intervals.spans[at], self.intervals.precision[at], revision, offset, size)

    def _named(self) -> list[tuple[int, int]]:
        return list(self._combinations)


class _Revisions:
    def __init__(self, columns: Columns) -> None:
        self._name = columns.name(columns.revision)
        self._verdicts = Verdicts()
        self._numbers: list[int] = []

    def of(self, rows: Rows, findings: Findings) -> np.ndarray | None:
        """Return (n,) int64 revisions, None where the file has none; report those that are no whole numbers."""
        if rows.revision is None:
            return None
        for text in rows.revision.texts[len(self._numbers) :]:
            sound = re.match(WHOLE, text, re.ASCII) is not None
            self._numbers.append(int(text) if sound else 0)
            stranger = "identifier-values" if identifies(text) else "revision-unreadable"
            self._verdicts.learn([None if sound else stranger])
        findings.add_texts(self._verdicts, rows.revision, self._name, lambda text: {"value": quoted(text)})
        return rows.revision.spread(np.array(self._numbers, dtype=np.int64), 0)


def _intervals(columns: Columns, terms: Terms, gatherer: Gatherer) -> Intervals:
    if columns.calendar:
        return CalendarIntervals(columns, terms.feed, terms.grid)
    if not width_needed(columns, terms.feed):
        width = (terms.feed.time_bin_minutes or 0) * MINUTE
        return WrittenIntervals(columns, terms.feed, terms.grid, width, ())
    texts, rows, first = gatherer.survey("start")
    if not rows:
        raise FileRefused([Fault("file-without-rows")])
    if (spacing := spacing_of(texts, terms.feed)) is None:
        raise FileRefused([Fault("end-not-inferable", first, columns.name(columns.start))], rows_in=rows)
    return WrittenIntervals(columns, terms.feed, terms.grid, *spacing)


def _places(used: np.ndarray) -> np.ndarray:
    return np.asarray((np.cumsum(used) - 1).astype(np.uint32))


def _notes(merger: Merger, columns: Columns, feed: Feed) -> list[Fault]:
    """Return what a person should know although nothing is wrong."""
    notes = []
    if merger.repeated:
        notes.append(Fault("rows-repeated", params={"count": merger.repeated}))
    if columns.extra:
        ignored = ", ".join(quoted(columns.names[at]) for at in columns.extra[:20])
        notes.append(Fault("columns-ignored", params={"columns": ignored}))
    if merger.below:
        below: Params = {"count": merger.below, "threshold": f"{feed.thresholded_at:g}"}
        notes.append(Fault("values-below-threshold", params=below))
    return notes
