"""An operator's machine as tests need it: a key of its own, requests with it, a delivery to send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from ingest.receiving import Door
from store import carriers
from store.carrier_keys import carrier_token, make_key
from store.database import Database
from store.jobs import database_now
from store.schema import carrier_key

UPLOADS = "/api/v1/uploads"
COUNTS = b"""source_area_id,start,end,device_count
8920e60a12fffff,2026-11-20T10:00:00+05:00,2026-11-20T10:15:00+05:00,120
"""
LIFETIME = timedelta(days=90)


class Machine:
    """Sends requests with one bearer text; None: with none."""

    def __init__(self, app: Flask, text: str | None, address: str = "192.0.2.9") -> None:
        self.client = app.test_client()
        self.text, self.address = text, address

    def open(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        bearer = {"Authorization": f"Bearer {self.text}"} if self.text is not None else {}
        address = {"REMOTE_ADDR": self.address}
        return self.client.open(path, method=method, headers=bearer | (headers or {}), environ_base=address, **more)

    def send(self, body: bytes = COUNTS, path: str = UPLOADS, **headers: str) -> TestResponse:
        """Send a file; `content_digest="x"` becomes the header Content-Digest."""
        spelled = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return self.open(path, "POST", {"Content-Type": "text/csv"} | spelled, data=body)


def key_of(database: Database, code: str) -> str:
    """Make a key for a carrier of the world and return its text."""
    with database.begin() as connection:
        carrier = carriers.get_carrier(connection, code)
        return make_key(connection, carrier.id, LIFETIME, 10, "test")[1]


def end_keys(database: Database, key: str) -> None:
    """Let a key's time be over."""
    with database.begin() as connection:
        past = database_now(connection) - timedelta(seconds=1)
        mine = carrier_key.c.key_id == key.split(".", maxsplit=1)[0]
        connection.execute(sa.update(carrier_key).where(mine).values(expires_at=past))


def end_tokens(database: Database) -> None:
    """Let every token's time be over."""
    with database.begin() as connection:
        past = database_now(connection) - timedelta(seconds=1)
        connection.execute(sa.update(carrier_token).values(expires_at=past))


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.data
    body: dict[str, Any] = response.get_json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:oryn:problem:{code}")
    return body


def kept(machine: Machine) -> list[str]:
    """Return the names of the files that are kept."""
    parts = machine.client.application.extensions["oryn"]
    folder = Door.at(parts.database, parts.settings.prepare_home(), 1).folder
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []
