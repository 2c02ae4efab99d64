"""Which later uploads of the same carrier win over the counts of an upload, because they cover the same time.

The order is contract.md B3's: of two slices the shorter interval wins, then the calendar's precision, then the
carrier's own revision, then the later upload; so a later upload with a lower revision wins over nothing.
Does not: look into the bytes, so it cannot say whether both name the same areas.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.held import held_slice
from store.schema import count_slice


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    start: datetime
    end: datetime
    precision: int
    revision: int

    @property
    def rank(self) -> tuple[timedelta, int, int]:
        return self.start - self.end, self.precision, self.revision


def superseding_counts(connection: sa.Connection, upload_id: int) -> list[int]:
    """Return the ids of later living uploads that win over the accepted counts of an upload, newest first."""
    return _superseding(connection, upload_id, count_slice)


def superseding_held(connection: sa.Connection, upload_id: int) -> list[int]:
    """Return the ids of later living uploads that would win over what is held of an upload, newest first."""
    return _superseding(connection, upload_id, held_slice)


def _superseding(connection: sa.Connection, upload_id: int, table: sa.Table) -> list[int]:
    found: set[int] = set()
    query = sa.select(table.c.carrier_id, table.c.kind).where(table.c.upload_id == upload_id).distinct()
    for row in connection.execute(query).all():
        alike = (table.c.upload_id == upload_id) & (table.c.kind == row.kind)
        found |= _winners(connection, row.carrier_id, row.kind, upload_id, _spans(connection, table, alike))
    return sorted(found, reverse=True)


def _spans(connection: sa.Connection, table: sa.Table, mine: sa.ColumnElement[bool]) -> list[_Span]:
    columns = (table.c.start, table.c.end, table.c.precision, table.c.revision)
    return sorted(_span(row) for row in connection.execute(sa.select(*columns).where(mine).distinct()))


def _winners(connection: sa.Connection, carrier_id: int, kind: str, upload_id: int, mine: Sequence[_Span]) -> set[int]:
    last = max(one.end for one in mine)
    longest = max(one.end - one.start for one in mine)
    later = (count_slice.c.carrier_id == carrier_id) & (count_slice.c.upload_id > upload_id)
    around = (count_slice.c.start < last) & (count_slice.c.end > mine[0].start) & (count_slice.c.kind == kind)
    found: set[int] = set()
    for row in connection.execute(sa.select(count_slice).where(later & around)):
        if row.upload_id not in found and _wins(_span(row), mine, longest):
            found.add(row.upload_id)
    return found


def _wins(other: _Span, mine: Sequence[_Span], longest: timedelta) -> bool:
    """Tell whether a slice of a later upload wins over any of `mine`, which are in order of their start."""
    first = bisect_left(mine, other.start - longest, key=lambda one: one.start)
    stop = bisect_left(mine, other.end, key=lambda one: one.start)
    return any(one.end > other.start and other.rank >= one.rank for one in mine[first:stop])


def _span(row: Any) -> _Span:
    return _Span(row.start, row.end, row.precision, row.revision)
