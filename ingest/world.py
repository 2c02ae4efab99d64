"""What an estimate needs besides counts: carriers, their coverage with its weights, the hexagons.

A `World` is read once per run of the pipeline. For a time bin, each carrier stands with the coverage version whose
`valid_from` is the newest that has begun (of several with the same, the one loaded last).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geo.weights import SpreadingWeights
from ingest.areas import Area, make_area
from ingest.feeds import Feed, parse_feed
from ingest.progress import Progress, silent
from ingest.weights_cache import WeightsCache
from store import blobs, carriers, uploads
from store.database import Connection
from store.records import Carrier, CoverageVersion


@dataclass(frozen=True, slots=True)
class Reporting:
    """One carrier as it stands in a time bin: its weights, and for each area code the row in them (-1: none)."""

    carrier: Carrier
    coverage_digest: str
    weights: SpreadingWeights
    row_of_code: NDArray[np.int64]


class World:
    """Carriers, coverage and weights as they are in the database now."""

    def __init__(self, connection: Connection, cache: WeightsCache, progress: Progress = silent) -> None:
        self._carriers = carriers.list_carriers(connection)
        self._feeds = {one.id: _feed(connection, one) for one in self._carriers}
        self._codes = {one.id: uploads.source_area_codes(connection, one.id) for one in self._carriers}
        self._versions: dict[int, list[CoverageVersion]] = {one.id: [] for one in self._carriers}
        newest = {(one.carrier_id, one.valid_from): one for one in carriers.list_coverages(connection)}
        for version in newest.values():
            self._versions[version.carrier_id].append(version)
        self._weights = _all_weights(connection, cache, self._versions, progress)
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
        for carrier in self._carriers:
            version = coverage_at(self._versions[carrier.id], moment)
            if version is not None:
                rows = self._row_of_code(carrier.id, version.digest)
                found.append(Reporting(carrier, version.digest, self._weights[version.digest], rows))
        return found

    def area_at(self, moment: datetime) -> Area | None:
        """Return the hexagons of every carrier that reports people at `moment`; None where there are none."""
        digests = tuple(sorted({one.coverage_digest for one in self.reporting_at(moment) if self.tells_people(one)}))
        if not digests:
            return None
        if digests not in self._areas:
            self._areas[digests] = make_area([self._weights[digest].hexagons for digest in digests])
        return self._areas[digests]

    def tells_people(self, reporting: Reporting) -> bool:
        """Tell whether a carrier's counts are people or devices, by its feed: units of activity never become people."""
        feed = self._feeds[reporting.carrier.id]
        return feed is None or feed.kind != "activity"

    def _row_of_code(self, carrier_id: int, digest: str) -> NDArray[np.int64]:
        key = (carrier_id, digest)
        if key not in self._rows:
            row_of_id = {one: row for row, one in enumerate(self._weights[digest].source_area_ids)}
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


def _all_weights(
    connection: Connection,
    cache: WeightsCache,
    versions: Mapping[int, Sequence[CoverageVersion]],
    progress: Progress,
) -> dict[str, SpreadingWeights]:
    weights = {}
    for digest in sorted({version.digest for some in versions.values() for version in some}):
        read = partial(blobs.read_blob, connection, digest)
        weights[digest] = cache.get(digest, read, progress)
    return weights
