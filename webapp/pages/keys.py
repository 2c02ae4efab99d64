"""Keys of an operator's machines: who made them, when they end, when they were last used; make one, revoke one.

Promises: a key's text is shown in the answer that made it and nowhere else; a form that is sent twice (a reload of that
answer) makes one key; who made or revoked one stands in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from store import audit, carriers
from store.account_acts import account_actor
from store.carrier_keys import CarrierKey, TooManyKeys, all_keys, live_keys, make_key, revoke_key
from store.carriers import lock_carrier
from store.database import Connection
from store.errors import NotFound
from store.records import Carrier
from webapp.context import web
from webapp.delivery_views import KeyView
from webapp.pages.carriers import own_code
from webapp.pages.sections import carrier_page
from webapp.roles import actor
from webapp.speech import gettext as _
from webapp.wording.moments import age_words, clock

ENDED_SHOWN = 10
AFTER_FIELD = "after"  # the newest key that the form's page knew of
SOON = timedelta(days=14)  # time enough to change a key at the next working day


def show() -> str | tuple[str, int]:
    """List the keys of the signed-in person's operator; make one where a form asks for it."""
    if request.method == "POST":
        return _make()
    with web().database.read() as connection:
        return _page(connection, carriers.get_carrier(connection, own_code()))


def revoke(key_id: str) -> Response | str:
    """Ask whether a key shall end; end it at once where the form says so."""
    return _revoke(key_id) if request.method == "POST" else _ask(key_id)


def who() -> str:
    """Return how the signed-in person is named in rows about what was done."""
    account = actor() or abort(403)
    return account_actor(account.id, account.name).label


def _make() -> str | tuple[str, int]:
    delivery = web().policy(web().clock()).delivery
    lifetime = timedelta(days=delivery.key_days)
    try:
        with web().database.begin() as connection:
            carrier = carriers.get_carrier(connection, own_code())
            lock_carrier(connection, carrier.id)
            if request.form.get(AFTER_FIELD) != _newest(all_keys(connection, carrier.id)):
                return _page(connection, carrier, made_before=True), 409
            key, text = make_key(connection, carrier.id, lifetime, delivery.keys_at_once, who())
            _note(connection, "carrier-key-made", carrier, key.key_id)
            return _page(connection, carrier, made=text)
    except TooManyKeys:
        with web().database.read() as connection:
            return _page(connection, carriers.get_carrier(connection, own_code()), too_many=True), 409


def _newest(keys: Sequence[CarrierKey]) -> str:
    """Return the newest key there is, "" where there is none: a form that knows another one was sent before."""
    return keys[-1].key_id if keys else ""


def _ask(key_id: str) -> str:
    with web().database.read() as connection:
        key = _living(connection, carriers.get_carrier(connection, own_code()), key_id)
    return carrier_page("key_revoke.html", key=_view(key, web().clock()))


def _revoke(key_id: str) -> Response:
    with web().database.begin() as connection:
        carrier = carriers.get_carrier(connection, own_code())
        if not revoke_key(connection, carrier.id, key_id):
            raise NotFound(what="key", name=key_id)
        _note(connection, "carrier-key-revoked", carrier, key_id)
    return redirect(url_for("pages.keys"), 303)


def _note(connection: Connection, action: str, carrier: Carrier, key_id: str) -> None:
    subject, details = f"carrier:{carrier.code}", {"key": key_id}
    audit.append(connection, actor=who(), action=action, subject=subject, details=details, now=web().clock())


def _living(connection: Connection, carrier: Carrier, key_id: str) -> CarrierKey:
    for key in live_keys(connection, carrier.id):
        if key.key_id == key_id:
            return key
    raise NotFound(what="key", name=key_id)


def _page(
    connection: Connection,
    carrier: Carrier,
    made: str | None = None,
    *,
    too_many: bool = False,
    made_before: bool = False,
) -> str:
    now = web().clock()
    delivery = web().policy(now).delivery
    living = {key.id for key in live_keys(connection, carrier.id)}
    keys = all_keys(connection, carrier.id)
    return carrier_page(
        "keys.html",
        made=made,
        too_many=too_many,
        made_before=made_before,
        newest=_newest(keys),
        most=delivery.keys_at_once,
        days=delivery.key_days,
        may_make=len(living) < delivery.keys_at_once,
        living=[_view(key, now) for key in keys if key.id in living],
        ended=[_view(key, now) for key in reversed(keys) if key.id not in living][:ENDED_SHOWN],
    )


def _view(key: CarrierKey, now: datetime) -> KeyView:
    ended = key.revoked_at or key.expires_at
    return KeyView(
        key_id=key.key_id,
        made_words=f"{clock(key.created_at, now)}, {age_words(key.created_at, now)}",
        made_by=key.created_by.partition(" ")[2] or _("on the command line"),
        ends_words=clock(ended, now),
        ends_soon=key.revoked_at is None and now < key.expires_at < now + SOON,
        end_words=_("revoked") if key.revoked_at else _("ended by itself"),
        used_words=age_words(key.last_used_at, now) if key.last_used_at else _("never"),
    )
