"""`oryn audit`: read the log of acts, and prove that nobody has changed it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from store.audit import Head, Verdict
from webapp.commands.installation import EXISTING_FILE, installation

BROKEN = 2
LISTED = 50


@click.group()
def command() -> None:
    """Read and verify the audit log."""


@command.command()
@click.option("--heads", "heads_file", type=EXISTING_FILE, help="Heads kept apart; else those in the data folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.pass_context
def verify(ctx: click.Context, heads_file: Path | None, as_json: bool) -> None:
    """Compute every hash again; exit code 2 if a row was changed, removed, moved or cut off.

    What was cut off at the end is found by comparing with heads that were kept elsewhere: copy audit-heads.jsonl of
    the data folder to another machine from time to time.
    """
    from store import audit

    with installation() as here:
        from ingest.housekeeping import HEADS

        heads = _heads(heads_file or here.settings.prepare_home() / HEADS)
        with here.database.read() as connection:
            verdict = audit.verify(connection, heads)
        click.echo(_as_json(verdict, heads) if as_json else _in_words(verdict, heads, here.language))
    if verdict.breaks:
        ctx.exit(BROKEN)


@command.command("list")
@click.option("--subject", help="Of this subject only: upload:12, job:3.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=LISTED, show_default=True)
def list_(subject: str | None, limit: int) -> None:
    """Print the newest rows, newest first, one JSON object a line."""
    from store import audit

    with installation() as here, here.database.read() as connection:
        for event in audit.events_of(connection, subject, limit):
            facts = {"sequence": event.sequence, "at": event.at.isoformat(), "actor": event.actor}
            facts |= {"action": event.action, "subject": event.subject, "details": json.loads(event.details)}
            click.echo(json.dumps(facts, ensure_ascii=False))


@command.command()
def head() -> None:
    """Print the last row's number and hash as JSON, and note it in the data folder."""
    from ingest.housekeeping import note_head

    with installation() as here:
        found = note_head(here.door(), here.now)
        click.echo(json.dumps({"sequence": found.sequence, "hash": found.hash, "at": here.now.isoformat()}))


def _heads(path: Path) -> list[Head]:
    from ingest.faults import Fault, FileRefused
    from ingest.housekeeping import UnreadableHead, noted_heads

    try:
        return noted_heads(path)
    except UnreadableHead as problem:
        raise FileRefused([Fault("heads-unreadable", params={"line": problem.line})], path.name) from problem


def _in_words(verdict: Verdict, heads: list[Head], language: str) -> str:
    from ingest.faults import sentence

    if not verdict.breaks:
        facts: dict[str, str | int | float] = {"count": verdict.count, "hash": verdict.head.hash}
        facts["sequence"] = verdict.head.sequence
        return sentence("audit-whole", {**facts, "heads": len(heads)}, language)
    breaks = [sentence(f"audit-break-{one.reason}", {"sequence": one.sequence}, language) for one in verdict.breaks]
    return "\n".join([*breaks, sentence("audit-broken", {"breaks": len(breaks)}, language)])


def _as_json(verdict: Verdict, heads: list[Head]) -> str:
    breaks = [{"sequence": one.sequence, "reason": one.reason} for one in verdict.breaks]
    head = {"sequence": verdict.head.sequence, "hash": verdict.head.hash}
    return json.dumps(
        {"whole": not breaks, "count": verdict.count, "head": head, "heads": len(heads), "breaks": breaks}
    )
