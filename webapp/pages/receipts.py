"""Receipts of delivered files: in words, as a page, and their faults as CSV. Another operator's is not there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import Response, abort, request

from store import audit
from store.audit import AuditEvent
from store.carriers import get_carrier
from store.database import Connection
from store.errors import NotFound
from store.held import HeldSlice, held_of
from store.records import FaultRecord, Receipt
from store.schema import LIVE_STATES
from store.superseding import superseding_counts
from store.uploads import get_receipt
from webapp.context import web
from webapp.delivery_views import Banner, DecisionView, HeldView, ReceiptView
from webapp.fault_csv import faults_csv as table_of_faults
from webapp.languages import language
from webapp.pages.sections import carrier_page, headquarters_page
from webapp.roles import CARRIER, HEADQUARTERS, actor
from webapp.speech import gettext as _
from webapp.speech import number
from webapp.wording import deliveries, deliveries_hq
from webapp.wording.acts import actor_words
from webapp.wording.moments import DAY, age_words, clock, span_words

DECISIONS = ("held-accepted", "held-rejected", "upload-withdrawn")
GONE = ("refused", "withdrawn")
FAULTS_IN_A_LIST = 3
FAULTS_ON_A_PAGE = 200


def show(receipt_id: int) -> str:
    """Show one receipt: what became of every row, what waits and why, and each fault."""
    with web().database.read() as connection:
        receipt = readable_receipt(connection, receipt_id)
        held = held_of(connection, receipt_id)
        events = audit.events_of(connection, f"upload:{receipt_id}")
        later = superseding_counts(connection, receipt_id) if receipt.state in LIVE_STATES else []
        names = {receipt.carrier_code: get_carrier(connection, receipt.carrier_code).name}
    now = web().clock()
    page, meaning = (
        (carrier_page, deliveries.state_meaning)
        if is_own(receipt)
        else (headquarters_page, deliveries_hq.state_meaning)
    )
    facts = ReceiptFacts(held, discarded_of(events), later, names, meaning)
    return page(
        "receipt.html",
        receipt=receipt_view(receipt, now, FAULTS_ON_A_PAGE, facts),
        banner=_banner(receipt, later),
        own=is_own(receipt),
        decisions=decision_views(events, now),
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


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt's row does not hold: what is held, how many held rows were thrown away, later files that win
    over it (ids, newest first), the operators' names by code. `meaning`: what became of it, to whoever reads it."""

    held: Sequence[HeldSlice] = ()
    discarded: int = 0
    later: Sequence[int] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    meaning: Callable[[Receipt, int, Sequence[int]], str] = deliveries.state_meaning


NO_FACTS = ReceiptFacts()


def receipt_view(
    receipt: Receipt, now: datetime, faults_shown: int = FAULTS_IN_A_LIST, facts: ReceiptFacts = NO_FACTS
) -> ReceiptView:
    """Return a receipt in words, with at most `faults_shown` of its faults."""
    shown = receipt.faults[:faults_shown]
    rows = (receipt.rows_accepted, receipt.rows_rejected, receipt.rows_held)
    withdrawn = receipt.state == "withdrawn"
    return ReceiptView(
        id=receipt.id,
        carrier_name=facts.names.get(receipt.carrier_code, receipt.carrier_code),
        file_name=deliveries.file_words(receipt.file_name),
        hash_command=f"sha256sum {shlex.quote(receipt.file_name or 'FILE')}",
        size_words=deliveries.size_words(receipt.size_bytes),
        sha256=receipt.sha256,
        state=receipt.state,
        state_words=deliveries.state_words(receipt.state, receipt.rows_accepted),
        meaning_words=facts.meaning(receipt, facts.discarded, facts.later),
        later_id=facts.later[0] if facts.later else None,
        received_clock=clock(receipt.received_at, now),
        age_words=age_words(receipt.received_at, now),
        settled_words=clock(receipt.settled_at, now) if receipt.settled_at else None,
        sent_by=_sent_by(receipt),
        interval_words=_interval_words(receipt, now),
        rows_in=number(receipt.rows_in),
        sum_words=deliveries.had_been_words(*rows) if withdrawn else deliveries.sum_words(*rows),
        parts=[] if withdrawn else deliveries.row_parts(*rows),
        hidden_words="" if receipt.state in GONE else deliveries.hidden_words(receipt.rows_suppressed),
        fault_count=receipt.fault_count,
        faults=[deliveries.fault_view(one.code, one.line, one.column, one.params) for one in shown],
        more_faults_words=deliveries.more_faults_words(receipt.fault_count - len(shown)),
        notes=deliveries.reasons_of((note.code, note.params) for note in receipt.notes if not _says_held(note)),
        held=[held_view(one, now) for one in facts.held],
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


def discarded_of(events: Sequence[AuditEvent]) -> int:
    """Return how many held rows of an upload headquarters threw away, from what the log says about it."""
    return sum(_rows(one) for one in events if one.action == "held-rejected")


def decision_views(events: Sequence[AuditEvent], now: datetime) -> list[DecisionView]:
    """Return what persons decided about an upload in words, oldest first; `events` as the log gives them."""
    return [_decision(one, now) for one in reversed(events) if one.action in DECISIONS]


def interval_words(start: datetime, end: datetime, now: datetime) -> str:
    """Return from when to when."""
    if end - start < DAY:
        return span_words(start, end, now)
    return _("%(start)s to %(end)s", start=clock(start, now), end=clock(end, now))


def _decision(event: AuditEvent, now: datetime) -> DecisionView:
    rows = deliveries.rows_words(_rows(event))
    words = {
        "held-accepted": _("Headquarters let the held rows count: %(rows)s.", rows=rows),
        "held-rejected": _("Headquarters threw the held rows away: %(rows)s.", rows=rows),
        "upload-withdrawn": _("The file was withdrawn."),
    }
    reason = str(json.loads(event.details).get("reason", ""))
    return DecisionView(words[event.action], reason, clock(event.at, now), actor_words(event.actor))


def _rows(event: AuditEvent) -> int:
    return int(json.loads(event.details).get("rows", 0))


def _says_held(note: FaultRecord) -> bool:
    """Tell whether a remark says that something waits: the table of what waits says it, and what was decided."""
    return note.code.startswith("held-")


def _banner(receipt: Receipt, later: Sequence[int]) -> Banner | None:
    if request.args.get("arrived") == "before":
        return Banner("warning" if later else "success", deliveries.replay_words(receipt, later))
    if request.args.get("arrived") == "now":
        bad = receipt.state in {"refused", "failed", "held"}
        return Banner("warning" if bad else "success", deliveries.arrival_words(receipt))
    return None


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
