"""`oryn carrier`: register mobile operators."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from webapp.commands.installation import installation

LARGEST_SHARE = 1.3  # devices per person can lift a share above 1 (contract.md A5)
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
    from store import carriers
    from store.carrier_keys import make_key

    if not CODE.fullmatch(code):
        raise click.BadParameter(f"{code!r}: letters, digits, - and _ only, at most 40", param_hint="CODE")
    if not 0 < share <= LARGEST_SHARE:
        raise click.BadParameter(f"{share}: a share lies above 0 and not above {LARGEST_SHARE}", param_hint="--share")
    with installation() as here:
        with here.database.begin() as connection:
            registered = carriers.add_carrier(connection, code, name, share, here.now)
            delivery = here.policy.delivery
            lifetime = timedelta(days=delivery.key_days)
            _key, text = make_key(connection, registered.id, lifetime, delivery.keys_at_once, "command")
            total = sum(one.share for one in carriers.list_carriers(connection))
        click.echo(f"{code}: registered, share {share}")
        click.echo(f"API key (shown once, keep it safe): {text}")
        if total > LARGEST_SHARE:
            click.echo(
                f"Note: the shares of all operators add up to {total:.2f}. Where they serve the same area, "
                f"they should not exceed about {LARGEST_SHARE}.",
                err=True,
            )


@command.command("list")
def list_() -> None:
    """List the mobile operators."""
    from store import carriers

    with installation() as here, here.database.read() as connection:
        for one in carriers.list_carriers(connection):
            click.echo(f"{one.code}\t{one.share}\t{one.name}")
