"""`oryn uploads held` and `oryn uploads decide`: what waits for headquarters, and what becomes of it."""

from __future__ import annotations

from typing import get_args

import click

from ingest.holding import Decision
from webapp.commands.installation import installation

LINES_SHOWN = 5


@click.command()
def held() -> None:
    """List uploads of which counts wait for headquarters, oldest first, and why."""
    from ingest.faults import sentence
    from store import uploads
    from store.held import held_of, held_uploads

    with installation() as here, here.database.read() as connection:
        for upload_id in held_uploads(connection):
            receipt, waiting = uploads.get_receipt(connection, upload_id), held_of(connection, upload_id)
            facts: dict[str, str | int | float] = {"id": upload_id, "rows": receipt.rows_held}
            facts |= {"carrier": receipt.carrier_code, "file": receipt.file_name}
            click.echo(sentence("held-line", facts, here.language))
            for one in waiting[:LINES_SHOWN]:
                click.echo(f"  {sentence(one.reason, one.params, here.language)}")
            if len(waiting) > LINES_SHOWN:
                click.echo(f"  {sentence('held-more', {'count': len(waiting) - LINES_SHOWN}, here.language)}")


@click.command()
@click.argument("upload_id", type=int)
@click.argument("decision", type=click.Choice(get_args(Decision)))
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
def decide(upload_id: int, decision: Decision, reason: str) -> None:
    """Let the held counts of UPLOAD_ID count (accept), or throw them away (reject)."""
    from ingest.faults import sentence
    from ingest.holding import decide as settle

    if not reason.strip():
        raise click.BadParameter("a decision must say why", param_hint="--reason")
    with installation() as here:
        receipt = settle(here.database, upload_id, decision, "command", reason, here.now, here.policy)
        facts = {"id": receipt.id, "accepted": receipt.rows_accepted, "rejected": receipt.rows_rejected}
        click.echo(sentence("held-decided", facts, here.language))
