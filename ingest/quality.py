"""A mobile operator's own quality: how late, how complete, how much hidden, rejected and held, day by day.

Agreement with the others is one number a day: own counts over the released people of the same hours, in whole percent,
beside the registered share. It is told only where at least three carriers delivered. Both parts of it are known to
the operator anyway (its counts; the released map, which signed-in groups see), so it learns nothing about a rival: the
released total less its own part is the sum of two or more others, never one of them (contract.md C3). For the same
reason no page may show the agreement of two carriers beside each other.
The residual is another number: own counts beside what the estimate of all carriers together expects in the very same
source areas, so that what is too much or too little there shows, whatever the registered share is. Under the same rule.
Counts of a time that was over long before the carrier's first delivery are history, loaded to begin with: no lateness.
Promises: a constant number of queries. Does not: import arrays before the agreement is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from statistics import fmean, median
from zoneinfo import ZoneInfo

from ingest.rhythm import Rhythm
from rules.policy import Policy
from store import releases
from store.blobs import read_blobs
from store.database import Connection
from store.quality import IntervalFact, UploadFact, first_delivery, interval_facts, upload_facts
from store.records import Carrier, ReleaseRef

AGREEMENT_HOURS = (3, 9, 15, 21)  # four hours stand for a day: reading all of it would make the page wait
FEWEST_CARRIERS = 3
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QualityNumbers:
    """Deliveries in numbers. Lateness: minutes after the end of an interval; shares 0..1; None: nothing to tell.

    `uploads`, `refused` (by the code of the first fault) and rows are those of files received in the time; lateness,
    hidden share, bins and `implied_percent` (own counts in percent of the released people) of its intervals;
    `residual_percent`: how far own counts lie above (below: negative) what the estimate expects of them.
    `history`: so many intervals are left out of the lateness, because they were loaded to begin with.
    """

    uploads: int
    refused: Mapping[str, int] = field(default_factory=dict)
    rows_in: int = 0
    rows_rejected: int = 0
    rows_held: int = 0
    lateness_median: float | None = None
    lateness_p95: float | None = None
    late_share: float | None = None
    history: int = 0
    suppressed_share: float | None = None
    expected_bins: int = 0
    missing_bins: int = 0
    implied_percent: int | None = None
    residual_percent: int | None = None


@dataclass(frozen=True, slots=True)
class QualityDay:
    """The numbers of one local day."""

    on: date
    numbers: QualityNumbers


@dataclass(frozen=True, slots=True)
class Quality:
    """The days, oldest first, and all of them as one; `registered_percent` is the carrier's registered share.

    `missing`: when the missing base bins begin, oldest first.
    """

    days: tuple[QualityDay, ...]
    whole: QualityNumbers
    registered_percent: int
    missing: tuple[datetime, ...] = ()


def quality_of(connection: Connection, carrier: Carrier, policy: Policy, now: datetime, days: int = 14) -> Quality:
    """Return the quality of a carrier's deliveries in the last `days` local days, today included."""
    zone = ZoneInfo(policy.timezone)
    today = now.astimezone(zone).date()
    dates = [today - back * DAY for back in range(days - 1, -1, -1)]
    start = datetime.combine(dates[0], time(), zone).astimezone(UTC)
    received = upload_facts(connection, carrier.id, start)
    delivered = interval_facts(connection, carrier.id, start, now)
    speaking = [one for one in releases.releases_between(connection, start, now) if _speaks(one, zone)]
    shares = _implied_shares(connection, zone, speaking, delivered)
    factors = _own_factors(speaking, zone, carrier.code)
    rhythm = Rhythm(policy, now, ((one.start, one.end) for one in delivered))
    live_from = _live_from(policy, first_delivery(connection, carrier.id))
    reader = _Reader(policy, zone, rhythm, live_from, shares, factors)
    told = [QualityDay(on, reader.numbers(received, delivered, {on})) for on in dates]
    whole = reader.numbers(received, delivered, set(dates))
    missing = tuple(reader.rhythm.missing_of(set(dates)))
    return Quality(tuple(told), whole, round(100 * carrier.share), missing)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the numbers of some local days out of the facts of all."""

    policy: Policy
    zone: ZoneInfo
    rhythm: Rhythm
    live_from: datetime | None
    shares: Mapping[date, float]
    factors: Mapping[date, Sequence[float]]

    def numbers(
        self, received: Sequence[UploadFact], delivered: Sequence[IntervalFact], days: set[date]
    ) -> QualityNumbers:
        files = [one for one in received if self._day(one.received_at) in days]
        own = [one for one in delivered if self._day(one.start) in days]
        first = _first_arrivals(own)
        late = sorted(_late_minutes(end, came) for (_start, end), came in first.items() if not self._is_history(end))
        limit = self.policy.delivery.late_after_minutes
        expected, missing = self.rhythm.bins_of(days)
        implied = [self.shares[one] for one in days if one in self.shares]
        factors = [factor for one in days for factor in self.factors.get(one, ())]
        return QualityNumbers(
            uploads=len(files),
            refused=dict(Counter(one.reason for one in files if one.reason is not None)),
            rows_in=sum(one.rows_in for one in files),
            rows_rejected=sum(one.rows_rejected for one in files),
            rows_held=sum(one.rows_held for one in files),
            lateness_median=median(late) if late else None,
            lateness_p95=late[ceil(0.95 * len(late)) - 1] if late else None,
            late_share=sum(one > limit for one in late) / len(late) if late else None,
            history=len(first) - len(late),
            suppressed_share=_suppressed_share(own),
            expected_bins=expected,
            missing_bins=missing,
            implied_percent=round(100 * fmean(implied)) if implied else None,
            residual_percent=round(100 * (median(factors) - 1.0)) if factors else None,
        )

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _is_history(self, end: datetime) -> bool:
        return self.live_from is not None and end < self.live_from


def _live_from(policy: Policy, first: datetime | None) -> datetime | None:
    """Return from which end on an interval could have come on time: nobody was there to send what is older."""
    return None if first is None else first - timedelta(minutes=policy.delivery.late_after_minutes)


def _late_minutes(end: datetime, came: datetime) -> float:
    return max((came - end) / timedelta(minutes=1), 0.0)


def _first_arrivals(delivered: Iterable[IntervalFact]) -> dict[tuple[datetime, datetime], datetime]:
    """Return when each interval first came; a correction is no late delivery."""
    first: dict[tuple[datetime, datetime], datetime] = {}
    for one in delivered:
        span = (one.start, one.end)
        first[span] = min(first.get(span, one.received_at), one.received_at)
    return first


def _suppressed_share(delivered: Sequence[IntervalFact]) -> float | None:
    hidden = sum(one.suppressed_areas for one in delivered)
    known = hidden + sum(one.counted_areas for one in delivered)
    return hidden / known if known else None


def _own_factors(refs: Sequence[ReleaseRef], zone: ZoneInfo, carrier_code: str) -> dict[date, list[float]]:
    """Return own counts over what the estimate expects of them by day, from the hours that may speak."""
    found: dict[date, list[float]] = {}
    for ref in refs:
        own = [one["share_factor"] for one in ref.residuals if one["carrier"] == carrier_code]
        day = ref.time_bin_start.astimezone(zone).date()
        found.setdefault(day, []).extend(float(one) for one in own if one is not None)
    return found


def _implied_shares(
    connection: Connection, zone: ZoneInfo, refs: Sequence[ReleaseRef], delivered: Sequence[IntervalFact]
) -> dict[date, float]:
    """Return own counts over released people by day, from the hours that may speak."""
    own = {ref.time_bin_start: _own_total(delivered, ref.time_bin_start) for ref in refs}
    wanted = [ref for ref in refs if own[ref.time_bin_start] is not None]
    if not wanted:
        return {}
    from geo.release import people_in  # arrays come here and not before

    packed = read_blobs(connection, {one.blob_digest for one in wanted})
    by_day: dict[date, list[tuple[float, float]]] = {}
    for ref in wanted:
        people = people_in(packed[ref.blob_digest])
        day = ref.time_bin_start.astimezone(zone).date()
        by_day.setdefault(day, []).append((own[ref.time_bin_start] or 0.0, people))
    totals = {day: (sum(one for one, _ in some), sum(people for _, people in some)) for day, some in by_day.items()}
    return {day: counted / people for day, (counted, people) in totals.items() if people > 0}


def _speaks(ref: ReleaseRef, zone: ZoneInfo) -> bool:
    local = ref.time_bin_start.astimezone(zone)
    return len(ref.carriers) >= FEWEST_CARRIERS and local.hour in AGREEMENT_HOURS and local.minute == 0


def _own_total(delivered: Iterable[IntervalFact], moment: datetime) -> float | None:
    """Return the devices counted at a moment: of the shortest interval, the delivery with the most areas, the newest.

    A correction of a few areas is left out, which whole percents do not show.
    """
    there = [one for one in delivered if one.start <= moment < one.end and one.kind in ("device_count", "people")]
    best = max(there, key=lambda one: (one.start - one.end, one.counted_areas, one.received_at), default=None)
    return None if best is None else best.counted_total
