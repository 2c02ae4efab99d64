"""When the database has no room or does not answer: two named errors instead of each driver's own.

Promises: `StorageFull` means that the transaction was certainly not kept; `DatabaseAway` leaves that open when it comes
from the commit itself (a connection that broke while committing). Other errors pass as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from store.errors import StoreError

FULL_WORDS = ("database or disk is full",)
BUSY_WORDS = ("database is locked", "database table is locked", "unable to open database file")
FULL_STATE = "53100"
# Too many connections, a lost or refused connection, a server that stops or starts, a deadlock: all pass by themselves.
PASSING_STATES = ("53", "08", "57P", "40", "55P03", "25006")


class StorageFull(StoreError):
    code = "storage-full"


class DatabaseAway(StoreError):
    code = "database-away"


@contextmanager
def outages_named() -> Iterator[None]:
    """Turn the errors of a full disk and of a database that is away into StorageFull and DatabaseAway."""
    try:
        yield
    except sa.exc.DBAPIError as problem:
        named = _named(problem)
        if named is None:
            raise
        raise named from problem
    except sa.exc.TimeoutError as problem:  # no connection of the pool came free
        raise DatabaseAway from problem


def _named(problem: sa.exc.DBAPIError) -> StoreError | None:
    state = getattr(problem.orig, "sqlstate", None)
    words = str(problem.orig)
    if state == FULL_STATE or any(one in words for one in FULL_WORDS):
        return StorageFull()
    if problem.connection_invalidated or any(one in words for one in BUSY_WORDS):
        return DatabaseAway()
    if state is not None:
        return DatabaseAway() if state.startswith(PASSING_STATES) else None
    refused = type(problem.orig).__module__.startswith("psycopg") and isinstance(problem, sa.exc.OperationalError)
    return DatabaseAway() if refused else None
