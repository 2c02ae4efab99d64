"""`oryn venues`: load a registry of venues."""

from __future__ import annotations

from pathlib import Path

import click

from webapp.commands.installation import EXISTING_FILE, installation, progress_bar


@click.group()
def command() -> None:
    """Load a registry of venues."""


@command.command()
@click.argument("file", type=EXISTING_FILE)
def load(file: Path) -> None:
    """Load venues from FILE (GeoJSON, GeoPackage, CSV, FHRS XML); loading it again adds nothing."""
    from ingest.faults import FileRefused, sentence
    from ingest.pipeline import mark_live_dirty, process_dirty_bins
    from ingest.venues import read_venues
    from ingest.venues.capacities import impossible_capacities
    from store.venues import upsert_venues

    with installation() as here, progress_bar(here.language) as progress:
        waiting = here.waiting()
        try:
            reading = read_venues(file, progress)
        except FileRefused as refusal:
            refusal.file = file.name
            raise
        if reading.faults:
            raise FileRefused(reading.faults, file.name)
        with here.database.begin() as connection:
            added, changed = upsert_venues(connection, reading.venues, here.now)
            if added or changed:
                mark_live_dirty(connection)
        for note in [*reading.notes, *impossible_capacities(reading.venues, here.policy)]:
            click.echo(sentence(note.code, note.params, here.language), err=True)
        same = len(reading.venues) - added - changed
        click.echo(f"{file.name}: {len(reading.venues)} venues, {added} new, {changed} changed, {same} as before")
        process_dirty_bins(here.workplace(), here.now, progress, leave=waiting)


@command.command("list")
def list_() -> None:
    """List the venues: id, participation, category, name."""
    from store.venues import list_venues

    with installation() as here, here.database.read() as connection:
        for one in list_venues(connection):
            click.echo(f"{one.id}\t{one.draft.participation}\t{one.draft.category}\t{one.draft.name}")
