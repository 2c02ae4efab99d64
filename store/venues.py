"""The registry of venues: merged by the source's own id, so that importing twice adds nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.names import fold
from store.errors import NotFound
from store.records import Venue, VenueDraft
from store.schema import venue
from store.writing import replace_rows

DRAFT_FIELDS = tuple(one.name for one in fields(VenueDraft))
CODE_BYTES = 9  # 72 bits: a name on a poster, not a credential; it only must not be countable


def upsert_venues(connection: sa.Connection, drafts: Sequence[VenueDraft], now: datetime) -> tuple[int, int]:
    """Register new venues and take over changes of known ones; return how many were (new, changed)."""
    known = {(one.draft.source, one.draft.source_id): one for one in list_venues(connection)}
    registered = {row.id: row.registered_at for row in connection.execute(sa.select(venue.c.id, venue.c.registered_at))}
    rows, added, changed = [], 0, 0
    for draft in drafts:
        before = known.get((draft.source, draft.source_id))
        if before is not None and before.draft == draft:
            continue
        venue_id = before.id if before else _lasting_id(draft)
        code = before.code if before else secrets.token_urlsafe(CODE_BYTES)
        moments = {"registered_at": registered.get(venue_id, now), "changed_at": now}
        rows.append(asdict(draft) | {"id": venue_id, "code": code, "folded_name": _folded(draft)} | moments)
        added, changed = added + (before is None), changed + (before is not None)
    replace_rows(connection, venue, rows)
    return added, changed


def list_venues(connection: sa.Connection) -> list[Venue]:
    """Return every venue, ordered by id."""
    return [_venue(row) for row in connection.execute(sa.select(venue).order_by(venue.c.id))]


def venues_of(connection: sa.Connection, venue_ids: Sequence[str]) -> list[Venue]:
    """Return those of these venues that are registered, in the order of the ids."""
    if not venue_ids:
        return []
    rows = connection.execute(sa.select(venue).where(venue.c.id.in_(venue_ids)))
    known = {row.id: _venue(row) for row in rows}
    return [known[one] for one in venue_ids if one in known]


def get_venue(connection: sa.Connection, venue_id: str) -> Venue:
    """Return one venue; raise NotFound."""
    found = find_venue(connection, venue_id)
    if found is None or found.id != venue_id:
        raise NotFound(what="venue", name=venue_id)
    return found


def find_venue(connection: sa.Connection, name: str) -> Venue | None:
    """Return the venue with that id, public code or source id, or None; an id wins over a source id."""
    query = sa.select(venue).where(sa.or_(venue.c.id == name, venue.c.code == name, venue.c.source_id == name))
    rows = connection.execute(query.order_by(sa.case((venue.c.id == name, 0), else_=1)).limit(1)).all()
    return _venue(rows[0]) if rows else None


def search_venues(connection: sa.Connection, text: str) -> list[Venue]:
    """Return the venues whose folded names or address contain the folded `text`."""
    wanted = fold(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = sa.select(venue).where(venue.c.folded_name.like(f"%{wanted}%", escape="\\")).order_by(venue.c.id)
    return [_venue(row) for row in connection.execute(query)]


def _lasting_id(draft: VenueDraft) -> str:
    return "v" + hashlib.sha256(f"{draft.source}\n{draft.source_id}".encode()).hexdigest()[:12]


def _folded(draft: VenueDraft) -> str:
    return fold(" ".join(filter(None, (draft.name, draft.name_kk, draft.name_ru, draft.address))))[:700]


def _venue(row: Any) -> Venue:
    values = row._mapping
    return Venue(id=row.id, code=row.code, draft=VenueDraft(**{name: values[name] for name in DRAFT_FIELDS}))
