"""Tokens: a key is exchanged for a text that opens the same for minutes, so that the key itself travels less."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, jsonify

from store.carrier_keys import make_token as make
from store.outages import outages_named
from webapp.bearer import bearer
from webapp.context import web


def make_token() -> Response:
    """Make a token for the key that asks; its end is by the database's clock."""
    minutes = web().policy(web().clock()).delivery.token_minutes
    lifetime = timedelta(minutes=minutes)
    with outages_named(), web().database.begin() as connection:
        token, expires_at = make(connection, bearer().key_id, lifetime)
    seconds = int(lifetime.total_seconds())
    body = {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "expires_at": expires_at.isoformat()}
    response = jsonify(body)
    response.status_code = 201
    response.headers["Cache-Control"] = "no-store"
    return response
