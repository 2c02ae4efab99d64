"""The log of what was done: newest rows first, of one subject or of all, and how anybody can check that it is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from flask import request, url_for

from store import audit
from store.audit import AuditEvent
from store.carriers import list_carriers
from webapp.context import web
from webapp.delivery_views import AuditRow
from webapp.pages.sections import headquarters_page
from webapp.wording.acts import act_words, actor_words
from webapp.wording.acts_details import details_words, subject_words
from webapp.wording.moments import clock

ROWS_SHOWN = 50
LONGEST_SUBJECT = 200
LARGEST_ROW = 2**31 - 1  # beyond, a database answers with an error of its own


def show() -> str:
    """Show a page of rows, newest first, the head's number and hash; `before`: only rows with lower numbers."""
    now = web().clock()
    subject = request.args.get("subject", "").strip()[:LONGEST_SUBJECT]
    before = request.args.get("before", type=int)
    before = before if before is None or 0 < before <= LARGEST_ROW else None
    with web().database.read() as connection:
        found = audit.events_of(connection, subject or None, ROWS_SHOWN + 1, before)
        head = audit.head(connection)
        names = {one.code: one.name for one in list_carriers(connection)}
    shown = found[:ROWS_SHOWN]
    rows = [_row(one, names, now) for one in shown]
    older = shown[-1].sequence if len(found) > ROWS_SHOWN else None
    return headquarters_page("audit.html", rows=rows, head=head, subject=subject, before=before, older=older)


def _row(event: AuditEvent, names: Mapping[str, str], now: datetime) -> AuditRow:
    kind, _colon, name = event.subject.partition(":")
    is_upload = kind == "upload" and name.isdigit()
    return AuditRow(
        sequence=event.sequence,
        clock=clock(event.at, now),
        actor=actor_words(event.actor),
        action_words=act_words(event.action),
        subject=event.subject,
        subject_words=subject_words(event.subject, names),
        receipt_url=url_for("pages.receipt", receipt_id=int(name)) if is_upload else None,
        details=details_words(json.loads(event.details), names),
        hash=event.hash,
    )
