"""Read one file of counts: open, understand its columns, check every row, group what is accepted.

Promises: rows in = accepted + rejected, always. A file with any fault is refused whole, unless the feed lets faulty
rows or unknown source areas go; a file that identifies somebody is refused always. Only good rows come out.
Does not: know the database, the clock (`not_after` is given) or the shapes of source areas.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed
from ingest.reading.areas import areas_of
from ingest.reading.calendars import calendar_intervals
from ingest.reading.camara import camara_table
from ingest.reading.columns import Columns, columns_of
from ingest.reading.counts import SUPPRESSED, CountsReading
from ingest.reading.findings import Findings
from ingest.reading.gathering import WHOLE, Rows, gathered
from ingest.reading.identifiers import PERSON_OR_SIM, identifier_columns
from ingest.reading.intervals import Grid, written_intervals
from ingest.reading.merging import Judged, Packed, pack, repeats_of, slots_of
from ingest.reading.sources import MAX_BYTES, Source, opened
from ingest.reading.states import hidden, states_of, values_of
from ingest.reading.tables import LINE, Table, column, parquet_table, text_table

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
) -> CountsReading:
    """Return the accepted counts of the file at `path`.

    `known_source_areas`: ids of the carrier's coverage, None for tiles that describe themselves. `not_after`: no
    interval may end later. `max_bytes` caps what is unpacked, `scratch` is where. Raises FileRefused with all faults.
    """
    terms = Terms(feed, known_source_areas, k_min, Grid(base_bin_minutes, not_after))
    try:
        progress(0.0, "open")
        with opened(path, max_bytes, scratch) as source:
            table = _table(source, feed, max_bytes)
            return _reading(table, terms, progress)
    except FileRefused as refused:
        refused.file = file_name or path.name
        raise


def _table(source: Source, feed: Feed, max_bytes: int) -> Table:
    if source.form == "json":
        return camara_table(source)
    return parquet_table(source, max_bytes) if source.form == "parquet" else text_table(source, feed)


def _reading(table: Table, terms: Terms, progress: Progress) -> CountsReading:
    if identifying := identifier_columns(table.names):
        raise FileRefused(identifying, rows_in=_row_count(table))
    columns = columns_of(table.names, terms.feed)
    progress(0.1, "read")
    rows = gathered(table, columns, terms.feed)
    if not len(rows.line):
        raise FileRefused([Fault("file-without-rows")])
    progress(0.6, "check")
    findings = Findings(rows.line, table.place)
    try:
        judged = _judged(rows, table, columns, terms, findings)
        progress(0.8, "group")
        packed, repeats = _accepted(judged, columns, terms.feed, findings)
    except FileRefused as refused:
        refused.rows_in = len(rows.line)
        raise
    reading = _counts(judged, packed, columns, terms, findings, repeats)
    progress(1.0, "done")
    return reading


def _row_count(table: Table) -> int:
    return int(table.rows.select(pl.len()).collect(engine="streaming").item())


def _judged(rows: Rows, table: Table, columns: Columns, terms: Terms, findings: Findings) -> Judged:
    findings.add(
        "too-many-fields", np.flatnonzero(rows.too_many_fields), None, lambda _: {"expected": len(table.names)}
    )
    _identifying_values(table, columns, terms, findings)
    areas = areas_of(rows.area, columns, terms.feed, terms.known, findings)
    timed = calendar_intervals if columns.calendar else written_intervals
    intervals = timed(rows, columns, terms.feed, terms.grid, findings)
    revision = _revisions(rows, columns, findings)
    state = states_of(rows, table, columns, terms.feed, findings)
    return Judged(areas, rows.area, intervals, revision, state, values_of(rows, state), rows.part)


def _identifying_values(table: Table, columns: Columns, terms: Terms, findings: Findings) -> None:
    """Report every value with the shape of an identifier in the columns that nothing else checks (contract.md A6)."""
    looked_at = (*columns.extra, *columns.sum_over)
    if not looked_at:
        return
    known = pl.Series(sorted(terms.known or ()), dtype=pl.String)
    for at in looked_at:
        text = column(at)
        suspicious = text.str.contains(PERSON_OR_SIM) & ~text.is_in(known.implode())
        lines = table.rows.filter(suspicious).select(LINE).collect(engine="streaming")[LINE].to_numpy()
        findings.add("identifier-values", np.searchsorted(findings.lines, lines), columns.name(at))


def _revisions(rows: Rows, columns: Columns, findings: Findings) -> np.ndarray:
    if rows.revision is None:
        return np.zeros(len(rows.line), dtype=np.int64)
    texts = rows.revision.texts
    sound = [re.match(WHOLE, text, re.ASCII) is not None for text in texts]
    codes = [None if fits else "revision-unreadable" for fits in sound]
    findings.add_texts(codes, rows.revision, columns.name(columns.revision), lambda text: {"value": quoted(text)})
    numbers = [int(text) if fits else 0 for text, fits in zip(texts, sound, strict=True)]
    return rows.revision.spread(np.array(numbers, dtype=np.int64), 0)


def _accepted(judged: Judged, columns: Columns, feed: Feed, findings: Findings) -> tuple[Packed, int]:
    """Return the accepted rows and how many of them only repeat another; refuse the file if it is due."""
    packed = pack(judged, ~(findings.faulty | findings.unknown))
    again, torn, others = repeats_of(judged, packed)
    other = dict(zip(torn.tolist(), findings.lines[others].tolist(), strict=True))
    name = columns.name(columns.value)
    findings.add("row-contradicts", np.sort(torn), name, lambda row: {"line": other[row]})
    _refuse_if_due(findings, feed)
    if len(torn) or len(again):
        left = ~(findings.faulty | findings.unknown)
        left[again] = False
        packed = pack(judged, left)
    return packed, len(again)


def _refuse_if_due(findings: Findings, feed: Feed) -> None:
    refuses = (
        "identifier-values" in findings.codes,
        feed.faulty_rows == "refuse" and findings.faulty.any(),
        feed.unknown_source_areas == "refuse" and findings.unknown.any(),
        (findings.faulty | findings.unknown).all(),
    )
    if any(refuses):
        raise FileRefused(findings.faults, rows_in=len(findings.lines), fault_count=findings.count)


def _counts(
    judged: Judged, packed: Packed, columns: Columns, terms: Terms, findings: Findings, repeats: int
) -> CountsReading:
    rejected = int((findings.faulty | findings.unknown).sum())
    counts = slots_of(judged, packed)
    small = hidden(columns.kind, counts.value, terms.k_min)
    state = np.where(small, SUPPRESSED, counts.state).astype(np.uint8)
    return CountsReading(
        kind=columns.kind,
        grid=judged.areas.grid,
        area_ids=packed.area_ids,
        rows_in=len(findings.lines),
        rows_accepted=len(findings.lines) - rejected,
        rows_rejected=rejected,
        rows_suppressed=int((state == SUPPRESSED).sum()),
        area_index=counts.area_index,
        value=np.where(small, np.nan, counts.value),
        state=state,
        groups=counts.groups,
        faults=findings.faults,
        fault_count=findings.count,
        notes=(*judged.intervals.notes, *_notes(counts.value, columns, terms.feed, repeats)),
        points=judged.areas.points,
        thresholded_at=terms.feed.thresholded_at,
    )


def _notes(value: np.ndarray, columns: Columns, feed: Feed, repeats: int) -> list[Fault]:
    """Return what a person should know although nothing is wrong."""
    notes = []
    if repeats:
        notes.append(Fault("rows-repeated", params={"count": repeats}))
    if columns.extra:
        ignored = ", ".join(quoted(columns.names[at]) for at in columns.extra[:20])
        notes.append(Fault("columns-ignored", params={"columns": ignored}))
    threshold = feed.thresholded_at
    below = int(((value > 0) & (value < threshold)).sum()) if threshold else 0
    if threshold and below:
        notes.append(Fault("values-below-threshold", params={"count": below, "threshold": f"{threshold:g}"}))
    return notes
