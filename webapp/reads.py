"""Who looked at a venue's file: written down at once, shown to its owner (promise 9)."""

from __future__ import annotations

from datetime import timedelta

from store import venue_reads
from store.records import AccountRecord
from webapp.context import web
from webapp.roles import reads_are_logged

ONE_VISIT = timedelta(minutes=10)  # moving the slider over one card is one look, not forty


def log_read(account: AccountRecord | None, venue_id: str) -> str | None:
    """Append that a group or headquarters looked at a venue's file; return in which role, None where nobody did."""
    role = reads_are_logged(account, venue_id)
    if account is not None and role is not None:
        with web().database.begin() as connection:
            venue_reads.record_read(connection, venue_id, account.id, role, web().clock(), ONE_VISIT)
    return role
