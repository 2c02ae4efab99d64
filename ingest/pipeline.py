"""From dirty base bins to what people see: release, usual week, map frames, crowding at venues.

A bin stays on the list of dirty bins until everything that follows from it is kept, so a run that is killed is simply
done again. Each batch of bins is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np

from geo.release import Released, release
from ingest.areas import FINEST, Area, keep_area, read_area
from ingest.crowding import VenueJudge
from ingest.estimating import BinInputs, Estimator
from ingest.progress import Progress, part, silent
from ingest.publishing import Publisher
from ingest.revoking import not_frozen, shown_bins, take_back
from ingest.usual import UsualWeek, history_span, usual_week
from ingest.weights_cache import WeightsCache
from ingest.world import World
from rules.policy import Policy
from store import blobs, releases, uploads, venues, zones
from store.database import Connection, Database
from store.records import VenueCrowding

BINS_A_BATCH = 96
THREADS = cpu_count() or 1  # estimates are numpy from end to end, which lets go of Python's lock
RELEASES_KEPT = 8  # an hourly feed shares one release among four bins
LIVE_WINDOW = timedelta(hours=26)  # frames and crowding are drawn for a day's slider and the public layer's delay


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the pipeline runs: database, policy, weights cache."""

    database: Database
    policy: Policy
    cache: WeightsCache

    @property
    def base_bin(self) -> timedelta:
        """The width of a base bin."""
        return timedelta(minutes=self.policy.counts.base_bin_minutes)

    @property
    def public_bin(self) -> timedelta:
        """The width of a bin of the public map."""
        return timedelta(minutes=self.policy.map.public_bin_minutes)

    @staticmethod
    def at(database: Database, policy: Policy, home: Path) -> Workplace:
        """Return a workplace whose weights cache lies in the data folder `home`."""
        return Workplace(database, policy, WeightsCache(home / "weights"))


def process_dirty_bins(place: Workplace, now: datetime, progress: Progress = silent) -> int:
    """Estimate, release and publish every dirty base bin, until none is left; return how many there were."""
    total = 0
    while done := _process_once(place, now, progress):
        total += done
    return total


def _process_once(place: Workplace, now: datetime, progress: Progress) -> int:
    with place.database.read() as connection:
        marks = uploads.dirty_bins(connection)
        if not marks:
            return 0
        newest_end = uploads.newest_interval_end(connection)
        dirty = not_frozen(connection, marks, place.base_bin)
        shown = shown_bins(connection, dirty, place.public_bin)
        world = World(connection, place.cache, part(progress, 0.0, 0.3))
    shrunk = _release_all(place, world, dirty, now, part(progress, 0.3, 0.6))
    own = set(shown.own)
    if newest_end is not None:
        usual_changed = _refresh_usual_week(place, world, dirty, newest_end, now)
        own |= _live_bins(place, dirty, newest_end - LIVE_WINDOW, everything=usual_changed or shrunk)
    _publish_all(place, world, sorted(own | shown.public), own, now, part(progress, 0.6, 1.0))
    with place.database.begin() as connection:
        uploads.clear_dirty(connection, marks)
    return len(marks)


def mark_everything_dirty(connection: Connection, since: datetime | None = None) -> None:
    """Note that every released bin (from `since` on) has to be done again: coverage, venues or zones changed."""
    known = releases.all_bins(connection)
    uploads.mark_dirty(connection, [one for one in known if since is None or one >= since])


def mark_live_dirty(connection: Connection) -> None:
    """Note that the bins for which frames and crowding are drawn have to be done again."""
    newest = uploads.newest_interval_end(connection)
    if newest is not None:
        mark_everything_dirty(connection, newest - LIVE_WINDOW)


def judge_bin(place: Workplace, start: datetime) -> list[VenueCrowding]:
    """Return the crowding of one released bin, judged anew: for bins older than those that are drawn."""
    with place.database.read() as connection:
        ref = releases.find_release(connection, start)
        if ref is None:
            return []
        judge = _judge(connection, World(connection, place.cache), place.policy, ref.area_digest)
        hexagons = read_area(connection, ref.area_digest).hexagons
        released = Released.from_bytes(blobs.read_blob(connection, ref.blob_digest), hexagons)
    width = timedelta(minutes=place.policy.counts.base_bin_minutes)
    return judge.judge(released, start, width, ref.carriers)


def _release_all(place: Workplace, world: World, dirty: Sequence[datetime], now: datetime, progress: Progress) -> bool:
    """Release the bins; take back those that no count covers any more, and tell whether there were such."""
    made: dict[str, bytes] = {}
    shrunk = False
    for share, bins in _batches(dirty):
        progress(share, "estimating")
        with place.database.read() as connection:
            estimator = Estimator(connection, world, place.policy)
            inputs = estimator.inputs(bins)
            made = _released_bytes(place.policy, estimator, inputs, made)
        with place.database.begin() as connection:
            for area in {one.area.digest: one.area for one in inputs if one is not None}.values():
                keep_area(connection, area, now)
            gone = [at for at, one in zip(bins, inputs, strict=True) if one is None]
            take_back(connection, gone, place.public_bin)
            releases.save_releases(connection, [_row(one, made[one.digest], now) for one in inputs if one is not None])
        shrunk = shrunk or bool(gone)
    progress(1.0, "estimating")
    return shrunk


