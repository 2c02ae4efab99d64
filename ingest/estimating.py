"""From accepted counts to the estimate of one base bin: people in every hexagon and venue, before any release.

An estimate is a function of the set of accepted counts (the bin's own and those of the same hour of the weeks before),
of coverage, parameters, prior layer, venues and policy; bins with the same inputs share one (an hourly feed gives the
same estimate to its four quarters).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geo import joint
from geo.joint import History, JointEstimate, Layout
from geo.spreading import CarrierCounts, HexagonEstimate, combine, combine_delivered, spread
from ingest.bin_inputs import (
    SPREAD,
    WITH_HISTORY,
    WITHOUT_HISTORY,
    BinInputs,
    Delivered,
    Deliveries,
    Gap,
    Group,
    Model,
    VenuesThen,
    input_digest,
    named,
)
from ingest.counts import COUNTED, SUPPRESSED, AreaCounts, counts_in_bin, unpack_counts
from ingest.history import make_history, ordinary_weeks, silent_groups, sort_past
from ingest.linear import as_joint
from ingest.memory import Arrays, Memory
from ingest.priors import read_layer
from ingest.venue_states import VenueStates
from ingest.world import World
from rules.policy import Policy
from store import blobs, venues, zones
from store.database import Connection
from store.records import CountSliceRef

HOUR = timedelta(hours=1)
PLAIN = "plain-1"


class Estimator:
    """Estimates of base bins from the counts in the database. `memory` keeps what bins and runs share."""

    def __init__(self, connection: Connection, world: World, policy: Policy, memory: Memory | None = None) -> None:
        self._connection, self._world, self._policy = connection, world, policy
        self._memory = memory or Memory()
        self._width = timedelta(minutes=policy.counts.base_bin_minutes)
        self._weeks = ordinary_weeks(policy)
        self._layer = read_layer(connection)
        self._venues = venues.list_venues(connection)
        self._zones = zones.announcements(connection)
        self._states: dict[str, VenueStates] = {}
        self._unpacked: dict[str, AreaCounts] = {}
        self._past: dict[str, Arrays] = {}

    def inputs(self, bins: Sequence[datetime], carrier_id: int | None = None) -> list[BinInputs | None]:
        """Return what decides each of `bins` (ascending); None where nothing was delivered or no area is known.

        The counts of these bins and of their history are read; the estimates that follow read nothing and may run
        side by side. With `carrier_id`, one carrier alone over its own hexagons, also where it counts activity.
        """
        deliveries = Deliveries(self._connection, self._world, self._policy, carrier_id)
        own = deliveries.at(bins)
        past: dict[datetime, Delivered | None] = {}
        if carrier_id is None and self._is_joint:
            wanted = {one for start, there in own.items() if there is not None for one in self._weeks.before(start)}
            past = deliveries.at(one for one in wanted if not self._weeks.is_holiday(one))
        found = [None if own[one] is None else self._inputs(own[one], past, carrier_id) for one in bins]
        self._read([one for one in found if one is not None])
        return found

    def estimate(self, inputs: BinInputs) -> JointEstimate:
        """Estimate a bin by the method that its inputs name; suppressed counts are censored, missing ones absent."""
        if inputs.method == SPREAD:
            return as_joint(self._combine(combine, inputs), self._policy.estimation.interval_z)
        silent = silent_groups(inputs.delivered, inputs.past)
        counts = [*self.counts_of(inputs.delivered), *(_nothing_of(one) for one in silent)]
        return joint.estimate(
            self._ground(inputs.delivered),
            counts,
            inputs.model.theta,
            layer=self._layer_over(inputs.delivered),
            history=self._history(inputs, silent, counts) if inputs.past else None,
            venues=None if inputs.venues is None else inputs.venues.prior,
            k_min=self._policy.counts.k_min,
            z=self._policy.estimation.interval_z,
            believed_within=self._policy.estimation.believed_within,
            most_areas=self._policy.estimation.region_areas_max,
        )

    def spread(self, inputs: BinInputs) -> HexagonEstimate:
        """Combine the carriers by share, letting suppressed areas add nothing: totals are those delivered."""
        return self._combine(combine_delivered, inputs)

    def activity(self, inputs: BinInputs) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Spread an activity feed: units of the carrier per hexagon, and where it delivered; never people."""
        total = np.zeros(len(inputs.area.hexagons))
        delivered = np.zeros(len(inputs.area.hexagons), bool)
        for one in self.counts_of(inputs.delivered):
            at = np.searchsorted(inputs.area.hexagons, one.weights.hexagons)
            total[at] += spread(one.weights, one.counts)
            delivered[at] |= (one.weights.cover.T @ np.isfinite(one.counts).astype(float)) > 0
        return total, delivered

    def counts_of(self, delivered: Delivered) -> list[CarrierCounts]:
        """Return the counts that hold, group by group; they must have been read."""
        return [self._carrier_counts(delivered.start, one) for one in delivered.groups]

    @property
    def _is_joint(self) -> bool:
        return self._policy.estimation.method == "joint"

    def _inputs(
        self, delivered: Delivered | None, past: dict[datetime, Delivered | None], carrier_id: int | None
    ) -> BinInputs | None:
        if delivered is None:
            return None
        if carrier_id is not None or not self._is_joint:
            model = self._model(delivered)
            digest = input_digest(delivered, [SPREAD, self._policy.version, model.digest])
            return BinInputs(delivered, (), (), model, None, None, SPREAD, digest)
        usable, gaps = sort_past(self._weeks, delivered.start, past)
        return self._joint_inputs(delivered, self._enough(usable), gaps)

    def _enough(self, usable: Sequence[Delivered]) -> tuple[Delivered, ...]:
        return tuple(usable) if len(usable) >= self._policy.estimation.history_weeks_min else ()

    def _joint_inputs(self, delivered: Delivered, past: tuple[Delivered, ...], gaps: Sequence[Gap]) -> BinInputs:
        model, there = self._model(delivered), self._venues_then(delivered)
        method = WITH_HISTORY if past else WITHOUT_HISTORY
        words = [method, self._policy.version, model.digest, self._layer_digest, "" if there is None else there.digest]
        digest = input_digest(delivered, [*words, *(self._plain_digest(one) for one in past)])
        return BinInputs(delivered, past, tuple(gaps), model, self._layer, there, method, digest)

    def _model(self, delivered: Delivered) -> Model:
        chosen = self._world.chosen_at(delivered.start)
        return Model(chosen.theta, chosen.digest)

    def _venues_then(self, delivered: Delivered) -> VenuesThen | None:
        area = delivered.area
        if not self._venues:
            return None
        if area.digest not in self._states:
            self._states[area.digest] = VenueStates(self._policy, self._venues, area.hexagons)
        states = self._states[area.digest]
        digest = states.digest_at(delivered.start, self._zones)
        return VenuesThen(states.ids, states.prior_at(delivered.start, self._zones), digest)

    @property
    def _layer_digest(self) -> str:
        return "" if self._layer is None else self._layer.digest

    def _layer_over(self, delivered: Delivered) -> NDArray[np.float64] | None:
        return None if self._layer is None else self._layer.over(delivered.area.hexagons)

    def _ground(self, delivered: Delivered) -> Layout:
        return self._memory.layout(delivered.area, [one.weights for one in delivered.grounds])

    def _history(self, inputs: BinInputs, silent: Sequence[Group], counts: Sequence[CarrierCounts]) -> History:
        counts_then = [self._kept(_counts_name(one), partial(self._middles, one)) for one in inputs.past]
        return make_history(
            inputs.delivered, [*inputs.delivered.groups, *silent], counts, inputs.past, counts_then, self._plain
        )

    def _plain_digest(self, past: Delivered) -> str:
        return named([PLAIN, past.digest, self._policy.version, self._model(past).digest, self._layer_digest])

    def _plain(self, past: Delivered) -> Arrays:
        return self._kept(self._plain_digest(past), partial(self._make_plain, past))

    def _kept(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """Return arrays of a past bin that are at hand, or make them; what this batch needs stays at hand."""
        if name not in self._past:
            self._past[name] = self._memory.arrays(name) or self._memory.keep(name, make())
        return self._past[name]

    def _middles(self, past: Delivered) -> Arrays:
        """Return a past bin's counts, group by group, suppressed ones as the middle of what they may be."""
        counts, k_min = self.counts_of(past), self._policy.counts.k_min
        return tuple(np.where(one.suppressed, one.limits(k_min) / 2.0, one.counts).astype(np.float32) for one in counts)

    def _make_plain(self, past: Delivered) -> Arrays:
        counts, k_min, layer = self.counts_of(past), self._policy.counts.k_min, self._layer_over(past)
        people = joint.plain_means(self._ground(past), counts, self._model(past).theta, layer=layer, k_min=k_min)
        return (people.astype(np.float32),)

    def _combine(self, how: Callable[..., HexagonEstimate], inputs: BinInputs) -> HexagonEstimate:
        numbers = self._policy.estimation
        return how(
            self.counts_of(inputs.delivered),
            inputs.area.hexagons,
            k_min=self._policy.counts.k_min,
            spread_relative_error=numbers.spread_relative_error,
            share_relative_error=numbers.share_relative_error,
            z=numbers.interval_z,
        )

    def _carrier_counts(self, start: datetime, group: Group) -> CarrierCounts:
        reporting, kind, slices = group
        size = len(reporting.row_of_code)
        values, states = counts_in_bin(start, self._width, slices, self._unpacked, size)
        here = reporting.row_of_code >= 0
        rows = reporting.row_of_code[here]
        counts = np.full(len(reporting.weights.source_area_ids), np.nan)
        hidden = np.zeros(len(counts), bool)
        counts[rows] = np.where(states[here] == COUNTED, values[here], np.nan)
        hidden[rows] = states[here] == SUPPRESSED
        below = np.full(len(counts), np.nan)
        below[rows] = np.where(states[here] == SUPPRESSED, values[here], np.nan)
        if kind == "density_per_km2":
            counts *= reporting.weights.area_km2
            below *= reporting.weights.area_km2
        is_people = kind != "device_count"
        error = self._time_error(start, slices)
        share, there = reporting.carrier.share, reporting.area_share
        return CarrierCounts(
            reporting.weights, counts, hidden, share, is_people, error, hidden_below=below, area_share=there
        )

    def _time_error(self, start: datetime, slices: Sequence[CountSliceRef]) -> float:
        """Return how far a count of a longer interval may be from one of this bin, relative; 0 where it is finer."""
        numbers = self._policy.estimation
        longer = min(max(one.end - one.start - self._width, timedelta(0)) for one in slices)
        return min(numbers.coarse_error_per_root_hour * float(np.sqrt(longer / HOUR)), numbers.coarse_error_max)

    def _read(self, inputs: Sequence[BinInputs]) -> None:
        """Have at hand what the estimates of these bins need, and nothing else, so that they need no database."""
        past = {one.digest: one for some in inputs for one in some.past}
        self._past = {}
        wanted = {
            slice_.digest for one in (*(one.delivered for one in inputs), *past.values()) for slice_ in one.slices
        }
        self._unpacked = {digest: counts for digest, counts in self._unpacked.items() if digest in wanted}
        read = blobs.read_blobs(self._connection, wanted - self._unpacked.keys())
        self._unpacked |= {digest: unpack_counts(data) for digest, data in read.items()}


def _nothing_of(group: Group) -> CarrierCounts:
    """Return the counts of a group that delivered nothing."""
    reporting, kind, _slices = group
    size = len(reporting.weights.source_area_ids)
    nothing, hidden, is_people = np.full(size, np.nan), np.zeros(size, bool), kind != "device_count"
    share, there = reporting.carrier.share, reporting.area_share
    return CarrierCounts(reporting.weights, nothing, hidden, share, is_people, area_share=there)


def _counts_name(past: Delivered) -> str:
    return f"counts-{past.digest}"
