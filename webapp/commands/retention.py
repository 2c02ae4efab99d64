"""`oryn retention`: delete what is over its time now, or see what is (the worker does it daily)."""

from __future__ import annotations

import click

from webapp.commands.installation import installation


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what is over its time, delete nothing.")
def command(dry_run: bool) -> None:
    """Delete delivered files, counts and names on refused receipts that are over their time; leave the proof."""
    from ingest import retention
    from ingest.faults import sentence

    with installation() as here:
        if dry_run:
            found = retention.due(here.door(), here.policy, here.now)
        else:
            found = retention.erase_expired(here.door(), here.policy, here.now)
        numbers = {"raw": len(found.raw), "counts": len(found.counts), "receipts": found.receipts}
        click.echo(sentence("retention-line", numbers, here.language))
        click.echo(sentence("retention-dry" if dry_run else "retention-done", {}, here.language))