def _released_bytes(
    policy: Policy, estimator: Estimator, inputs: Sequence[BinInputs | None], before: dict[str, bytes]
) -> dict[str, bytes]:
    """Return the released bytes of each distinct input; `before` are those of the last batch, which may be shared."""
    distinct = {one.digest: one for one in inputs if one is not None}
    fresh = [one for digest, one in distinct.items() if digest not in before]
    with ThreadPoolExecutor(THREADS) as threads:
        made = list(threads.map(partial(_release_one, policy, estimator), fresh))
    known = before | {one.digest: data for one, data in zip(fresh, made, strict=True)}
    return {digest: known[digest] for digest in distinct}


def _release_one(policy: Policy, estimator: Estimator, inputs: BinInputs) -> bytes:
    return release(estimator.estimate(inputs), policy.counts.k_min, [FINEST])[FINEST].to_bytes()


def _row(inputs: BinInputs, data: bytes, now: datetime) -> dict[str, Any]:
    return {
        "time_bin_start": inputs.start,
        "area_digest": inputs.area.digest,
        "input_digest": inputs.digest,
        "data": data,
        "released_at": now,
        "carriers": list(inputs.carrier_codes),
    }


def _refresh_usual_week(
    place: Workplace, world: World, dirty: Sequence[datetime], newest_end: datetime, now: datetime
) -> bool:
    """Average the history again where it or its span changed, or where there is none yet; tell whether it was."""
    start, end = history_span(newest_end, place.policy.timezone)
    area = world.area_at(newest_end)
    if area is None:
        return False
    with place.database.read() as connection:
        known = releases.find_usual_profile(connection, area.digest)
        moved = _spans_before(connection, place.policy, dirty) != {(start, end)}
        if known is not None and not moved and not any(start <= one < end for one in dirty):
            return False
        week = _usual_week(connection, area, start, end, place.policy.timezone)
    with place.database.begin() as connection:
        if week.weeks:
            releases.save_usual_profile(connection, area.digest, week.to_bytes(), week.weeks, now)
        else:
            releases.forget_usual_profile(connection, area.digest)
    return week.weeks > 0 or known is not None


def _spans_before(
    connection: Connection, policy: Policy, dirty: Sequence[datetime]
) -> set[tuple[datetime, datetime] | None]:
    """Return the spans of history that may have held before: the dirty bins came now, or have been taken back."""
    released, new = releases.all_bins(connection), set(dirty)
    before = max((one for one in released if one not in new), default=None)
    latest = max([*released, *dirty], default=None)
    width = timedelta(minutes=policy.counts.base_bin_minutes)
    return {None if one is None else history_span(one + width, policy.timezone) for one in (before, latest)}


def _live_bins(place: Workplace, dirty: Sequence[datetime], since: datetime, *, everything: bool) -> set[datetime]:
    """Return the bins to draw: the dirty ones, or every released one where the usual week changed or bins are gone."""
    if not everything:
        return {one for one in dirty if one >= since}
    with place.database.read() as connection:
        return {one for one in releases.all_bins(connection) if one >= since}


def _usual_week(connection: Connection, area: Area, start: datetime, end: datetime, timezone: str) -> UsualWeek:
    refs = [one for one in releases.releases_between(connection, start, end) if one.area_digest == area.digest]
    digests = {one.time_bin_start: one.blob_digest for one in refs}

    @lru_cache(maxsize=RELEASES_KEPT)
    def released(digest: str) -> Released:
        return Released.from_bytes(blobs.read_blob(connection, digest), area.hexagons)

    return usual_week(list(digests), lambda start: released(digests[start]), len(area.hexagons), timezone)


def _publish_all(
    place: Workplace,
    world: World,
    changed: Sequence[datetime],
    own: Set[datetime],
    now: datetime,
    progress: Progress,
) -> None:
    """Draw the public bins that hold `changed` bins, and those base bins that are `own`."""
    if not changed:
        return
    judges: dict[str, VenueJudge] = {}

    def judge_of(area_digest: str) -> VenueJudge:
        if area_digest not in judges:
            with place.database.read() as connection:
                judges[area_digest] = _judge(connection, world, place.policy, area_digest)
        return judges[area_digest]

    publisher = Publisher(place.policy, judge_of, now)
    for share, bins in _batches(changed, within=timedelta(minutes=BINS_A_BATCH * place.policy.counts.base_bin_minutes)):
        progress(share, "publishing")
        drawn = [one for one in bins if one in own]  # not those of the same hour that another batch draws
        with place.database.read() as connection:
            pictures = publisher.draw(connection, bins, set(drawn))
        with place.database.begin() as connection:
            publisher.keep(connection, drawn, pictures)
    progress(1.0, "publishing")


def _judge(connection: Connection, world: World, policy: Policy, area_digest: str) -> VenueJudge:
    hexagons = read_area(connection, area_digest).hexagons
    known = releases.find_usual_profile(connection, area_digest)
    residents = np.full(len(hexagons), np.nan) if known is None else UsualWeek.from_bytes(*known).residents()
    return VenueJudge(
        policy,
        venues.list_venues(connection),
        zones.announcements(connection),
        hexagons,
        residents,
        world.reporting_at,
    )


def _batches(bins: Sequence[datetime], within: timedelta = timedelta.max) -> Iterator[tuple[float, Sequence[datetime]]]:
    """Yield bins (ascending) a batch at a time, with the share that is done; no batch is wider than `within`."""
    first = 0
    while first < len(bins):
        some = [one for one in bins[first : first + BINS_A_BATCH] if one - bins[first] <= within]
        yield first / len(bins), some
        first += len(some)
