"""One carrier's receipts, page by page: by id, newest first."""

from __future__ import annotations

import sqlalchemy as sa

from store.records import Receipt, UploadState
from store.schema import upload
from store.uploads import _receipt, _receipts


def receipts_before(
    connection: sa.Connection, carrier_id: int, before: int | None, state: UploadState | None, limit: int
) -> list[Receipt]:
    """Return at most `limit` receipts of a carrier with ids below `before`, newest first, in one state or in any."""
    query = _receipts().where(upload.c.carrier_id == carrier_id).order_by(upload.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(upload.c.id < before)
    if state is not None:
        query = query.where(upload.c.state == state)
    return [_receipt(row) for row in connection.execute(query)]
