"""From dirty base bins to what people see: release, usual week, map frames, crowding at venues.

A bin stays on the list of dirty bins until everything that follows from it is kept, so a run that is killed is simply
done again. Each batch of bins is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from geo.frames import geometry_pack
from geo.hexagons import parents
from geo.release import Released, release
from ingest.estimating import BinInputs, Estimator
from ingest.progress import Progress, part, silent
from ingest.publishing import Publisher
from ingest.usual import UsualWeek, history_span, usual_week
from ingest.weights_cache import WeightsCache
from ingest.world import Area, World
from rules.policy import Policy
from store import blobs, releases, uploads
from store.database import Connection, Database

BINS_A_BATCH = 96
LIVE_WINDOW = timedelta(days=2)  # bins for which frames and crowding are drawn: a day's slider and the day before


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the pipeline runs: database, policy, weights cache."""

    database: Database
    policy: Policy
    cache: WeightsCache

    @staticmethod
    def at(database: Database, policy: Policy, home: Path) -> Workplace:
        """Return a workplace whose weights cache lies in the data folder `home`."""
        return Workplace(database, policy, WeightsCache(home / "weights"))


def process_dirty_bins(place: Workplace, now: datetime, progress: Progress = silent) -> int:
    """Estimate, release and publish every dirty base bin; return how many there were."""
    with place.database.read() as connection:
        dirty = uploads.dirty_bins(connection)
        newest_end = uploads.newest_interval_end(connection)
        world = World(connection, place.cache, part(progress, 0.0, 0.3)) if dirty else None
    if world is None:
        return 0
    _release_all(place, world, dirty, now, part(progress, 0.3, 0.6))
    history_changed = newest_end is not None and _refresh_usual_week(place, world, dirty, newest_end, now)
    live_from = (newest_end or now) - LIVE_WINDOW
    live = _live_bins(place, world, dirty, live_from, history_changed)
    _publish_all(place, world, live, now, part(progress, 0.6, 1.0))
    with place.database.begin() as connection:
        uploads.clear_dirty(connection, dirty)
    return len(dirty)


def mark_everything_dirty(connection: Connection, since: datetime | None = None) -> None:
    """Note that every released bin (from `since` on) has to be estimated again: coverage, venues or zones changed."""
    known = releases.all_bins(connection)
    uploads.mark_dirty(connection, [one for one in known if since is None or one >= since])


def live_since(connection: Connection) -> datetime | None:
    """Return the start of the span for which frames and crowding are drawn, None before there are counts."""
    newest = uploads.newest_interval_end(connection)
    return None if newest is None else newest - LIVE_WINDOW


def _release_all(place: Workplace, world: World, dirty: Sequence[datetime], now: datetime, progress: Progress) -> None:
    made: dict[str, bytes] = {}
    for share, bins in _batches(dirty):
        progress(share, "estimating")
        with place.database.read() as connection:
            estimator = Estimator(connection, world, place.policy)
            inputs = estimator.inputs(bins)
            fresh = _released_bytes(place.policy, estimator, inputs, made)
        with place.database.begin() as connection:
            _keep_areas(connection, inputs, now)
            releases.delete_releases(connection, [at for at, one in zip(bins, inputs, strict=True) if one is None])
            releases.save_releases(connection, [_row(one, fresh[one.digest], now) for one in inputs if one is not None])
        made = fresh
    progress(1.0, "estimating")


def _released_bytes(
    policy: Policy, estimator: Estimator, inputs: Sequence[BinInputs | None], before: dict[str, bytes]
) -> dict[str, bytes]:
    """Return the released bytes of each distinct input; `before` are those of the last batch, which may be shared."""
    made: dict[str, bytes] = {}
    for one in inputs:
        if one is not None and one.digest not in made:
            known = before.get(one.digest)
            made[one.digest] = known or release(estimator.estimate(one), policy.counts.k_min)[9].to_bytes()
    return made


def _row(inputs: BinInputs, data: bytes, now: datetime) -> dict[str, object]:
    return {
        "time_bin_start": inputs.start,
        "area_digest": inputs.area.digest,
        "input_digest": inputs.digest,
        "data": data,
        "released_at": now,
        "carriers": list(inputs.carrier_codes),
    }


def _keep_areas(connection: Connection, inputs: Sequence[BinInputs | None], now: datetime) -> None:
    for digest, area in {one.area.digest: one.area for one in inputs if one is not None}.items():
        if not releases.area_exists(connection, digest):
            _keep_area(connection, area, now)


def _keep_area(connection: Connection, area: Area, now: datetime) -> None:
    packs = {resolution: geometry_pack(_at(area, resolution)) for resolution in (9, 8, 7)}
    hexagons = area.hexagons.astype("<u8").tobytes()
    releases.save_area(connection, area.digest, hexagons, len(area.hexagons), packs, now)
