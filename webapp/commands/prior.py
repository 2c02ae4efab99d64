"""`oryn prior`: load where people live, or how much is built, as what is expected before any count."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.commands.installation import EXISTING_FILE, installation, progress_bar

if TYPE_CHECKING:
    from store.priors import PriorKind


@click.group()
def command() -> None:
    """Load residents or built volume as what is expected before any count."""


@command.command()
@click.argument("file", type=EXISTING_FILE)
@click.option(
    "--kind", type=click.Choice(["residents", "built_volume"]), default="residents", show_default=True,
    help="What the values are.",
)  # fmt: skip
@click.option("--column", help="Column (or property) that holds the values, where it is not found by itself.")
def load(file: Path, kind: PriorKind, column: str | None) -> None:
    """Load FILE: CSV with H3 hexagons, or polygons (GeoJSON, GeoPackage, zipped Shapefile), spread by area.

    The newest layer holds. How far it is believed is learnt from the counts.
    """
    from geo.errors import GeoError
    from ingest.faults import sentence
    from ingest.pipeline import process_dirty_bins
    from ingest.prior_loading import load_prior
    from webapp.commands.refusals import name_file

    with installation() as here, progress_bar(here.language) as progress:
        waiting = here.waiting()
        try:
            loaded = load_prior(here.workplace(), file, kind, column, "command", here.now)
        except GeoError as refusal:
            name_file(refusal, file.name)
            raise
        for note in loaded.notes:
            click.echo(sentence(note.code, note.params, here.language), err=True)
        params: dict[str, str | int] = {
            "kind": sentence(f"prior-kind-{kind.replace('_', '-')}", {}, here.language),
            "total": round(loaded.total),
            "hexagons": loaded.hexagon_count,
            "column": loaded.column,
            "rows": loaded.rows,
        }
        click.echo(sentence("prior-loaded" if loaded.is_new else "prior-same", params, here.language))
        process_dirty_bins(here.workplace(), here.now, progress, leave=waiting)
