"""What is known of a carrier before its file is examined: earlier counts, the others' totals, its areas in force.

Promises: a moment of a past week is the same local hour of the policy's timezone; what holds in a window is what the
estimate would take (`ingest.counts`); memory does not grow with the file, because only the counts of the interval at
hand are unpacked. Nothing is written.
Does not: judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.coverage import Coverage
from geo.places import Places, places_of
from ingest.checks.places_in_force import CoverageTimes
from ingest.counts import COUNTED, SUPPRESSED, AreaCounts, counts_in_bin, unpack_counts
from rules.policy import Policy
from store import carriers, past, uploads
from store.blobs import read_blobs
from store.database import Connection
from store.records import Carrier, CountSliceRef

Floats = NDArray[np.float64]
Span = tuple[datetime, datetime]

WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
SHIFT_HOURS = 12  # an offset from UTC is wrong by at most so much
LATENESS_KEPT = 500  # the newest uploads say what is usual
LATENESS_DAYS = 60
UNPACKED_KEPT = 32  # the past weeks of an interval and of those before it: an hour's serve its four quarters


class Past:
    """The past of one carrier as it is in the database while `connection` is open.

    `before_upload`: the upload that is examined, if it is recorded already; only earlier ones are past.
    """

    def __init__(
        self,
        connection: Connection,
        carrier: Carrier,
        policy: Policy,
        now: datetime,
        before_upload: int | None = None,
    ) -> None:
        self.carrier, self.policy, self.now = carrier, policy, now
        self._connection = connection
        self._before = before_upload
        self._zone = ZoneInfo(policy.timezone)
        self._slices: dict[tuple[int, int], list[CountSliceRef]] = {}
        self._unpacked: dict[str, AreaCounts] = {}
        self._codes: dict[int, dict[str, int]] = {}
        self._places: dict[str, tuple[tuple[str, ...], Places]] = {}
        self.coverage = CoverageTimes(connection, carrier.id)
        self.others = [one for one in carriers.list_carriers(connection) if one.id != carrier.id]

    def expect(self, span: Span) -> None:
        """Look up which slices there are for a file of this span and for the same hours of the past weeks."""
        margin = SHIFT_HOURS * HOUR
        around = (span[0] - margin, span[1] + margin)
        weeks = range(1, self.policy.delivery.hold_max_weeks + 1)
        windows = [span, *(((around[0] - one * WEEK) - HOUR, (around[1] - one * WEEK) + HOUR) for one in weeks)]
        for one in past.slices_in_windows(self._connection, _merged(windows), self._before):
            for day in _days(one.start, one.end):
                self._slices.setdefault((one.carrier_id, day), []).append(one)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the policy's timezone."""
        return moment.astimezone(self._zone)

    def weeks_before(self, moment: datetime, weeks: int) -> datetime:
        """Return the same local time some weeks earlier, in UTC."""
        local = self.local(moment).replace(tzinfo=None) - weeks * WEEK
        return local.replace(tzinfo=self._zone).astimezone(UTC)

    def codes(self, carrier_id: int) -> dict[str, int]:
        """Return the codes of a carrier's source areas, as its stored counts use them."""
        if carrier_id not in self._codes:
            self._codes[carrier_id] = uploads.source_area_codes(self._connection, carrier_id)
        return self._codes[carrier_id]

    def weeks(self, carrier_id: int, span: Span, kind: str, precision: int, *, hidden: float) -> Floats:
        """Return what held in `span` of the past weeks, (W, C): one row a week that has anything, by area code.

        A suppressed count reads as `hidden`, a missing one as NaN.
        """
        width = span[1] - span[0]
        starts = [self.weeks_before(span[0], one) for one in range(1, self.policy.delivery.hold_max_weeks + 1)]
        refs = [self._refs(carrier_id, (start, start + width), kind, precision) for start in starts]
        self._read([one for some in refs for one in some])  # all weeks with one query
        there = [(start, some) for start, some in zip(starts, refs, strict=True) if some]
        rows = [self._held(carrier_id, (start, start + width), some, hidden) for start, some in there]
        return np.array(rows) if rows else np.zeros((0, len(self.codes(carrier_id))))

    def held_in(
        self, carrier_id: int, span: Span, kind: str | None, precision: int | None, *, hidden: float
    ) -> Floats | None:
        """Return what holds of a carrier in `span`, (C,) by area code; None where nothing was delivered."""
        refs = self._refs(carrier_id, span, kind, precision)
        self._read(refs)
        return self._held(carrier_id, span, refs, hidden) if refs else None

    def states_in(self, span: Span) -> NDArray[np.uint8] | None:
        """Return the states of this carrier's counts that were delivered for exactly this interval, (C,) by code."""
        refs = [one for one in self._touching(self.carrier.id, span) if (one.start, one.end) == span]
        if not refs:
            return None
        self._read(refs)
        size = len(self.codes(self.carrier.id))
        return counts_in_bin(span[0], span[1] - span[0], refs, self._unpacked, size)[1]

    def total_in(self, carrier_id: int, span: Span) -> float | None:
        """Return a carrier's total in `span`, from the stored totals where they say it; None: nothing comparable."""
        refs = [one for one in self._touching(carrier_id, span) if one.kind in ("device_count", "people")]
        covering = [one for one in refs if one.start <= span[0] and one.end >= span[1]]
        if len(covering) == 1 and len(refs) == 1:
            return covering[0].counted_total
        found = self.held_in(carrier_id, span, None, None, hidden=0.0) if refs else None
        return None if found is None else float(np.nansum(found))

    def places(self, carrier_id: int, moment: datetime) -> tuple[tuple[str, ...], Places] | None:
        """Return a carrier's source areas in force at `moment` with their places; None without a coverage."""
        times = self.coverage if carrier_id == self.carrier.id else CoverageTimes(self._connection, carrier_id)
        digest = times.digest_at(moment)
        if digest is None:
            return None
        if digest not in self._places:
            coverage = Coverage.from_bytes(read_blobs(self._connection, [digest])[digest])
            self._places[digest] = (coverage.source_area_ids, places_of(coverage))
        return self._places[digest]

    def lateness(self) -> list[timedelta]:
        """Return how late this carrier's newest uploads came after their last interval."""
        since = self.now - LATENESS_DAYS * DAY
        return past.past_lateness(self._connection, self.carrier.id, since, LATENESS_KEPT)

    def _refs(self, carrier_id: int, span: Span, kind: str | None, precision: int | None) -> list[CountSliceRef]:
        return [one for one in self._touching(carrier_id, span) if _alike(one, kind, precision)]

    def _held(self, carrier_id: int, span: Span, refs: Sequence[CountSliceRef], hidden: float) -> Floats:
        size = len(self.codes(carrier_id))
        if len(refs) == 1 and refs[0].start <= span[0] and refs[0].end >= span[1]:  # the usual case, without overlays
            counts = self._unpacked[refs[0].digest]
            found: Floats = np.full(size, np.nan)
            found[counts.area_codes] = np.where(counts.states == SUPPRESSED, hidden, counts.values)
            return found
        values, states = counts_in_bin(span[0], span[1] - span[0], refs, self._unpacked, size)
        return np.where(states == COUNTED, values, np.where(states == SUPPRESSED, hidden, np.nan))

    def _touching(self, carrier_id: int, span: Span) -> list[CountSliceRef]:
        found = {
            one.id: one
            for day in _days(*span)
            for one in self._slices.get((carrier_id, day), ())
            if one.start < span[1] and one.end > span[0]
        }
        return list(found.values())

    def _read(self, refs: Sequence[CountSliceRef]) -> None:
        """Have the counts of `refs` at hand; keep no more than an interval and its past weeks need."""
        wanted = {one.digest for one in refs}
        missing = wanted - self._unpacked.keys()
        if not missing:
            return
        for digest in list(self._unpacked)[: -UNPACKED_KEPT or None]:
            if digest not in wanted:
                del self._unpacked[digest]
        read = read_blobs(self._connection, missing)
        self._unpacked |= {digest: unpack_counts(data) for digest, data in read.items()}


def _alike(one: CountSliceRef, kind: str | None, precision: int | None) -> bool:
    return (kind is None or one.kind == kind) and (precision is None or one.precision == precision)


def _days(start: datetime, end: datetime) -> Iterator[int]:
    """Yield the days (numbers since 1970, UTC) that an interval touches."""
    seconds = 86_400
    yield from range(int(start.timestamp()) // seconds, -(-int(end.timestamp()) // seconds))


def _merged(windows: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
