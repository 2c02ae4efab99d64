"""Deliveries that wait for headquarters: what is held, why, what is usual; a person decides, with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from ingest.holding import Decision, decide
from store import carriers, past, uploads
from store.database import Connection
from store.errors import NotFound
from store.held import HeldSlice, held_of, held_uploads
from store.records import Carrier, CountSliceRef, Receipt
from webapp.context import web
from webapp.delivery_views import HeldSliceView, HeldUploadView
from webapp.drawing import past_hours
from webapp.pages.keys import who
from webapp.pages.receipts import interval_words
from webapp.pages.sections import headquarters_page
from webapp.speech import gettext as _
from webapp.speech import ngettext, number
from webapp.wording import deliveries
from webapp.wording.moments import age_words, clock

DECISIONS: dict[str, Decision] = {"accept": "accept", "reject": "reject"}
LONGEST_REASON = 500
SLICES_SHOWN = 24
WEEK = timedelta(weeks=1)
Interval = tuple[datetime, datetime]


def show() -> str:
    """List the deliveries of which something waits, oldest first."""
    now = web().clock()
    with web().database.read() as connection:
        names = {one.code: one.name for one in carriers.list_carriers(connection)}
        ids = held_uploads(connection)
        views = [_upload_view(connection, names, one, now) for one in ids]
    return headquarters_page("held.html", uploads=views)


def show_one(receipt_id: int) -> Response | str | tuple[str, int]:
    """Show what waits of one delivery, beside the same hours of past weeks; decide where the form says so."""
    return _decide(receipt_id) if request.method == "POST" else _page(receipt_id)


def _decide(receipt_id: int) -> Response | tuple[str, int]:
    reason = request.form.get("reason", "").strip()
    decision = DECISIONS.get(request.form.get("decision", "")) or abort(400)
    if not reason or len(reason) > LONGEST_REASON:
        return _page(receipt_id, reason, refused=True), 422
    parts = web()
    with parts.database.read() as connection:
        _held_receipt(connection, receipt_id)
    now = parts.clock()
    decide(parts.database, receipt_id, decision, who(), reason, now, parts.policy(now))
    flash(_("Decided. It stands in the log, with your reason."), "success")
    return redirect(url_for("pages.held"), 303)


def _page(receipt_id: int, reason: str = "", *, refused: bool = False) -> str:
    now = web().clock()
    with web().database.read() as connection:
        receipt = _held_receipt(connection, receipt_id)
        carrier = carriers.get_carrier(connection, receipt.carrier_code)
        held = held_of(connection, receipt_id)
        shown = _slice_views(connection, carrier, receipt, held[:SLICES_SHOWN], now)
        upload = _upload_view(connection, {carrier.code: carrier.name}, receipt_id, now)
    return headquarters_page(
        "held_one.html",
        upload=upload,
        slices=shown,
        left=len(held) - len(shown),
        reason=reason,
        refused=refused,
        longest=LONGEST_REASON,
    )


def _held_receipt(connection: Connection, receipt_id: int) -> Receipt:
    receipt = uploads.get_receipt(connection, receipt_id)
    if receipt.state != "held":
        raise NotFound(what="held delivery", name=str(receipt_id))
    return receipt


def _upload_view(connection: Connection, names: dict[str, str], receipt_id: int, now: datetime) -> HeldUploadView:
    receipt, held = uploads.get_receipt(connection, receipt_id), held_of(connection, receipt_id)
    first, last = min((one.start for one in held), default=None), max((one.end for one in held), default=None)
    return HeldUploadView(
        receipt_id=receipt.id,
        carrier_name=names.get(receipt.carrier_code, receipt.carrier_code),
        file_name=receipt.file_name,
        received_words=f"{clock(receipt.received_at, now)}, {age_words(receipt.received_at, now)}",
        rows_words=deliveries.rows_words(receipt.rows_held),
        interval_words=interval_words(first, last, now) if first and last else "–",
        reasons=deliveries.reasons_of((one.reason, one.params) for one in held),
    )


def _slice_views(
    connection: Connection, carrier: Carrier, receipt: Receipt, held: Sequence[HeldSlice], now: datetime
) -> list[HeldSliceView]:
    weeks = web().policy(now).delivery.hold_max_weeks
    windows = {(one.start, one.end): _weeks_before((one.start, one.end), weeks) for one in held}
    wanted = sorted({window for several in windows.values() for window in several} | set(windows))
    slices = [one for one in past.slices_in_windows(connection, wanted) if one.carrier_id == carrier.id]
    known = _totals(slices)
    counted = {(one.start, one.end) for one in slices if one.upload_id == receipt.id}
    return [_slice_view(one, windows[one.start, one.end], known, (one.start, one.end) in counted, now) for one in held]


def _slice_view(
    one: HeldSlice, before: Sequence[Interval], known: dict[Interval, float], is_part: bool, now: datetime
) -> HeldSliceView:
    bars = [] if is_part else [(clock(start, now), known.get((start, end))) for start, end in before]
    return HeldSliceView(
        interval_words=interval_words(one.start, one.end, now),
        reason_words=deliveries.words_of(one.reason, one.params),
        rows_words=deliveries.rows_words(one.row_count),
        areas_words=_areas_words(one.counted_areas),
        bars=past_hours([*bars, (_("delivered now"), one.counted_total)]) if any(total for _w, total in bars) else [],
    )


def _areas_words(count: int) -> str:
    return ngettext("%(shown)s area with a number", "%(shown)s areas with a number", count, shown=number(count))


def _weeks_before(interval: Interval, weeks: int) -> list[Interval]:
    """Return the same local hours of the past weeks, oldest first."""
    zone = ZoneInfo(web().policy(web().clock()).timezone)
    start, end = interval
    local = start.astimezone(zone).replace(tzinfo=None)
    starts = [(local - back * WEEK).replace(tzinfo=zone).astimezone(start.tzinfo) for back in range(weeks, 0, -1)]
    return [(one, one + (end - start)) for one in starts]


def _totals(slices: Sequence[CountSliceRef]) -> dict[Interval, float]:
    """Return how many devices were counted in each interval, by the delivery that is in use."""
    by_upload: dict[Interval, dict[tuple[int, int], float]] = defaultdict(lambda: defaultdict(float))
    for one in slices:
        by_upload[one.start, one.end][one.revision, one.upload_id] += one.counted_total
    return {interval: totals[max(totals)] for interval, totals in by_upload.items()}
