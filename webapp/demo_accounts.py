"""The accounts of the demo: one of each role, with passwords made anew at every build and printed once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher

from store import accounts
from store.database import Database
from webapp.roles import CARRIER, GROUP, HEADQUARTERS, OWNER
from webapp.signing_in import ARGON2

PASSWORD_BYTES = 9  # 72 random bits: enough where guessing is counted, short enough to type on a phone


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account to print: its password is kept nowhere else."""

    role: str
    email: str
    password: str


def make_demo_accounts(
    database: Database, now: datetime, owner_venue_ids: Sequence[str], carrier_code: str
) -> list[DemoAccount]:
    """Make the demo's accounts, or give them new passwords, and return them for printing."""
    names = {GROUP: "Monitoring group 7", OWNER: "Owner", CARRIER: "Mobile operator", HEADQUARTERS: "Headquarters"}
    local = {GROUP: "group", OWNER: "owner", CARRIER: "carrier", HEADQUARTERS: "hq"}
    made = [DemoAccount(role, f"{local[role]}@oryn.example", secrets.token_urlsafe(PASSWORD_BYTES)) for role in names]
    hashes = [hash_password(one.password) for one in made]
    with database.begin() as connection:
        for one, password_hash in zip(made, hashes, strict=True):
            accounts.add_account(
                connection,
                email=one.email,
                name=names[one.role],
                password_hash=password_hash,
                roles=[one.role],
                now=now,
                carrier_code=carrier_code if one.role == CARRIER else None,
                venue_ids=owner_venue_ids if one.role == OWNER else (),
            )
    return made


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with the parameters of the sign-in page."""
    hasher = PasswordHasher(
        time_cost=ARGON2["argon2__rounds"],
        memory_cost=ARGON2["argon2__memory_cost"],
        parallelism=ARGON2["argon2__parallelism"],
    )
    return hasher.hash(password)
