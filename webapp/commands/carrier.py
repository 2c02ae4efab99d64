"""`oryn carrier`: register mobile operators, say their shares by region and hour, make and revoke their keys."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rules.shares import LARGEST_SHARE, WHOLE_SHARE
from webapp.commands.installation import EXISTING_FILE, Installation, installation, progress_bar

if TYPE_CHECKING:
    from ingest.carrier_shares import LoadedShares
    from rules.shares import Excess
    from store.carrier_keys import CarrierKey
    from store.database import Connection
    from store.records import Carrier

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


@command.command()
@click.argument("code")
@click.argument("file", type=EXISTING_FILE, required=False)
@click.option("--clear", is_flag=True, help="Let the registered share hold everywhere again.")
def shares(code: str, file: Path | None, clear: bool) -> None:
    """Load shares of the mobile operator CODE by region and hour from FILE; without FILE print those that hold.

    CSV: region,hours,share, and optionally days (weekdays, weekend). Region: a code of oryn regions list, or nothing
    for everywhere else. Hours: local, such as 22-6, or nothing for the whole day. Replaces the earlier table.
    """
    if file is not None and clear:
        raise click.UsageError("give FILE or --clear, not both")
    if file is None and not clear:
        _show_shares(code)
        return
    from ingest.carrier_shares import load_shares, replace_shares
    from ingest.pipeline import process_dirty_bins

    with installation() as here, progress_bar(here.language) as progress:
        waiting, place = here.waiting(), here.workplace()
        loaded = (
            replace_shares(place, code, (), "", ACTOR, here.now)
            if file is None
            else load_shares(place, code, file, ACTOR, here.now)
        )
        _tell_shares(here, code, loaded)
        process_dirty_bins(place, here.now, progress, leave=waiting)


def _show_shares(code: str) -> None:
    """Print the table that holds as it can be loaded again."""
    from ingest.faults import sentence
    from store.carrier_shares import share_tables
    from store.carriers import get_carrier

    with installation() as here, here.database.read() as connection:
        carrier = get_carrier(connection, code)
        rows = share_tables(connection).get(carrier.id, ())
        if rows:
            click.echo("region,days,hours,share")
        for one in rows:
            click.echo(f"{one.region},{one.days},{one.hours},{one.share}")
        told: dict[str, str | int | float] = {"carrier": code, "share": carrier.share}
        click.echo(sentence("shares-registered", told, here.language), err=bool(rows))


def _tell_shares(here: Installation, code: str, loaded: LoadedShares) -> None:
    from ingest.faults import sentence

    said = "shares-loaded" if loaded.rows else "shares-cleared"
    told: dict[str, str | int | float] = {"carrier": code, "rows": len(loaded.rows)}
    click.echo(sentence(said if loaded.is_new else "shares-same", told, here.language))
    for remark, excesses in (("shares-over-one", loaded.over_one), ("shares-over-limit", loaded.over_limit)):
        for one in excesses:
            click.echo(sentence(f"{remark}-there", _told(one, here.language), here.language), err=True)


def _told(excess: Excess, language: str) -> dict[str, str | int | float]:
    from ingest.faults import sentence

    region = excess.region or sentence("shares-everywhere-else", {}, language)
    return {"region": region, "hours": excess.hours, "total": f"{excess.total:.2f}", "most": LARGEST_SHARE}


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
