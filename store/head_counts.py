"""Head counts: how many people somebody counted in a venue at a moment. Appended; corrected by withdrawal.

Promises: a venue has one standing count a moment (a unique index, not a look-up), so what is sent or loaded twice adds
nothing; every act has its row in the audit log, in the transaction that did it; a withdrawn count keeps its row.
Does not: judge whether a number can be true, or compare it with an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from store import audit
from store.errors import NotFound, StoreError
from store.estimation_tables import head_count
from store.writing import insert_new

HeadCountOrigin = Literal["page", "file"]
LONGEST_BY, LONGEST_NOTE = 200, 300


class CountStandsAlready(StoreError):
    """Another number stands for this venue and moment; it has to be withdrawn first."""

    code = "head-count-stands-already"


@dataclass(frozen=True, slots=True)
class CountedPeople:
    """What somebody counted: `people` in the venue at `counted_at`; `counted_by` names who, or which device."""

    venue_id: str
    counted_at: datetime
    people: int
    counted_by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HeadCount:
    """A head count as it is kept. `origin`: page or file; one with `withdrawn_at` serves for nothing any more."""

    id: int
    venue_id: str
    counted_at: datetime
    people: int
    counted_by: str
    origin: HeadCountOrigin
    received_at: datetime
    note: str
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeadCountTally:
    """How many counts stand, in how many venues, and since when (None: there are none)."""

    counts: int
    venues: int
    first_at: datetime | None


def enter(connection: sa.Connection, counted: CountedPeople, actor: str, now: datetime) -> tuple[HeadCount, bool]:
    """Keep a count that was entered on the page; return it, and whether it is new.

    The same number for the same venue and moment is the same count. Raises CountStandsAlready for another number.
    """
    new = _insert(connection, counted, "page", now)
    [kept] = standing_at(connection, [(counted.venue_id, counted.counted_at)])
    if kept.people != counted.people:
        raise CountStandsAlready(id=kept.id, people=kept.people)
    if new:
        details = {"head_count": kept.id, "people": kept.people, "counted_at": kept.counted_at.isoformat()}
        subject = f"venue:{counted.venue_id}"
        audit.append(connection, actor=actor, action="head-count-made", subject=subject, details=details, now=now)
    return kept, new


def load(connection: sa.Connection, counted: Sequence[CountedPeople], actor: str, file: str, now: datetime) -> int:
    """Keep the counts of a file that are not kept yet; return how many were new.

    What was withdrawn does not come back by loading its file again; the caller has refused contradictions.
    """
    gone = {(one.venue_id, one.counted_at, one.people) for one in _withdrawn(connection)}
    wanted = [one for one in counted if (one.venue_id, one.counted_at, one.people) not in gone]
    new = sum(_insert(connection, one, "file", now) for one in wanted)
    if new:
        details = {"counts": new, "venues": len({one.venue_id for one in wanted})}
        subject = f"file:{file}"[:200]
        audit.append(connection, actor=actor, action="head-counts-loaded", subject=subject, details=details, now=now)
    return new


def withdraw(connection: sa.Connection, count_id: int, actor: str, reason: str, now: datetime) -> HeadCount:
    """Take a standing count back, for a reason that the audit log keeps; raise NotFound where none stands."""
    standing = (head_count.c.id == count_id) & head_count.c.withdrawn_at.is_(None)
    done = connection.execute(sa.update(head_count).where(standing).values(withdrawn_at=now))
    if not done.rowcount:
        raise NotFound(what="head-count", name=str(count_id))
    kept = get_head_count(connection, count_id)
    details = {"head_count": count_id, "people": kept.people, "counted_at": kept.counted_at.isoformat()}
    audit.append(
        connection,
        actor=actor,
        action="head-count-withdrawn",
        subject=f"venue:{kept.venue_id}",
        details=details | {"reason": reason},
        now=now,
    )
    return kept


def get_head_count(connection: sa.Connection, count_id: int) -> HeadCount:
    """Return one count, standing or withdrawn; raise NotFound."""
    row = connection.execute(sa.select(head_count).where(head_count.c.id == count_id)).one_or_none()
    if row is None:
        raise NotFound(what="head-count", name=str(count_id))
    return _head_count(row)


def standing_counts(connection: sa.Connection) -> list[HeadCount]:
    """Return every count that stands, ordered by moment and venue: the same set, the same order."""
    query = sa.select(head_count).where(head_count.c.withdrawn_at.is_(None))
    rows = connection.execute(query.order_by(head_count.c.counted_at, head_count.c.venue_id))
    return [_head_count(row) for row in rows]


def standing_at(connection: sa.Connection, places: Iterable[tuple[str, datetime]]) -> list[HeadCount]:
    """Return the counts that stand for these venues and moments."""
    wanted = set(places)
    if not wanted:
        return []
    moments = [moment for _venue, moment in wanted]
    within = head_count.c.counted_at.between(min(moments), max(moments)) & head_count.c.withdrawn_at.is_(None)
    rows = map(_head_count, connection.execute(sa.select(head_count).where(within).order_by(head_count.c.id)))
    return [one for one in rows if (one.venue_id, one.counted_at) in wanted]


def counts_of(connection: sa.Connection, venue_ids: Sequence[str], limit: int) -> list[HeadCount]:
    """Return the newest counts of these venues, withdrawn ones too, newest first."""
    query = sa.select(head_count).where(head_count.c.venue_id.in_(venue_ids))
    newest = (head_count.c.counted_at.desc(), head_count.c.id.desc())
    return [_head_count(row) for row in connection.execute(query.order_by(*newest).limit(limit))]


def tally(connection: sa.Connection) -> HeadCountTally:
    """Return how many counts stand, in how many venues, since when."""
    counts, venues = sa.func.count().label("counts"), sa.func.count(head_count.c.venue_id.distinct()).label("venues")
    first = sa.type_coerce(sa.func.min(head_count.c.counted_at), head_count.c.counted_at.type).label("first_at")
    row = connection.execute(sa.select(counts, venues, first).where(head_count.c.withdrawn_at.is_(None))).one()
    return HeadCountTally(row.counts, row.venues, row.first_at)


def _insert(connection: sa.Connection, counted: CountedPeople, origin: HeadCountOrigin, now: datetime) -> bool:
    return insert_new(connection, head_count, asdict(counted) | {"origin": origin, "received_at": now})


def _withdrawn(connection: sa.Connection) -> list[HeadCount]:
    query = sa.select(head_count).where(head_count.c.withdrawn_at.is_not(None))
    return [_head_count(row) for row in connection.execute(query)]


def _head_count(row: Any) -> HeadCount:
    return HeadCount(**row._mapping)
