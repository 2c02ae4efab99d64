"""From accepted counts to the estimate of one base bin: people present per hexagon, before any release.

An estimate is a function of the set of accepted counts, the coverage in force and the policy; bins with the same
inputs share one (an hourly feed gives the same estimate to its four quarters).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from geo.spreading import CarrierCounts, HexagonEstimate, combine, combine_delivered, spread
from ingest.areas import Area, make_area
from ingest.counts import COUNTED, SUPPRESSED, AreaCounts, counts_in_bin, unpack_counts
from ingest.world import Reporting, World
from rules.policy import Policy
from store import blobs, uploads
from store.database import Connection
from store.records import CountSliceRef

METHOD = "spread-1"


@dataclass(frozen=True, slots=True)
class BinInputs:
    """Everything that decides the estimate of one base bin; equal digests mean equal estimates."""

    start: datetime
    area: Area
    reporting: tuple[tuple[Reporting, str, tuple[CountSliceRef, ...]], ...]
    digest: str

    @property
    def is_activity(self) -> bool:
        """Whether these are units of activity, which never become people."""
        return all(kind == "activity" for _reporting, kind, _slices in self.reporting)

    @property
    def carrier_codes(self) -> tuple[str, ...]:
        """Codes of the carriers that delivered something for the bin."""
        return tuple(sorted({reporting.carrier.code for reporting, _kind, _slices in self.reporting}))


class Estimator:
    """Estimates of base bins from the counts in the database."""

    def __init__(self, connection: Connection, world: World, policy: Policy) -> None:
        self._connection = connection
        self._world = world
        self._policy = policy
        self._width = timedelta(minutes=policy.counts.base_bin_minutes)
        self._unpacked: dict[str, AreaCounts] = {}

    def inputs(self, bins: Sequence[datetime], carrier_id: int | None = None) -> list[BinInputs | None]:
        """Return what decides each of `bins` (ascending); None where nothing was delivered or no area is known.

        The counts of these bins are read; the estimates that follow read nothing and may run side by side.
        With `carrier_id`, one carrier alone over its own hexagons, also where it counts activity.
        """
        if not bins:
            return []
        slices = uploads.slices_touching(self._connection, bins[0], bins[-1] + self._width)
        self._read(slices)
        if carrier_id is not None:
            mine = [one for one in slices if one.carrier_id == carrier_id]
            return [self._inputs_of_one(start, self._within(mine, start), carrier_id) for start in bins]
        return [self._inputs_of(start, self._within(slices, start)) for start in bins]

    def estimate(self, inputs: BinInputs) -> HexagonEstimate:
        """Combine the carriers by share; suppressed counts enter by their censored expectation."""
        return self._combine(combine, inputs)

    def spread(self, inputs: BinInputs) -> HexagonEstimate:
        """Combine the carriers by share, letting suppressed areas add nothing: totals are those delivered."""
        return self._combine(combine_delivered, inputs)

    def activity(self, inputs: BinInputs) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Spread an activity feed: units of the carrier per hexagon, and where it delivered; never people."""
        total = np.zeros(len(inputs.area.hexagons))
        delivered = np.zeros(len(inputs.area.hexagons), bool)
        for reporting, kind, slices in inputs.reporting:
            counts = self._carrier_counts(inputs.start, reporting, kind, slices)
            at = np.searchsorted(inputs.area.hexagons, reporting.weights.hexagons)
            total[at] += spread(reporting.weights, counts.counts)
            delivered[at] |= (reporting.weights.cover.T @ np.isfinite(counts.counts).astype(float)) > 0
        return total, delivered

    def _inputs_of(self, start: datetime, slices: Sequence[CountSliceRef]) -> BinInputs | None:
        area = self._world.area_at(start)
        if area is None:
            return None
        by_carrier = {one.carrier.id: one for one in self._world.reporting_at(start)}
        people = [one for one in slices if one.carrier_id in by_carrier and one.kind != "activity"]
        return make_inputs(start, area, by_carrier, people, self._policy.version)

    def _inputs_of_one(self, start: datetime, slices: Sequence[CountSliceRef], carrier_id: int) -> BinInputs | None:
        alone = {one.carrier.id: one for one in self._world.reporting_at(start) if one.carrier.id == carrier_id}
        if not alone:
            return None
        area = make_area([alone[carrier_id].weights.hexagons])
        return make_inputs(start, area, alone, slices, self._policy.version)

    def _within(self, slices: Sequence[CountSliceRef], start: datetime) -> list[CountSliceRef]:
        return [one for one in slices if one.start < start + self._width and one.end > start]

    def _combine(self, how: Callable[..., HexagonEstimate], inputs: BinInputs) -> HexagonEstimate:
        numbers = self._policy.estimation
        parts = [self._carrier_counts(inputs.start, *one) for one in inputs.reporting]
        return how(
            parts,
            inputs.area.hexagons,
            k_min=self._policy.counts.k_min,
            spread_relative_error=numbers.spread_relative_error,
            share_relative_error=numbers.share_relative_error,
            z=numbers.interval_z,
        )

    def _carrier_counts(
        self, start: datetime, reporting: Reporting, kind: str, slices: Sequence[CountSliceRef]
    ) -> CarrierCounts:
        size = len(reporting.row_of_code)
        values, states = counts_in_bin(start, self._width, slices, self._unpacked, size)
        here = reporting.row_of_code >= 0
        rows = reporting.row_of_code[here]
        counts = np.full(len(reporting.weights.source_area_ids), np.nan)
        hidden = np.zeros(len(counts), bool)
        counts[rows] = np.where(states[here] == COUNTED, values[here], np.nan)
        hidden[rows] = states[here] == SUPPRESSED
        if kind == "density_per_km2":
            counts *= reporting.weights.area_km2
        return CarrierCounts(reporting.weights, counts, hidden, reporting.carrier.share, kind != "device_count")

    def _read(self, slices: Sequence[CountSliceRef]) -> None:
        """Have the counts of `slices` at hand, and of no others, so that estimating needs no database."""
        wanted = {one.digest for one in slices}
        self._unpacked = {digest: counts for digest, counts in self._unpacked.items() if digest in wanted}
        read = blobs.read_blobs(self._connection, wanted - self._unpacked.keys())
        self._unpacked |= {digest: unpack_counts(data) for digest, data in read.items()}


