"""Who a machine is: `Authorization: Bearer KEY` or `Bearer TOKEN`, looked up in the database at every request.

Promises: whatever is wrong with a key (unknown, ended, revoked, malformed), the answer and the work are the same; a
session's cookie opens nothing here; a revoked key is dead at once, with its tokens.
Does not: say which routes are for machines; the table of `access` does.
"""

from __future__ import annotations

import hmac
import time
from contextlib import suppress

from flask import Flask, current_app, g, request

from store.carrier_keys import Bearer, find_bearer, note_use
from store.outages import DatabaseAway, StorageFull, outages_named
from store.records import Carrier
from webapp.context import web
from webapp.interface_errors import KeyMissing, KeyNeeded, KeyWrong, TokenNeeded, TooManyWrongKeys
from webapp.wrong_keys import MOST_WRONG, WrongKeys

CARRIER_KEY, CARRIER_TOKEN = "carrier_key", "carrier_token"
MACHINES = frozenset({CARRIER_KEY, CARRIER_TOKEN})
EXTENSION = "oryn-wrong-keys"
LONGEST_KEY = 200
NOTED_EVERY_SECONDS = 60.0  # when a key was last used is known to the minute


def install(app: Flask) -> None:
    """Begin to count wrong keys."""
    app.extensions[EXTENSION] = WrongKeys()
    app.extensions[f"{EXTENSION}-noted"] = {}


def require(allowed: frozenset[str]) -> None:
    """Put who is behind the bearer text into `g.bearer`, or raise an InterfaceError."""
    found = _find(_bearer_text())
    role = CARRIER_TOKEN if found.is_token else CARRIER_KEY
    if role not in allowed:
        raise KeyNeeded
    if role == CARRIER_KEY and CARRIER_TOKEN in allowed and web().settings.tokens_only:
        raise TokenNeeded
    g.bearer = found
    _note_use(found.key_id)


def bearer() -> Bearer:
    """Return who sent this request; only behind a route that the table gives to machines."""
    found: Bearer = g.bearer
    return found


def carrier() -> Carrier:
    """Return the mobile operator whose machine sent this request."""
    return bearer().carrier


def is_collector() -> bool:
    """Tell whether this request carries the token of the collector of metrics."""
    token, text = web().settings.metrics_token, _text()
    return (
        token is not None and text is not None and hmac.compare_digest(text.encode(), token.get_secret_value().encode())
    )


def _text() -> str | None:
    scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
    return text.strip() if scheme.lower() == "bearer" and text.strip() else None


def _bearer_text() -> str:
    text = _text()
    if text is None:
        raise KeyMissing
    return text if len(text) <= LONGEST_KEY and text.isascii() and text.isprintable() else ""


def _find(text: str) -> Bearer:
    wrong_keys: WrongKeys = current_app.extensions[EXTENSION]
    address = request.remote_addr or ""
    wait = wrong_keys.wait_seconds(address, text)
    if wait:
        raise TooManyWrongKeys(retry_after=wait)
    with outages_named(), web().database.read() as connection:
        found = find_bearer(connection, text)
    if found is None:
        if wrong_keys.note_wrong(address) == MOST_WRONG:
            current_app.logger.warning("%d wrong keys within a minute from %s", MOST_WRONG, address)
        raise KeyWrong
    wrong_keys.note_right(text)
    return found


def _note_use(key_id: str) -> None:
    noted: dict[str, float] = current_app.extensions[f"{EXTENSION}-noted"]
    now = time.monotonic()
    if now - noted.get(key_id, -NOTED_EVERY_SECONDS) < NOTED_EVERY_SECONDS:
        return
    noted[key_id] = now
    with suppress(StorageFull, DatabaseAway), outages_named(), web().database.begin() as connection:
        note_use(connection, key_id)
