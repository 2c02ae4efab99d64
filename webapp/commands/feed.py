"""`oryn feed`: say how a mobile operator's files are to be read."""

from __future__ import annotations

from pathlib import Path

import click

from webapp.commands.installation import EXISTING_FILE, installation


@click.group()
def command() -> None:
    """Say how an operator's files are to be read."""


@command.command()
@click.argument("carrier")
@click.argument("file", type=EXISTING_FILE)
def load(carrier: str, file: Path) -> None:
    """Take FILE (TOML) as the description of CARRIER's files from now on. Examples stand in docs/feeds/."""
    from ingest.faults import Fault, FileRefused
    from ingest.feeds import parse_feed
    from ingest.pipeline import mark_everything_dirty, process_dirty_bins
    from store import carriers

    with installation() as here:
        waiting = here.waiting()
        try:
            text = file.read_text(encoding="utf-8")
            feed = parse_feed(text)
        except UnicodeDecodeError as problem:
            raise FileRefused([Fault("feed-not-text")], file.name) from problem
        except FileRefused as refusal:
            refusal.file = file.name
            raise
        with here.database.begin() as connection:
            known = carriers.get_carrier(connection, carrier)
            before = carriers.feed_text(connection, known.id)
            carriers.save_feed(connection, known.id, text, here.now)
            if (feed.kind == "activity") != (before is not None and parse_feed(before).kind == "activity"):
                mark_everything_dirty(connection)  # the hexagons of people are those of carriers that count people
        click.echo(f"{carrier}: feed loaded, kind {feed.kind or 'as its columns say'}")
        process_dirty_bins(here.workplace(), here.now, leave=waiting)
