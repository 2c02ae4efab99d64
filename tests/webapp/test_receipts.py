"""What becomes of deliveries over the interface: receipts, lists, faults as a table, taking back, dry runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from store import audit, uploads
from store.records import FaultRecord
from tests.conftest import NOW
from tests.webapp.machines import COUNTS, UPLOADS, Machine, kept, key_of, problem
from tests.webapp.world import World
from webapp.fault_csv import plain


@pytest.fixture
def machine(app: Flask, world: World) -> Machine:
    """A machine of alpha."""
    return Machine(app, key_of(world.database, "alpha"))


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_has_a_mark_that_changes_with_it(machine: Machine, world: World) -> None:
    upload_id = machine.send().get_json()["id"]
    first = machine.open(f"{UPLOADS}/{upload_id}")
    assert first.headers["Retry-After"] == "2"
    known = {"If-None-Match": first.headers["ETag"]}
    same = machine.open(f"{UPLOADS}/{upload_id}", headers=known)
    assert (same.status_code, same.data) == (304, b"")
    with world.database.begin() as connection:
        uploads.settle(connection, upload_id, {"state": "accepted", "rows_in": 1, "rows_accepted": 1})
    changed = machine.open(f"{UPLOADS}/{upload_id}", headers=known)
    assert (changed.status_code, changed.get_json()["state"]) == (200, "accepted")
    assert "Retry-After" not in changed.headers
    assert changed.headers["Cache-Control"] == "private, no-cache"
    assert {"authorization", "accept-language"} <= {one.lower() for one in changed.vary}


def test_the_list_is_leafed_through_from_the_newest(machine: Machine, world: World) -> None:
    sent = [machine.send(COUNTS + b"\n" * number).get_json()["id"] for number in range(1, 6)]
    mine = sorted([*sent, world.receipt_ids["alpha"]], reverse=True)
    found, path, pages = [], f"{UPLOADS}?limit=2", 0
    while path:
        page = machine.open(path).get_json()
        found += [one["id"] for one in page["uploads"]]
        path, pages = page["next"], pages + 1
    assert (found, pages) == (mine, 3)


def test_the_list_is_filtered_by_state_and_holds_no_faults(machine: Machine, world: World) -> None:
    machine.send()
    page = machine.open(f"{UPLOADS}?state=refused&limit=1").get_json()
    assert [one["id"] for one in page["uploads"]] == [world.receipt_ids["alpha"]]
    assert page["next"] is None
    assert "faults" not in page["uploads"][0]
    assert page["uploads"][0]["fault_count"] == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "before=0", "before=99999999999", "state=eaten", "limit=x"])
def test_what_the_list_cannot_do_is_refused(machine: Machine, query: str) -> None:
    assert "errors" in problem(machine.open(f"{UPLOADS}?{query}"), 422, "invalid-request")


@pytest.mark.parametrize("upload_id", ["0", str(2**31), str(2**63), str(10**30)])
def test_ids_beyond_every_database_are_not_found(machine: Machine, upload_id: str) -> None:
    problem(machine.open(f"{UPLOADS}/{upload_id}"), 404, "not-found")
    problem(machine.open(f"{UPLOADS}/{upload_id}", "DELETE"), 404, "not-found")


# --- faults as a table ------------------------------------------------------------------------------------------------


def cells(response: TestResponse) -> list[list[str]]:
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))


def test_every_fault_is_a_row_in_the_language_asked_for(machine: Machine, world: World) -> None:
    path = f"{UPLOADS}/{world.receipt_ids['alpha']}/faults.csv"
    rows = {language: cells(machine.open(f"{path}?lang={language}")) for language in ("kk", "ru", "en")}
    assert all(found[0] == ["line", "column", "code", "sentence"] for found in rows.values())
    assert {tuple(found[1][:3]) for found in rows.values()} == {("1", "device_count", "packed-file-truncated")}
    assert len({found[1][3] for found in rows.values()}) == 3
    assert "attachment" in machine.open(path).headers["Content-Disposition"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "  ="])
def test_no_cell_is_taken_for_a_formula(machine: Machine, world: World, start: str) -> None:
    column = f"{start}cmd|'/c calc'!A1"
    with world.database.begin() as connection:
        faults = [FaultRecord("count-empty", 2, column), FaultRecord("count-empty", 3, 'a"b,c')]
        upload_id = uploads.record_received(connection, 1, received_facts())
        refused = {"state": "refused", "rows_in": 2, "rows_rejected": 2, "fault_count": 2, "faults": faults}
        uploads.settle(connection, upload_id, refused)
    rows = cells(machine.open(f"{UPLOADS}/{upload_id}/faults.csv"))
    assert [row[1] for row in rows[1:]] == ["'" + column, 'a"b,c']
    assert plain("plain -5") == "plain -5"


def test_faults_that_are_not_listed_are_counted_in_the_last_row(machine: Machine, world: World) -> None:
    with world.database.begin() as connection:
        upload_id = uploads.record_received(connection, 1, received_facts())
        faults = [FaultRecord("count-empty", line, "device_count") for line in range(2, 1_002)]
        refused = {"state": "refused", "rows_in": 5_000, "rows_rejected": 5_000, "fault_count": 5_000, "faults": faults}
        uploads.settle(connection, upload_id, refused)
    rows = cells(machine.open(f"{UPLOADS}/{upload_id}/faults.csv?lang=en"))
    assert len(rows) == 1_002
    assert rows[-1][2] == "faults-not-listed"
    assert rows[-1][3].startswith("4000 more faults" if "4000" in rows[-1][3] else "4,000 more faults")


def received_facts() -> dict[str, Any]:
    names = ("file_name", "sha256", "sent_by")
    return dict.fromkeys(names, "x") | {"size_bytes": 1, "received_at": NOW, "origin": "api"}


# --- taking back ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_taken_back_once_and_again_changes_nothing(machine: Machine, world: World) -> None:
    upload_id = machine.send().get_json()["id"]
    body = {"reason": "wrong hour"}
    first = machine.open(f"{UPLOADS}/{upload_id}", "DELETE", json=body)
    again = machine.open(f"{UPLOADS}/{upload_id}", "DELETE")
    assert (first.status_code, first.get_json()["state"]) == (200, "withdrawn")
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    with world.database.read() as connection:
        events = audit.events_of(connection, f"upload:{upload_id}")
    assert [(one.action, one.actor) for one in events] == [
        ("upload-withdrawn", f"key:{(machine.text or '').split('.', maxsplit=1)[0]}")
    ]
    assert "wrong hour" in events[0].details


def test_a_refused_delivery_cannot_be_taken_back(machine: Machine, world: World) -> None:
    response = machine.open(f"{UPLOADS}/{world.receipt_ids['alpha']}", "DELETE")
    problem(response, 409, "nothing-to-withdraw")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"reason": 5}', b"[" * 60_000])
def test_a_reason_is_a_text_in_an_object(machine: Machine, body: bytes) -> None:
    upload_id = machine.send().get_json()["id"]
    problem(machine.open(f"{UPLOADS}/{upload_id}", "DELETE", data=body), 400, "body-unreadable")
    long = machine.open(f"{UPLOADS}/{upload_id}", "DELETE", json={"reason": "x" * 501})
    problem(long, 422, "reason-too-long")
    problem(machine.open(f"{UPLOADS}/{upload_id}", "DELETE", data=b" " * 70_000), 413, "too-large")
    assert machine.open(f"{UPLOADS}/{upload_id}").get_json()["state"] == "received"


# --- dry run ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_names_every_check_and_keeps_nothing(machine: Machine, world: World) -> None:
    from ingest.checks import CHECKS

    with world.database.read() as connection:
        before = uploads.receipts_of(connection, None)
    response = machine.send(path=f"{UPLOADS}/dry-run", x_file_name="counts.csv")
    report = response.get_json()
    assert (response.status_code, report["would_be"], report["file"]) == (200, "accepted", "counts.csv")
    assert [one["check"] for one in report["checks"]] == list(CHECKS)
    assert (report["rows_in"], report["rows_accepted"]) == (1, 1)
    assert kept(machine) == []
    with world.database.read() as connection:
        assert uploads.receipts_of(connection, None) == before


def test_a_dry_run_says_where_and_why_a_file_would_be_refused(machine: Machine) -> None:
    wrong = COUNTS.replace(b",120", b",-4")
    report = machine.send(wrong, f"{UPLOADS}/dry-run", accept_language="ru").get_json()
    assert (report["would_be"], report["fault_count"]) == ("refused", 1)
    assert (report["faults"][0]["code"], report["faults"][0]["line"]) == ("count-negative", 2)
    assert any("а" <= letter <= "я" for letter in report["faults"][0]["sentence"])
