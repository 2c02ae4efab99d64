"""Have a file's source areas a place here? Named areas stand in the carrier's coverage; grids place themselves.

Raises FileRefused before anything is kept: counts without a place would be lost, and areas that cannot be spread would
stop every later estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from geo.coverage import Coverage
from geo.errors import GeoError
from geo.weights import compute_weights
from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed, parse_feed
from ingest.grids import ALWAYS, GRIDS, grid_ids
from ingest.reading import CountsReading
from store import carriers
from store.blobs import read_blob
from store.database import Connection
from store.records import Carrier

LOADED_KINDS = frozenset({"area", "radio_cell"})


@dataclass(frozen=True, slots=True)
class Placement:
    """What a carrier's files are read against.

    `spoken`: `named` where a coverage was loaded, else the grid of ids that describe themselves; None before both.
    `versions`: from when which named areas are in force, oldest first. `grid_ids`: the areas of its grid so far.
    """

    feed: Feed
    feed_text: str | None
    spoken: str | None
    versions: tuple[tuple[datetime, frozenset[str]], ...]
    grid_ids: frozenset[str]

    @staticmethod
    def of(connection: Connection, carrier: Carrier) -> Placement:
        """Read how a carrier's files are placed now."""
        text = carriers.feed_text(connection, carrier.id)
        kinds = [one.kind for one in carriers.list_coverages(connection, carrier.id)]
        is_named = bool(LOADED_KINDS & set(kinds))
        return Placement(
            Feed() if text is None else parse_feed(text),
            text,
            "named" if is_named else kinds[-1] if kinds else None,
            _versions(connection, carrier) if is_named else (),
            grid_ids(connection, carrier.id),
        )

    @property
    def known(self) -> frozenset[str] | None:
        """The ids that a file may name; None where they describe themselves."""
        return frozenset(one for _from, ids in self.versions for one in ids) if self.versions else None

    def refuse_misplaced(self, reading: CountsReading) -> None:
        """Raise FileRefused where an area of the reading has no place, or its grid could not be spread."""
        fault = self._unplaced(reading) or self._not_in_force(reading) or self._unspreadable(reading)
        if fault is not None:
            raise FileRefused([fault], rows_in=reading.rows_in)

    def _unplaced(self, reading: CountsReading) -> Fault | None:
        """Find areas named without a coverage, or of another grid than the carrier's."""
        if self.spoken == reading.grid:
            return None
        if reading.grid == "named":
            return Fault("coverage-not-loaded", params={"example": quoted(reading.area_ids[0])})
        if self.spoken is not None:
            return Fault("grids-mixed", params={"before": self.spoken, "now": reading.grid})
        return None

    def _not_in_force(self, reading: CountsReading) -> Fault | None:
        """Find counts of areas that the coverage of their day does not have."""
        if not self.versions or (len(self.versions) == 1 and self.versions[0][0] <= ALWAYS):
            return None
        placed = {start: np.array([one in ids for one in reading.area_ids]) for start, ids in self.versions}
        for one in reading.slices():
            begun = max((start for start in placed if start <= one.start), default=None)
            known = placed[begun] if begun is not None else np.zeros(len(reading.area_ids), bool)
            lost = one.area_index[~known[one.area_index]]
            if len(lost):
                params = {"area": quoted(reading.area_ids[int(lost[0])]), "start": one.start.isoformat()}
                return Fault("source-area-not-in-force", params=params)
        return None

    def _unspreadable(self, reading: CountsReading) -> Fault | None:
        if reading.grid == "named" or self.grid_ids.issuperset(reading.area_ids):
            return None
        try:
            compute_weights(GRIDS[reading.grid](sorted(self.grid_ids.union(reading.area_ids))))
        except GeoError as problem:
            return Fault(problem.code, params=_plain(problem.params))
        return None


def _versions(connection: Connection, carrier: Carrier) -> tuple[tuple[datetime, frozenset[str]], ...]:
    """Return from when which ids are in force, oldest first; what a version of the same day replaced is unknown."""
    digests = {one.valid_from: one.digest for one in carriers.list_coverages(connection, carrier.id)}
    ids = {
        one: frozenset(Coverage.from_bytes(read_blob(connection, one)).source_area_ids) for one in set(digests.values())
    }
    return tuple((valid_from, ids[digest]) for valid_from, digest in sorted(digests.items()))


def _plain(params: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    return dict(params)
