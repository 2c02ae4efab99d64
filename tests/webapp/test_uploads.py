"""Deliveries over the interface: received once, told truly, taken back, and every refusal a problem that helps."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ingest import receiving, spool
from ingest.receiving import Door
from store import jobs, uploads
from store.database import Database
from tests.webapp.conftest import Clock, make_app
from tests.webapp.machines import COUNTS, UPLOADS, Machine, kept, key_of, problem
from tests.webapp.world import World
from webapp import upload_slots
from webapp.upload_slots import MOST_OF_ONE, upload_slot

OTHER = COUNTS.replace(b",120", b",210")


@pytest.fixture
def machine(app: Flask, world: World) -> Machine:
    """A machine of alpha."""
    return Machine(app, key_of(world.database, "alpha"))


def digest(body: bytes, name: str = "sha-256") -> str:
    hashed = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}[name](body).digest()
    return f"{name}=:{base64.b64encode(hashed).decode()}:"


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
        ({"x_file_name": "..%2F"}, ""),
        ({"x_file_name": "x" * 300}, "x" * 59 + "…"),
        ({}, ""),
    ],
)
def test_a_file_name_is_shown_as_it_may_be(machine: Machine, headers: dict[str, Any], expected: str) -> None:
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