def make_inputs(
    start: datetime, area: Area, by_carrier: dict[int, Reporting], slices: Sequence[CountSliceRef], policy_version: str
) -> BinInputs | None:
    """Group the slices that hold for a bin by carrier and kind, and name the whole by a digest; None without any."""
    if not slices:
        return None
    ordered = sorted(slices, key=lambda one: (one.carrier_id, one.kind, one.upload_id, one.id))
    groups = [
        (by_carrier[carrier_id], kind, tuple(some))
        for (carrier_id, kind), some in groupby(ordered, key=lambda one: (one.carrier_id, one.kind))
    ]
    return BinInputs(start, area, tuple(groups), _digest(start, area, groups, policy_version))


def _digest(
    start: datetime,
    area: Area,
    groups: Sequence[tuple[Reporting, str, tuple[CountSliceRef, ...]]],
    policy_version: str,
) -> str:
    """Name the inputs. Which slice wins depends on its place in time relative to the bin only where it is finer."""
    words = [METHOD, policy_version, area.digest]
    for reporting, kind, slices in groups:
        words.append(f"{reporting.carrier.code}|{reporting.carrier.share!r}|{reporting.coverage_digest}|{kind}")
        for rank, one in enumerate(slices):
            length = (one.end - one.start).total_seconds()
            offset = (one.start - start).total_seconds() if one.start > start else 0
            words.append(f"{one.digest}|{length}|{offset}|{one.precision}|{one.revision}|{rank}")
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
