"""Who is there: the roles, and what each of them may see of the map.

Contract C5: the public layer is coarse, hourly and late; monitoring groups and headquarters see base bins; an owner
sees the numbers of the own venues; a mobile operator sees its own receipts and otherwise what everybody sees.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import g

from store.accounts import Credentials
from store.records import AccountRecord, MapLayer

GROUP, OWNER, CARRIER, HEADQUARTERS = "group", "owner", "carrier", "headquarters"
ROLES = (GROUP, OWNER, CARRIER, HEADQUARTERS)
SECOND_FACTOR_ROLES = frozenset({CARRIER, HEADQUARTERS})
SEE_THE_GROUP_LAYER = frozenset({GROUP, HEADQUARTERS})


def actor() -> AccountRecord | None:
    """Return who is signed in, or None."""
    credentials: Credentials | None = g.get("credentials")
    return credentials.record if credentials else None


def person() -> Credentials | None:
    """Return who is signed in, also one whose second factor is still to be set up."""
    found: Credentials | None = g.get("credentials") or g.get("enrolling")
    return found


def needs_second_factor(roles: Collection[str], has_one: bool) -> bool:
    """Tell whether these roles demand a second factor that is not there yet."""
    return not has_one and bool(SECOND_FACTOR_ROLES & set(roles))


def roles_of(account: AccountRecord | None) -> frozenset[str]:
    """Return the roles of an account; none for a stranger."""
    return frozenset(account.roles) if account else frozenset()


def layer_of(account: AccountRecord | None) -> MapLayer:
    """Return the finest layer of the map that an account may see."""
    return "group" if roles_of(account) & SEE_THE_GROUP_LAYER else "public"


def may_see_numbers(account: AccountRecord | None, venue_id: str) -> bool:
    """Tell whether an account may see a venue's numbers: people, and how many are permitted."""
    if account is None:
        return False
    owns = OWNER in account.roles and venue_id in account.venue_ids
    return owns or layer_of(account) == "group"


def reads_are_logged(account: AccountRecord | None, venue_id: str) -> str | None:
    """Return the role in which a read of this venue's file is to be logged, or None (promise 9)."""
    if account is None or venue_id in account.venue_ids:
        return None
    return next((role for role in (HEADQUARTERS, GROUP) if role in account.roles), None)
