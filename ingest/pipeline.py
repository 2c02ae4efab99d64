"""From dirty base bins to what people see: release, usual week, map frames, crowding at venues.

A bin stays on the list of dirty bins until everything that follows from it is kept, so a run that is killed is simply
done again. Each batch of bins is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from geo.release import Released
from ingest.areas import Area, keep_area
from ingest.calibrating import refresh as refresh_calibration
from ingest.crowding import VenueJudge
from ingest.estimating import Estimator
from ingest.fitting import choose_parameters
from ingest.history import ordinary_weeks
from ingest.judging import read_judge
from ingest.memory import Memory
from ingest.progress import Progress, part, silent
from ingest.publishing import Publisher
from ingest.releasing import Made, make_releases, save, standing
from ingest.revoking import not_frozen, shown_bins, take_back
from ingest.usual import UsualWeek, history_span, usual_week
from ingest.usual_venues import keep_curves, usual_curves
from ingest.weights_cache import WeightsCache
from ingest.world import World
from rules.policy import Policy
from store import blobs, releases, uploads
from store.database import Connection, Database
from store.records import VenueCrowding

BINS_A_BATCH = 96
RELEASES_KEPT = 8  # an hourly feed shares one release among four bins
LIVE_WINDOW = timedelta(hours=26)  # frames and crowding are drawn for a day's slider and the public layer's delay
OLDER_BINS_A_RUN = 192  # two days of quarters: what comes in meanwhile waits no longer than for these
LIVE_BINS_A_RUN = 12  # three hours of quarters: a map that grows before one's eyes, and little to do again
Marks = Mapping[datetime, str]
NOTHING_LEFT: Marks = MappingProxyType({})
_live_bins_lock = Lock()
_older_bins = Lock()  # held by the one thread of this process that works on bins before the live day


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the pipeline runs: database, policy, weights cache, and what estimates share from run to run."""

    database: Database
    policy: Policy
    cache: WeightsCache
    memory: Memory = field(default_factory=Memory)

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


def process_dirty_bins(
    place: Workplace, now: datetime, progress: Progress = silent, *, leave: Marks = NOTHING_LEFT
) -> int:
    """Estimate, release and publish every dirty base bin, until none is left; return how many there were.

    `leave`: marks that stand for work of others; older bins that bear them still are left to the worker.
    """
    total = 0
    while done := process_next_bins(place, now, progress, leave=leave):
        total += done
    return total


def process_next_bins(
    place: Workplace, now: datetime, progress: Progress = silent, *, leave: Marks = NOTHING_LEFT
) -> int:
    """Estimate, release and publish the dirty base bins of the live day, or where there are none some older ones.

    Returns how many there were: what people look at does not wait for weeks of history. Where another thread of this
    process is at the older ones, they are left to it.
    """
    if done := process_newest_bins(place, now, progress):
        return done
    if not _older_bins.acquire(blocking=False):
        return 0
    try:
        with place.database.read() as connection:
            marks = uploads.dirty_bins(connection)
        older = [at for at, mark in marks.items() if leave.get(at) != mark][:OLDER_BINS_A_RUN]
        return _process(place, {at: marks[at] for at in older}, now, progress)
    finally:
        _older_bins.release()


def process_live_bins(place: Workplace, now: datetime, progress: Progress = silent) -> int:
    """Estimate, release and publish every dirty base bin of the live day, the newest first; return how many."""
    total, share = 0, 0.0
    while True:
        waiting = len(_live_marks(place))
        end = min((total + LIVE_BINS_A_RUN) / max(total + waiting, 1), 1.0)
        done = process_newest_bins(place, now, part(progress, share, max(end, share)))
        if not done:
            return total
        total, share = total + done, max(end, share)


def process_newest_bins(
    place: Workplace, now: datetime, progress: Progress = silent, most: int = LIVE_BINS_A_RUN
) -> int:
    """Estimate, release and publish the newest dirty base bins of the live day, at most `most`; return how many.

    One thread of a process is at them at a time; the others wait.
    """
    choose_parameters(place.database, place.policy, place.cache, now, part(progress, 0.0, 0.2))
    with _live_bins_lock:
        marks = _live_marks(place)
        newest = sorted(marks)[-most:]
        return _process(place, {at: marks[at] for at in newest}, now, part(progress, 0.2, 1.0))


def _live_marks(place: Workplace) -> Marks:
    """Return the dirty base bins of the live day with their marks."""
    with place.database.read() as connection:
        newest_end = uploads.newest_interval_end(connection)
        marks = uploads.dirty_bins(connection)
    return {at: mark for at, mark in marks.items() if newest_end is not None and at >= newest_end - LIVE_WINDOW}


