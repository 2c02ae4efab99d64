"""`oryn coverage`: load a mobile operator's source areas."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from webapp.commands.installation import EXISTING_FILE, installation, progress_bar


@click.group()
def command() -> None:
    """Load an operator's source areas."""


@command.command()
@click.argument("carrier")
@click.argument("file", type=EXISTING_FILE)
@click.option("--id-column", help="Column that holds the source area's id, where it is not found by itself.")
@click.option("--valid-from", help="Local date (2026-11-20) from which it is in force; without: always.")
def load(carrier: str, file: Path, id_column: str | None, valid_from: str | None) -> None:
    """Load CARRIER's source areas from FILE: polygons, squares, points with a radius, or radio cells."""
    from geo.errors import GeoError
    from ingest.coverage import load_coverage
    from ingest.faults import sentence
    from ingest.pipeline import process_dirty_bins
    from webapp.commands.refusals import name_file

    with installation() as here, progress_bar(here.language) as progress:
        waiting = here.waiting()
        starts = _start_of_day(valid_from, here.policy.timezone)
        try:
            loaded = load_coverage(here.workplace(), carrier, file, id_column, starts, here.now, progress)
        except GeoError as refusal:
            name_file(refusal, file.name)
            raise
        for note in loaded.notes:
            click.echo(sentence(note.code, note.params, here.language), err=True)
        click.echo(
            f"{carrier}: {loaded.source_area_count} source areas ({loaded.kind}), {loaded.hexagon_count} hexagons"
        )
        process_dirty_bins(here.workplace(), here.now, progress, leave=waiting)


def _start_of_day(valid_from: str | None, timezone: str) -> datetime | None:
    from zoneinfo import ZoneInfo

    if valid_from is None:
        return None
    try:
        found = datetime.fromisoformat(valid_from)
    except ValueError as problem:
        raise click.BadParameter(f"{valid_from!r} is no date; write 2026-11-20", param_hint="--valid-from") from problem
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
