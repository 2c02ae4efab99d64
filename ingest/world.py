"""What an estimate needs besides counts: carriers, their coverage with its weights, chosen parameters, the hexagons.

A `World` is read once per run of the pipeline. For a time bin, each carrier stands with the coverage version whose
`valid_from` is the newest that has begun (of several with the same, the one loaded last), and with the radio model
that was chosen for the coverages in force together then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from geo.radio_weights import RadioModel
from geo.weights import SpreadingWeights
from ingest.areas import Area, make_area
from ingest.feeds import Feed, parse_feed
from ingest.fitted import NOTHING_CHOSEN, Chosen, InForce, chosen_of
from ingest.progress import Progress, silent
from ingest.weights_cache import WeightsCache
from store import blobs, carriers, fits, uploads
from store.database import Connection
from store.records import Carrier, CoverageVersion


@dataclass(frozen=True, slots=True)
class Reporting:
    """One carrier as it stands in a time bin: its weights, and for each area code the row in them (-1: none).

    `area_share`: its share in each of the weights' source areas then; None where it is the registered one in all.
    """

    carrier: Carrier
    coverage_digest: str
    weights: SpreadingWeights
    row_of_code: NDArray[np.int64]
    area_share: NDArray[np.float64] | None = None


class World:
    """Carriers, coverage and weights as they are in the database now."""

    def __init__(
        self,
        connection: Connection,
        cache: WeightsCache,
        progress: Progress = silent,
        chosen: Mapping[str, Chosen] | None = None,
    ) -> None:
        """Read the world; `chosen` by the digest of coverages in force together, None for what is kept."""
        self._carriers = carriers.list_carriers(connection)
        self._feeds = {one.id: _feed(connection, one) for one in self._carriers}
        self._codes = {one.id: uploads.source_area_codes(connection, one.id) for one in self._carriers}
        self._versions: dict[int, list[CoverageVersion]] = {one.id: [] for one in self._carriers}
        newest = {(one.carrier_id, one.valid_from): one for one in carriers.list_coverages(connection)}
        for version in newest.values():
            self._versions[version.carrier_id].append(version)
        self._in_force = self._all_in_force()
        self._chosen = _kept(connection) if chosen is None else chosen
        self._weights = self._all_weights(connection, cache, progress)
        self._areas: dict[tuple[str, ...], Area] = {}
        self._rows: dict[tuple[int, str], NDArray[np.int64]] = {}

    def feed(self, carrier_id: int) -> Feed | None:
        """Return the feed of a carrier, None where its columns decide."""
        return self._feeds[carrier_id]

    def code_count(self, carrier_id: int) -> int:
        """Return how many area codes a carrier has."""
        return len(self._codes[carrier_id])

    def reporting_at(self, moment: datetime) -> list[Reporting]:
        """Return every carrier with source areas at `moment`, in order of registration."""
        found = []
        chosen = self.chosen_at(moment)
        for carrier in self._carriers:
            version = coverage_at(self._versions[carrier.id], moment)
            if version is not None:
                weights = self._weights[version.digest, chosen.radio(carrier.code)]
                rows = self._row_of_code(carrier.id, version.digest, weights.source_area_ids)
                found.append(Reporting(carrier, version.digest, weights, rows))
        return found

    def chosen_at(self, moment: datetime) -> Chosen:
        """Return the parameters that hold for the coverages in force at `moment`."""
        return self._chosen.get(self.in_force_at(moment).digest, NOTHING_CHOSEN)

    def in_force(self) -> Sequence[InForce]:
        """Return the sets of coverages that were in force together, oldest first; activity is left out."""
        return self._in_force

    def in_force_at(self, moment: datetime) -> InForce:
        """Return the set of coverages in force at `moment`, empty before the first."""
        begun = [one for one in self._in_force if one.start <= moment]
        return begun[-1] if begun else InForce(moment, None, ())

    def area_at(self, moment: datetime) -> Area | None:
        """Return the hexagons of every carrier that reports people at `moment`; None where there are none."""
        telling = [one for one in self.reporting_at(moment) if self.tells_people(one)]
        digests = tuple(sorted({one.coverage_digest for one in telling}))
        if not digests:
            return None
        if digests not in self._areas:
            self._areas[digests] = make_area([one.weights.hexagons for one in telling])
        return self._areas[digests]

    def tells_people(self, reporting: Reporting) -> bool:
        """Tell whether a carrier's counts are people or devices, by its feed: units of activity never become people."""
        return self._is_of_people(reporting.carrier)

    def _is_of_people(self, carrier: Carrier) -> bool:
        feed = self._feeds[carrier.id]
        return feed is None or feed.kind != "activity"

    def _all_in_force(self) -> list[InForce]:
        starts = sorted({one.valid_from for some in self._versions.values() for one in some})
        return [InForce(start, end, self._coverages_at(start)) for start, end in zip_longest(starts, starts[1:])]

    def _coverages_at(self, moment: datetime) -> tuple[tuple[str, str], ...]:
        there = [
            (one, coverage_at(self._versions[one.id], moment)) for one in self._carriers if self._is_of_people(one)
        ]
        return tuple((carrier.code, version.digest) for carrier, version in there if version is not None)

    def _all_weights(
        self, connection: Connection, cache: WeightsCache, progress: Progress
    ) -> dict[tuple[str, RadioModel], SpreadingWeights]:
        weights = {}
        for digest, radio in sorted(self._wanted(), key=lambda one: (one[0], one[1].slope, one[1].softness_db)):
            read = partial(blobs.read_blob, connection, digest)
            weights[digest, radio] = cache.get(digest, read, progress, radio)
        return weights

    def _wanted(self) -> set[tuple[str, RadioModel]]:
        """Return every coverage with every radio model that it ever has."""
        return {
            (version.digest, self.chosen_at(one.start).radio(carrier.code))
            for one in self._in_force
            for carrier in self._carriers
            if (version := coverage_at(self._versions[carrier.id], one.start)) is not None
        }

    def _row_of_code(self, carrier_id: int, digest: str, ids: Sequence[str]) -> NDArray[np.int64]:
        key = (carrier_id, digest)
        if key not in self._rows:
            row_of_id = {one: row for row, one in enumerate(ids)}
            codes = self._codes[carrier_id]
            rows = np.full(len(codes), -1, np.int64)
            for source_area_id, code in codes.items():
                rows[code] = row_of_id.get(source_area_id, -1)
            self._rows[key] = rows
        return self._rows[key]


def coverage_at(versions: Sequence[CoverageVersion], moment: datetime) -> CoverageVersion | None:
    """Return the version in force at `moment`, or None."""
    begun = [version for version in versions if version.valid_from <= moment]
    return max(begun, key=lambda version: (version.valid_from, version.id), default=None)


def _feed(connection: Connection, carrier: Carrier) -> Feed | None:
    text = carriers.feed_text(connection, carrier.id)
    return None if text is None else parse_feed(text)


def _kept(connection: Connection) -> dict[str, Chosen]:
    return {row.digest: chosen_of(row.parameters) for row in fits.list_fits(connection)}
