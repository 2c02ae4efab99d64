"""The log of what was done: newest rows first, of one subject or of all, and how anybody can check that it is whole."""

from __future__ import annotations

from datetime import datetime

from flask import request

from store import audit
from store.audit import AuditEvent
from webapp.context import web
from webapp.delivery_views import AuditRow
from webapp.pages.sections import headquarters_page
from webapp.wording.acts import act_words
from webapp.wording.moments import clock

ROWS_SHOWN = 100
LONGEST_SUBJECT = 200


def show() -> str:
    """Show the newest rows, the head's number and hash."""
    now = web().clock()
    subject = request.args.get("subject", "").strip()[:LONGEST_SUBJECT]
    with web().database.read() as connection:
        rows = audit.events_of(connection, subject or None, ROWS_SHOWN)
        head = audit.head(connection)
    return headquarters_page(
        "audit.html", rows=[_row(one, now) for one in rows], head=head, subject=subject, most=ROWS_SHOWN
    )


def _row(event: AuditEvent, now: datetime) -> AuditRow:
    kind, _colon, name = event.actor.partition(" ")
    return AuditRow(
        sequence=event.sequence,
        clock=clock(event.at, now),
        actor=name or kind,
        action_words=act_words(event.action),
        subject=event.subject,
        details="" if event.details == "{}" else event.details,
        hash=event.hash,
    )
