"""From what decides base bins to their released rows: hexagons, venues of the same estimate, residuals of carriers.

Promises: bins with equal inputs share one estimate; what has not changed is not estimated again; a bin whose history
was made of counts that were erased in time since stays as published until its own counts change (contract.md C8).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from os import cpu_count
from typing import Any

from geo.joint import CarrierResidual, JointEstimate
from geo.release import release
from geo.venue_release import release_venues
from ingest.areas import FINEST
from ingest.bin_inputs import WITH_HISTORY, BinInputs, same_own_counts
from ingest.estimating import Estimator
from rules.policy import Policy
from store import map_frames, releases
from store.database import Connection
from store.records import ReleaseRef

THREADS = cpu_count() or 1  # estimates are arithmetic on arrays from end to end, which lets go of Python's lock

Residual = dict[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class Made:
    """What is released of one distinct input: bytes of hexagons and of venues, and the carriers' residuals."""

    data: bytes
    venue_ids: tuple[str, ...] | None
    venue_data: bytes | None
    residuals: list[Residual]


def make_releases(
    policy: Policy, estimator: Estimator, inputs: Sequence[BinInputs], before: Mapping[str, Made]
) -> dict[str, Made]:
    """Return what is released of each distinct input; `before` is that of the last batch, which may be shared."""
    distinct = {one.digest: one for one in inputs}
    fresh = [one for digest, one in distinct.items() if digest not in before]
    with ThreadPoolExecutor(THREADS) as threads:
        made = list(threads.map(partial(_make, policy, estimator), fresh))
    known = dict(before) | {one.digest: release for one, release in zip(fresh, made, strict=True)}
    return {digest: known[digest] for digest in distinct}


def save(connection: Connection, inputs: Sequence[BinInputs], made: Mapping[str, Made], now: datetime) -> None:
    """Release these bins, in the transaction of `connection`."""
    for venue_ids in {made[one.digest].venue_ids for one in inputs} - {None}:
        map_frames.keep_venue_list(connection, venue_ids or ())
    releases.save_releases(connection, [_row(one, made[one.digest], now) for one in inputs])


def standing(connection: Connection, inputs: Sequence[BinInputs]) -> set[datetime]:
    """Return the bins whose release stands: nothing that decides it has changed, or it stays as published."""
    refs = {one.time_bin_start: one for one in releases.releases_of(connection, [one.start for one in inputs])}
    pairs = ((one, refs.get(one.start)) for one in inputs)
    return {one.start for one, ref in pairs if ref is not None and (ref.input_digest == one.digest or stays(one, ref))}


def stays(inputs: BinInputs, ref: ReleaseRef | None) -> bool:
    """Tell whether a released bin stays as published: its history lost counts in time, its own counts are the same."""
    if ref is None or not inputs.history_is_erased or ref.method != WITH_HISTORY:
        return False
    return ref.input_digest != inputs.digest and same_own_counts(ref.input_digest, inputs.digest)


def _make(policy: Policy, estimator: Estimator, inputs: BinInputs) -> Made:
    estimate = estimator.estimate(inputs)
    k_min = policy.counts.k_min
    released = release(estimate.hexagons, k_min, [FINEST])[FINEST]
    residuals = residuals_of(inputs, estimate)
    if inputs.venues is None:
        return Made(released.to_bytes(), None, None, residuals)
    numbers = policy.crowding
    there = release_venues(
        estimate,
        inputs.venues.prior.membership,
        released,
        k_min,
        rival_correlation=numbers.rival_correlation,
        rivals_most=numbers.rivals_named,
    )
    return Made(released.to_bytes(), inputs.venues.ids, there.to_bytes(), residuals)


def residuals_of(inputs: BinInputs, estimate: JointEstimate) -> list[Residual]:
    """Return how each carrier's counts differ from what the estimate expects of them, by carrier and kind."""
    pairs = zip(inputs.delivered.groups, estimate.residuals, strict=False)  # a linear estimate tells of none
    return [_residual(reporting.carrier.code, kind, residual) for (reporting, kind, _slices), residual in pairs]


def _residual(carrier_code: str, kind: str, residual: CarrierResidual) -> Residual:
    found: Residual = {"carrier": carrier_code, "kind": kind}
    return found | {one.name: _or_none(getattr(residual, one.name)) for one in fields(residual)}


def _or_none(value: float) -> float | None:
    if isinstance(value, int):
        return value
    return round(float(value), 6) if math.isfinite(value) else None


def _row(inputs: BinInputs, made: Made, now: datetime) -> dict[str, Any]:
    return {
        "time_bin_start": inputs.start,
        "area_digest": inputs.area.digest,
        "input_digest": inputs.digest,
        "data": made.data,
        "released_at": now,
        "carriers": list(inputs.carrier_codes),
        "venues_digest": None if made.venue_ids is None else map_frames.venue_list_digest(made.venue_ids),
        "venue_data": made.venue_data,
        "residuals": made.residuals,
        "method": inputs.method,
    }
