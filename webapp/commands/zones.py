"""`oryn zones`: load announced epidemic zones."""

from __future__ import annotations

from pathlib import Path

import click

from webapp.commands.installation import EXISTING_FILE, installation, progress_bar


@click.group()
def command() -> None:
    """Load announced epidemic zones."""


@command.command()
@click.argument("file", type=EXISTING_FILE)
def load(file: Path) -> None:
    """Load announced zones by region and date from FILE (CSV: date,region,zone,source,...)."""
    from ingest.faults import FileRefused
    from ingest.pipeline import mark_live_dirty, process_dirty_bins
    from ingest.zones import read_zones
    from store.zones import save_announcements

    with installation() as here, progress_bar(here.language) as progress:
        waiting = here.waiting()
        announcements, faults = read_zones(file)
        if faults:
            raise FileRefused(faults, file.name)
        with here.database.begin() as connection:
            save_announcements(connection, announcements)
            mark_live_dirty(connection)
        regions = len({one.region for one in announcements})
        click.echo(f"{file.name}: {len(announcements)} announcements for {regions} regions")
        process_dirty_bins(here.workplace(), here.now, progress, leave=waiting)
