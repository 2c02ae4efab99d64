"""Deliveries over the interface: received once, told truly, taken back, and every refusal a problem that helps."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ingest import receiving, spool
from ingest.receiving import Door
from store import audit, jobs, uploads
from store.database import Database
from store.records import FaultRecord
from tests.webapp.conftest import Clock, make_app
from tests.webapp.machines import COUNTS, UPLOADS, Machine, key_of
from tests.webapp.world import World
from webapp import upload_slots
from webapp.fault_csv import plain
from webapp.upload_slots import MOST_OF_ONE, upload_slot

OTHER = COUNTS.replace(b",120", b",210")


@pytest.fixture
def machine(app: Flask, world: World) -> Machine:
    """A machine of alpha."""
    return Machine(app, key_of(world.database, "alpha"))


def digest(body: bytes, name: str = "sha-256") -> str:
    hashed = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}[name](body).digest()
    return f"{name}=:{base64.b64encode(hashed).decode()}:"


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.data
    body: dict[str, Any] = response.get_json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:oryn:problem:{code}")
    return body


def kept(machine: Machine) -> list[str]:
    """Return the names of the files that are kept."""
    parts = machine.client.application.extensions["oryn"]
    folder = Door.at(parts.database, parts.settings.prepare_home(), 1).folder
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


# --- sending ----------------------------------------------------------------------------------------------------------


def test_a_file_is_received_with_a_receipt_and_a_job(machine: Machine, world: World) -> None:
    response = machine.send(x_file_name="counts.csv")
    receipt = response.get_json()
    assert (response.status_code, response.headers["Location"]) == (202, f"{UPLOADS}/{receipt['id']}")
    assert (receipt["state"], receipt["file"], receipt["carrier"]) == ("received", "counts.csv", "alpha")
    assert receipt["sha256"] == hashlib.sha256(COUNTS).hexdigest()
    assert response.headers["Retry-After"] == "2"
    with world.database.read() as connection:
        assert jobs.counts_by_state(connection) == {("take-in", "queued"): 1}
        sent = uploads.get_receipt(connection, receipt["id"])
    assert (sent.origin, sent.sent_by) == ("api", (machine.text or "").split(".", maxsplit=1)[0])
    assert len(kept(machine)) == 1


def test_a_repeat_gives_the_same_receipt(machine: Machine) -> None:
    first = machine.send(idempotency_key="a").get_json()
    again = machine.send(idempotency_key="a")
    assert (again.status_code, again.get_json()) == (200, first | {"replayed": True})
    assert again.headers["Location"] == f"{UPLOADS}/{first['id']}"
    without_key = machine.send()
    assert (without_key.status_code, without_key.get_json()["id"]) == (200, first["id"])
    assert len(kept(machine)) == 1


def test_other_bytes_under_the_same_key_are_refused(machine: Machine) -> None:
    machine.send(idempotency_key="a")
    problem(machine.send(OTHER, idempotency_key="a"), 422, "idempotency-key-reused")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ключ"])
def test_a_key_is_visible_ascii(machine: Machine, key: str) -> None:
    spelled = key.encode().decode("latin-1")
    problem(machine.send(idempotency_key=spelled), 400, "idempotency-key-unfit")


def test_a_second_request_under_the_same_key_waits_for_the_first(machine: Machine, world: World) -> None:
    parts = machine.client.application.extensions["oryn"]
    folder = Door.at(parts.database, parts.settings.prepare_home(), 1).folder
    with spool.in_flight(folder, "1:a"):
        response = machine.send(idempotency_key="a")
    problem(response, 409, "upload-in-work")
    assert int(response.headers["Retry-After"]) > 0
    assert machine.send(idempotency_key="a").status_code == 202


def test_a_withdrawn_key_is_gone(machine: Machine) -> None:
    receipt = machine.send(idempotency_key="a").get_json()
    assert machine.open(f"{UPLOADS}/{receipt['id']}", "DELETE").status_code == 200
    problem(machine.send(idempotency_key="a"), 410, "upload-withdrawn")
    assert machine.send(idempotency_key="b").status_code == 202


@pytest.mark.parametrize(
    "kind", ["text/csv", "text/csv; charset=utf-8", "application/json", "application/octet-stream", ""]
)
def test_what_is_read_is_taken_by_its_content_not_its_type(machine: Machine, kind: str) -> None:
    assert machine.send(content_type=kind).status_code == 202


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png"])
def test_other_types_are_refused_unread(machine: Machine, kind: str) -> None:
    assert "curl" in problem(machine.send(content_type=kind), 415, "media-type-unknown")["detail"]
    assert kept(machine) == []


def test_packed_files_are_kept_as_they_come(machine: Machine) -> None:
    packed = gzip.compress(COUNTS)
    receipt = machine.send(packed, content_encoding="gzip").get_json()
    assert receipt["sha256"] == hashlib.sha256(packed).hexdigest()
    problem(machine.send(OTHER, content_encoding="gzip"), 400, "content-encoding-mismatch")
    problem(machine.send(OTHER, content_encoding="br"), 415, "content-encoding-unknown")


@pytest.mark.parametrize("header", ["content_digest", "repr_digest"])
@pytest.mark.parametrize("name", ["sha-256", "sha-512"])
def test_a_digest_is_compared_with_what_came(machine: Machine, header: str, name: str) -> None:
    problem(machine.send(OTHER, **{header: digest(COUNTS, name)}), 400, "digest-mismatch")
    assert kept(machine) == []
    assert machine.send(COUNTS, **{header: f"md5=:AAAA:, {digest(COUNTS, name)}"}).status_code == 202


@pytest.mark.parametrize("text", ["nonsense", "sha-256=abc", "sha-256=:a:", "sha-256", "sha-256=:%%:", "=::"])
def test_a_digest_that_cannot_be_read_is_said_so(machine: Machine, text: str) -> None:
    problem(machine.send(content_digest=text), 400, "digest-unreadable")


def test_two_digests_that_contradict_each_other_match_nothing(machine: Machine) -> None:
    response = machine.send(content_digest=digest(COUNTS), repr_digest=digest(OTHER))
    problem(response, 400, "digest-mismatch")


def chunked(machine: Machine, **headers: str) -> TestResponse:
    """Send without an announced length, as the server passes a chunked body on."""
    spelled = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return machine.open(
        UPLOADS,
        "POST",
        {"Transfer-Encoding": "chunked"} | spelled,
        input_stream=io.BytesIO(COUNTS),
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )


def test_a_body_without_length_needs_its_digest(machine: Machine) -> None:
    problem(chunked(machine), 411, "length-or-digest-needed")
    problem(chunked(machine, content_digest=digest(OTHER)), 400, "digest-mismatch")
    problem(chunked(machine, content_digest="crc32c=:AAAA:"), 411, "length-or-digest-needed")
    assert kept(machine) == []
    assert chunked(machine, content_digest=digest(COUNTS)).status_code == 202


def test_no_body_at_all_is_said_so(machine: Machine) -> None:
    problem(machine.send(b""), 400, "body-empty")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x_file_name": "counts.csv"}, "counts.csv"),
        ({"x_file_name": "%D0%BA%D0%B5%D0%BD%D1%82.csv"}, "кент.csv"),
        ({"x_file_name": "кент.csv".encode().decode("latin-1")}, "кент.csv"),
        ({"content_disposition": 'attachment; filename="a b.csv"'}, "a b.csv"),
        ({"content_disposition": "attachment; filename*=UTF-8''%D0%B0.csv"}, "а.csv"),
        ({"x_file_name": "../../etc/passwd"}, "passwd"),
        ({"x_file_name": "C:\\data\\counts.csv"}, "counts.csv"),
        ({"x_file_name": "87011234567.csv"}, "###########.csv"),
        ({"x_file_name": "a%0Ab%00.csv"}, "a�b�.csv"),
        ({"x_file_name": "..%2F"}, "delivery.csv"),
        ({"x_file_name": "x" * 300}, "x" * 59 + "…"),
        ({}, "delivery.csv"),
    ],
)
def test_a_file_name_is_shown_as_it_may_be(machine: Machine, headers: dict[str, str], expected: str) -> None:
    assert machine.send(**headers).get_json()["file"] == expected


def test_too_large_is_refused_before_and_while_it_comes(
    world: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    app = make_app(world.database, clock, tmp_path, translations, max_upload_mb=1)
    machine = Machine(app, key_of(world.database, "alpha"))
    large = b"x" * ((1 << 20) + 1)
    problem(machine.send(large), 413, "upload-too-large")
    problem(machine.send(large, path=f"{UPLOADS}/dry-run"), 413, "upload-too-large")
    assert kept(machine) == []
    assert machine.send(large[1:]).status_code == 202  # far above what forms may have


def test_a_full_disk_is_507_and_nothing_is_kept(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: object, _chunk: bytes) -> None:
        raise receiving.DiskFull

    with monkeypatch.context() as broken:
        broken.setattr(spool.Incoming, "write", full)
        problem(machine.send(), 507, "disk-full")
    assert kept(machine) == []
    assert machine.send().status_code == 202


def test_a_database_that_is_away_is_503_and_says_when_to_come_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import TimeoutError as NoConnection

    @contextmanager
    def away(_self: Database) -> Iterator[None]:
        raise NoConnection
        yield

    with monkeypatch.context() as broken:
        broken.setattr(Database, "read", away)
        response = machine.send()
    problem(response, 503, "door-busy")
    assert int(response.headers["Retry-After"]) > 0


# --- places at the door -----------------------------------------------------------------------------------------------


def test_one_operator_does_not_take_every_place(app: Flask, world: World, machine: Machine) -> None:
    with upload_slot(1), upload_slot(1), upload_slot(1):
        assert MOST_OF_ONE == 3
        response = machine.send()
        problem(response, 503, "door-busy")
        problem(machine.send(path=f"{UPLOADS}/dry-run"), 503, "door-busy")
        assert Machine(app, key_of(world.database, "beta")).send().status_code == 202
    assert machine.send().status_code == 202
    assert upload_slots._taken.total() == 0


def test_all_operators_together_leave_threads_for_the_map(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_slots, "MOST_AT_ONCE", 2)
    with upload_slot(7), upload_slot(8):
        problem(machine.send(), 503, "door-busy")
        assert machine.open(UPLOADS).status_code == 200


def test_a_place_is_free_again_after_a_refusal(machine: Machine) -> None:
    for _ in range(MOST_OF_ONE + 2):
        problem(machine.send(b""), 400, "body-empty")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "word"), [("kk", "Бірде-бір"), ("ru", "байта"), ("en", "No bytes")])
def test_a_problem_speaks_the_senders_language(machine: Machine, language: str, word: str) -> None:
    assert word in problem(machine.send(b"", accept_language=language), 400, "body-empty")["detail"]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_refusal_has_a_title_and_words_in_every_language(app: Flask, language: str) -> None:
    from ingest.faults import sentence
    from webapp.api.openapi_machines import PARAMS
    from webapp.interface_errors import InterfaceError
    from webapp.problems import STATUSES, problem_body
    from webapp.wording.refusals import words_of

    own = {error.code for error in InterfaceError.__subclasses__()}
    door = {error.code for error in receiving.DoorError.__subclasses__()}
    assert own | door <= set(STATUSES)
    with app.test_request_context(f"/?lang={language}"):
        for code, status in STATUSES.items():
            words = words_of(code, PARAMS) if code in own else sentence(code, {**PARAMS, "encoding": "br"}, language)
            assert words
            assert "%(" not in words
            assert "{" not in words
            assert problem_body(status, code)["title"]


def test_answers_are_readable_letters(machine: Machine, world: World) -> None:
    text = machine.open(f"{UPLOADS}/{world.receipt_ids['alpha']}", headers={"Accept-Language": "ru"}).get_data(True)
    assert "Файл" in text


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


def received_facts() -> dict[str, Any]:
    from tests.conftest import NOW

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


def test_a_dry_run_names_every_check_and_keeps_nothing(
    machine: Machine, world: World, at_most: Callable[[int], Any]
) -> None:
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
