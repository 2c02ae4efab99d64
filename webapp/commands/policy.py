"""`oryn policy`: check policy files."""

from __future__ import annotations

from pathlib import Path

import click

from webapp.commands.installation import EXISTING_FILE


@click.group()
def command() -> None:
    """Check policy files."""


@command.command()
@click.argument("file", type=EXISTING_FILE)
def check(file: Path) -> None:
    """Check FILE entry by entry: every number needs a source; all faults are listed with their line."""
    from rules.policy import parse_policy

    policy = parse_policy(file.read_text(encoding="utf-8"), file.name)
    click.echo(f"{file.name}: sound; version {policy.version}, in force from {policy.effective_from.isoformat()}")
