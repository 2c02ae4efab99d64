"""Compare head counts with what was released of the same venue and moment, and learn what the intervals are worth.

Promises: the result is a function of the standing head counts, the releases and the policy: order of entry, repetition
and when it is computed do not matter. What is kept for the public page holds no number of a single venue. With too few
pairs, or errors beyond any permitted factor, nothing is called calibrated.
Does not: change an estimate or a release; only intervals that are drawn from releases get wider or narrower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import NormalDist, fmean, median
from typing import Any

import numpy as np

from geo.conformal import (
    Calibration,
    Pairs,
    Terms,
    bands_of,
    calibrate,
    effective_pairs,
    held_out_share,
    held_share,
    is_told,
    median_error_share,
)
from geo.spreading import ESTIMATED
from geo.venue_release import ReleasedVenues
from ingest.leasing import DRAW
from rules.errors import HoursNotUnderstood
from rules.hours import is_open, parse_hours
from rules.policy import CalibrationPolicy, Policy
from store import calibrations, head_counts, jobs, map_frames, releases, uploads, venues
from store.blobs import read_blobs
from store.database import Connection, Database
from store.head_counts import HeadCount
from store.records import ReleaseRef, Venue

TOO_FEW, TOO_FAR = "too-few", "too-far"
PROMISES = (0.5, 0.8, 0.9, 0.95)  # what the page compares with what was held
FACTOR_STEP = 0.01  # factors are rounded up to it, so that one more count does not draw the whole map again
DIGITS = 4
BINS_A_READ = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people were counted in a venue in the time bin that holds `counted_at`."""

    venue_id: str
    counted_at: datetime
    people: float


Row = tuple[Counted, float, float, float, float]  # with the released best, low, high and kernel of its venue


def current_calibration(connection: Connection) -> Calibration | None:
    """Return the factors that hold now, None while nothing is calibrated."""
    record = calibrations.newest_calibration(connection)
    if record is None or record.details["state"] != calibrations.CALIBRATED:
        return None
    return Calibration(
        pairs=record.pairs,
        kernel_edge=record.details["kernel_edge"],
        band_edges=tuple(record.details["band_edges"]),
        untold=tuple(record.details["untold"]),
        told=tuple(record.details["told"]),
        levels=tuple(record.details.get("levels", ())),
    )


def recalibrate(database: Database, policy: Policy, now: datetime) -> bool:
    """Compare every head count anew and keep the result; tell whether intervals change, which queues their drawing."""
    with database.read() as connection:
        before = current_calibration(connection)
        standing = _within_window(head_counts.standing_counts(connection), policy.calibration)
        pairs = compare(connection, standing, policy)
    learnt, state = _learn(pairs, policy)
    details = _details(standing, pairs, learnt, policy) | {"state": state}
    changed = _drawn_by(before) != _drawn_by(learnt)
    with database.begin() as connection:
        factor = _middle(learnt) or policy.crowding.uncalibrated_factor
        calibrations.save_calibration(connection, factor, len(pairs), details, now)
        if changed:
            jobs.enqueue(connection, DRAW)
    return changed


def refresh(database: Database, policy: Policy, bins: Sequence[datetime], now: datetime) -> bool:
    """Compare anew where one of `bins`, just released, holds a head count; tell whether intervals change."""
    wanted = set(bins)
    with database.read() as connection:
        counted = {_bin_of(one.counted_at, policy) for one in head_counts.standing_counts(connection)}
    return bool(counted & wanted) and recalibrate(database, policy, now)


