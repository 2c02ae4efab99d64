"""What is over its time goes, with proof; what was released of it stays, for good."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingest import housekeeping, retention
from ingest.coverage import load_coverage
from ingest.faults import FileRefused
from ingest.intake import settle_now
from ingest.pipeline import mark_everything_dirty
from ingest.receiving import Sender, receive
from ingest.retention import due, erase_expired
from store import audit, erasing, jobs, uploads, venues
from store.blobs import put_blob, read_blobs
from store.database import Database
from store.held import HeldCounts, hold
from store.records import CountPayload, Receipt
from store.schema import blob, count_slice, metadata, upload
from tests.ingest.test_pipeline import settle, venue
from tests.ingest.test_withdrawal import everything_visible
from tests.ingest.town import CENTRE, HEXAGONS, NOW, QUARTER, START, Town, span_table, table, write_boxes

DAY = timedelta(days=1)
GOOD = table((CENTRE, 0, 500), (CENTRE, 1, 700))


def erase(town: Town, days: float) -> retention.Due:
    return erase_expired(town.intake.door, town.place.policy, NOW + days * DAY)


def files(town: Town) -> list[str]:
    return sorted(one.name for one in town.intake.door.folder.iterdir())


def receipt_of(town: Town, upload_id: int) -> Receipt:
    with town.database.read() as connection:
        return uploads.get_receipt(connection, upload_id)


def proof(town: Town, receipt: Receipt, action: str) -> dict[str, Any]:
    with town.database.read() as connection:
        [event] = [one for one in audit.events_of(connection, f"upload:{receipt.id}") if one.action == action]
        assert audit.verify(connection).breaks == ()
    facts: dict[str, Any] = json.loads(event.details)
    return facts


def digests(town: Town) -> list[str]:
    with town.database.read() as connection:
        return list(connection.execute(sa.select(count_slice.c.blob_digest).order_by(count_slice.c.id)).scalars())


def days(town: Town) -> tuple[int, int]:
    delivery = town.place.policy.delivery
    return delivery.raw_days, delivery.counts_days


def test_the_policy_says_fourteen_and_ninety_days(town: Town) -> None:
    assert days(town) == (14, 90)


def test_raw_files_go_after_their_days_and_not_before(any_town: Town) -> None:
    any_town.carrier()
    receipt = any_town.receive(GOOD)
    assert erase(any_town, 14).raw == ()
    assert files(any_town) == [receipt.raw_name]
    assert [one.upload_id for one in erase(any_town, 14.001).raw] == [receipt.id]
    assert files(any_town) == []
    assert receipt_of(any_town, receipt.id).raw_name is None
    assert proof(any_town, receipt, "raw-deleted") == {
        "sha256": receipt.sha256, "size_bytes": receipt.size_bytes, "received_at": receipt.received_at.isoformat(),
    }  # fmt: skip


def test_counts_go_after_their_days_and_what_was_released_stays(any_town: Town) -> None:
    any_town.carrier()
    receipt = any_town.receive(GOOD)
    before, kept = digests(any_town), any_town.released()
    assert erase(any_town, 90).counts == ()
    assert [one.upload_id for one in erase(any_town, 90.001).counts] == [receipt.id]
    assert digests(any_town) == ["", ""]
    with any_town.database.read() as connection:
        assert read_blobs(connection, before) == {}
        assert all(one.is_erased for one in uploads.slices_touching(connection, START, START + DAY))
    assert receipt_of(any_town, receipt.id).counts_erased_at == NOW + 90.001 * DAY
    assert any_town.released() == kept
    facts = proof(any_town, receipt, "counts-erased")
    assert (facts["slices"], facts["blobs"], facts["sha256"]) == (2, 2, receipt.sha256)


def test_the_time_counts_from_the_delivery_not_from_what_it_is_about(town: Town) -> None:
    town.carrier()
    old = START - 200 * DAY
    town.receive(span_table((CENTRE, old, old + QUARTER, 500)))
    assert erase(town, 1).counts == ()
    assert "" not in digests(town)


def test_a_second_run_finds_nothing_and_a_dry_one_deletes_nothing(any_town: Town) -> None:
    any_town.carrier()
    any_town.receive(GOOD)
    any_town.send(table((CENTRE, 2, -5)))
    before = any_town.dump()
    found = due(any_town.intake.door, any_town.place.policy, NOW + 91 * DAY)
    assert (len(found.raw), len(found.counts), found.receipts) == (1, 1, 1)
    assert (any_town.dump(), len(files(any_town))) == (before, 1)
    erase(any_town, 91)
    again = erase(any_town, 91)
    assert (again.raw, again.counts, again.receipts) == ((), (), 0)


def test_a_run_that_is_killed_is_done_again(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.carrier()
    receipts = [any_town.receive(table((CENTRE, number, 500))) for number in range(3)]
    real, left = audit.append, iter(range(2))

    def killed(*given: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(audit, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            erase(any_town, 91)
    erase(any_town, 91)
    assert files(any_town) == []
    assert digests(any_town) == ["", "", ""]
    for one in receipts:
        proof(any_town, one, "raw-deleted")
        proof(any_town, one, "counts-erased")


def test_a_delivery_that_was_never_read_keeps_its_bytes(town: Town) -> None:
    carrier = town.carrier()
    sender = Sender(carrier, "api", "key:1")
    receipt = receive(town.intake.door, sender, [GOOD.encode()], file_name="a.csv", now=NOW)
    erase(town, 100)
    assert files(town) == [receipt.raw_name]
    assert settle_now(town.intake, receipt.id, NOW + 100 * DAY).state == "accepted"


def test_a_refused_receipt_keeps_hash_size_reason_and_time_only(any_town: Town) -> None:
    carrier = any_town.carrier()
    sender = Sender(carrier, "page", "account:7 Somebody")
    content = table((CENTRE, 2, -5)).encode()
    name = "list of +7 701 234 56 78.csv"
    receipt = receive(any_town.intake.door, sender, [content], file_name=name, now=NOW, idempotency_key="k")
    refused = settle_now(any_town.intake, receipt.id, NOW)
    assert (refused.state, "701" in refused.file_name) == ("refused", False)
    assert erase(any_town, 14.001).receipts == 1
    after = receipt_of(any_town, receipt.id)
    assert (after.file_name, after.sent_by, after.idempotency_key, after.raw_name) == ("", "", None, None)
    assert (after.sha256, after.size_bytes, after.received_at) == (receipt.sha256, len(content), NOW)
    assert [one.code for one in after.faults] == ["count-negative"]


def test_held_counts_that_nobody_decided_about_go_too(any_town: Town) -> None:
    carrier = any_town.carrier()
    receipt = any_town.receive(GOOD)
    payload = CountPayload(START, START + QUARTER, 0, 0, "device_count", b"held counts")
    with any_town.database.begin() as connection:
        hold(connection, carrier.id, receipt.id, [HeldCounts(payload, "held-area", {}, 1)])
        values = {"state": "held", "rows_held": 1, "rows_accepted": 1}
        connection.execute(sa.update(upload).where(upload.c.id == receipt.id).values(values))
    erase(any_town, 90.001)
    after = receipt_of(any_town, receipt.id)
    assert (after.state, after.rows_accepted, after.rows_rejected, after.rows_held) == ("accepted", 1, 1, 0)
    assert proof(any_town, receipt, "counts-erased")["held_slices"] == 1
    with any_town.database.read() as connection:
        assert b"held counts" not in list(connection.execute(sa.select(blob.c.data)).scalars())


def test_bytes_that_another_delivery_refers_to_stay(any_town: Town) -> None:
    any_town.carrier()
    any_town.receive(table((CENTRE, 0, 500)))
    with any_town.database.begin() as connection:
        connection.execute(sa.update(upload).values(received_at=NOW - 91 * DAY))
    younger = any_town.receive(table((CENTRE, 1, 500)))  # the same counts of another quarter: the same bytes
    first, second = digests(any_town)
    assert first == second
    erase(any_town, 0)
    assert digests(any_town) == ["", second]
    any_town.withdraw(younger)
    assert any_town.released().keys() == {START}


def test_bytes_that_are_referred_to_anywhere_are_never_deleted(any_town: Town) -> None:
    any_town.carrier()
    any_town.receive(GOOD)
    with any_town.database.begin() as connection:
        loose = put_blob(connection, b"nobody's")
        everything = list(connection.execute(sa.select(blob.c.digest)).scalars())
        erasing.delete_unreferenced(connection, everything)
        left = set(connection.execute(sa.select(blob.c.digest)).scalars())
    assert everything
    assert set(everything) - left == {loose}


def test_every_column_that_holds_a_digest_is_looked_at() -> None:
    holders = {
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("digest") and not column.primary_key and table.name != "blob"
    }
    named = {one.name for one in holders - set(erasing.REFERENCES)}
    assert named <= {"area_digest", "venues_digest", "input_digest"}  # names of lists, no addresses of bytes


# --- frozen bins ------------------------------------------------------------------------------------------------------


@pytest.fixture
def frozen(any_town: Town) -> Town:
    """A town with a venue, of whose two quarters the counts are erased, and a younger quarter."""
    any_town.carrier()
    any_town.carrier("beta")
    settle(any_town, venue("hall"))
    any_town.receive(GOOD)
    with any_town.database.begin() as connection:
        connection.execute(sa.update(upload).values(received_at=NOW - 91 * DAY))
    any_town.receive(table((CENTRE, 2, 900)))
    erase(any_town, 0)
    return any_town


def seen(town: Town) -> dict[str, Any]:
    """Return what is released and drawn of the frozen quarters."""
    visible = everything_visible_of(town)
    return {
        "released": [row for row in visible["released"] if row[0] < START + 2 * QUARTER],
        "frames": [row for row in visible["frames"] if row[0] == "group" and row[1] < START + 2 * QUARTER],
        "crowding": [row for row in visible["crowding"] if row[0] < START + 2 * QUARTER],
    }


def everything_visible_of(town: Town) -> dict[str, Any]:
    return everything_visible(town, exports=())


def after_a_new_coverage(town: Town) -> None:
    path = write_boxes(town.folder / "areas.geojson", {"A1": (76.94, 43.23, 76.96, 43.25)})
    load_coverage(town.place, "beta", path, None, None, NOW)


def after_more_hexagons(town: Town) -> None:
    town.accept(table((HEXAGONS[0], 2, 500)), "beta")


def after_a_later_file_for_the_same_bins(town: Town) -> None:
    town.accept(table((CENTRE, 0, 300), (CENTRE, 1, 400)), "beta")


def after_other_venues(town: Town) -> None:
    with town.database.begin() as connection:
        venues.upsert_venues(connection, [venue("hall", category="theatre"), venue("shop")], NOW)
        mark_everything_dirty(connection)


def after_everything_was_noted(town: Town) -> None:
    with town.database.begin() as connection:
        mark_everything_dirty(connection)


def after_the_rest_was_withdrawn(town: Town) -> None:
    with town.database.read() as connection:
        younger = uploads.receipts_of(connection, "alpha")[0]
    town.withdraw(younger)


CHANGES = (
    after_a_new_coverage,
    after_more_hexagons,
    after_a_later_file_for_the_same_bins,
    after_other_venues,
    after_everything_was_noted,
    after_the_rest_was_withdrawn,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_released_of_erased_counts_stays_as_published(frozen: Town, change: Any) -> None:
    before = seen(frozen)
    assert all(before.values())
    change(frozen)
    frozen.process()
    frozen.worker().run_follow_ups()
    assert seen(frozen) == before
    assert frozen.dirty() == []


def test_without_erased_counts_the_same_changes_do_change_the_map(any_town: Town) -> None:
    any_town.carrier()
    any_town.carrier("beta")
    any_town.receive(GOOD)
    before = any_town.released()
    after_a_later_file_for_the_same_bins(any_town)
    any_town.process()
    assert any_town.released() != before


def test_an_estimate_of_a_frozen_bin_cannot_be_asked_for_any_more(frozen: Town) -> None:
    assert frozen.people(START)[CENTRE].people is not None
    for stage in ("spread", "estimate"):
        with pytest.raises(FileRefused, match="were deleted when their time was over"):
            frozen.people(START, stage)


# --- what is left on the disk -----------------------------------------------------------------------------------------


def test_erased_counts_are_nowhere_in_the_file_of_the_database(town: Town) -> None:
    town.carrier()
    rows = [(one, number, 100 + 7 * number + at) for at, one in enumerate(HEXAGONS) for number in range(20)]
    town.receive(table(*rows))
    with town.database.read() as connection:
        secrets = list(read_blobs(connection, digests(town)).values())
    assert len(secrets) == 20
    assert all(any(one in data for data in raw_bytes(town.database)) for one in secrets)
    erase(town, 91)
    town.database.close()
    assert [one for one in secrets if any(one in data for data in raw_bytes(town.database))] == []


def raw_bytes(database: Database) -> list[bytes]:
    path = Path(str(database.engine.url.database))
    with sqlite3.connect(path):
        return [one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*"))]


def test_a_write_beside_the_deletion_cannot_lose_its_bytes(any_town: Town) -> None:
    """Who keeps bytes that are about to be deleted keeps them, or waits and writes them anew."""
    any_town.carrier()
    data = b"the same bytes"

    def keep(number: int) -> None:
        with any_town.database.begin() as connection:
            put_blob(connection, data)
            jobs.enqueue(connection, "a", str(number))  # some work before the row that refers to it
            payload = CountPayload(START, START + QUARTER, 0, number, "device_count", data)
            uploads.add_slices(connection, 1, receipt.id, [payload])

    def delete(_: int) -> None:
        with any_town.database.begin() as connection:
            erasing.delete_unreferenced(connection, [digest])

    receipt = any_town.receive(GOOD)
    with any_town.database.begin() as connection:
        digest = put_blob(connection, data)
    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(keep if number % 2 else delete, number) for number in range(40)]
        for one in done:
            one.result()
    with any_town.database.read() as connection:
        assert read_blobs(connection, [digest]) == {digest: data}


def test_housekeeping_and_retention_agree_about_files(town: Town) -> None:
    town.carrier()
    town.receive(GOOD)
    later: datetime = NOW + 20 * DAY
    assert housekeeping.tidy(town.intake.door, later) == []
    erase(town, 20)
    assert files(town) == []
