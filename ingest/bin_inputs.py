"""What was delivered for base bins, and everything else that decides their estimates.

Promises: equal digests mean equal estimates; a digest does not depend on the order of arrival, on splitting or on
repetition of files (contract.md B3). Does not read counts, only which slices of them hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal

from geo.joint import Theta, VenuePrior
from ingest.area_shares import AreaShares
from ingest.areas import Area, make_area
from ingest.priors import PriorLayer
from ingest.world import Reporting, World
from rules.policy import Policy
from store import uploads
from store.database import Connection
from store.records import CountSliceRef

OWN_DIGITS = 32  # of an input digest name the bin's own counts, the rest names everything
WITH_HISTORY = "joint-2/history"
WITHOUT_HISTORY = "joint-2"
SPREAD = "spread-1"

Group = tuple[Reporting, str, tuple[CountSliceRef, ...]]
GapReason = Literal["missing", "holiday", "erased"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What holds for one base bin: the slices by carrier and kind, and the ground on which they are spread.

    `grounds`: every carrier that could have told of people. `digest` names all of it, `counts_digest` the counts alone.
    """

    start: datetime
    area: Area
    grounds: tuple[Reporting, ...]
    groups: tuple[Group, ...]
    digest: str
    counts_digest: str

    @property
    def is_erased(self) -> bool:
        """Whether some of its counts were deleted in time: it cannot be estimated any more."""
        return any(one.is_erased for _reporting, _kind, slices in self.groups for one in slices)

    @property
    def slices(self) -> Iterator[CountSliceRef]:
        """Every slice that holds."""
        return (one for _reporting, _kind, slices in self.groups for one in slices)


@dataclass(frozen=True, slots=True)
class Gap:
    """A week that history would look at and cannot use."""

    start: datetime
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Model:
    """The parameters of an estimate, and the name of what they were learnt from."""

    theta: Theta
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class VenuesThen:
    """Registered venues in one base bin: ids in the order of the prior's arrays, and the name of both."""

    ids: tuple[str, ...]
    prior: VenuePrior
    digest: str


@dataclass(frozen=True, slots=True)
class BinInputs:
    """Everything that decides the estimate of one base bin; equal digests mean equal estimates.

    `past`: the bins that history is made of, none where there are too few; `gaps`: those that it could not use.
    """

    delivered: Delivered
    past: tuple[Delivered, ...]
    gaps: tuple[Gap, ...]
    model: Model
    layer: PriorLayer | None
    venues: VenuesThen | None
    method: str
    digest: str

    @property
    def start(self) -> datetime:
        """When the base bin begins."""
        return self.delivered.start

    @property
    def area(self) -> Area:
        """The hexagons over which people are estimated."""
        return self.delivered.area

    @property
    def is_activity(self) -> bool:
        """Whether these are units of activity, which never become people."""
        return all(kind == "activity" for _reporting, kind, _slices in self.delivered.groups)

    @property
    def carrier_codes(self) -> tuple[str, ...]:
        """Codes of the carriers that delivered something for the bin."""
        return tuple(sorted({reporting.carrier.code for reporting, _kind, _slices in self.delivered.groups}))

    @property
    def history_is_erased(self) -> bool:
        """Whether past counts were deleted in time, so that its history is not what it was."""
        return any(one.reason == "erased" for one in self.gaps)


