"""The accounts of the demo: one of each role, with passwords made anew at every build and printed once.

Promises: where a demo account has a second factor, its page may show the code to type, and nobody else's ever does.
For that three things must hold: `oryn demo` wrote the record into this data folder, the record names this
very account, and the account's secret is still the one that `oryn demo` made. A record copied elsewhere shows nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store import accounts, second_factor
from store.database import Connection, Database
from store.records import AccountRecord
from webapp.context import Web
from webapp.passwords import hash_password
from webapp.roles import CARRIER, GROUP, HEADQUARTERS, OWNER, SECOND_FACTOR_ROLES
from webapp.second_factor import Seal, code_of, counter_at, new_secret

PASSWORD_BYTES = 9  # 72 random bits: enough where guessing is counted, short enough to type on a phone
# Names of persons read the same in every language; what each of them does is said by the role, in the reader's own.
NAMES = {
    GROUP: "Dana Serikqyzy",
    OWNER: "Marat Ospanov",
    CARRIER: "Aigerim Bekova",
    HEADQUARTERS: "Timur Akhmetov",
}
LOCAL_PARTS = {GROUP: "group", OWNER: "owner", CARRIER: "carrier", HEADQUARTERS: "hq"}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account to print: its password is kept nowhere else. `secret` is for an authenticator app."""

    role: str
    email: str
    password: str
    secret: str | None


def make_demo_accounts(
    database: Database,
    now: datetime,
    owner_venue_ids: Sequence[str],
    carrier_code: str,
    seal: Seal,
    home: Path,
) -> list[DemoAccount]:
    """Make the demo's accounts, or give them new passwords and secrets, and return them for printing."""
    made = [_fresh(role) for role in NAMES]
    hashes = [hash_password(one.password) for one in made]
    ids: dict[int, str] = {}
    with database.begin() as connection:
        for one, password_hash in zip(made, hashes, strict=True):
            account_id = accounts.add_account(
                connection,
                email=one.email,
                name=NAMES[one.role],
                password_hash=password_hash,
                roles=[one.role],
                now=now,
                carrier_code=carrier_code if one.role == CARRIER else None,
                venue_ids=owner_venue_ids if one.role == OWNER else (),
            )
            if one.secret is not None:
                second_factor.enrol(connection, account_id, seal.close(one.secret), None, now)
                ids[account_id] = one.secret
    _write_record(home, ids)
    return made


def shown_code(parts: Web, account: AccountRecord) -> str | None:
    """Return the code that a demo account may type now; None for everybody who is not the demo's."""
    known = _record(parts.settings.home).get(str(account.id))
    if known is None:
        return None
    with parts.database.read() as connection:
        secret = _secret(connection, Seal(parts.settings.cookie_secret()), account.id)
        used = second_factor.last_counter(connection, account.id)
    if secret is None or not secrets.compare_digest(_digest(secret), known):
        return None
    return code_of(secret, max(counter_at(parts.clock()), (used or 0) + 1))


def _fresh(role: str) -> DemoAccount:
    secret = new_secret() if role in SECOND_FACTOR_ROLES else None
    return DemoAccount(role, f"{LOCAL_PARTS[role]}@oryn.example", secrets.token_urlsafe(PASSWORD_BYTES), secret)


def _secret(connection: Connection, seal: Seal, account_id: int) -> str | None:
    sealed = second_factor.find_secret(connection, account_id)
    return seal.open(sealed) if sealed else None


def _record(home: Path) -> dict[str, str]:
    path = _path(home)
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _write_record(home: Path, made: dict[int, str]) -> None:
    path = _path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({str(account_id): _digest(secret) for account_id, secret in made.items()}))


def _path(home: Path) -> Path:
    return home / "demo" / "accounts.json"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
