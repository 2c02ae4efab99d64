"""Receipts of delivered files: in words, as a page, and their faults as CSV. Another operator's is not there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from flask import Response, abort, request

from store import audit
from store.audit import AuditEvent
from store.database import Connection
from store.errors import NotFound
from store.held import HeldSlice, held_of
from store.records import Receipt
from store.schema import LIVE_STATES
from store.uploads import get_receipt
from webapp.context import web
from webapp.delivery_views import DecisionView, HeldView, ReceiptView
from webapp.fault_csv import faults_csv as table_of_faults
from webapp.languages import language
from webapp.pages.sections import carrier_page, headquarters_page
from webapp.roles import CARRIER, HEADQUARTERS, actor
from webapp.speech import gettext as _
from webapp.speech import number
from webapp.wording import deliveries
from webapp.wording.moments import age_words, clock

DECISIONS = ("held-accepted", "held-rejected", "upload-withdrawn")
FAULTS_IN_A_LIST = 3
FAULTS_ON_A_PAGE = 200


def show(receipt_id: int) -> str:
    """Show one receipt: what became of every row, what waits and why, and each fault."""
    with web().database.read() as connection:
        receipt = readable_receipt(connection, receipt_id)
        held = held_of(connection, receipt_id)
        events = audit.events_of(connection, f"upload:{receipt_id}")
    page = carrier_page if is_own(receipt) else headquarters_page
    return page(
        "receipt.html",
        receipt=receipt_view(receipt, web().clock(), FAULTS_ON_A_PAGE, held),
        arrived=request.args.get("arrived"),
        own=is_own(receipt),
        decisions=[_decision(one, web().clock()) for one in reversed(events) if one.action in DECISIONS],
    )


def faults_csv(receipt_id: int) -> Response:
    """Return every fault that was kept of a file as CSV: line, column, code, sentence."""
    with web().database.read() as connection:
        receipt = readable_receipt(connection, receipt_id)
    return table_of_faults(receipt, language())


def readable_receipt(connection: Connection, receipt_id: int) -> Receipt:
    """Return a receipt that the signed-in person may read; any other does not exist."""
    account = actor() or abort(403)
    receipt = get_receipt(connection, receipt_id)
    if not is_own(receipt) and HEADQUARTERS not in account.roles:
        raise NotFound(what="upload", name=str(receipt_id))
    return receipt


def is_own(receipt: Receipt) -> bool:
    """Tell whether a receipt is of the operator that the signed-in person works for."""
    account = actor()
    return account is not None and CARRIER in account.roles and receipt.carrier_code == account.carrier_code


def can_be_withdrawn(receipt: Receipt) -> bool:
    """Tell whether a delivery is in use and its counts are still there."""
    return receipt.state in LIVE_STATES and receipt.counts_erased_at is None


def receipt_view(
    receipt: Receipt, now: datetime, faults_shown: int = FAULTS_IN_A_LIST, held: Sequence[HeldSlice] = ()
) -> ReceiptView:
    """Return a receipt in words, with at most `faults_shown` of its faults."""
    shown = receipt.faults[:faults_shown]
    rows = (receipt.rows_accepted, receipt.rows_rejected, receipt.rows_held)
    return ReceiptView(
        id=receipt.id,
        carrier_code=receipt.carrier_code,
        file_name=receipt.file_name,
        size_words=deliveries.size_words(receipt.size_bytes),
        sha256=receipt.sha256,
        state=receipt.state,
        state_words=deliveries.state_words(receipt.state),
        meaning_words=deliveries.state_meaning(receipt.state, receipt.rows_accepted),
        received_clock=clock(receipt.received_at, now),
        age_words=age_words(receipt.received_at, now),
        settled_words=clock(receipt.settled_at, now) if receipt.settled_at else None,
        sent_by=_sent_by(receipt),
        interval_words=_interval_words(receipt, now),
        rows_in=number(receipt.rows_in),
        sum_words=deliveries.sum_words(*rows),
        parts=deliveries.row_parts(*rows),
        rows_suppressed=number(receipt.rows_suppressed),
        fault_count=receipt.fault_count,
        faults=[deliveries.fault_view(one.code, one.line, one.column, one.params) for one in shown],
        more_faults_words=deliveries.more_faults_words(receipt.fault_count - len(shown)),
        notes=deliveries.reasons_of((note.code, note.params) for note in receipt.notes),
        held=[held_view(one, now) for one in held],
        pending=receipt.state == "received",
        can_be_withdrawn=can_be_withdrawn(receipt),
    )


def held_view(one: HeldSlice, now: datetime) -> HeldView:
    """Return counts that wait for headquarters in words."""
    return HeldView(
        interval_words=interval_words(one.start, one.end, now),
        reason_words=deliveries.words_of(one.reason, one.params),
        rows_words=deliveries.rows_words(one.row_count),
    )


def interval_words(start: datetime, end: datetime, now: datetime) -> str:
    """Return from when to when."""
    return _("%(start)s to %(end)s", start=clock(start, now), end=clock(end, now))


def _decision(event: AuditEvent, now: datetime) -> DecisionView:
    words = {
        "held-accepted": _("Headquarters let the held rows count."),
        "held-rejected": _("Headquarters threw the held rows away."),
        "upload-withdrawn": _("The file was withdrawn."),
    }
    return DecisionView(words[event.action], str(json.loads(event.details).get("reason", "")), clock(event.at, now))


def _interval_words(receipt: Receipt, now: datetime) -> str | None:
    if receipt.first_bin_at is None or receipt.last_bin_end_at is None:
        return None
    return interval_words(receipt.first_bin_at, receipt.last_bin_end_at, now)


def _sent_by(receipt: Receipt) -> str:
    _kind, _space, person = receipt.sent_by.partition(" ")
    ways = {
        "api": _("over the interface, by the key %(name)s", name=receipt.sent_by),
        "page": _("on this site, by %(name)s", name=person or receipt.sent_by),
        "command": _("on the command line"),
    }
    return ways[receipt.origin]
