"""A carrier's share in each of its source areas at a moment: that of the region which holds the area's centre.

Promises: a function of the tables of shares, the outlines, the coverage and the local hour alone. Nothing is said
(None) where the registered share holds in every area, so that tables which do not speak of an hour change no digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from geo.outlines import area_centres, containing
from geo.weights import SpreadingWeights
from ingest.world import Reporting
from rules.policy import Policy
from rules.shares import ELSEWHERE, ShareTable, slot_at
from store import carrier_shares, regions
from store.database import Connection

Ints = NDArray[np.int64]

_region_of_last: WeakKeyDictionary[SpreadingWeights, tuple[tuple[bytes, ...], Ints]] = WeakKeyDictionary()


class AreaShares:
    """Shares by region and hour as they are in the database now."""

    def __init__(self, connection: Connection, policy: Policy) -> None:
        self._rows = carrier_shares.share_tables(connection)
        known = regions.list_regions(connection) if self._rows else []
        self._outlines = tuple(one.outline_wkb for one in known)
        self._regions = (*(one.code for one in known), ELSEWHERE)  # the last is where NOWHERE points to
        self._timezones = [policy.timezone_of(one or None) for one in self._regions]
        self._tables: dict[int, ShareTable] = {}

    def given(self, reporting: Reporting, moment: datetime) -> Reporting:
        """Return a carrier with its share in each source area at a moment."""
        if reporting.carrier.id not in self._rows:
            return reporting
        table = self._table(reporting)
        pairs = zip(self._regions, self._timezones, strict=True)
        by_region = np.array([table.at(region, slot_at(moment, timezone)) for region, timezone in pairs])
        share = by_region[_regions_of(reporting.weights, self._outlines)]
        return reporting if (share == reporting.carrier.share).all() else replace(reporting, area_share=share)

    def _table(self, reporting: Reporting) -> ShareTable:
        carrier = reporting.carrier
        if carrier.id not in self._tables:
            self._tables[carrier.id] = ShareTable.of(carrier.share, self._rows[carrier.id])
        return self._tables[carrier.id]


def _regions_of(weights: SpreadingWeights, outlines: Sequence[bytes]) -> Ints:
    """Return which outline holds the centre of each source area, -1 for none; kept from bin to bin."""
    key = tuple(outlines)
    known = _region_of_last.get(weights)
    if known is None or known[0] != key:
        known = (key, containing(key, area_centres(weights)))
        _region_of_last[weights] = known
    return known[1]
