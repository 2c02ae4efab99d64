"""Which later uploads win over an upload: the same carrier's, living, of the same time, in the order that counts."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from store import held, uploads
from store.carriers import add_carrier
from store.database import Database
from store.held import HeldCounts
from store.records import CountPayload
from store.superseding import superseding_counts, superseding_held
from tests.conftest import NOW

HOUR = timedelta(hours=1)


def payload(hours: float = 1, after: float = 0, revision: int = 0, kind: str = "device_count") -> CountPayload:
    start = NOW + after * HOUR
    return CountPayload(start, start + hours * HOUR, 9, revision, kind, b"counts", 1.0, 1, 0)


class Sender:
    """Sends uploads of one carrier, each with one slice."""

    def __init__(self, database: Database, code: str = "alpha") -> None:
        self.database = database
        with database.begin() as connection:
            self.carrier = add_carrier(connection, code, code, 0.4, NOW).id

    def send(self, one: CountPayload, *, waits: bool = False) -> int:
        with self.database.begin() as connection:
            number = len(uploads.receipts_of(connection, None, 500))
            facts = {"file_name": "x", "sha256": hashlib.sha256(b"%d" % number).hexdigest(), "size_bytes": 1}
            facts |= {"received_at": NOW, "origin": "command", "sent_by": "", "idempotency_key": None, "raw_name": None}
            upload_id = uploads.record_received(connection, self.carrier, facts)
            state = "held" if waits else "accepted"
            uploads.settle(connection, upload_id, {"state": state, "settled_at": NOW})
            if waits:
                held.hold(connection, self.carrier, upload_id, [HeldCounts(one, "held-total", {}, 1)])
            else:
                uploads.add_slices(connection, self.carrier, upload_id, [one])
            return upload_id

    def over(self, upload_id: int) -> list[int]:
        with self.database.read() as connection:
            return superseding_counts(connection, upload_id)


@pytest.mark.parametrize(
    ("later", "wins"),
    [
        (payload(), True),
        (payload(revision=1), True),
        (payload(hours=0.25, after=0.5), True),
        (payload(hours=2), False),
        (payload(after=1), False),
        (payload(after=-1), False),
        (payload(kind="people"), False),
    ],
    ids=["same", "revised", "part", "longer", "next", "before", "another kind"],
)
def test_a_later_upload_wins_where_the_order_of_counts_says_so(
    database: Database, later: CountPayload, wins: bool
) -> None:
    sender = Sender(database)
    first = sender.send(payload())
    second = sender.send(later)
    assert sender.over(first) == ([second] if wins else [])
    assert sender.over(second) == []


def test_a_higher_revision_is_not_overtaken_by_a_lower_one(sqlite_database: Database) -> None:
    sender = Sender(sqlite_database)
    first = sender.send(payload(revision=2))
    sender.send(payload(revision=1))
    assert sender.over(first) == []
    third = sender.send(payload(revision=2))
    assert sender.over(first) == [third]


def test_withdrawn_uploads_and_other_carriers_win_over_nothing(sqlite_database: Database) -> None:
    sender, other = Sender(sqlite_database), Sender(sqlite_database, "beta")
    first = sender.send(payload())
    other.send(payload())
    second, third = sender.send(payload()), sender.send(payload())
    assert sender.over(first) == [third, second]
    with sqlite_database.begin() as connection:
        uploads.withdraw(connection, third, NOW)
    assert sender.over(first) == [second]


def test_what_is_held_is_compared_with_what_counts(sqlite_database: Database) -> None:
    sender = Sender(sqlite_database)
    waiting = sender.send(payload(), waits=True)
    second = sender.send(payload())
    with sqlite_database.read() as connection:
        assert superseding_held(connection, waiting) == [second]
        assert superseding_counts(connection, waiting) == []
    sender.send(payload(), waits=True)
    assert sender.over(second) == []
