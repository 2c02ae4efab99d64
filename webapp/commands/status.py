"""`oryn status`: a venue's status, the rule behind it and what would change it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from webapp.commands.installation import installation, moment


@click.command()
@click.argument("venue")
@click.option("--at", default="now", show_default=True, help="A moment: 2026-11-20T20:45:00+05:00, or now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(venue: str, at: str, as_json: bool) -> None:
    """Show the status of VENUE (its id, its public code or the id of its registry)."""
    from ingest.faults import sentence
    from store.assess import status_of
    from store.errors import NotFound
    from store.venues import find_venue

    with installation() as here:
        with here.database.read() as connection:
            found = find_venue(connection, venue)
        if found is None:
            raise NotFound(what="venue", name=venue)
        status = status_of(found, here.policies, moment(at))
        if as_json:
            facts = {"venue_id": found.id, "assessed_at": moment(at)} | asdict(status)
            click.echo(json.dumps(facts, default=_json_value, ensure_ascii=False))
            return
        click.echo(f"{found.draft.name}: {status.colour}, {sentence(status.word, {}, here.language)}")
        click.echo(f"  {status.rule}, {status.policy_version}")
        for reason in status.what_would_change:
            click.echo(f"  {sentence(reason.code, reason.params, here.language)}")
        if status.valid_until is not None:
            click.echo(f"  {status.valid_until.isoformat()}")


def _json_value(value: Any) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise TypeError(f"no JSON for {value!r}")