def compare(connection: Connection, counts: Sequence[HeadCount], policy: Policy) -> Pairs:
    """Return the pairs of the counts whose base bin is released with an estimate of their venue.

    Counts of venues that were closed by their own hours are left out: nobody is there, everybody knows, and such easy
    cases would make the intervals of open venues too narrow. Several of one venue in one bin are one pair: their mean.
    """
    registered = {one.id: one for one in venues.list_venues(connection)}
    capacity = {key: one.draft.licensed_capacity or one.draft.seats for key, one in registered.items()}
    by_bin: dict[datetime, list[HeadCount]] = {}
    for one in counts:
        if is_open_by_hours(registered[one.venue_id], one.counted_at, policy) is not False:
            by_bin.setdefault(_bin_of(one.counted_at, policy), []).append(one)
    bins = sorted(by_bin)
    rows: list[Row] = []
    for start in range(0, len(bins), BINS_A_READ):
        rows += _rows_of(connection, {at: _one_a_venue(by_bin[at]) for at in bins[start : start + BINS_A_READ]})
    places = {start: number for number, start in enumerate(bins)}
    numbers = {venue_id: number for number, venue_id in enumerate(sorted({one.venue_id for one, *_rest in rows}))}
    columns = np.array([row[1:] for row in rows], np.float64).reshape(-1, 4)
    return Pairs(
        truth=np.array([one.people for one, *_rest in rows], np.float64),
        best=columns[:, 0],
        low=columns[:, 1],
        high=columns[:, 2],
        kernel=columns[:, 3],
        capacity=np.array([capacity.get(one.venue_id) or math.nan for one, *_rest in rows], np.float64),
        group=np.array([numbers[one.venue_id] for one, *_rest in rows], np.int64),
        time_bin=np.array([places[_bin_of(one.counted_at, policy)] for one, *_rest in rows], np.int64),
    )


def _one_a_venue(counts: Sequence[HeadCount]) -> list[Counted]:
    """Return the mean of the counts of each venue, which are of one time bin."""
    by_venue: dict[str, list[HeadCount]] = {}
    for one in counts:
        by_venue.setdefault(one.venue_id, []).append(one)
    return [
        Counted(key, some[0].counted_at, fmean(one.people for one in some)) for key, some in sorted(by_venue.items())
    ]


def _rows_of(connection: Connection, by_bin: Mapping[datetime, Sequence[Counted]]) -> list[Row]:
    """Return the counts whose venue has an estimate in the release of their bin."""
    refs = releases.releases_of(connection, list(by_bin))
    data = read_blobs(connection, {ref.venue_blob_digest for ref in refs if ref.venue_blob_digest})
    orders = {
        digest: {one: at for at, one in enumerate(map_frames.venue_list(connection, digest))}
        for digest in {ref.venues_digest for ref in refs if ref.venues_digest}
    }
    return [row for ref in refs for row in _rows_of_release(ref, by_bin[ref.time_bin_start], data, orders)]


def _rows_of_release(
    ref: ReleaseRef,
    counts: Sequence[Counted],
    data: Mapping[str, bytes],
    orders: Mapping[str, Mapping[str, int]],
) -> list[Row]:
    if ref.venue_blob_digest is None or ref.venues_digest is None:
        return []
    released, order = ReleasedVenues.from_bytes(data[ref.venue_blob_digest]), orders[ref.venues_digest]
    found = [(one, order[one.venue_id]) for one in counts if one.venue_id in order]
    return [
        (one, float(released.best[at]), float(released.low[at]), float(released.high[at]), float(released.kernel[at]))
        for one, at in found
        if released.state[at] == ESTIMATED and not released.few[at]  # a band that hides people is no estimate
    ]


def _learn(pairs: Pairs, policy: Policy) -> tuple[Calibration | None, str]:
    terms = terms_of(policy)
    learnt = calibrate(pairs, terms)
    if learnt is None:
        told = is_told(pairs.kernel, terms.kernel_edge)
        worth = max(effective_pairs(pairs.only(chosen), terms) for chosen in (told, ~told))
        return None, TOO_FEW if worth < terms.pairs_min else TOO_FAR
    untold, seen, levels = (_stepped(one) for one in (learnt.untold, learnt.told, learnt.levels))
    return replace(learnt, untold=untold, told=seen, levels=levels), calibrations.CALIBRATED


def terms_of(policy: Policy) -> Terms:
    """Return what the policy asks of a calibration."""
    asked = policy.calibration
    return Terms(
        coverage=asked.coverage,
        pairs_min=asked.pairs_min,
        venue_pairs_max=asked.venue_pairs_max,
        bins_min=asked.bins_min,
        factor_min=asked.factor_min,
        factor_max=asked.factor_max,
        kernel_edge=policy.crowding.resolvable_kernel,
        band_edges=asked.band_edges,
    )


def is_open_by_hours(venue: Venue, moment: datetime, policy: Policy) -> bool | None:
    """Tell whether a venue is open by its own hours; None where they are not known."""
    try:
        hours = parse_hours(venue.draft.opening_hours or "")
    except HoursNotUnderstood:
        return None
    return is_open(hours, moment, policy.timezone_of(venue.draft.region))


def _stepped(factors: Sequence[float | None]) -> tuple[float | None, ...]:
    steps = (None if one is None else math.ceil(one / FACTOR_STEP - 1e-9) for one in factors)
    return tuple(None if one is None else round(one * FACTOR_STEP, DIGITS) for one in steps)


