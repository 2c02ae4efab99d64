"""Head counts of a venue: a monitoring group enters how many people are there, by one thumb, at night.

Promises: the form shows no estimate and no earlier number (who has read one counts towards it, and the check is worth
nothing); what is sent twice stands once; a wrong number is withdrawn with a reason and stays in the log; the owner sees
that somebody counted. Nobody counts the venue that the own account is linked to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ingest import head_counts as entering
from ingest.faults import Fault, sentence
from store import crowding, head_counts
from store.database import Connection
from store.errors import NotFound
from store.head_counts import LONGEST_NOTE, CountedPeople, CountStandsAlready, HeadCount
from store.records import AccountRecord, Venue
from store.uploads import base_bins
from store.venues import get_venue
from webapp.context import web
from webapp.head_count_views import HeadCountForm, HeadCountView
from webapp.languages import language
from webapp.pages.keys import who
from webapp.pages.withdrawing import LONGEST_REASON
from webapp.reads import log_read
from webapp.roles import HEADQUARTERS, actor
from webapp.speech import gettext as _
from webapp.wording.head_counts import compared_words, counter_words, people_words
from webapp.wording.moments import age_words, clock
from webapp.wording.venues import name_of

COUNTS_SHOWN = 20
LARGEST_ID = 2**31 - 1
FIELDS = {"people": "people", "counted_at": "counted-at", "note": "note", "venue": "people"}


def show(venue_id: str) -> Response | str | tuple[str, int]:
    """Show the form and what was counted before; keep a count where the form is sent."""
    with web().database.read() as connection:
        venue = _countable(connection, venue_id)
    if request.method == "POST":
        return _enter(venue)
    return _page(venue, _empty_form(venue))


def withdraw(venue_id: str, count_id: int) -> Response | str | tuple[str, int]:
    """Ask why a count is taken back; take it back where the form says so."""
    with web().database.read() as connection:
        venue, count = _countable(connection, venue_id), head_counts.get_head_count(connection, count_id)
    if count.venue_id != venue.id or count.withdrawn_at is not None or not _may_withdraw(count):
        raise NotFound(what="head-count", name=str(count_id))
    if request.method == "GET":
        return _ask(venue, count)
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        return _ask(venue, count, reason, refused=True), 422
    entering.withdraw(web().database, count.id, who(), reason, web().clock())
    return redirect(url_for("pages.head_counts", venue_id=venue.id, withdrawn=count.id), 303)


def _enter(venue: Venue) -> Response | tuple[str, int]:
    form, counted, errors = _read_form(venue)
    if counted is None or errors:
        return _page(venue, form, errors), 422
    try:
        kept, _new = entering.enter(web().database, counted, who(), web().clock())
    except CountStandsAlready as refusal:
        said = sentence(refusal.code, refusal.params, language())
        return _page(venue, form, {"people": said}), 409
    log_read(actor(), venue.id)  # what was counted stands beside the estimate from here on
    return redirect(url_for("pages.head_counts", venue_id=venue.id, saved=kept.id), 303)


def _read_form(venue: Venue) -> tuple[HeadCountForm, CountedPeople | None, dict[str, str]]:
    """Return what was typed, the count it means (None where it cannot be read), and what is wrong by field."""
    typed = {name: request.form.get(name, "").strip() for name in ("people", "counted_at", "note")}
    form = HeadCountForm(typed["people"], typed["counted_at"], typed["note"])
    people, moment = _whole(typed["people"]), _moment(typed["counted_at"], venue)
    errors = {}
    if people is None:
        errors["people"] = _("Enter the number of people in digits, 0 for nobody.")
    if moment is None:
        errors["counted-at"] = _("Enter the day and the time of the count.")
    if len(typed["note"]) > LONGEST_NOTE or entering.holds_a_persons_number(typed["note"]):
        errors["note"] = _("Shorten the note, and leave out numbers of phones and of persons.")
    if people is None or moment is None:
        return form, None, errors
    for fault in _faults(people, moment, venue):
        errors.setdefault(FIELDS[fault.column or "people"], sentence(fault.code, fault.params, language()))
    return form, CountedPeople(venue.id, moment, people, who(), typed["note"]), errors


def _faults(people: int, moment: datetime, venue: Venue) -> list[Fault]:
    now = web().clock()
    policy = web().policy(now)
    with web().database.read() as connection:
        bounds = entering.Bounds.now(connection, policy, now)
    return entering.faults_of(people, moment, venue, bounds, policy)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _moment(text: str, venue: Venue) -> datetime | None:
    """Return a moment typed on the clocks of the venue's region, to the minute."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if local.tzinfo is not None or not 2000 <= local.year < 2200:
        return None
    return local.replace(second=0, microsecond=0, tzinfo=_zone(venue))


