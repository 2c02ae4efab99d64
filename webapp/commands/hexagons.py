"""`oryn hexagons`: export people per hexagon."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from webapp.commands.installation import installation, moment


@click.command()
@click.option("--at", required=True, help="A moment in the time bin: 2026-11-20T20:45:00+05:00, or now.")
@click.option("--stage", type=click.Choice(["spread", "estimate", "released"]), default="released", show_default=True)
@click.option("--h3-resolution", type=click.Choice(("9", "8", "7")), default="9", show_default=True)
@click.option("--format", "format_", type=click.Choice(["csv", "geojson", "parquet"]), required=True)
@click.option("--carrier", help="At stage spread: one operator alone.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else stdout.")
def command(at: str, stage: str, h3_resolution: str, format_: str, carrier: str | None, output: Path | None) -> None:
    """Export people per hexagon of the time bin that holds a moment.

    `released` is what may be seen. `spread` and `estimate` are for local administrators and are logged.
    """
    from ingest.exporting import export_hexagons

    if carrier is not None and stage != "spread":
        raise click.BadParameter("one operator alone is shown at --stage spread only", param_hint="--carrier")
    with installation() as here:
        data = export_hexagons(here.workplace(), moment(at), stage, int(h3_resolution), format_, carrier)
        if output is not None:
            _write(output, data)
        else:
            sys.stdout.buffer.write(data)


def _write(output: Path, data: bytes) -> None:
    from ingest.faults import Fault, FileRefused, quoted

    try:
        output.write_bytes(data)
    except OSError as problem:
        raise FileRefused([Fault("file-not-writable", params={"name": quoted(str(output))})]) from problem
