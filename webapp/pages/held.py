"""Deliveries that wait for headquarters: what is held, why, what is usual; a person decides, with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from ingest.holding import Decision, decide
from store import audit, carriers, past, uploads
from store.database import Connection
from store.errors import NotFound
from store.held import HeldSlice, held_of, held_uploads
from store.records import Carrier, CountSliceRef, Receipt
from store.superseding import superseding_held
from webapp.context import web
from webapp.delivery_views import HeldAreaView, HeldSliceView, HeldUploadView
from webapp.drawing import past_hours, rounded
from webapp.pages.keys import who
from webapp.pages.receipts import decision_views, interval_words
from webapp.pages.sections import headquarters_page
from webapp.speech import gettext as _
from webapp.speech import ngettext, number
from webapp.wording import deliveries
from webapp.wording.moments import age_words, clock

if TYPE_CHECKING:
    from ingest.held_areas import HeldArea

DECISIONS: dict[str, Decision] = {"accept": "accept", "reject": "reject"}
LONGEST_REASON = 500
SLICES_SHOWN = 24
AREAS_SHOWN = 20
SINGLE_AREAS = "held-area"
ONCE_HELD = {"upload-held", "held-accepted", "held-rejected"}
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
    now = parts.clock()
    try:
        decide(parts.database, receipt_id, decision, who(), reason, now, parts.policy(now))
    except NotFound:  # somebody else was faster, or nothing ever waited
        return _page(receipt_id), 409
    flash(_("Decided. It stands in the log, with your reason."), "success")
    return redirect(url_for("pages.held"), 303)


def _page(receipt_id: int, reason: str = "", *, refused: bool = False) -> str:
    now = web().clock()
    with web().database.read() as connection:
        receipt = uploads.get_receipt(connection, receipt_id)
        carrier = carriers.get_carrier(connection, receipt.carrier_code)
        if receipt.state != "held":
            return _decided(connection, receipt, carrier, now)
        held = held_of(connection, receipt_id)
        shown = _slice_views(connection, carrier, receipt, held[:SLICES_SHOWN], now)
        upload = _upload_view(connection, {carrier.code: carrier.name}, receipt_id, now)
        later = superseding_held(connection, receipt_id)
    return headquarters_page(
        "held_one.html",
        upload=upload,
        slices=shown,
        left=len(held) - len(shown),
        later=later[0] if later else None,
        later_words=deliveries.held_later_words(later),
        reason=reason,
        refused=refused,
        longest=LONGEST_REASON,
    )


def _decided(connection: Connection, receipt: Receipt, carrier: Carrier, now: datetime) -> str:
    """Return what was decided about a delivery that waited once; raise NotFound for any other."""
    events = audit.events_of(connection, f"upload:{receipt.id}")
    if not {one.action for one in events} & ONCE_HELD:
        raise NotFound(what="held delivery", name=str(receipt.id))
    decisions = decision_views(events, now)
    return headquarters_page("held_decided.html", receipt=receipt, carrier=carrier, decisions=decisions)


def _upload_view(connection: Connection, names: dict[str, str], receipt_id: int, now: datetime) -> HeldUploadView:
    receipt, held = uploads.get_receipt(connection, receipt_id), held_of(connection, receipt_id)
    first, last = min((one.start for one in held), default=None), max((one.end for one in held), default=None)
    return HeldUploadView(
        receipt_id=receipt.id,
        carrier_name=names.get(receipt.carrier_code, receipt.carrier_code),
        file_name=deliveries.file_words(receipt.file_name),
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
    areas = _areas(connection, carrier, receipt, held)
    return [
        _slice_view(
            one, windows[one.start, one.end], known, (one.start, one.end) in counted, areas.get(one.id, []), now
        )
        for one in held
    ]


def _areas(
    connection: Connection, carrier: Carrier, receipt: Receipt, held: Sequence[HeldSlice]
) -> dict[int, list[HeldAreaView]]:
    single = [one for one in held if one.reason == SINGLE_AREAS]
    if not single:
        return {}
    from ingest.held_areas import held_areas  # arrays are loaded where there are single areas to show, only then

    policy = web().policy(receipt.received_at)
    found = held_areas(connection, carrier, receipt, single, policy, AREAS_SHOWN)
    return {slice_id: [_area_view(one) for one in areas] for slice_id, areas in found.items()}


def _area_view(one: HeldArea) -> HeldAreaView:
    times = number(round(one.delivered / one.usual)) if one.usual else "–"
    usual = number(rounded(one.usual)) if one.usual is not None else _("hidden")
    return HeldAreaView(one.area_id, number(rounded(one.delivered)), usual, times)


def _slice_view(
    one: HeldSlice,
    before: Sequence[Interval],
    known: dict[Interval, float],
    is_part: bool,
    areas: list[HeldAreaView],
    now: datetime,
) -> HeldSliceView:
    bars = [] if is_part else [(clock(start, now), known.get((start, end))) for start, end in before]
    return HeldSliceView(
        interval_words=interval_words(one.start, one.end, now),
        reason_words=deliveries.words_of(one.reason, one.params),
        rows_words=deliveries.rows_words(one.row_count),
        areas_words=_areas_words(one.counted_areas),
        areas=areas,
        left_words=_areas_left(one.counted_areas - len(areas)) if areas else "",
        bars=past_hours([*bars, (_("delivered now"), one.counted_total)]) if any(total for _w, total in bars) else [],
    )


def _areas_words(count: int) -> str:
    return ngettext("%(shown)s area with a number", "%(shown)s areas with a number", count, shown=number(count))


def _areas_left(count: int) -> str:
    return ngettext("and %(num)d more area", "and %(num)d more areas", count) if count > 0 else ""


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
