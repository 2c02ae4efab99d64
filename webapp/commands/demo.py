"""`oryn demo`: build the demo city through the same path as real files, then serve it."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from config.settings import system_clock
from ingest.demo_record import DemoRecord
from store.migrate import upgrade
from webapp.commands.installation import Installation, installation, progress_bar
from webapp.commands.serve import beside, serve
from webapp.commands.worker import run_until_told
from webapp.second_factor import spaced

if TYPE_CHECKING:
    from ingest.demo import DemoCity
    from webapp.demo_accounts import DemoAccount

LET_THE_PAGE_COME_FIRST_SECONDS = 3
OWNED_SCENES = ("wedding", "mall")


@click.command()
@click.option("--no-serve", is_flag=True, help="Build the city and stop.")
@click.option("--days", type=click.IntRange(1, 28), default=1, show_default=True, help="Live days up to now.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another city.")
@click.option(
    "--keep-live", is_flag=True, hidden=True, help="Take in each time bin as it ends (run beside the server)."
)
def command(no_serve: bool, days: int, seed: int, keep_live: bool) -> None:
    """Build the demo city (once), serve it and print the accounts to sign in with.

    Its live day is the last 24 hours and goes on while it is served.
    """
    if keep_live:
        _keep_live(days, seed)
        return
    with installation(migrated=False) as here:
        upgrade(here.database)
        _make_ready(here, days, seed, up_to_now=no_serve)
        accounts = _accounts(here)
        host, port = here.settings.host, here.settings.port
        key_lines = _key_lines(here, f"http://{host}:{port}")
    for account in accounts:
        click.echo(f"  {account.role:<13} {account.email:<22} {account.password}")
        if account.secret:
            click.echo(f"  {'':<13} {'for an authenticator:':<22} {spaced(account.secret)}")
    for line in key_lines:
        click.echo(f"  {line}")
    if no_serve:
        click.echo("The weeks before the live day are drawn by `oryn worker`, or while `oryn demo` serves.")
        return
    click.echo(f"Oryn serves http://{host}:{port} (stop with Ctrl+C); sign in with the accounts above")
    with _kept_live(days, seed):
        serve(host, port)


def _make_ready(here: Installation, days: int, seed: int, *, up_to_now: bool) -> None:
    """Build the city where it is not there yet; an old one is brought up to now only if nobody waits for a page."""
    built = _record(here).is_built(seed)
    if built and not up_to_now:
        return
    with progress_bar(here.language) as progress:
        if built:
            city = _city(here, days, seed)
            city.catch_up(here.now, progress)
        else:
            click.echo("Building the demo city: four weeks of history and the last day, once", err=True)
            city = _city(here, days, seed)
            (city.build if up_to_now else city.build_live)(here.now, progress)


def _keep_live(days: int, seed: int) -> None:
    import structlog

    # The terminal shows the accounts: only what somebody has to look at may push them away.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    time.sleep(LET_THE_PAGE_COME_FIRST_SECONDS)
    with installation() as here, here.worker() as worker:
        city = _city(here, days, seed)
        threading.Thread(target=city.fill_in, args=(here.now,), name="history", daemon=True).start()
        threading.Thread(target=city.keep_live, args=(system_clock,), name="keep-live", daemon=True).start()
        run_until_told(worker)


def _city(here: Installation, days: int, seed: int) -> DemoCity:
    from ingest.demo import DemoCity
    from ingest.intake import Intake, OwnReader

    own_files = Intake(here.door(), here.policy, OwnReader())
    return DemoCity(here.workplace(), own_files, _folder(here), seed, timedelta(days=days))


def _record(here: Installation) -> DemoRecord:
    return DemoRecord(_folder(here))


def _folder(here: Installation) -> Path:
    return here.settings.home / "demo"


def _accounts(here: Installation) -> list[DemoAccount]:
    """Give the demo's accounts new passwords and secrets: they are printed and kept nowhere."""
    from webapp.demo_accounts import make_demo_accounts
    from webapp.second_factor import Seal

    with here.database.read() as connection:
        venue_ids = _record(here).owned_venues(connection, OWNED_SCENES)
        carrier_code = _record(here).first_carrier(connection)
    seal = Seal(here.settings.cookie_secret())
    return make_demo_accounts(here.database, here.now, venue_ids, carrier_code, seal, here.settings.home)


def _key_lines(here: Installation, address: str) -> list[str]:
    """Give the first operator's machine a new key, and a delivery to try it with."""
    from webapp.demo_keys import demo_key_lines

    with here.database.read() as connection:
        carrier_code = _record(here).first_carrier(connection)
    now = here.now.astimezone(ZoneInfo(here.policy.timezone))
    return demo_key_lines(here.database, here.policy.delivery, carrier_code, address, now)


def _kept_live(days: int, seed: int) -> AbstractContextManager[None]:
    """Run beside the server: a worker for files that somebody uploads, and the taking in of each new time bin."""
    return beside(["demo", "--keep-live", "--days", str(days), "--seed", str(seed)])
