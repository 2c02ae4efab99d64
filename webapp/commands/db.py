"""`oryn db`: create or migrate the database."""

from __future__ import annotations

import click

from webapp.commands.installation import installation


@click.group()
def command() -> None:
    """Create or migrate the database."""


@command.command()
def upgrade() -> None:
    """Bring the database to the schema of this version; safe to repeat."""
    from store.migrate import current_revision
    from store.migrate import upgrade as migrate

    with installation(migrated=False) as here:
        migrate(here.database)
        click.echo(
            f"{here.database.engine.url.render_as_string(hide_password=True)}: {current_revision(here.database)}"
        )
