"""The mobile operator's page: is our data in, and is it good. Nobody sees another operator's receipts here."""

from __future__ import annotations

from flask import abort, render_template

from store.errors import NotFound
from store.uploads import get_receipt, receipts_of
from webapp.context import web
from webapp.pages.receipts import receipt_view
from webapp.roles import CARRIER, HEADQUARTERS, actor

RECEIPTS_SHOWN = 100
FAULTS_SHOWN = 1_000


def show() -> str:
    """Show the receipts of the signed-in operator."""
    code, now = _own_code(), web().clock()
    with web().database.read() as connection:
        receipts = receipts_of(connection, code, RECEIPTS_SHOWN)
    views = [receipt_view(receipt, now) for receipt in receipts]
    return render_template("carriers.html", carrier_code=code, receipts=views)


def show_receipt(receipt_id: int) -> str:
    """Show one receipt with every fault that was kept; another operator's does not exist for this one."""
    account = actor() or abort(403)
    with web().database.read() as connection:
        receipt = get_receipt(connection, receipt_id)
    own = CARRIER in account.roles and receipt.carrier_code == account.carrier_code
    if not own and HEADQUARTERS not in account.roles:
        raise NotFound(what="upload", name=str(receipt_id))
    return render_template("receipt.html", receipt=receipt_view(receipt, web().clock(), FAULTS_SHOWN))


def _own_code() -> str:
    account = actor()
    if account is None or not account.carrier_code:
        abort(403)
    return account.carrier_code
