"""`oryn demo`: build the demo city through the same path as real files, then serve it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from config.settings import system_clock
from webapp.commands.installation import Installation, installation, progress_bar
from webapp.commands.serve import serve

if TYPE_CHECKING:
    from ingest.demo import DemoCity
    from webapp.demo_accounts import DemoAccount

STOP_SECONDS = 5
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
    from ingest.demo import DemoCity

    with installation() as here:
        demo = DemoCity(here.workplace(), here.settings.home / "demo", seed, timedelta(days=days))
        if keep_live:
            demo.keep_live(system_clock)
            return
        _make_ready(here, demo, wait=no_serve)
        accounts = _accounts(here, demo)
        host, port = here.settings.host, here.settings.port
    for account in accounts:
        click.echo(f"  {account.role:<13} {account.email:<22} {account.password}")
    if no_serve:
        return
    click.echo(f"Oryn serves http://{host}:{port} (stop with Ctrl+C); sign in with the accounts above")
    with _kept_live(days, seed):
        serve(host, port)


def _make_ready(here: Installation, demo: DemoCity, *, wait: bool) -> None:
    """Build the city where it is not there yet; else bring it up to now, if nobody is waiting for a page."""
    if demo.is_built() and not wait:
        return
    with progress_bar(here.language) as progress:
        if demo.is_built():
            demo.catch_up(here.now, progress)
        else:
            click.echo("Building the demo city: four weeks of history and the last day, once", err=True)
            demo.build(here.now, progress)


def _accounts(here: Installation, demo: DemoCity) -> list[DemoAccount]:
    """Give the demo's accounts new passwords: they are printed and kept nowhere."""
    from webapp.demo_accounts import make_demo_accounts

    venue_ids, carrier_code = demo.owned_venues(OWNED_SCENES), demo.first_carrier()
    return make_demo_accounts(here.database, here.now, venue_ids, carrier_code)


@contextmanager
def _kept_live(days: int, seed: int) -> Iterator[None]:
    """Run the taking in of each new time bin beside the server."""
    arguments = ["demo", "--keep-live", "--days", str(days), "--seed", str(seed)]
    process = subprocess.Popen([sys.executable, "-m", "webapp.commands", *arguments])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
