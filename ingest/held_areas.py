"""The single areas of which counts wait, each beside what is usual: for the person who decides about them.

Promises: what is usual is computed as the check computed it that held them: from earlier uploads, the same local hour
of past weeks. A suppressed count is never given, nor a usual one below the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.checks.past import Past
from ingest.checks.weeks import Usual
from ingest.counts import COUNTED, unpack_counts
from rules.policy import Policy
from store.blobs import read_blob
from store.database import Connection
from store.held import HeldSlice
from store.records import Carrier, Receipt


@dataclass(frozen=True, slots=True)
class HeldArea:
    """One area: the count that was delivered, and the usual one of its hour (None: hidden or not known)."""

    area_id: str
    delivered: float
    usual: float | None


def held_areas(
    connection: Connection, carrier: Carrier, receipt: Receipt, held: Sequence[HeldSlice], policy: Policy, most: int
) -> dict[int, list[HeldArea]]:
    """Return at most `most` areas of each held slice by its id, the largest counts first."""
    past = Past(connection, carrier, policy, receipt.received_at, receipt.id)
    past.expect((min(one.start for one in held), max(one.end for one in held)))
    names = {code: area for area, code in past.codes(carrier.id).items()}
    return {
        one.id: sorted(_of_slice(connection, past, one, names), key=lambda area: -area.delivered)[:most] for one in held
    }


def _of_slice(connection: Connection, past: Past, one: HeldSlice, names: dict[int, str]) -> Iterator[HeldArea]:
    counts = unpack_counts(read_blob(connection, one.blob_digest))
    k_min = float(past.policy.counts.k_min)
    weeks = past.weeks(past.carrier.id, (one.start, one.end), one.kind, one.precision, hidden=k_min / 2)
    median = Usual.of(weeks).median if len(weeks) else np.full(len(names), np.nan)
    for code, value, state in zip(counts.area_codes, counts.values, counts.states, strict=True):
        if state == COUNTED:
            usual = float(median[code])
            yield HeldArea(names[int(code)], float(value), usual if usual >= k_min else None)
