"""A small world for the web tests: three venues, two operators, a day of both layers, an account of each kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from store import accounts, carriers, crowding, map_frames, releases, second_factor, uploads, venues
from store.database import Connection, Database
from store.records import FaultRecord, MapLayer, VenueCrowding, VenueDraft
from webapp.passwords import hash_password
from webapp.roles import needs_second_factor
from webapp.second_factor import Seal, code_of, counter_at

HOUR, BIN = timedelta(hours=1), timedelta(minutes=15)
AREA = "a" * 64
PASSWORD = "correct horse battery staple"
PASSWORD_HASH = hash_password(PASSWORD)
SECRET_KEY = "s" * 64  # of the installation: seals the secrets of second factors
SECOND_FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of everybody who has one
PACK_8, PACK_9 = b"OHX1 coarse", b"OHX1 fine"
NEWCOMER = "newcomer"  # has not set up the second factor that the role demands
PEOPLE = {
    "group": (["group"], None, ()),
    "headquarters": (["headquarters"], None, ()),
    "owner_a": (["owner"], None, ("A",)),
    "owner_b": (["owner"], None, ("B",)),
    "carrier_a": (["carrier"], "alpha", ()),
    "carrier_b": (["carrier"], "beta", ()),
    "disabled": (["headquarters"], None, ()),
    NEWCOMER: (["headquarters"], None, ()),
}


@dataclass(frozen=True)
class World:
    """What was put into the database, by the names that tests use."""

    database: Database
    now: datetime
    venue_ids: dict[str, str]
    receipt_ids: dict[str, int]


def build_world(database: Database, now: datetime) -> World:
    """Put the small world into an empty database."""
    with database.begin() as connection:
        ids = _venues(connection, now)
        receipts = {code: _carrier(connection, code, now) for code in ("alpha", "beta")}
        _pictures(connection, now, [ids[name] for name in sorted(ids)])
        for name, (roles, carrier_code, owned) in PEOPLE.items():
            add_person(connection, name, roles, now, carrier_code, [ids[one] for one in owned])
        disabled = accounts.find_account(connection, email="disabled@oryn.example")
        assert disabled is not None
        accounts.disable_account(connection, disabled.record.id)
    return World(database, now, ids, receipts)


def add_person(
    connection: Connection,
    name: str,
    roles: list[str],
    now: datetime,
    carrier_code: str | None = None,
    venue_ids: list[str] | None = None,
) -> int:
    """Register an account NAME@oryn.example with the tests' password, and the tests' second factor where needed."""
    account_id = accounts.add_account(
        connection,
        email=f"{name}@oryn.example",
        name=f"Person {name}",
        password_hash=PASSWORD_HASH,
        roles=roles,
        now=now,
        carrier_code=carrier_code,
        venue_ids=venue_ids or [],
    )
    if needs_second_factor(roles, has_one=False) and name != NEWCOMER:
        second_factor.enrol(connection, account_id, Seal(SECRET_KEY).close(SECOND_FACTOR), None, now)
    return account_id


def next_code(app: Flask, name: str) -> str:
    """Return the code that this person's authenticator shows now.

    The clock of the tests stands still: that somebody who signs in twice has used this code already is forgotten here.
    """
    parts = app.extensions["oryn"]
    with parts.database.begin() as connection:
        known = accounts.find_account(connection, email=f"{name}@oryn.example")
        assert known is not None
        table = second_factor.second_factor
        mine = table.c.account_id == known.record.id
        connection.execute(sa.update(table).where(mine).values(last_counter=None))
    return code_of(SECOND_FACTOR, counter_at(parts.clock()))


def draft(source_id: str, **changed: Any) -> VenueDraft:
    """Return a venue of the registry: a restaurant in Almaty."""
    plain = VenueDraft(
        source="test",
        source_id=source_id,
        name=f"Venue {source_id}",
        name_kk=f"{source_id} мейрамханасы",
        name_ru=f"Ресторан {source_id}",
        category="restaurant",
        address="Abay 10",
        district="Bostandyk",
        region="ALA",
        longitude=76.93,
        latitude=43.24,
        seats=200,
        area_m2=400.0,
        licensed_capacity=250,
        opening_hours="24/7",
        participation="member",
    )
    return replace(plain, **changed)


def crowd(venue_id: str, start: datetime, **changed: Any) -> VenueCrowding:
    """Return a venue's crowding in one base bin: level 2, with numbers."""
    plain = VenueCrowding(
        venue_id=venue_id,
        time_bin_start=start,
        state="level",
        level=2,
        level_high=2,
        low=4101.0,
        best=4707.0,
        high=5303.0,
        occupancy_limit=13790,
        epidemic_zone="yellow",
        reason=None,
        params={},
        neighbour_count=1,
        is_open=True,
        observed_at=start + BIN,
    )
    return replace(plain, **changed)


def fault(code: str, line: int, column: str, **params: str | int | float) -> FaultRecord:
    """Return a fault of a delivered file."""
    return FaultRecord(code, line, column, params)


def _venues(connection: Connection, now: datetime) -> dict[str, str]:
    drafts = [
        draft("A"),
        draft("B", longitude=76.931, participation="not_participating"),
        draft("C", longitude=76.95, latitude=43.26, category="unclassified", participation="test_week"),
    ]
    venues.upsert_venues(connection, drafts, now)
    return {one.draft.source_id: one.id for one in venues.list_venues(connection)}


def _carrier(connection: Connection, code: str, now: datetime) -> int:
    carrier = carriers.add_carrier(connection, code, code.title(), 0.4, now)
    facts = {
        "file_name": f"{code}-counts.csv",
        "sha256": code * 8,
        "size_bytes": 100,
        "received_at": now - HOUR,
    }
    upload_id = uploads.record_received(connection, carrier.id, facts)
    refusal = {
        "state": "refused",
        "rows_in": 9,
        "rows_rejected": 9,
        "fault_count": 1,
        "faults": [fault("packed-file-truncated", 1, "device_count")],
        "settled_at": now - HOUR,
    }
    uploads.settle(connection, upload_id, refusal)
    return upload_id


def _pictures(connection: Connection, now: datetime, venue_ids: list[str]) -> None:
    releases.save_area(connection, AREA, b"hexagons", 4, {8: PACK_8, 9: PACK_9}, now)
    map_frames.keep_venue_list(connection, venue_ids)
    top = now.replace(minute=0)
    hours = [top - HOUR * back for back in range(26, -1, -1)]
    bins = [now - BIN * back for back in range(8, 0, -1)]
    rows = [picture("public", hour, hour + HOUR, venue_ids, number) for number, hour in enumerate(hours)]
    rows += [picture("group", start, start + BIN, venue_ids, 100 + number) for number, start in enumerate(bins)]
    map_frames.publish_frames(connection, rows)
    crowding.save_crowding(connection, bins, [crowd(one, start) for one in venue_ids for start in bins])


def picture(layer: MapLayer, start: datetime, end: datetime, venue_ids: list[str], number: int) -> dict[str, Any]:
    """Return a picture to publish, its bytes told apart by `number`."""
    return {
        "layer": layer,
        "bin_start": start,
        "bin_end": end,
        "area_digest": AREA,
        "venue_ids": venue_ids,
        "frame": bytes([0, 1, 40, number % 64 + 2]),
        "interval": bytes([number % 64] * 8) if layer == "group" else None,
        "venue_frame": bytes([4 if layer == "public" else 5, number % 10, 1]),
        "observed_at": end,
        "published_at": end,
    }
