"""What was delivered before, as the examination of a new file asks for it: slices by windows of time, past lateness.

Does not: look into the bytes of counts or judge anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from store.records import CountSliceRef
from store.schema import count_slice, upload

LONGEST_INTERVAL = timedelta(days=32)  # no accepted interval is longer, so an index on the start finds all of them
COUNTED_STATES = ("accepted", "held")


def slices_in_windows(
    connection: sa.Connection, windows: Sequence[tuple[datetime, datetime]], before_upload: int | None = None
) -> list[CountSliceRef]:
    """Return the count slices of every carrier that overlap any of `windows`, in order of acceptance.

    `before_upload`: only those of earlier uploads. Slices whose counts were erased are left out.
    """
    if not windows:
        return []
    starts, ends = count_slice.c.start, count_slice.c.end
    inside = [(starts < end) & (ends > start) & (starts > start - LONGEST_INTERVAL) for start, end in windows]
    query = sa.select(count_slice).where(sa.or_(*inside), count_slice.c.blob_digest != "")
    if before_upload is not None:
        query = query.where(count_slice.c.upload_id < before_upload)
    rows = connection.execute(query.order_by(count_slice.c.id))
    return [_ref(row) for row in rows]


def past_lateness(connection: sa.Connection, carrier_id: int, since: datetime, limit: int) -> list[timedelta]:
    """Return how long after its last interval each of a carrier's newest uploads came, newest first."""
    query = (
        sa.select(upload.c.received_at, upload.c.last_bin_end_at)
        .where(upload.c.carrier_id == carrier_id, upload.c.state.in_(COUNTED_STATES))
        .where(upload.c.last_bin_end_at.is_not(None), upload.c.received_at >= since)
        .order_by(upload.c.id.desc())
        .limit(limit)
    )
    return [row.received_at - row.last_bin_end_at for row in connection.execute(query)]


def _ref(row: sa.Row[tuple[object, ...]]) -> CountSliceRef:
    values = dict(row._mapping)
    return CountSliceRef(digest=values.pop("blob_digest"), **values)
