"""Keep what a reading holds, in one transaction with the end of its job: counts, held counts, bins to estimate again.

Promises: all of it or nothing; what is held is nowhere among the counts that count; memory does not grow with the
number of slices, because they are packed and written in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ingest.checks import Hold
from ingest.counts import COUNTED, SUPPRESSED, AreaCounts, pack_counts
from ingest.grids import GRIDS, grow
from ingest.reading import CountSlice, CountsReading
from store import uploads
from store.database import Connection
from store.held import HeldCounts, hold
from store.records import Carrier, CountPayload, Receipt

BATCH_BYTES = 8 << 20  # so much is packed before it is written

Rows = NDArray[np.bool_]
Part = CountPayload | HeldCounts


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a reading: the intervals of its counts that count, and how many rows wait for a person."""

    intervals: frozenset[tuple[datetime, datetime]]
    rows_held: int


def keep_counts(
    connection: Connection,
    carrier: Carrier,
    receipt: Receipt,
    reading: CountsReading,
    holds: Sequence[Hold],
    now: datetime,
    base_bin: timedelta,
) -> Kept:
    """Write the counts of a reading for an upload, and note the base bins that they touch."""
    writing = _Writing(connection, carrier, receipt, reading, holds)
    kept = writing.write()
    if reading.grid in GRIDS:
        grow(connection, carrier.id, reading.grid, writing.ids_counted(), receipt.file_name, now, base_bin)
    uploads.mark_dirty(connection, touched(kept.intervals, base_bin))
    return kept


def touched(intervals: Iterable[tuple[datetime, datetime]], base_bin: timedelta) -> set[datetime]:
    """Return the base bins that the intervals overlap."""
    return {one for start, end in intervals for one in uploads.base_bins(start, end, base_bin)}


class _Writing:
    def __init__(
        self, connection: Connection, carrier: Carrier, receipt: Receipt, reading: CountsReading, holds: Sequence[Hold]
    ) -> None:
        self._connection, self._carrier, self._receipt, self._reading = connection, carrier, receipt, reading
        self._holds = {one.key: one for one in holds}
        codes = uploads.source_area_codes(connection, carrier.id, reading.area_ids)
        self._codes = np.array([codes[one] for one in reading.area_ids], np.uint32)
        self._counted = np.zeros(len(reading.area_ids), bool)
        self._rows = _rows_of(reading) if holds else None

    def write(self) -> Kept:
        intervals: set[tuple[datetime, datetime]] = set()
        rows_held = 0
        for batch in _batches(self._parts()):
            counting = [one for one in batch if isinstance(one, CountPayload)]
            waiting = [one for one in batch if isinstance(one, HeldCounts)]
            uploads.add_slices(self._connection, self._carrier.id, self._receipt.id, counting)
            hold(self._connection, self._carrier.id, self._receipt.id, waiting)
            intervals.update((one.start, one.end) for one in counting)
            rows_held += sum(one.row_count for one in waiting)
        return Kept(frozenset(intervals), rows_held)

    def ids_counted(self) -> list[str]:
        """Return the areas that have counts which count."""
        return [self._reading.area_ids[at] for at in np.flatnonzero(self._counted)]

    def _parts(self) -> Iterator[Part]:
        for one in self._reading.slices():
            found = self._holds.get((one.start, one.end, one.precision, one.revision))
            waits = _waiting_rows(one, found)
            if not waits.all():
                self._counted[one.area_index[~waits]] = True
                yield self._payload(one, ~waits)
            if found is not None and self._rows is not None and waits.any():
                row_count = self._rows.next_share(int(waits.sum()))
                yield HeldCounts(self._payload(one, waits), found.reason, found.params, row_count)

    def _payload(self, one: CountSlice, rows: Rows) -> CountPayload:
        value, state = one.value[rows], one.state[rows]
        counted = state == COUNTED
        if self._reading.thresholded_at is not None:
            value = np.where(state == SUPPRESSED, self._reading.thresholded_at, value)
        return CountPayload(
            start=one.start,
            end=one.end,
            precision=one.precision,
            revision=one.revision,
            kind=self._reading.kind,
            data=pack_counts(AreaCounts(self._codes[one.area_index[rows]], value, state)),
            counted_total=float(value[counted].sum()),
            counted_areas=int(counted.sum()),
            suppressed_areas=int((state == SUPPRESSED).sum()),
        )


class RowsOfCounts:
    """How many rows of the file so many held counts stand for: one each, unless rows were repeated or summed.

    Shares are cut from one running total, so that they add up, and all counts together are all accepted rows.
    """

    def __init__(self, rows: int, counts: int) -> None:
        self._rows = rows
        self._counts = counts
        self._seen = 0

    def next_share(self, counts: int) -> int:
        before = self._up_to_now()
        self._seen += counts
        return self._up_to_now() - before

    def _up_to_now(self) -> int:
        return -(-self._seen * self._rows // self._counts)  # rounded up: what is held is never said to be no row


def _rows_of(reading: CountsReading) -> RowsOfCounts:
    return RowsOfCounts(reading.rows_accepted, sum(len(one.area_index) for one in reading.slices()))


def _waiting_rows(one: CountSlice, found: Hold | None) -> Rows:
    if found is None:
        return np.zeros(len(one.area_index), bool)
    if found.area_index is None:
        return np.ones(len(one.area_index), bool)
    waits: Rows = np.isin(one.area_index, found.area_index)
    return waits


def _batches(parts: Iterator[Part]) -> Iterator[list[Part]]:
    batch: list[Part] = []
    size = 0
    for part in parts:
        batch.append(part)
        size += len(part.payload.data if isinstance(part, HeldCounts) else part.data)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
