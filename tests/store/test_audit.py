"""The audit log: whatever is changed in it past the service is found, every time, and said by row."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from store import audit
from store.audit import Head, audit_event
from store.database import Database
from tests.conftest import NOW

ROWS = 40
TRIES = 100
Edit = Callable[[sa.Connection, random.Random], None]


def write(database: Database, rows: int = ROWS) -> Head:
    for number in range(rows):
        with database.begin() as connection:
            audit.append(
                connection,
                actor=f"account:{number % 5} Ә",
                action="upload-accepted",
                subject=f"upload:{number}",
                details={"rows": number, "reason": "себеп"},
                now=NOW + timedelta(seconds=number),
            )
    with database.read() as connection:
        return audit.head(connection)


def edited(connection: sa.Connection, chance: random.Random) -> None:
    """Change one thing of one row."""
    name = chance.choice(["at", "actor", "action", "subject", "details", "hash", "previous_hash"])
    row = connection.execute(sa.select(audit_event).where(audit_event.c.sequence == chance.randint(1, ROWS))).one()
    before = row._mapping[name]
    after = before + timedelta(microseconds=1) if name == "at" else _another(str(before), chance)
    connection.execute(sa.update(audit_event).where(audit_event.c.sequence == row.sequence).values({name: after}))


def _another(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def deleted(connection: sa.Connection, chance: random.Random) -> None:
    """Delete one row, but not the last: that is a cut tail."""
    connection.execute(sa.delete(audit_event).where(audit_event.c.sequence == chance.randint(1, ROWS - 1)))


def moved(connection: sa.Connection, chance: random.Random) -> None:
    """Exchange the numbers of two rows."""
    one, other = chance.sample(range(1, ROWS + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        connection.execute(sa.update(audit_event).where(audit_event.c.sequence == before).values(sequence=after))


def cut(connection: sa.Connection, chance: random.Random) -> None:
    """Delete the last rows."""
    connection.execute(sa.delete(audit_event).where(audit_event.c.sequence > ROWS - chance.randint(1, ROWS)))


def inserted(connection: sa.Connection, chance: random.Random) -> None:
    """Put a row in between, and renumber those behind it."""
    at = chance.randint(1, ROWS)
    for sequence in range(ROWS, at - 1, -1):
        number = audit_event.c.sequence == sequence
        connection.execute(sa.update(audit_event).where(number).values(sequence=sequence + 1))
    row = dict(connection.execute(sa.select(audit_event).where(audit_event.c.sequence == at + 1)).one()._mapping)
    connection.execute(sa.insert(audit_event).values(row | {"sequence": at, "actor": "somebody"}))


def written_anew(connection: sa.Connection, chance: random.Random) -> None:
    """Change a row and seal it and all behind it again, as somebody would who knows how."""
    first = chance.randint(1, ROWS)
    rows = connection.execute(sa.select(audit_event).order_by(audit_event.c.sequence)).all()
    previous = rows[first - 2].hash if first > 1 else audit.GENESIS
    for row in rows[first - 1 :]:
        actor = "somebody else" if row.sequence == first else row.actor
        seal = audit.hash_of(row.sequence, row.at, actor, row.action, row.subject, row.details, previous)
        values = {"actor": actor, "previous_hash": previous, "hash": seal}
        connection.execute(sa.update(audit_event).where(audit_event.c.sequence == row.sequence).values(values))
        previous = seal


EDITS: tuple[Edit, ...] = (edited, deleted, moved, cut, inserted, written_anew)
FOUND_WITHOUT_HEADS = (edited, deleted, moved, inserted)


class Undone(Exception):
    pass


@contextmanager
def unguarded(database: Database) -> Iterator[sa.Connection]:
    """Yield a connection past the guards; whatever is done through it is undone."""
    with suppress(Undone), database.begin() as connection:
        audit.drop_guards(connection)
        yield connection
        raise Undone


def test_a_log_that_nobody_touched_is_whole(database: Database) -> None:
    head = write(database)
    with database.read() as connection:
        verdict = audit.verify(
            connection, [head, Head(0, audit.GENESIS), Head(7, audit.events_of(connection)[-7].hash)]
        )
    assert (verdict.count, verdict.head, verdict.breaks) == (ROWS, head, ())


def test_a_hundred_random_changes_past_the_guards_are_all_found(database: Database) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    chance, head, missed, by_itself = random.Random(seed), write(database), [], 0
    for number in range(TRIES):
        edit = EDITS[number % len(EDITS)]
        with unguarded(database) as connection:
            edit(connection, chance)
            verdict, alone = audit.verify(connection, [head]), audit.verify(connection)
        if not verdict.breaks or (edit in FOUND_WITHOUT_HEADS and not alone.breaks):
            missed.append((seed, number, edit.__name__))
        by_itself += bool(alone.breaks)
    assert missed == []
    assert by_itself >= TRIES * len(FOUND_WITHOUT_HEADS) // len(EDITS)
    with database.read() as connection:
        assert audit.verify(connection, [head]).breaks == ()


@pytest.mark.parametrize(("edit", "reasons"), [
    (edited, {"changed", "not-linked", "head-lost"}), (deleted, {"missing"}), (cut, {"head-lost"}),
    (written_anew, {"head-lost"}), (moved, {"changed", "not-linked", "head-lost"}),
])  # fmt: skip
def test_what_is_broken_is_said_by_row_and_reason(database: Database, edit: Edit, reasons: set[str]) -> None:
    head = write(database)
    with unguarded(database) as connection:
        edit(connection, random.Random(1))
        verdict = audit.verify(connection, [head])
    assert {one.reason for one in verdict.breaks} <= reasons
    assert all(1 <= one.sequence <= ROWS for one in verdict.breaks)


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"])
def test_the_database_itself_refuses_to_change_a_row(database: Database, statement: str) -> None:
    write(database, 2)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.begin() as connection:
        connection.exec_driver_sql(statement)


def test_postgresql_refuses_to_empty_the_log(database: Database) -> None:
    write(database, 2)
    if database.engine.dialect.name == "postgresql":
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.begin() as connection:
            connection.exec_driver_sql("TRUNCATE audit_event")
    with database.read() as connection:
        assert audit.verify(connection).count == 2


def test_a_row_that_is_rolled_back_leaves_no_gap(database: Database) -> None:
    write(database, 2)
    with unguarded(database) as connection:
        audit.append(connection, actor="a", action="b", subject="c", details={}, now=NOW)
    write(database, 2)
    with database.read() as connection:
        verdict = audit.verify(connection)
    assert (verdict.count, verdict.breaks) == (4, ())


def test_many_writers_at_once_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: write(database, 5), range(8)))
    with database.read() as connection:
        verdict = audit.verify(connection)
    assert (verdict.count, verdict.breaks) == (40, ())


def test_the_log_is_read_by_subject_newest_first(database: Database) -> None:
    write(database, 3)
    with database.read() as connection:
        assert [one.sequence for one in audit.events_of(connection)] == [3, 2, 1]
        [event] = audit.events_of(connection, "upload:1")
    assert re.fullmatch(r"[0-9a-f]{64}", event.hash)
    assert event.details == '{"reason":"себеп","rows":1}'
