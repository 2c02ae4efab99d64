"""The audit log: who did what when, appended in the transaction that did it, each row sealed over the one before.

Promises: a row is never changed or deleted (triggers refuse it, `verify` finds it); a cut tail is found by comparing
with a head that was kept elsewhere. Details carry no secret and no number of a person.
Does not: decide what is worth a row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from store.schema import UtcDateTime, metadata

GENESIS = "0" * 64
CHAIN_LOCK = 7_306_002  # PostgreSQL's advisory lock: rows are appended one after the other
ROWS_A_READ = 1_000

audit_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("action", sa.String(60), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False, index=True),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of the log. `details` is canonical JSON text, as it was hashed."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last row's number and hash: whoever keeps a head can later prove that the log before it is whole."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold: `reason` is changed, missing, not-linked or head-lost."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many rows, the head, and every break (none: the log is whole)."""

    count: int
    head: Head
    breaks: tuple[Break, ...]


def append(
    connection: sa.Connection, *, actor: str, action: str, subject: str, details: Mapping[str, Any], now: datetime
) -> AuditEvent:
    """Append a row inside the caller's write transaction and return it.

    `actor`: who did it (`account:7 Name`, `key:ab12`, `command`, `worker`); `subject`: to what (`upload:12`).
    """
    _one_at_a_time(connection)
    last = head(connection)
    text = json.dumps(dict(details), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    sequence = last.sequence + 1
    seal = hash_of(sequence, now, actor, action, subject, text, last.hash)
    event = AuditEvent(sequence, now.astimezone(UTC), actor, action, subject, text, last.hash, seal)
    values = {name: getattr(event, name) for name in audit_event.c.keys()}  # noqa: SIM118 - a column collection
    connection.execute(sa.insert(audit_event).values(values))
    return event


def head(connection: sa.Connection) -> Head:
    """Return the last row's number and hash; number 0 for an empty log."""
    query = sa.select(audit_event.c.sequence, audit_event.c.hash).order_by(audit_event.c.sequence.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.sequence, row.hash)


def verify(connection: sa.Connection, heads: Iterable[Head] = ()) -> Verdict:
    """Compute every hash again, in order; `heads` are heads kept elsewhere, which must still be in the log."""
    wanted = {one.sequence: one.hash for one in heads if one.sequence}
    before, breaks, count = Head(0, GENESIS), [], 0
    for event in _all_events(connection):
        count += 1
        breaks += _breaks_of(event, before)
        if wanted.pop(event.sequence, event.hash) != event.hash:
            breaks.append(Break(event.sequence, "head-lost"))
        before = Head(event.sequence, event.hash)
    breaks += [Break(sequence, "head-lost") for sequence in sorted(wanted)]
    return Verdict(count, before, tuple(breaks))


def events_of(
    connection: sa.Connection, subject: str | None = None, limit: int = 100, before: int | None = None
) -> list[AuditEvent]:
    """Return the newest rows, of one subject or of all, newest first; `before`: only those with lower numbers."""
    query = sa.select(audit_event).order_by(audit_event.c.sequence.desc()).limit(limit)
    if subject is not None:
        query = query.where(audit_event.c.subject == subject)
    if before is not None:
        query = query.where(audit_event.c.sequence < before)
    return [AuditEvent(**row._mapping) for row in connection.execute(query)]


def hash_of(
    sequence: int, at: datetime, actor: str, action: str, subject: str, details: str, previous_hash: str
) -> str:
    """Return the seal of a row: SHA-256 over its canonical JSON and the hash of the row before."""
    parts = [sequence, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject, details]
    text = json.dumps([*parts, previous_hash], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def create_guards(connection: sa.Connection) -> None:
    """Let the database itself refuse to change or delete a row (a migration calls this)."""
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRES_GUARDS:
            connection.exec_driver_sql(statement)
        return
    for act in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER audit_event_no_{act.lower()} BEFORE {act} ON audit_event "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def drop_guards(connection: sa.Connection) -> None:
    """Take the guards away (a migration's way back)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP TRIGGER audit_event_append_only ON audit_event")
        connection.exec_driver_sql("DROP TRIGGER audit_event_no_truncate ON audit_event")
        connection.exec_driver_sql("DROP FUNCTION audit_event_refuse()")
        return
    for act in ("update", "delete"):
        connection.exec_driver_sql(f"DROP TRIGGER audit_event_no_{act}")


def _breaks_of(event: AuditEvent, before: Head) -> list[Break]:
    breaks = []
    if event.sequence != before.sequence + 1:
        breaks.append(Break(before.sequence + 1, "missing"))
    elif event.previous_hash != before.hash:
        breaks.append(Break(event.sequence, "not-linked"))
    seal = hash_of(
        event.sequence, event.at, event.actor, event.action, event.subject, event.details, event.previous_hash
    )
    if seal != event.hash:
        breaks.append(Break(event.sequence, "changed"))
    return breaks


def _all_events(connection: sa.Connection) -> Iterator[AuditEvent]:
    last = 0
    while True:
        query = sa.select(audit_event).where(audit_event.c.sequence > last).order_by(audit_event.c.sequence)
        rows = connection.execute(query.limit(ROWS_A_READ)).all()
        yield from (AuditEvent(**row._mapping) for row in rows)
        if len(rows) < ROWS_A_READ:
            return
        last = rows[-1].sequence


def _one_at_a_time(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CHAIN_LOCK)))


_POSTGRES_GUARDS = (
    "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
    "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()",
    "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()",
)
