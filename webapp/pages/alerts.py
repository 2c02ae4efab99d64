"""What needs a person at headquarters tonight, gravest first; a dead job can be tried again from here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import redirect, url_for
from werkzeug.wrappers import Response

from ingest import leasing
from ingest.receiving import TAKE_IN
from store import audit
from store.errors import NotFound
from store.jobs import Job
from store.records import Carrier, Receipt
from webapp.context import web
from webapp.delivery_views import Alert
from webapp.pages.keys import who
from webapp.speech import gettext as _
from webapp.speech import ngettext
from webapp.wording.deliveries import file_words
from webapp.wording.moments import age_words

DEAD_SHOWN = 20


def alerts_of(
    dead: Sequence[Job],
    receipts: Sequence[Receipt],
    held: Sequence[int],
    carriers: Sequence[Carrier],
    last_ends: dict[int, datetime],
    now: datetime,
) -> list[Alert]:
    """Return what needs a person, gravest first."""
    names = {one.code: one.name for one in carriers}
    return [
        *_dead(dead, {receipt.id: receipt for receipt in receipts}, names),
        *_failed(dead, receipts, names),
        *_held(held),
        *_late(carriers, last_ends, now),
    ]


def is_late(last_end: datetime | None, now: datetime) -> bool:
    """Tell whether an operator that delivered before is behind by more than the policy allows."""
    allowed = timedelta(minutes=web().policy(now).delivery.late_after_minutes)
    return last_end is not None and now - last_end > allowed


def try_again(job_id: int) -> Response:
    """Queue a dead job again, and note who asked for it."""
    with web().database.begin() as connection:
        if leasing.try_again(connection, job_id) is None:
            raise NotFound(what="job", name=str(job_id))
        subject = f"job:{job_id}"
        audit.append(connection, actor=who(), action="job-revived", subject=subject, details={}, now=web().clock())
    return redirect(url_for("pages.headquarters"), 303)


def _dead(dead: Sequence[Job], receipts: dict[int, Receipt], names: dict[str, str]) -> list[Alert]:
    return [_dead_one(job, receipts, names) for job in dead[:DEAD_SHOWN]]


def _dead_one(job: Job, receipts: dict[int, Receipt], names: dict[str, str]) -> Alert:
    receipt = receipts.get(int(job.subject)) if job.kind == TAKE_IN and job.subject.isdigit() else None
    words = {
        TAKE_IN: _("A delivered file could not be read: receipt %(id)s.", id=job.subject),
        "publish": _("The map could not be worked out again. It shows an older state."),
        "discard": _("The bytes of a file that does not count could not be deleted."),
        "refit": _("The area that the map is worked out for could not be fitted to the counts."),
        "calibrate": _("Head counts could not be compared with the map. Its intervals stay as they were."),
        "draw": _("The map could not be drawn again after head counts changed its intervals."),
        "retention": _("Old data could not be deleted on time."),
        "housekeeping": _("Tidying up failed."),
        "audit-head": _("The state of the log could not be recorded."),
    }.get(job.kind, job.kind)
    if receipt is not None:
        words = _unread(receipt, names)
    return Alert(
        sign="refuse",
        words=words,
        advice=ngettext(
            "It was tried %(num)d time. If the cause is mended, let it be tried again.",
            "It was tried %(num)d times. If the cause is mended, let it be tried again.",
            max(job.failures, 1),
        ),
        details=job.error,
        url=url_for("pages.receipt", receipt_id=receipt.id) if receipt else None,
        url_words=_("To the receipt") if receipt else None,
        again_job_id=job.id,
    )


def _failed(dead: Sequence[Job], receipts: Sequence[Receipt], names: dict[str, str]) -> list[Alert]:
    named = {job.subject for job in dead if job.kind == TAKE_IN}
    return [
        Alert(
            sign="refuse",
            words=_unread(one, names),
            advice=_("Its bytes are kept. Whoever runs this service has to look."),
            url=url_for("pages.receipt", receipt_id=one.id),
            url_words=_("To the receipt"),
        )
        for one in receipts
        if one.state == "failed" and str(one.id) not in named
    ]


def _unread(receipt: Receipt, names: dict[str, str]) -> str:
    carrier = names.get(receipt.carrier_code, receipt.carrier_code)
    name = file_words(receipt.file_name)
    return _("A delivered file could not be read: %(file)s of %(carrier)s.", file=name, carrier=carrier)


def _held(held: Sequence[int]) -> list[Alert]:
    if not held:
        return []
    return [
        Alert(
            sign="hold",
            words=ngettext(
                "%(num)d delivery waits for a decision.", "%(num)d deliveries wait for a decision.", len(held)
            ),
            advice=_("Their counts differ strongly from what is usual and are not in use until somebody decides."),
            count=len(held),
            url=url_for("pages.held"),
            url_words=_("Look at it and decide"),
        )
    ]


def _late(carriers: Sequence[Carrier], last_ends: dict[int, datetime], now: datetime) -> list[Alert]:
    late = [(one, last_ends.get(one.id)) for one in carriers]
    in_time = any(end is not None and not is_late(end, now) for _one, end in late)
    advice = (
        _("The map goes on with the others; its intervals say how sure it is. Ask the operator's people on duty.")
        if in_time
        else _("No other operator is on time: the map stands still. Ask the operator's people on duty.")
    )
    return [
        Alert(
            sign="note",
            words=_("%(carrier)s is late: its last counts ended %(age)s.", carrier=one.name, age=age_words(end, now)),
            advice=advice,
        )
        for one, end in late
        if end is not None and is_late(end, now)
    ]
