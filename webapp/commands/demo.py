"""`oryn demo`: build the demo city through the same path as real files, then serve it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import click

from webapp.commands.installation import Installation, installation, progress_bar

LISTEN_SECONDS = 60


@click.command()
@click.option("--no-serve", is_flag=True, help="Build the city and stop.")
@click.option("--days", type=click.IntRange(1, 28), default=1, show_default=True, help="Live days up to now.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another city.")
@click.option("--keep-live", is_flag=True, hidden=True, help="Take in each time bin as it ends (run by the server).")
def command(no_serve: bool, days: int, seed: int, keep_live: bool) -> None:
    """Build the demo city (once), serve it and print the accounts to sign in with."""
    from ingest.demo import DemoCity

    with installation() as here:
        demo = DemoCity(here.workplace(), here.settings.home / "demo", seed, timedelta(days=days))
        if keep_live:
            demo.keep_live(_clock())
            return
        fresh = not demo.is_built()
        if fresh:
            _build(here, demo)
        accounts = _accounts(here, demo)
        host, port = here.settings.host, here.settings.port
        if no_serve and not fresh:
            demo.catch_up(here.now)
    _print_accounts(accounts)
    if not no_serve:
        _serve(host, port, days, seed)


def _build(here: Installation, demo: DemoCity) -> None:  # type: ignore[name-defined]  # noqa: F821
    click.echo("Building the demo city (once; under two minutes)", err=True)
    with progress_bar(here.language) as progress:
        demo.build(here.now, progress)


def _accounts(here: Installation, demo: DemoCity) -> list[dict[str, str]]:  # type: ignore[name-defined]  # noqa: F821
    from webapp.demo_accounts import demo_accounts

    return demo_accounts(here, demo)
