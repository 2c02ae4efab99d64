"""Usual weeks as people see them: of each venue, of the ground it stands on, and of the map's hexagons.

Promises: made of released rows only. An hour of a venue's week is the median over the bins of that hour in which the
estimate could tell the venue from what is around it (`resolvable_kernel`); an hour that fewer weeks than the policy
asks for, or less than half of its bins, can tell is not told at all. Hours are local, 0 = Monday 00:00.
Does not: judge levels; nor name people on the ground, where a hidden number is half of the most that it may hide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from math import isfinite
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.frames import density_codes
from geo.hexagons import area_km2, parents
from geo.release import rounded
from geo.spreading import MISSING
from geo.venue_release import ReleasedVenues
from ingest.areas import Area, read_area
from ingest.usual import WEEK_HOURS, UsualWeek
from ingest.venue_states import VenueStates
from rules.policy import MapPolicy, Policy
from store import blobs, map_frames, releases, usual_weeks
from store.database import Connection
from store.records import ReleaseRef
from store.usual_weeks import UsualVenueWeek
from store.venues import list_venues

Floats = NDArray[np.float64]
RELEASES_KEPT, LISTS_KEPT = 8, 64  # an hourly feed shares one release among four bins
HALF = 0.5  # of the bins of an hour: what is told less often than not is not usual


@dataclass(frozen=True, slots=True, eq=False)
class VenueBin:
    """What one released bin says of venues: ids in the order of `people` (V,), NaN where it cannot tell the venue."""

    venue_ids: tuple[str, ...]
    people: Floats


@dataclass(frozen=True, slots=True, eq=False)
class UsualCurves:
    """Everything that is kept: venues' weeks, and by resolution the week's frames one after the other."""

    area_digest: str
    weeks: int
    venues: tuple[UsualVenueWeek, ...]
    pictures: Mapping[int, bytes]


def usual_curves(
    connection: Connection, area: Area, week: UsualWeek, span: tuple[datetime, datetime], policy: Policy
) -> UsualCurves:
    """Return what is usual of all registered venues and of the area's hexagons, from the releases of `span`.

    `week` is the usual week of the area's hexagons over the same span. Sensitive venues have none.
    """
    released = releases.releases_between(connection, *span)
    refs = {one.time_bin_start: one for one in released if one.venue_blob_digest}
    counted = weeks_by_hour([one.time_bin_start for one in released if one.area_digest == area.digest], policy.timezone)
    if not counted.any():
        return UsualCurves(area.digest, 0, (), {})
    week = _of_enough_weeks(week, counted >= policy.map.usual_weeks_min)
    known = VenueStates(policy, list_venues(connection), area.hexagons)
    hours = venue_hours(
        list(refs),
        _reader(connection, refs, policy.crowding.resolvable_kernel),
        policy.timezone,
        policy.map.usual_weeks_min,
    )
    km2 = read_area(connection, area.digest).area_km2
    shown = {policy.map.public_resolution, policy.map.group_resolution}
    return UsualCurves(
        area_digest=area.digest,
        weeks=int(counted.max()),
        venues=usual_rows(known.ids, hours, ground_hours(known.membership, week), int(counted.max())),
        pictures=pictures_of(week, area.hexagons, km2, sorted(shown), policy.map),
    )


def weeks_by_hour(bins: Sequence[datetime], timezone: str) -> NDArray[np.intp]:
    """Return in how many weeks each hour of the week (168,) was released."""
    zone = ZoneInfo(timezone)
    local = (one.astimezone(zone) for one in bins)
    seen = {(hour_of_week(one), one.isocalendar()[:2]) for one in local}
    return np.bincount([hour for hour, _week in seen], minlength=WEEK_HOURS)


def venue_hours(
    bins: Sequence[datetime], released_at: Callable[[datetime], VenueBin], timezone: str, weeks_min: int
) -> dict[str, NDArray[np.float64]]:
    """Return people by hour of the week (168,) of every venue that any bin names; NaN where nothing is usual.

    Args:
        bins: starts of released bins; `released_at` gives what each says of venues.
    """
    zone = ZoneInfo(timezone)
    local = sorted((one.astimezone(zone) for one in bins), key=hour_of_week)
    hours: dict[str, NDArray[np.float64]] = {}
    for hour, some in groupby(local, key=hour_of_week):
        told = [(one.isocalendar()[:2], released_at(one.astimezone(UTC))) for one in some]
        for venue_id, people in _medians(told, weeks_min).items():
            hours.setdefault(venue_id, np.full(WEEK_HOURS, np.nan))[hour] = people
    return hours


def ground_hours(membership: sparse.csr_array, week: UsualWeek) -> NDArray[np.float64]:
    """Return people on all hexagons that each venue touches (V, 168), NaN where one of them was never released."""
    touched = (membership > 0).astype(np.float64)
    return np.asarray((touched @ week.means.T.astype(np.float64)), dtype=np.float64)


def pictures_of(
    week: UsualWeek, hexagons: NDArray[np.uint64], km2: Floats, resolutions: Iterable[int], policy: MapPolicy
) -> dict[int, bytes]:
    """Return by resolution the frames of the usual week (168 x H bytes), of the hexagons in the map's order."""
    largest = policy.frame_density_max_per_km2
    pictures = {}
    for resolution in resolutions:
        ids, parent = np.unique(parents(hexagons, resolution), return_inverse=True)
        same = len(ids) == len(hexagons)
        people, area = (week.means, km2) if same else (_summed(week.means, parent, len(ids)), area_km2(ids))
        codes = density_codes(np.asarray(people, np.float64) / area, largest)
        pictures[resolution] = np.where(np.isfinite(people), codes, MISSING).astype(np.uint8).tobytes()
    return pictures