class Deliveries:
    """Finds what was delivered for base bins, of every carrier that tells of people or of one alone."""

    def __init__(self, connection: Connection, world: World, policy: Policy, carrier_id: int | None = None) -> None:
        self._connection, self._world, self._carrier_id = connection, world, carrier_id
        self._width = timedelta(minutes=policy.counts.base_bin_minutes)
        self._shares = AreaShares(connection, policy)

    def at(self, bins: Iterable[datetime]) -> dict[datetime, Delivered | None]:
        """Return what holds for each base bin; None where nothing was delivered or no area is known."""
        found: dict[datetime, Delivered | None] = {}
        for some in _adjoining(sorted(set(bins)), self._width):
            slices = uploads.slices_touching(self._connection, some[0], some[-1] + self._width)
            for start in some:
                within = [one for one in slices if one.start < start + self._width and one.end > start]
                found[start] = self._one(start, within)
        return found

    def _one(self, start: datetime, slices: Sequence[CountSliceRef]) -> Delivered | None:
        if self._carrier_id is not None:
            return self._of_carrier(start, slices, self._carrier_id)
        area = self._world.area_at(start)
        if area is None:
            return None
        grounds = [one for one in self._reporting_at(start) if self._world.tells_people(one)]
        return make_delivered(start, area, grounds, [one for one in slices if one.kind != "activity"])

    def _of_carrier(self, start: datetime, slices: Sequence[CountSliceRef], carrier_id: int) -> Delivered | None:
        alone = [one for one in self._reporting_at(start) if one.carrier.id == carrier_id]
        if not alone:
            return None
        return make_delivered(start, make_area([alone[0].weights.hexagons]), alone, slices)

    def _reporting_at(self, start: datetime) -> list[Reporting]:
        return [self._shares.given(one, start) for one in self._world.reporting_at(start)]


def make_delivered(
    start: datetime, area: Area, grounds: Sequence[Reporting], slices: Iterable[CountSliceRef]
) -> Delivered | None:
    """Group by carrier and kind the slices of the carriers that stand in `grounds`; None without any."""
    by_carrier = {one.carrier.id: one for one in grounds}
    ordered = sorted(
        (one for one in slices if one.carrier_id in by_carrier),
        key=lambda one: (one.carrier_id, one.kind, one.upload_id, one.id),
    )
    if not ordered:
        return None
    groups = tuple(
        (by_carrier[carrier_id], kind, tuple(some))
        for (carrier_id, kind), some in groupby(ordered, key=lambda one: (one.carrier_id, one.kind))
    )
    ground_words = [_words_of_ground(one) for one in grounds]
    counts_digest = named(_words_of_groups(start, groups))
    digest = named([area.digest, *ground_words, counts_digest])
    return Delivered(start, area, tuple(grounds), groups, digest, counts_digest)


def named(words: Iterable[str]) -> str:
    """Return the digest of some words."""
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def input_digest(delivered: Delivered, everything: Iterable[str]) -> str:
    """Name the inputs so that the first digits name the bin's own counts alone."""
    return delivered.counts_digest[:OWN_DIGITS] + named([delivered.digest, *everything])[OWN_DIGITS:]


def same_own_counts(one: str, other: str) -> bool:
    """Tell whether two input digests are of the same own counts."""
    return one[:OWN_DIGITS] == other[:OWN_DIGITS]


def _words_of_ground(one: Reporting) -> str:
    """Name a carrier's share and coverage; what it said of regions and hours only where it holds somewhere now."""
    words = f"{one.carrier.code}|{one.carrier.share!r}|{one.coverage_digest}"
    if one.area_share is None:
        return words
    return f"{words}|{hashlib.sha256(one.area_share.astype('<f8').tobytes()).hexdigest()}"


def _words_of_groups(start: datetime, groups: Sequence[Group]) -> Iterator[str]:
    """Name the slices. Which one wins depends on its place in time relative to the bin only where it is finer."""
    for reporting, kind, slices in groups:
        yield f"{reporting.carrier.code}|{kind}"
        for rank, one in enumerate(slices):
            length = (one.end - one.start).total_seconds()
            offset = (one.start - start).total_seconds() if one.start > start else 0
            yield f"{one.digest}|{length}|{offset}|{one.precision}|{one.revision}|{rank}"


def _adjoining(bins: Sequence[datetime], width: timedelta) -> Iterator[Sequence[datetime]]:
    """Yield runs of ascending bins that follow each other without a hole."""
    first = 0
    for number in range(1, len(bins) + 1):
        if number == len(bins) or bins[number] - bins[number - 1] != width:
            yield bins[first:number]
            first = number
