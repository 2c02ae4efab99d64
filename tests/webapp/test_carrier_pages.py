"""What an operator's people do on the pages: send, check, look, make keys and withdraw; and nobody does it for them."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from store import audit, carriers, uploads
from store.carrier_keys import find_bearer, live_keys
from store.records import Receipt
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.delivered import FAULTS, deliver
from tests.webapp.world import World

MakeBrowser = Callable[[str], Browser]
COUNTS = b"hexagon,start,end,device_count\n8920e60a12fffff,2026-11-20T10:00:00Z,2026-11-20T10:15:00Z,40\n"
BOUNDARY = "----of-the-form"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
RECEIPT = re.compile(r"/carriers/receipts/(\d+)")


KEY = r"[0-9a-f]{12}\.[\w-]{43}"


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


@pytest.fixture
def ids(world: World, clock: Clock) -> dict[str, int]:
    return deliver(world.database, clock.now)


@pytest.fixture
def carrier(browser: MakeBrowser) -> Browser:
    return browser("carrier_a")


def headers(one: Browser, **more: str) -> dict[str, str]:
    token = one.token("/carriers")
    plain = {"X-CSRFToken": token, "X-File-Name": "counts.csv", "Accept": "application/json"}
    return (
        plain
        | {"Content-Type": "application/octet-stream"}
        | {key.replace("_", "-"): value for key, value in more.items()}
    )


def sent(one: Browser, body: bytes = COUNTS, path: str = "/carriers/uploads", **more: str) -> Any:
    return one.open(path, "POST", data=body, headers=headers(one, **more))


def part(name: str, value: bytes, file_name: str | None = None) -> bytes:
    where = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{where}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def by_page(world: World, code: str = "alpha") -> list[Receipt]:
    with world.database.read() as connection:
        return [one for one in uploads.receipts_of(connection, code, 500) if one.origin == "page"]


def test_the_script_is_answered_where_the_receipt_is(carrier: Browser, world: World) -> None:
    answer = sent(carrier, Idempotency_Key="k1")
    assert (answer.status_code, answer.get_json()["replayed"]) == (202, False)
    receipt = by_page(world)[0]
    assert answer.get_json() == {
        "id": receipt.id,
        "url": f"/carriers/receipts/{receipt.id}?arrived=now",
        "replayed": False,
    }
    assert (receipt.state, receipt.size_bytes, receipt.file_name) == ("received", len(COUNTS), "counts.csv")
    assert receipt.sent_by.endswith(" Person carrier_a")
    assert "The file has arrived" in text(carrier.get(answer.get_json()["url"]))


def test_the_same_key_is_the_same_receipt_and_other_bytes_are_refused(carrier: Browser, world: World) -> None:
    first = sent(carrier, Idempotency_Key="k1").get_json()
    again = sent(carrier, Idempotency_Key="k1")
    assert (again.status_code, again.get_json()["replayed"], again.get_json()["id"]) == (200, True, first["id"])
    assert "It had arrived already" in text(carrier.get(again.get_json()["url"]))
    other = sent(carrier, COUNTS + b"\n", Idempotency_Key="k1")
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency-key-reused")
    assert len(by_page(world)) == 1


def test_the_form_without_a_script_leads_to_the_receipt(carrier: Browser, world: World) -> None:
    body = form(part("csrf_token", carrier.token("/carriers").encode()), part("file", COUNTS * 2_000, "қараша.csv"))
    answer = carrier.open("/carriers/uploads", "POST", data=body, headers=FORM)
    assert answer.status_code == 303
    assert RECEIPT.search(answer.location)
    assert (by_page(world)[0].file_name, by_page(world)[0].size_bytes) == ("қараша.csv", len(COUNTS) * 2_000)


@pytest.mark.parametrize(
    "parts",
    [
        [part("file", COUNTS, "counts.csv")],
        [part("csrf_token", b"forged"), part("file", COUNTS, "counts.csv")],
        [part("file", COUNTS, "counts.csv"), part("csrf_token", b"too late")],
        [part("csrf_token", b"x" * 5_000), part("file", COUNTS, "counts.csv")],
    ],
    ids=["none", "forged", "after the file", "endless"],
)
def test_a_form_that_is_not_ours_leaves_nothing(carrier: Browser, world: World, parts: list[bytes]) -> None:
    answer = carrier.open("/carriers/uploads", "POST", data=form(*parts), headers=FORM)
    assert answer.status_code == 400
    assert by_page(world) == []


@pytest.mark.parametrize("path", ["/carriers/uploads", "/carriers/dry-run"])
@pytest.mark.parametrize("token", [None, "forged"])
def test_a_raw_body_without_the_token_is_refused(carrier: Browser, world: World, path: str, token: str | None) -> None:
    given = headers(carrier) | {"X-CSRFToken": token or ""}
    assert carrier.open(path, "POST", data=COUNTS, headers=given).status_code == 400
    assert by_page(world) == []


def test_a_form_that_is_cut_off_is_not_taken_for_a_whole_file(carrier: Browser, world: World) -> None:
    whole = form(part("csrf_token", carrier.token("/carriers").encode()), part("file", COUNTS * 2_000, "counts.csv"))
    answer = carrier.open("/carriers/uploads", "POST", data=whole[: len(whole) // 2], headers=FORM)
    assert answer.status_code == 400
    assert "The connection broke before the whole file had arrived" in text(answer)
    assert by_page(world) == []


def test_an_empty_form_says_so_on_the_page(carrier: Browser, world: World) -> None:
    body = form(part("csrf_token", carrier.token("/carriers").encode()), part("file", b"", ""))
    answer = carrier.open("/carriers/uploads", "POST", data=body, headers=FORM)
    assert answer.status_code == 400
    assert 'href="#file"' in text(answer)
    assert "Choose a file first." in text(answer)


@pytest.mark.parametrize("path", ["/carriers/uploads", "/carriers/dry-run"])
def test_an_empty_file_is_named_in_plain_words(carrier: Browser, world: World, path: str) -> None:
    body = form(part("csrf_token", carrier.token("/carriers").encode()), part("file", b"", "night.csv"))
    answer = carrier.open(path, "POST", data=body, headers=FORM)
    assert answer.status_code == 400
    assert "The file night.csv is empty (0 bytes)." in text(answer)
    assert "curl" not in text(answer)


def test_only_these_routes_take_large_bodies(carrier: Browser) -> None:
    token = carrier.token("/carriers")
    large = {"csrf_token": token, "reason": "x" * 200_000}
    assert carrier.post("/carriers/keys", large).status_code == 413


def test_a_dry_run_is_a_report_and_keeps_nothing(carrier: Browser, world: World, app: Flask) -> None:
    borrowed = app.extensions["oryn"].settings.home / "borrowed"
    dead = borrowed / "of-a-killed-server"
    dead.mkdir(parents=True)
    os.utime(dead, (0, 0))
    answer = sent(carrier, b"nonsense", "/carriers/dry-run", Accept="application/json, text/html;q=0.9")
    assert answer.status_code == 200
    assert "This file would be refused." in text(answer)
    assert "data-report" in text(answer)
    assert by_page(world) == []
    assert list(borrowed.iterdir()) == []


def test_a_receipt_accounts_for_every_row_and_says_what_waits(carrier: Browser, ids: dict[str, int]) -> None:
    page = text(carrier.get(f"/carriers/receipts/{ids['accepted']}"))
    assert "128,400 rows = 128,388 accepted + 12 rejected + 0 held" in page
    assert "sha256sum 2026-11-20T20-00_almaty_accepted.csv.gz" in page
    held = text(carrier.get(f"/carriers/receipts/{ids['held']}"))
    assert "waits for headquarters" in held
    assert "900 held" in held
    assert "/hq/held/" not in held
    assert "Reload this page" in text(carrier.get(f"/carriers/receipts/{ids['received']}"))
    assert "our fault" in text(carrier.get(f"/carriers/receipts/{ids['failed']}"))


def test_faults_are_downloaded_with_line_column_code_and_sentence(carrier: Browser, ids: dict[str, int]) -> None:
    answer = carrier.get(f"/carriers/receipts/{ids['refused']}/faults.csv?lang=ru")
    rows = list(csv.DictReader(io.StringIO(text(answer).lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    *listed, rest = rows
    assert len(listed) == uploads.FAULTS_KEPT
    assert rest["code"] == "faults-not-listed"
    assert str(FAULTS - uploads.FAULTS_KEPT) in rest["sentence"]
    assert {key: listed[0][key] for key in ("line", "column", "code")} == {
        "line": "2",
        "column": "device_count",
        "code": "packed-file-truncated",
    }
    assert "Отправьте файл" in listed[0]["sentence"]


@pytest.mark.parametrize("path", ["", "/faults.csv", "/withdraw"])
def test_another_operators_receipt_is_not_there(browser: MakeBrowser, ids: dict[str, int], path: str) -> None:
    stranger = browser("carrier_b")
    answer = stranger.get(f"/carriers/receipts/{ids['accepted']}{path}")
    never = stranger.get(f"/carriers/receipts/999999{path}")
    assert answer.status_code == never.status_code == 404
    assert re.sub(r"nonce[^\s]*|receipts/\d+", "", text(answer)) == re.sub(r"nonce[^\s]*|receipts/\d+", "", text(never))


def test_withdrawing_asks_for_a_reason_and_is_undone_by_nobody(
    carrier: Browser, world: World, ids: dict[str, int]
) -> None:
    path = f"/carriers/receipts/{ids['accepted']}/withdraw"
    assert "Withdraw this file?" in text(carrier.get(path))
    missing = carrier.post(path, {"csrf_token": carrier.token(path), "reason": "  "})
    assert missing.status_code == 422
    assert 'href="#reason"' in text(missing)
    done = carrier.post(path, {"csrf_token": carrier.token(path), "reason": "wrong day <b>"})
    assert (done.status_code, RECEIPT.search(done.location) is not None) == (303, True)
    page = text(carrier.get(done.location))
    assert "The file was withdrawn." in page
    assert "Reason: wrong day &lt;b&gt;" in page
    assert carrier.get(path).status_code == 404
    with world.database.read() as connection:
        event = audit.events_of(connection, f"upload:{ids['accepted']}")[0]
    assert (event.action, event.actor.partition(" ")[2]) == ("upload-withdrawn", "Person carrier_a")


def test_another_operator_withdraws_nothing(browser: MakeBrowser, world: World, ids: dict[str, int]) -> None:
    stranger = browser("carrier_b")
    path = f"/carriers/receipts/{ids['accepted']}/withdraw"
    assert stranger.post(path, {"csrf_token": stranger.token("/carriers"), "reason": "mine"}).status_code == 404
    with world.database.read() as connection:
        assert uploads.get_receipt(connection, ids["accepted"]).state == "accepted"


def key_form(one: Browser) -> dict[str, str]:
    """Return the fields of the form that makes a key; where no more may be made, those of the last one."""
    page = text(one.get("/carriers/keys"))
    after = re.search(r'name="after" value="(\w*)"', page) or re.search(
        r"<code>(\w{12})</code>(?!.*<code>)", page, re.S
    )
    assert after
    return {"csrf_token": one.token("/carriers/keys"), "after": after[1]}


def make_key(one: Browser) -> Any:
    return one.post("/carriers/keys", key_form(one))


def test_the_same_form_sent_twice_makes_one_key(carrier: Browser, world: World) -> None:
    once = key_form(carrier)
    assert re.search(KEY, text(carrier.post("/carriers/keys", once)))
    again = carrier.post("/carriers/keys", once)
    assert again.status_code == 409
    assert "No second key was made" in text(again)
    assert not re.search(KEY, text(again))
    with world.database.read() as connection:
        assert len(live_keys(connection, carriers.get_carrier(connection, "alpha").id)) == 1
    assert re.search(KEY, text(make_key(carrier)))


def test_two_keys_live_at_a_time_and_each_text_is_shown_once(carrier: Browser, world: World) -> None:
    texts = [re.search(KEY, text(make_key(carrier))) for _ in range(2)]
    assert all(texts)
    third = make_key(carrier)
    assert third.status_code == 409
    assert "As many keys are in use as may be" in text(third)
    first = texts[0].group() if texts[0] else ""
    with world.database.read() as connection:
        bearer = find_bearer(connection, first)
    assert bearer is not None
    assert bearer.carrier.code == "alpha"
    assert first not in text(carrier.get("/carriers/keys"))


def test_a_revoked_key_opens_nothing_and_both_acts_are_logged(carrier: Browser, world: World) -> None:
    found = re.search(KEY, text(make_key(carrier)))
    assert found
    path = f"/carriers/keys/{found.group().partition('.')[0]}/revoke"
    assert carrier.post(path, {"csrf_token": carrier.token(path)}).status_code == 303
    with world.database.read() as connection:
        assert find_bearer(connection, found.group()) is None
        acts = [one.action for one in audit.events_of(connection, "carrier:alpha")]
    assert acts == ["carrier-key-revoked", "carrier-key-made"]
    assert carrier.get(path).status_code == 404


def test_another_operators_key_is_not_there(browser: MakeBrowser, carrier: Browser, world: World) -> None:
    make_key(carrier)
    with world.database.read() as connection:
        key = live_keys(connection, carriers.get_carrier(connection, "alpha").id)[0]
    stranger, path = browser("carrier_b"), f"/carriers/keys/{key.key_id}/revoke"
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {"csrf_token": stranger.token("/carriers/keys")}).status_code == 404
    with world.database.read() as connection:
        assert live_keys(connection, key.carrier_id)


def test_quality_is_told_in_sentences_plots_and_tables_of_the_own_operator(
    browser: MakeBrowser, carrier: Browser, ids: dict[str, int]
) -> None:
    page = text(carrier.get("/carriers/quality"))
    for words in ("How late", "What is missing", "What was rejected or held", "What is hidden", "Beside the others"):
        assert words in page
    assert "at least three operators" in page
    assert page.count("<table") == page.count('<svg class="plot"')
    assert "style=" not in page.replace('rel="stylesheet"', "")
    assert "Nothing was delivered in the last 14 days" not in page
    assert "packed-file-truncated" not in text(browser("carrier_b").get("/carriers/keys"))


@pytest.mark.parametrize("path", ["/carriers", "/carriers/quality", "/carriers/keys"])
@pytest.mark.parametrize("person", ["group", "owner_a", "headquarters"])
def test_the_operators_pages_are_for_operators(browser: MakeBrowser, person: str, path: str) -> None:
    assert browser(person).get(path).status_code == 403
