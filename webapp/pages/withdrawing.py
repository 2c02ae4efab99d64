"""An operator takes a delivery back: asked once more, with a reason, and everything that followed is redone."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from ingest.withdrawal import withdraw
from store import carriers
from store.database import Connection
from store.errors import NotFound
from store.records import Receipt
from webapp.context import web
from webapp.pages.carriers import own_code
from webapp.pages.keys import who
from webapp.pages.receipts import can_be_withdrawn, is_own, readable_receipt, receipt_view
from webapp.pages.sections import carrier_page

LONGEST_REASON = 500


def show(receipt_id: int) -> Response | str | tuple[str, int]:
    """Ask whether a delivery shall be taken back, and why; take it back where the form says so."""
    return _withdraw(receipt_id) if request.method == "POST" else _form(receipt_id)


def _withdraw(receipt_id: int) -> Response | tuple[str, int]:
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        return _form(receipt_id, reason, refused=True), 422
    parts = web()
    with parts.database.read() as connection:
        _own_living(connection, receipt_id)
        carrier = carriers.get_carrier(connection, own_code())
    now = parts.clock()
    withdraw(parts.database, receipt_id, carrier.id, who(), reason, now, parts.policy(now))
    return redirect(url_for("pages.receipt", receipt_id=receipt_id), 303)


def _form(receipt_id: int, reason: str = "", *, refused: bool = False) -> str:
    with web().database.read() as connection:
        receipt = _own_living(connection, receipt_id)
    view = receipt_view(receipt, web().clock())
    return carrier_page("withdraw.html", receipt=view, reason=reason, refused=refused, longest=LONGEST_REASON)


def _own_living(connection: Connection, receipt_id: int) -> Receipt:
    receipt = readable_receipt(connection, receipt_id)
    if not is_own(receipt) or not can_be_withdrawn(receipt):
        raise NotFound(what="upload", name=str(receipt_id))
    return receipt
