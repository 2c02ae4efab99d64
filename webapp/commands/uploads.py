"""`oryn uploads`: what became of delivered files, and what a person decides about them."""

from __future__ import annotations

import click

from webapp.commands.held import decide, held


@click.group()
def command() -> None:
    """See and decide what operators delivered."""


command.add_command(held)
command.add_command(decide)
