"""`oryn carrier`: register mobile operators, make and revoke the keys of their machines."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from webapp.commands.installation import Installation, installation

if TYPE_CHECKING:
    from store.carrier_keys import CarrierKey
    from store.database import Connection
    from store.records import Carrier

LARGEST_SHARE = 1.3  # devices per person can lift a share above 1 (contract.md A5)
WHOLE_SHARE = 1.0 + 1e-9  # market shares cannot add up to more; devices per person can lift what is registered
ACTOR = "command"
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.IGNORECASE)


@click.group()
def command() -> None:
    """Register mobile operators."""


@command.command()
@click.argument("code")
@click.option("--name", required=True, help="Name for people.")
@click.option("--share", type=float, required=True, help="Share of the people present that its counts stand for.")
def add(code: str, name: str, share: float) -> None:
    """Register the mobile operator CODE and print its API key, once."""
    from ingest.faults import sentence
    from store import carriers

    if not CODE.fullmatch(code):
        raise click.BadParameter(f"{code!r}: letters, digits, - and _ only, at most 40", param_hint="CODE")
    if not 0 < share <= LARGEST_SHARE:
        raise click.BadParameter(f"{share}: a share lies above 0 and not above {LARGEST_SHARE}", param_hint="--share")
    with installation() as here:
        with here.database.begin() as connection:
            registered = carriers.add_carrier(connection, code, name, share, here.now)
            _key, text = _made(here, connection, registered)
            total = sum(one.share for one in carriers.list_carriers(connection))
        click.echo(f"{code}: registered, share {share}")
        click.echo(f"API key (shown once, keep it safe): {text}")
        if total > WHOLE_SHARE:
            remark = "shares-over-limit" if total > LARGEST_SHARE else "shares-over-one"
            params: dict[str, str | int | float] = {"total": f"{total:.2f}", "most": LARGEST_SHARE}
            click.echo(sentence(remark, params, here.language), err=True)


@command.command("list")
def list_() -> None:
    """List the mobile operators."""
    from store import carriers

    with installation() as here, here.database.read() as connection:
        for one in carriers.list_carriers(connection):
            click.echo(f"{one.code}\t{one.share}\t{one.name}")


@command.group()
def key() -> None:
    """Make, list and revoke the keys of an operator's machines."""


@key.command("make")
@click.argument("code")
def make(code: str) -> None:
    """Make a key for the mobile operator CODE and print it, once. A key ends by itself; two may live at a time."""
    from ingest.faults import sentence
    from store.carriers import get_carrier

    with installation() as here:
        with here.database.begin() as connection:
            made, text = _made(here, connection, get_carrier(connection, code))
        facts = {"key": made.key_id, "ends": _day(made.expires_at)}
        click.echo(text)
        click.echo(sentence("carrier-key-made", facts, here.language), err=True)


@key.command("list")
@click.argument("code")
def list_keys(code: str) -> None:
    """List every key that the mobile operator CODE ever had, oldest first."""
    from ingest.faults import sentence
    from store.carrier_keys import all_keys, live_keys
    from store.carriers import get_carrier

    with installation() as here, here.database.read() as connection:
        carrier = get_carrier(connection, code)
        living = {one.key_id for one in live_keys(connection, carrier.id)}
        for one in all_keys(connection, carrier.id):
            state = "living" if one.key_id in living else "revoked" if one.revoked_at else "ended"
            words = sentence(f"carrier-key-{state}", {}, here.language)
            used = _day(one.last_used_at) if one.last_used_at else "-"
            click.echo(
                f"{one.key_id}\t{words}\t{_day(one.created_at)}\t{_day(one.expires_at)}\t{used}\t{one.created_by}"
            )


@key.command("revoke")
@click.argument("code")
@click.argument("key_id")
def revoke(code: str, key_id: str) -> None:
    """End the key KEY_ID of the mobile operator CODE at once, and every token made with it."""
    from ingest.faults import sentence
    from store.carrier_keys import revoke_key
    from store.carriers import get_carrier
    from store.errors import NotFound

    with installation() as here:
        with here.database.begin() as connection:
            carrier = get_carrier(connection, code)
            if not revoke_key(connection, carrier.id, key_id):
                living = ", ".join(_living(connection, carrier)) or "-"
                raise NotFound(what="key", name=key_id, known=living)
            _note(here, connection, carrier, "carrier-key-revoked", key_id)
        click.echo(sentence("carrier-key-is-revoked", {"key": key_id}, here.language))


def _made(here: Installation, connection: Connection, carrier: Carrier) -> tuple[CarrierKey, str]:
    from store.carrier_keys import make_key

    delivery = here.policy.delivery
    lifetime = timedelta(days=delivery.key_days)
    made, text = make_key(connection, carrier.id, lifetime, delivery.keys_at_once, ACTOR)
    _note(here, connection, carrier, "carrier-key-made", made.key_id)
    return made, text


def _note(here: Installation, connection: Connection, carrier: Carrier, action: str, key_id: str) -> None:
    from store import audit

    subject, details = f"carrier:{carrier.code}", {"key": key_id}
    audit.append(connection, actor=ACTOR, action=action, subject=subject, details=details, now=here.now)


def _living(connection: Connection, carrier: Carrier) -> list[str]:
    from store.carrier_keys import live_keys

    return [one.key_id for one in live_keys(connection, carrier.id)]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"
