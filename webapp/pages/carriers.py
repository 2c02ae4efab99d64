"""The mobile operator's page: is our data in, and is it good; send a file; the last receipts. Never another's."""

from __future__ import annotations

from flask import abort

from store import carriers
from store.uploads import last_interval_end_by_carrier, receipts_of
from webapp.context import web
from webapp.delivery_views import Freshness
from webapp.pages.receipts import receipt_view
from webapp.pages.sections import carrier_page
from webapp.roles import actor
from webapp.wording.moments import age_class, age_words, clock

RECEIPTS_SHOWN = 50


def show() -> str:
    """Show whether the data of the signed-in operator is in, the way to send a file, and the last receipts."""
    return overview()


def overview(refusal_words: str | None = None) -> str:
    """Return that page; `refusal_words`: why the file that was sent just now could not be received."""
    now = web().clock()
    with web().database.read() as connection:
        carrier = carriers.get_carrier(connection, own_code())
        receipts = receipts_of(connection, carrier.code, RECEIPTS_SHOWN)
        last_end = last_interval_end_by_carrier(connection).get(carrier.id)
    freshness = None
    if last_end is not None:
        freshness = Freshness(clock(last_end, now), age_words(last_end, now), age_class(last_end, now))
    return carrier_page(
        "carriers.html",
        carrier=carrier,
        receipts=[receipt_view(receipt, now) for receipt in receipts],
        freshness=freshness,
        refusal_words=refusal_words,
        max_mb=web().settings.max_upload_mb,
    )


def own_code() -> str:
    """Return the code of the operator that the signed-in person works for."""
    account = actor()
    if account is None or not account.carrier_code:
        abort(403)
    return account.carrier_code
