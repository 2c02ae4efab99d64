"""Export people per hexagon: the released rows, or (for local administrators, logged) the estimate behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import structlog
from numpy.typing import NDArray

from geo.export import WRITERS, HexagonTable
from geo.hexagons import parents
from geo.release import Released, coarser
from geo.spreading import ESTIMATED, MISSING, HexagonEstimate
from ingest.areas import FINEST, read_area
from ingest.bin_inputs import BinInputs
from ingest.estimating import Estimator
from ingest.faults import Fault, FileRefused
from ingest.pipeline import Workplace
from ingest.releasing import stays
from ingest.revoking import not_frozen
from ingest.world import World
from store import blobs, carriers, releases, uploads
from store.database import Connection

log = structlog.get_logger(__name__)


def export_hexagons(
    place: Workplace, at: datetime, stage: str, resolution: int, format_: str, carrier_code: str | None = None
) -> bytes:
    """Return the base bin that holds `at` as CSV, GeoJSON or GeoParquet bytes.

    Args:
        stage: `released` (what may be seen), `estimate` or `spread` (for local administrators, logged).
        resolution: H3 resolution 9, 8 or 7; coarser ones are sums of the finest.
        carrier_code: at stage `spread`, one carrier alone; an activity feed then exports its own units.

    Raises FileRefused with `nothing-at` where nothing is known for the bin, and with `counts-gone` where its counts
    were deleted in time and only what was released is left.
    """
    width = timedelta(minutes=place.policy.counts.base_bin_minutes)
    start = uploads.base_bins(at, at + timedelta(seconds=1), width)[0]
    if stage == "released":
        with place.database.read() as connection:
            return WRITERS[format_](_table(_released(place, connection, start, resolution), start))
    log.info("unreleased-export", stage=stage, time_bin_start=start.isoformat(), carrier=carrier_code)
    with place.database.read() as connection:
        if not not_frozen(connection, [start], width):
            raise FileRefused([Fault("counts-gone", params={"start": start.isoformat()})])
        world = World(connection, place.cache)
        estimator = Estimator(connection, world, place.policy, place.memory)
        chosen = None if carrier_code is None else carriers.get_carrier(connection, carrier_code)
        inputs = estimator.inputs([start], None if chosen is None else chosen.id)[0]
        if inputs is None:
            missing = _nothing_delivered(connection, world, start)
            return WRITERS[format_](_table(missing if resolution == FINEST else coarser(missing, resolution), start))
        if inputs.is_activity:
            return WRITERS[format_](_activity_table(inputs, *estimator.activity(inputs), resolution))
        if stage == "estimate" and stays(inputs, releases.find_release(connection, start)):
            raise FileRefused([Fault("counts-gone", params={"start": start.isoformat()})])
        estimate = estimator.estimate(inputs).hexagons if stage == "estimate" else estimator.spread(inputs)
    return WRITERS[format_](_table(_summed(estimate, resolution), start))


def _released(place: Workplace, connection: Connection, start: datetime, resolution: int) -> Released:
    ref = releases.find_release(connection, start)
    if ref is None:
        finest = _nothing_delivered(connection, World(connection, place.cache), start)
    else:
        hexagons = read_area(connection, ref.area_digest).hexagons
        finest = Released.from_bytes(blobs.read_blob(connection, ref.blob_digest), hexagons)
    return finest if resolution == FINEST else coarser(finest, resolution)


def _nothing_delivered(connection: Connection, world: World, start: datetime) -> Released:
    """Return a gap between known bins as what it is, missing everywhere; refuse what lies before or after them."""
    known: Sequence[datetime] = releases.all_bins(connection)
    if not known:
        raise FileRefused([Fault("nothing-yet")])
    area = world.area_at(start)
    if area is None or not known[0] < start < known[-1]:
        params = {"start": start.isoformat(), "first": known[0].isoformat(), "last": known[-1].isoformat()}
        raise FileRefused([Fault("nothing-at", params=params)])
    none = np.full(len(area.hexagons), np.nan)
    return Released(area.hexagons, none, none, none, np.full(len(none), MISSING, np.uint8))


def _summed(estimate: HexagonEstimate, resolution: int) -> Released:
    """Sum an estimate to coarser hexagons, unrounded: mean, low and high add up."""
    finest = Released(estimate.hexagons, estimate.present_population, estimate.low, estimate.high, estimate.state)
    if resolution == FINEST:
        return finest
    ids, parent = np.unique(parents(estimate.hexagons, resolution), return_inverse=True)
    state = np.zeros(len(ids), np.uint8)
    np.maximum.at(state, parent, estimate.state)
    numbers = (_sum(parent, one, len(ids)) for one in (finest.present_population, finest.low, finest.high))
    best, low, high = (np.where(state == ESTIMATED, one, np.nan) for one in numbers)
    return Released(ids, best, low, high, state)


def _table(released: Released, start: datetime) -> HexagonTable:
    """Show numbers only where there is an estimate: a suppressed hexagon has none at any stage."""
    told = released.state == ESTIMATED
    best = np.where(told, released.present_population, np.nan)
    return HexagonTable(released.hexagons, start, best, released.low, released.high, released.state)


def _activity_table(
    inputs: BinInputs, units: NDArray[np.float64], delivered: NDArray[np.bool_], resolution: int
) -> HexagonTable:
    ids, parent = np.unique(parents(inputs.area.hexagons, resolution), return_inverse=True)
    there = _sum(parent, delivered.astype(float), len(ids)) > 0
    best = np.where(there, _sum(parent, units, len(ids)), np.nan)
    none = np.full(len(ids), np.nan)
    state = np.where(there, ESTIMATED, MISSING).astype(np.uint8)
    return HexagonTable(ids, inputs.start, best, none, none, state, measure="activity")


def _sum(parent: NDArray[np.intp], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return np.bincount(parent, weights=np.nan_to_num(values), minlength=count).astype(np.float64)
