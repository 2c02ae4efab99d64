"""`oryn carrier`: register mobile operators."""

from __future__ import annotations

import re
import secrets

import click

from webapp.commands.installation import installation

LARGEST_SHARE = 1.3  # devices per person can lift a share above 1 (contract.md A5)
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.IGNORECASE)
KEY_ID_BYTES = 6
KEY_SECRET_BYTES = 32


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

    if not CODE.fullmatch(code):
        raise click.BadParameter(f"{code!r}: letters, digits, - and _ only, at most 40", param_hint="CODE")
    if not 0 < share <= LARGEST_SHARE:
        raise click.BadParameter(f"{share}: a share lies above 0 and not above {LARGEST_SHARE}", param_hint="--share")
    key_id, secret = secrets.token_hex(KEY_ID_BYTES), secrets.token_urlsafe(KEY_SECRET_BYTES)
    with installation() as here:
        with here.database.begin() as connection:
            registered = carriers.add_carrier(connection, code, name, share, here.now)
            carriers.add_key(connection, registered.id, key_id, secret, here.now)
            total = sum(one.share for one in carriers.list_carriers(connection))
        click.echo(f"{code}: registered, share {share}")
        click.echo(f"API key (shown once, keep it safe): {key_id}.{secret}")
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