def _middle(learnt: Calibration | None) -> float | None:
    """Return the middle one of the factors in use: what can be said in one number."""
    found = [one for one in (*learnt.untold, *learnt.told) if one is not None] if learnt else []
    return round(median(found), DIGITS) if found else None


def _drawn_by(learnt: Calibration | None) -> Calibration | None:
    return None if learnt is None else replace(learnt, pairs=0)


def _within_window(counts: Sequence[HeadCount], policy: CalibrationPolicy) -> list[HeadCount]:
    newest = max((one.counted_at for one in counts), default=None)
    window = timedelta(days=policy.window_days)
    return [one for one in counts if newest is None or one.counted_at >= newest - window]


def _bin_of(moment: datetime, policy: Policy) -> datetime:
    width = timedelta(minutes=policy.counts.base_bin_minutes)
    return uploads.base_bins(moment, moment + timedelta(seconds=1), width)[0]


# --- what the page of accuracy says -----------------------------------------------------------------------------------


def _details(standing: Sequence[HeadCount], pairs: Pairs, learnt: Calibration | None, policy: Policy) -> dict[str, Any]:
    """Return everything that is kept beside the factor; numbers of fewer counts or venues than may be are left out."""
    terms = terms_of(policy)
    shown = _shown(pairs, policy.calibration)
    told = pairs.only(is_told(pairs.kernel, terms.kernel_edge))
    return {
        "counts": len(standing),
        "venues": len({one.venue_id for one in standing}),
        "first_at": min((one.counted_at.isoformat() for one in standing), default=None),
        "last_at": max((one.counted_at.isoformat() for one in standing), default=None),
        "coverage": terms.coverage,
        "pairs_min": terms.pairs_min,
        "uncalibrated_factor": policy.crowding.uncalibrated_factor,
        "band_edges": list(terms.band_edges),
        "kernel_edge": terms.kernel_edge,
        "untold": list(learnt.untold) if learnt else [],
        "told": list(learnt.told) if learnt else [],
        "levels": list(learnt.levels) if learnt else [],
        "told_pairs": len(told),
        "told_held": _held(_shown(told, policy.calibration), terms, policy),
        "held": [_held(shown, _promising(terms, one), policy) for one in PROMISES],
        "bands": [_band(pairs, band, policy) for band in range(len(terms.band_edges) + 1)],
    }


def _held(pairs: Pairs, terms: Terms, policy: Policy) -> dict[str, Any]:
    """Return how often intervals that promise `terms.coverage` held the truth, uncalibrated and calibrated.

    The calibrated share is held out: the factors for a venue's counts came from other venues only.
    """
    z = policy.estimation.interval_z
    width = policy.crowding.uncalibrated_factor * NormalDist().inv_cdf((1 + terms.coverage) / 2) / z
    before = held_share(pairs, np.full(len(pairs), width))
    after = held_out_share(pairs, terms, width)
    return {"promised": terms.coverage, "before": _short(before), "after": _short(after)}


def _promising(terms: Terms, coverage: float) -> Terms:
    """Return the terms of another promise; only that of the intervals that are shown has bounds for its factors."""
    return terms if coverage == terms.coverage else replace(terms, coverage=coverage, factor_min=0, factor_max=math.inf)


def _band(pairs: Pairs, band: int, policy: Policy) -> dict[str, Any]:
    """Return how wrong the best values are in one band of capacity: all, and those that can be told at all."""
    terms = policy.calibration
    inside = np.isfinite(pairs.capacity) & (bands_of(pairs.capacity, terms.band_edges) == band)
    told = inside & is_told(pairs.kernel, policy.crowding.resolvable_kernel)
    edges = (0.0, *terms.band_edges, None)
    return {"from": edges[band], "below": edges[band + 1]} | {
        name: _short(median_error_share(_shown(pairs.only(chosen), terms)))
        for name, chosen in (("error", inside), ("told_error", told))
    }


def _shown(pairs: Pairs, policy: CalibrationPolicy) -> Pairs:
    """Return the pairs if their numbers may be published; none of them where they are of too few counts or venues."""
    enough = len(pairs) >= policy.shown_counts_min and len(np.unique(pairs.group)) >= policy.shown_venues_min
    return pairs if enough else pairs.only(np.zeros(len(pairs), bool))


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
