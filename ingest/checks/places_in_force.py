"""Which source areas of a carrier are in force at a moment: the newest coverage version that has begun."""

from __future__ import annotations

from datetime import datetime

from geo.coverage import Coverage
from store import carriers
from store.blobs import read_blob
from store.database import Connection

LOADED_KINDS = frozenset({"area", "radio_cell"})


class CoverageTimes:
    """A carrier's coverage versions; of several that begin together the one loaded last is in force."""

    def __init__(self, connection: Connection, carrier_id: int) -> None:
        self._connection = connection
        versions = carriers.list_coverages(connection, carrier_id)
        self._digests = sorted({one.valid_from: one.digest for one in versions}.items())
        self._ids: dict[str, frozenset[str]] = {}
        self.is_loaded = bool(LOADED_KINDS & {one.kind for one in versions})

    def digest_at(self, moment: datetime) -> str | None:
        """Return the digest of the version in force, None before the first."""
        begun = [digest for valid_from, digest in self._digests if valid_from <= moment]
        return begun[-1] if begun else None

    def ids_at(self, moment: datetime) -> frozenset[str]:
        """Return the ids in force."""
        digest = self.digest_at(moment)
        if digest is None:
            return frozenset()
        if digest not in self._ids:
            self._ids[digest] = frozenset(Coverage.from_bytes(read_blob(self._connection, digest)).source_area_ids)
        return self._ids[digest]