def _process(place: Workplace, marks: Mapping[datetime, str], now: datetime, progress: Progress) -> int:
    """Do what follows from some dirty bins, and forget their marks."""
    if not marks:
        return 0
    with place.database.read() as connection:
        newest_end = uploads.newest_interval_end(connection)
        dirty = not_frozen(connection, _with_followers(connection, place.policy, marks), place.base_bin)
        shown = shown_bins(connection, dirty, place.public_bin)
        world = World(connection, place.cache, part(progress, 0.0, 0.1))
    shrunk = _release_all(place, world, dirty, now, part(progress, 0.1, 0.6))
    refresh_calibration(place.database, place.policy, dirty, now)
    own = set(shown.own)
    if newest_end is not None:
        usual_changed = _refresh_usual_week(place, world, dirty, newest_end, now)
        own |= _live_bins(place, dirty, newest_end - LIVE_WINDOW, everything=usual_changed or shrunk)
    _publish_all(place, sorted(own | shown.public), own, now, part(progress, 0.6, 1.0))
    with place.database.begin() as connection:
        uploads.clear_dirty(connection, marks)
    return len(marks)


def mark_everything_dirty(connection: Connection, since: datetime | None = None) -> None:
    """Note that every released bin (from `since` on) has to be done again: coverage, venues or zones changed."""
    known = releases.all_bins(connection)
    uploads.mark_dirty(connection, [one for one in known if since is None or one >= since])


def mark_estimates_stale(connection: Connection) -> None:
    """Note that every released bin has to be done again, and that a run which read what held before is stale."""
    uploads.mark_dirty(connection, uploads.dirty_bins(connection))
    mark_everything_dirty(connection)


def mark_live_dirty(connection: Connection) -> None:
    """Note that the bins for which frames and crowding are drawn have to be done again."""
    newest = uploads.newest_interval_end(connection)
    if newest is not None:
        mark_everything_dirty(connection, newest - LIVE_WINDOW)


def draw_live_again(place: Workplace, now: datetime, progress: Progress = silent) -> None:
    """Draw the live bins again from what is released: what head counts say of intervals has changed."""
    with place.database.read() as connection:
        newest_end = uploads.newest_interval_end(connection)
    if newest_end is not None:
        own = _live_bins(place, [], newest_end - LIVE_WINDOW, everything=True)
        _publish_all(place, sorted(own), own, now, progress)


def judge_bin(place: Workplace, start: datetime) -> list[VenueCrowding]:
    """Return the crowding of one released bin, judged anew: for bins older than those that are drawn."""
    with place.database.read() as connection:
        if releases.find_release(connection, start) is None:
            return []
        publisher = Publisher(place.policy, partial(read_judge, connection, place.policy), start)
        return publisher.draw(connection, [start], {start}).crowding


def _release_all(place: Workplace, world: World, dirty: Sequence[datetime], now: datetime, progress: Progress) -> bool:
    """Release the bins that changed; take back those that no count covers any more, tell whether there were such."""
    made: dict[str, Made] = {}
    shrunk = False
    for share, bins in _batches(dirty):
        progress(share, "estimating")
        with place.database.read() as connection:
            estimator = Estimator(connection, world, place.policy, place.memory)
            found = estimator.inputs(bins)
            kept = standing(connection, [one for one in found if one is not None])
            inputs = [one for one in found if one is not None and one.start not in kept]
            made = make_releases(place.policy, estimator, inputs, made)
        with place.database.begin() as connection:
            for area in {one.area.digest: one.area for one in inputs}.values():
                keep_area(connection, area, now)
            gone = [at for at, one in zip(bins, found, strict=True) if one is None]
            take_back(connection, gone, place.public_bin)
            save(connection, inputs, made, now)
        shrunk = shrunk or bool(gone)
    progress(1.0, "estimating")
    return shrunk


def _with_followers(connection: Connection, policy: Policy, changed: Iterable[datetime]) -> set[datetime]:
    """Return changed bins with the released ones whose history they are."""
    bins = set(changed)
    if policy.estimation.method != "joint":
        return bins
    return bins | ordinary_weeks(policy).following(bins).intersection(releases.all_bins(connection))


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
        curves = usual_curves(connection, area, week, (start, end), place.policy)
    with place.database.begin() as connection:
        if week.weeks:
            releases.save_usual_profile(connection, area.digest, week.to_bytes(), week.weeks, now)
        else:
            releases.forget_usual_profile(connection, area.digest)
        keep_curves(connection, curves, now)
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
                judges[area_digest] = read_judge(connection, place.policy, area_digest)
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


def _batches(bins: Sequence[datetime], within: timedelta = timedelta.max) -> Iterator[tuple[float, Sequence[datetime]]]:
    """Yield bins (ascending) a batch at a time, with the share that is done; no batch is wider than `within`."""
    first = 0
    while first < len(bins):
        some = [one for one in bins[first : first + BINS_A_BATCH] if one - bins[first] <= within]
        yield first / len(bins), some
        first += len(some)
