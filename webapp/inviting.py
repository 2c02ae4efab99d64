"""Who is invited as what: read and checked alike for the page of headquarters and the command line.

Promises: an invitation names a role that exists, a mobile operator's one an operator that is registered, an owner's one
venues of the register; what is wrong is listed by field, as faults of the message catalogues.
Does not: invite.
"""

from __future__ import annotations

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

from ingest.faults import Fault, quoted
from store.carriers import list_carriers
from store.database import Connection
from store.invitations import Invited
from store.venues import find_venue
from webapp.roles import CARRIER, OWNER, ROLES

LONGEST_NAME = 200

Faults = dict[str, Fault]


def read_invited(
    connection: Connection, email: str, name: str, role: str, carrier_code: str, venue_ids: Sequence[str]
) -> tuple[Invited, Faults]:
    """Return whom these words invite, and what is wrong with them by field; invite only where nothing is."""
    faults: Faults = {}
    address = _address(email, faults)
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        faults["name"] = Fault("invited-name-missing")
    if role not in ROLES:
        faults["role"] = Fault("invited-role-unknown", params={"known": ", ".join(ROLES)})
    code = _carrier_code(connection, carrier_code.strip(), faults) if role == CARRIER else None
    venues = _venue_ids(connection, venue_ids, faults) if role == OWNER else ()
    return Invited(address, name.strip(), role, code, venues), faults


def _address(email: str, faults: Faults) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        faults["email"] = Fault("invited-email-unfit")
        return ""


def _carrier_code(connection: Connection, code: str, faults: Faults) -> str:
    known = [carrier.code for carrier in list_carriers(connection)]
    if code not in known:
        faults["carrier"] = Fault("invited-carrier-unknown", params={"known": ", ".join(known) or "–"})
    return code


def _venue_ids(connection: Connection, wanted: Sequence[str], faults: Faults) -> tuple[str, ...]:
    names = [name.strip() for name in wanted if name.strip()]
    found = [find_venue(connection, name) for name in names]
    for name, venue in zip(names, found, strict=True):
        if venue is None:
            faults.setdefault("venues", Fault("invited-venue-unknown", params={"venue": quoted(name)}))
    if not names:
        faults["venues"] = Fault("invited-venues-missing")
    return tuple(venue.id for venue in found if venue is not None)
