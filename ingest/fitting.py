"""Choose the parameters of the estimate from accepted counts, before bins are estimated, and keep them.

Promises: what holds is a function of the accepted counts, the coverages and the prior layer (contract.md B3), because
the sample is: of the first day with counts under a set of coverages, of each part of four hours the first base bin with
most carriers. Whatever changes the sample has the parameters chosen anew, and where they differ every bin that stands
on them is noted to be estimated again in the same transaction. Once counts of the sample have been erased in time,
what was chosen from them stays. Too few counts choose nothing: the defaults hold, and `oryn fit` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from geo.coverage import Coverage
from geo.fitting import LEAST_COUNTS, fit
from ingest.bin_inputs import Delivered, Deliveries, named
from ingest.estimating import Estimator
from ingest.fitted import NOTHING_CHOSEN, InForce, chosen_of, evidence_of, parameters_of
from ingest.priors import read_layer
from ingest.progress import Progress, part, silent
from ingest.weights_cache import WeightsCache
from ingest.world import World
from rules.policy import Policy
from store import blobs, carriers, erasing, fits, releases, uploads
from store.database import Connection, Database
from store.fits import FitRow

METHOD = "fit-3"
SAMPLE_SPAN = timedelta(hours=24)
SAMPLE_PART = timedelta(hours=4)
HISTORY_SPAN = timedelta(days=28)  # so far back an estimate looks: what stands on these bins may be so much later


@dataclass(frozen=True, slots=True)
class Sample:
    """The bins from which one set of coverages learns; `digest` names their counts and all else that decides."""

    in_force: InForce
    delivered: tuple[Delivered, ...]
    digest: str

    @property
    def counted_areas(self) -> int:
        """At most how many counts it holds."""
        return sum(one.counted_areas for some in self.delivered for one in some.slices)


def choose_parameters(
    database: Database, policy: Policy, cache: WeightsCache, now: datetime, progress: Progress = silent
) -> None:
    """Have the parameters follow from the counts that are accepted now; costs a few queries where nothing changed."""
    if policy.estimation.method != "joint":
        return
    with database.read() as connection:
        if not uploads.dirty_bins(connection):
            return
        kept = {row.digest: row for row in fits.list_fits(connection)}
        world = World(connection, cache, chosen={})
        due = [one for one in samples(connection, world, policy) if _is_due(connection, one, kept)]
    for number, sample in enumerate(due):
        tell = part(progress, number / len(due), (number + 1) / len(due))
        _choose(database, policy, world, sample, kept.get(sample.in_force.digest), now, tell)


def samples(connection: Connection, world: World, policy: Policy) -> Iterator[Sample]:
    """Yield the sample of each set of coverages under which there are counts."""
    seen: set[str] = set()
    for one in world.in_force():
        delivered = _first_day(connection, world, policy, one) if one.digest not in seen else ()
        if delivered:
            seen.add(one.digest)
            words = [METHOD, policy.version, _layer_digest(connection), *(bin_.digest for bin_ in delivered)]
            yield Sample(one, delivered, named(words))


def _first_day(connection: Connection, world: World, policy: Policy, there: InForce) -> tuple[Delivered, ...]:
    """Return the sampled bins of the first day with counts while these coverages are in force."""
    codes = {code for code, _digest in there.coverages}
    ids = [one.id for one in carriers.list_carriers(connection) if one.code in codes]
    first = fits.first_count(connection, ids, there.start, there.end)
    if first is None:
        return ()
    width = timedelta(minutes=policy.counts.base_bin_minutes)
    begun = max(first, there.start)
    end = begun + SAMPLE_SPAN if there.end is None else min(begun + SAMPLE_SPAN, there.end)
    bins = uploads.base_bins(begun, end, width)
    found = Deliveries(connection, world, policy).at(bins)
    parts: dict[int, list[Delivered]] = {}
    for start, one in found.items():
        if one is not None and not one.is_erased:
            parts.setdefault((start - bins[0]) // SAMPLE_PART, []).append(one)
    return tuple(_fullest(some) for _part, some in sorted(parts.items()))


def _fullest(some: Sequence[Delivered]) -> Delivered:
    """Return the first of the bins in which most carriers delivered."""
    return min(some, key=lambda one: (-len({group[0].carrier.id for group in one.groups}), one.start))


def _layer_digest(connection: Connection) -> str:
    layer = read_layer(connection)
    return "" if layer is None else layer.digest


def _is_due(connection: Connection, sample: Sample, kept: dict[str, FitRow]) -> bool:
    """Tell whether to choose anew: nothing is kept and there is enough, or it was chosen from other counts."""
    row = kept.get(sample.in_force.digest)
    if row is None:
        return sample.counted_areas >= LEAST_COUNTS
    chosen_from = row.evidence["sample"]
    if chosen_from["digest"] == sample.digest:
        return False
    start = datetime.fromisoformat(chosen_from["bins"][0])
    return not erasing.erased_spans(connection, start, start + SAMPLE_SPAN)


def _choose(
    database: Database,
    policy: Policy,
    world: World,
    sample: Sample,
    before: FitRow | None,
    now: datetime,
    progress: Progress,
) -> None:
    progress(0.0, "fitting")
    first = sample.delivered[0]
    with database.read() as connection:
        estimator = Estimator(connection, world, policy)
        found = estimator.inputs([one.start for one in sample.delivered])
        coverages = [Coverage.from_bytes(blobs.read_blob(connection, one.coverage_digest)) for one in first.grounds]
        layer = read_layer(connection)
    fitted = fit(
        coverages,
        [one.weights for one in first.grounds],
        first.area.hexagons,
        [estimator.counts_of(one.delivered) for one in found if one is not None],
        layer=None if layer is None else layer.over(first.area.hexagons),
        k_min=policy.counts.k_min,
        progress=progress,
    )
    codes = [one.carrier.code for one in first.grounds]
    told = {"digest": sample.digest, "bins": [one.start.isoformat() for one in sample.delivered]}
    row = FitRow(
        digest=sample.in_force.digest,
        coverages=[{"carrier": code, "coverage": digest} for code, digest in sample.in_force.coverages],
        parameters=parameters_of(fitted, codes),
        evidence=evidence_of(fitted, codes, told, before),
        fitted_at=now,
    )
    held = NOTHING_CHOSEN if before is None else chosen_of(before.parameters)
    with database.begin() as connection:
        fits.save_fit(connection, row)
        if chosen_of(row.parameters).digest != held.digest:
            uploads.mark_dirty(connection, _standing_on(connection, sample.in_force))


def _standing_on(connection: Connection, there: InForce) -> list[datetime]:
    """Return the released bins under these coverages, and later ones whose history they are."""
    end = None if there.end is None else there.end + HISTORY_SPAN
    known = releases.all_bins(connection)
    return [one for one in known if one >= there.start and (end is None or one < end)]
