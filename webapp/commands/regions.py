"""`oryn regions`: load outlines of regions with codes and names; see which there are."""

from __future__ import annotations

from pathlib import Path

import click

from webapp.commands.installation import EXISTING_FILE, installation, progress_bar

ACTOR = "command"


@click.group()
def command() -> None:
    """Load outlines of regions; see which there are."""


@command.command()
@click.argument("file", type=EXISTING_FILE)
@click.option("--code-column", help="Property that holds the codes, where it is not found by itself.")
@click.option("--name-column", help="Property that holds the names, where it is not found by itself.")
def load(file: Path, code_column: str | None, name_column: str | None) -> None:
    """Load regions from FILE: polygons with code and name (GeoJSON, GeoPackage, zipped Shapefile).

    Codes are those of announced zones and of registries of venues. A region takes the place of the one with its code;
    those with other codes stay.
    """
    from geo.errors import GeoError
    from ingest.faults import sentence
    from ingest.pipeline import process_dirty_bins
    from ingest.regions import load_regions
    from webapp.commands.refusals import name_file

    with installation() as here, progress_bar(here.language) as progress:
        waiting = here.waiting()
        columns = {"code_column": code_column, "name_column": name_column}
        try:
            loaded = load_regions(here.workplace(), file, ACTOR, here.now, **columns)
        except GeoError as refusal:
            name_file(refusal, file.name)
            raise
        for note in loaded.notes:
            click.echo(sentence(note.code, note.params, here.language), err=True)
        same = loaded.regions - loaded.added - loaded.changed
        told: dict[str, str | int | float] = {"file": file.name, "regions": loaded.regions, "same": same}
        told |= {"added": loaded.added, "changed": loaded.changed}
        click.echo(sentence("regions-loaded", told, here.language))
        process_dirty_bins(here.workplace(), here.now, progress, leave=waiting)


@command.command("list")
def list_() -> None:
    """List the regions: code, name, km², file, and when it was loaded."""
    from geo.outlines import area_km2
    from store.regions import list_regions

    with installation() as here, here.database.read() as connection:
        for one in list_regions(connection):
            size = f"{area_km2(one.outline_wkb):.1f} km²"
            click.echo(f"{one.code}\t{one.name}\t{size}\t{one.source}\t{one.loaded_at:%Y-%m-%d %H:%M}Z")
