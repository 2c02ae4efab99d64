"""Receipts of delivered files in words."""

from __future__ import annotations

from datetime import datetime

from ingest.faults import sentence
from store.records import FaultRecord, Receipt
from webapp.languages import language
from webapp.speech import gettext as _
from webapp.speech import ngettext
from webapp.views import FaultView, ReceiptView
from webapp.wording.moments import age_words, clock

FAULTS_IN_A_LIST = 3


def receipt_view(receipt: Receipt, now: datetime, faults_shown: int = FAULTS_IN_A_LIST) -> ReceiptView:
    """Return a receipt in words, with at most `faults_shown` of its faults."""
    shown = receipt.faults[:faults_shown]
    return ReceiptView(
        id=receipt.id,
        carrier_code=receipt.carrier_code,
        file_name=receipt.file_name,
        state=receipt.state,
        state_words=_("accepted") if receipt.state == "accepted" else _("refused"),
        received_clock=clock(receipt.received_at, now),
        age_words=age_words(receipt.received_at, now),
        interval_words=_interval_words(receipt, now),
        rows_in=receipt.rows_in,
        rows_accepted=receipt.rows_accepted,
        rows_rejected=receipt.rows_rejected,
        rows_held=receipt.rows_held,
        rows_suppressed=receipt.rows_suppressed,
        fault_count=receipt.fault_count,
        faults=[_fault_view(fault) for fault in shown],
        more_faults_words=_more_words(receipt.fault_count - len(shown)),
    )


def _fault_view(fault: FaultRecord) -> FaultView:
    try:
        words = sentence(fault.code, fault.params, language())
    except LookupError:  # a receipt outlives the release that worded its faults
        words = fault.code
    return FaultView(fault.line, fault.column, words)


def _interval_words(receipt: Receipt, now: datetime) -> str | None:
    if receipt.first_bin_at is None or receipt.last_bin_end_at is None:
        return None
    return _("%(start)s to %(end)s", start=clock(receipt.first_bin_at, now), end=clock(receipt.last_bin_end_at, now))


def _more_words(count: int) -> str | None:
    return ngettext("and %(num)d more fault", "and %(num)d more faults", count) if count > 0 else None
