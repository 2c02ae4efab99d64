"""`oryn account`: what a local administrator does to accounts, without a second person; each act is logged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from ingest.faults import Fault, FileRefused, quoted
from webapp.commands.installation import Installation, installation

if TYPE_CHECKING:
    from store.database import Connection

ROLES = click.Choice(["group", "owner", "carrier", "headquarters"])


@click.group()
def command() -> None:
    """Invite people; disable, enable and help their accounts."""


@command.command("list")
def list_() -> None:
    """List the accounts: address, roles, whether it may sign in, second factor, last sign-in, name."""
    from store.accounts import list_accounts

    with installation() as here, here.database.read() as connection:
        for one in list_accounts(connection):
            roles = ",".join(one.roles) + (f":{one.carrier_code}" if one.carrier_code else "")
            state = "active" if one.active else "disabled"
            factor = "second-factor" if one.has_second_factor else "no-second-factor"
            seen = one.signed_in_at.isoformat(timespec="seconds") if one.signed_in_at else "never"
            click.echo("\t".join([one.email, roles, state, factor, seen, one.name]))


@command.command()
@click.argument("email")
@click.option("--name", required=True, help="Name for people.")
@click.option("--role", required=True, type=ROLES, help="What the account is for.")
@click.option("--carrier", default="", help="Code of the mobile operator, for the role carrier.")
@click.option("--venue", "venues", multiple=True, help="Id of a venue, for the role owner; may be repeated.")
@click.option("--address", help="Address under which people reach this service; else where it listens.")
def invite(email: str, name: str, role: str, carrier: str, venues: tuple[str, ...], address: str | None) -> None:
    """Invite EMAIL and print the link, once; whoever opens it chooses a password.

    An address that has an account is invited anew: on acceptance the account gets this role and the new password, and
    keeps its second factor.
    """
    from store import account_acts
    from webapp.inviting import read_invited

    with installation() as here:
        lifetime = timedelta(hours=here.policy.delivery.invitation_hours)
        with here.database.begin() as connection:
            invited, faults = read_invited(connection, email, name, role, carrier, venues)
            if faults:
                raise FileRefused(faults.values())
            actor = account_acts.LOCAL_ADMINISTRATOR
            _id, token = account_acts.invite(connection, actor, invited, here.now, lifetime)
        click.echo(f"{invited.email}: invited as {role}, until {_until(here, here.now + lifetime)}")
        click.echo("The link (shown once, hand it over yourself):")
        click.echo(f"{_base(here, address)}/invitations/{token}")


@command.command()
@click.argument("email")
def disable(email: str) -> None:
    """Let EMAIL in no more; its sessions end at once."""
    from store import account_acts

    with installation() as here, here.database.begin() as connection:
        account_acts.disable(connection, account_acts.LOCAL_ADMINISTRATOR, _id_of(connection, email), here.now)
    click.echo(f"{email}: disabled")


@command.command()
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled EMAIL in again."""
    from store import account_acts

    with installation() as here, here.database.begin() as connection:
        account_acts.enable(connection, account_acts.LOCAL_ADMINISTRATOR, _id_of(connection, email), here.now)
    click.echo(f"{email}: enabled")


@command.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Take the lost second factor of EMAIL away; the next sign-in with the password sets up a new one."""
    from store import account_acts

    with installation() as here, here.database.begin() as connection:
        actor, account_id = account_acts.LOCAL_ADMINISTRATOR, _id_of(connection, email)
        account_acts.reset_second_factor(connection, actor, account_id, here.now)
    click.echo(f"{email}: the second factor is taken away")


def _id_of(connection: Connection, email: str) -> int:
    from store.accounts import find_account

    found = find_account(connection, email=email)
    if found is None:
        raise FileRefused([Fault("account-unknown", params={"email": quoted(email)})])
    return found.record.id


def _base(here: Installation, address: str | None) -> str:
    scheme = "https" if here.settings.https else "http"
    return (address or f"{scheme}://{here.settings.host}:{here.settings.port}").rstrip("/")


def _until(here: Installation, moment: datetime) -> str:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(here.policy.timezone)).strftime("%Y-%m-%d %H:%M")