def usual_rows(
    venue_ids: Sequence[str], hours: Mapping[str, NDArray[np.float64]], ground: NDArray[np.float64], weeks: int
) -> tuple[UsualVenueWeek, ...]:
    """Return what is kept of each venue: people as released numbers are rounded, the ground to whole people."""
    nothing = np.full(WEEK_HOURS, np.nan)
    return tuple(
        UsualVenueWeek(
            venue_id, weeks, _plain(rounded(hours.get(venue_id, nothing))), _plain(np.rint(np.asarray(around)))
        )
        for venue_id, around in zip(venue_ids, ground, strict=True)
    )


def keep_curves(connection: Connection, curves: UsualCurves, now: datetime) -> None:
    """Keep usual weeks in the place of those before, in the transaction of `connection`."""
    usual_weeks.replace_venue_weeks(connection, curves.venues, now)
    usual_weeks.forget_pictures(connection, curves.area_digest)
    for resolution, codes in curves.pictures.items():
        usual_weeks.save_picture(connection, curves.area_digest, resolution, codes, curves.weeks, now)


def hour_of_week(local: datetime) -> int:
    """Return 0..167 of a local moment, 0 = Monday 00:00."""
    return local.weekday() * 24 + local.hour


def _of_enough_weeks(week: UsualWeek, enough: NDArray[np.bool_]) -> UsualWeek:
    """Return the week without the hours that too few weeks tell."""
    return UsualWeek(np.where(enough[:, None], week.means, np.nan).astype(np.float32), week.weeks)


def _reader(
    connection: Connection, refs: Mapping[datetime, ReleaseRef], resolvable: float
) -> Callable[[datetime], VenueBin]:
    """Return how a released bin is read; releases with the same bytes are unpacked once."""

    @lru_cache(maxsize=LISTS_KEPT)
    def ids_of(venues_digest: str) -> tuple[str, ...]:
        return map_frames.venue_list(connection, venues_digest)

    @lru_cache(maxsize=RELEASES_KEPT)
    def people_of(blob_digest: str) -> Floats:
        released = ReleasedVenues.from_bytes(blobs.read_blob(connection, blob_digest))
        return np.where(released.kernel >= resolvable, released.best, np.nan)

    def read(start: datetime) -> VenueBin:
        ref = refs[start]
        return VenueBin(ids_of(ref.venues_digest or ""), people_of(ref.venue_blob_digest or ""))

    return read


def _medians(told: Sequence[tuple[tuple[int, int], VenueBin]], weeks_min: int) -> dict[str, float]:
    """Return the median of each venue over the bins of one hour of the week, of those that tell enough."""
    ids = sorted({one for _week, bin_ in told for one in bin_.venue_ids})
    place = {venue_id: number for number, venue_id in enumerate(ids)}
    people = np.full((len(told), len(ids)), np.nan)
    for row, (_week, bin_) in enumerate(told):
        people[row, [place[one] for one in bin_.venue_ids]] = bin_.people
    known = np.isfinite(people)
    weeks = _weeks_told([week for week, _bin in told], known)
    enough = np.flatnonzero((weeks >= weeks_min) & (known.mean(axis=0) >= HALF))
    medians = np.nanmedian(people[:, enough], axis=0) if len(enough) else np.array([])
    return {ids[at]: float(value) for at, value in zip(enough.tolist(), medians.tolist(), strict=True)}


def _weeks_told(weeks: Sequence[tuple[int, int]], known: NDArray[np.bool_]) -> NDArray[np.intp]:
    told = [known[[one == week for one in weeks]].any(axis=0) for week in sorted(set(weeks))]
    return np.asarray(np.sum(told, axis=0), np.intp)


def _summed(means: NDArray[np.float32], parent: NDArray[np.intp], count: int) -> Floats:
    """Sum the hours of children (168, H) to their parents (168, P); NaN where no child is known."""
    known = np.isfinite(means)
    total = np.zeros((len(means), count))
    there = np.zeros((len(means), count), bool)
    for hour, (people, is_known) in enumerate(zip(np.nan_to_num(means), known, strict=True)):
        total[hour] = np.bincount(parent, weights=people, minlength=count)
        there[hour, parent[is_known]] = True
    return np.where(there, total, np.nan)


def _plain(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if isfinite(value) else None for value in values.tolist())