def _zone(venue: Venue) -> ZoneInfo:
    return ZoneInfo(web().policy(web().clock()).timezone_of(venue.draft.region))


def _empty_form(venue: Venue) -> HeadCountForm:
    return HeadCountForm("", f"{web().clock().astimezone(_zone(venue)):%Y-%m-%dT%H:%M}", "")


def _countable(connection: Connection, venue_id: str) -> Venue:
    """Return a venue that the signed-in person may count; a hidden one is not there, the own one is nobody's."""
    venue, account = get_venue(connection, venue_id), _account()
    if venue.draft.masked:
        raise NotFound(what="venue", name=venue_id)
    if venue.id in account.venue_ids:
        abort(403)
    return venue


def _account() -> AccountRecord:
    return actor() or abort(403)


def _may_withdraw(count: HeadCount) -> bool:
    """Tell whether a count may be taken back: by who made it, and by headquarters."""
    return HEADQUARTERS in _account().roles or count.counted_by == who()


def _page(venue: Venue, form: HeadCountForm, errors: dict[str, str] | None = None) -> str:
    now = web().clock()
    with web().database.read() as connection:
        counts = head_counts.counts_of(connection, [venue.id], COUNTS_SHOWN)
        saved = _own_count(connection, venue, "saved")
        compared = _compared(connection, saved) if saved else None
    return render_template(
        "head_counts.html",
        venue_id=venue.id,
        venue_name=name_of(venue.draft),
        form=form,
        errors=errors or {},
        saved=_view(saved, now) if saved else None,
        compared_words=compared,
        withdrawn="withdrawn" in request.args and not errors,
        counts=[_view(one, now) for one in counts],
        longest_note=LONGEST_NOTE,
        zone_words=_("On the clocks of the venue."),
        now_value=_empty_form(venue).counted_at,
    )


def _own_count(connection: Connection, venue: Venue, name: str) -> HeadCount | None:
    """Return the count that the address names, if it is this venue's and still stands."""
    asked = request.args.get(name, type=int)
    if request.method == "POST" or asked is None or not 0 < asked <= LARGEST_ID:
        return None
    counts = (one for one in head_counts.counts_of(connection, [venue.id], COUNTS_SHOWN) if one.id == asked)
    return next((one for one in counts if one.withdrawn_at is None), None)


def _compared(connection: Connection, count: HeadCount) -> str:
    """Return what the map said of that moment: told only now that the number is in."""
    width = timedelta(minutes=web().policy(web().clock()).counts.base_bin_minutes)
    start = base_bins(count.counted_at, count.counted_at + timedelta(seconds=1), width)[0]
    rows = crowding.venue_day(connection, count.venue_id, start, start + width)
    return compared_words(rows[0] if rows else None)


def _ask(venue: Venue, count: HeadCount, reason: str = "", *, refused: bool = False) -> str:
    return render_template(
        "head_count_withdraw.html",
        venue_id=venue.id,
        venue_name=name_of(venue.draft),
        count=_view(count, web().clock()),
        reason=reason,
        refused=refused,
        longest=LONGEST_REASON,
    )


def _view(count: HeadCount, now: datetime) -> HeadCountView:
    return HeadCountView(
        id=count.id,
        people_words=people_words(count.people),
        clock=clock(count.counted_at, now),
        age_words=age_words(count.counted_at, now),
        who=counter_words(count.counted_by),
        note=count.note,
        withdrawn_words=_("withdrawn") if count.withdrawn_at else None,
        may_withdraw=count.withdrawn_at is None and _may_withdraw(count),
    )
