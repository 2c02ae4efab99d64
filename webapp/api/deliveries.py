"""Deliveries of an operator's machines: receive, list, tell what became of one, its faults, take it back.

Promises: 202 means that every byte is on the disk; another operator's delivery answers exactly like one that never was.
"""

from __future__ import annotations

import hashlib

from flask import Response, json, jsonify, request, url_for

from ingest.receiving import Door, Sender, receive
from store.database import Connection
from store.errors import NotFound
from store.receipt_pages import receipts_before
from store.records import Receipt
from store.schema import LIVE_STATES
from store.uploads import get_receipt
from webapp.api.delivery_body import delivery_body
from webapp.api.delivery_models import UploadsQuery
from webapp.bearer import bearer, carrier
from webapp.context import web
from webapp.fault_csv import faults_csv
from webapp.interface_errors import BodyUnreadable, NothingToWithdraw, ReasonTooLong
from webapp.languages import language
from webapp.receipt_json import receipt_json, receipt_line_json
from webapp.upload_slots import upload_slot

ASK_AGAIN_SECONDS = 2
LONGEST_REASON = 500


def send_upload() -> Response:
    """Receive a file: 202 with its receipt, 200 where the same delivery was received before."""
    body, sender, parts = delivery_body(), Sender(carrier(), "api", bearer().key_id), web()
    door = Door.at(parts.database, parts.settings.prepare_home(), parts.settings.max_upload_mb)
    with upload_slot(sender.carrier.id):
        receipt = receive(
            door,
            sender,
            body.pieces,
            file_name=body.name,
            now=parts.clock(),
            idempotency_key=request.headers.get("Idempotency-Key"),
            expected_size=body.size,
            encoding=request.headers.get("Content-Encoding"),
        )
    response = _answered(receipt)
    response.status_code = 200 if receipt.replayed else 202
    response.headers["Location"] = url_for("machine.get_upload", upload_id=receipt.id)
    return response


def list_uploads(query: UploadsQuery) -> Response:
    """List the own deliveries, newest first; `next` leads to older ones."""
    with web().database.read() as connection:
        found = receipts_before(connection, carrier().id, query.before, query.state, query.limit + 1)
    shown = found[: query.limit]
    older = query.model_dump(exclude_none=True) | {"before": shown[-1].id} if len(found) > len(shown) else None
    following = url_for("machine.list_uploads", **older) if older else None
    return _private(jsonify(uploads=[receipt_line_json(one) for one in shown], next=following))


def get_upload(upload_id: int) -> Response:
    """Tell what became of one delivery."""
    receipt = _read_own(upload_id)
    response = _answered(receipt)
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    return response.make_conditional(request)  # type: ignore[return-value,unused-ignore]


def upload_faults(upload_id: int) -> Response:
    """Give every listed fault of one delivery as CSV."""
    receipt = _read_own(upload_id)
    return _private(faults_csv(receipt, language()))


def withdraw_upload(upload_id: int) -> Response:
    """Take a delivery back: its counts go, and what followed is computed again. A second time changes nothing."""
    reason = _reason()
    receipt = _read_own(upload_id)
    if receipt.state in LIVE_STATES:
        receipt = _withdrawn(upload_id, reason)
    if receipt.state != "withdrawn":
        raise NothingToWithdraw
    return _answered(receipt)


def _withdrawn(upload_id: int, reason: str) -> Receipt:
    from ingest.withdrawal import withdraw

    parts, now = web(), web().clock()
    actor = f"key:{bearer().key_id}"
    try:
        return withdraw(parts.database, upload_id, carrier().id, actor, reason, now, parts.policy(now))
    except NotFound:  # it was taken back, or refused, since it was read
        return _read_own(upload_id)


def _read_own(upload_id: int) -> Receipt:
    with web().database.read() as connection:
        return _own(connection, upload_id)


def _own(connection: Connection, upload_id: int) -> Receipt:
    receipt = get_receipt(connection, upload_id)
    if receipt.carrier_code != carrier().code:
        raise NotFound(what="upload", name=str(upload_id))
    return receipt


def _reason() -> str:
    text = request.get_data()
    if not text.strip():
        return ""
    try:
        reason = json.loads(text).get("reason", "")
    except (ValueError, AttributeError, RecursionError) as broken:
        raise BodyUnreadable from broken
    if not isinstance(reason, str):
        raise BodyUnreadable
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(longest=LONGEST_REASON)
    return reason.strip()


def _answered(receipt: Receipt) -> Response:
    response = _private(jsonify(receipt_json(receipt, language())))
    if receipt.state == "received":
        response.headers["Retry-After"] = str(ASK_AGAIN_SECONDS)
    return response


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Authorization", "Accept-Language"))
    return response
