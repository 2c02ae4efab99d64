"""`oryn doctor`: say whether this installation is sound."""

from __future__ import annotations

import click

from webapp.commands.installation import installation


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Say whether this installation is sound; exit code 2 if not."""
    from store.database import schema_is_current, sqlite_module, wal_is_safe
    from store.migrate import current_revision, head_revision

    with installation(migrated=False) as here:
        version = sqlite_module().sqlite_version_info
        current = schema_is_current(here.database)
        click.echo(f"data folder: {here.settings.home.resolve()}")
        click.echo(f"database: {here.database.engine.url.render_as_string(hide_password=True)}")
        click.echo(f"schema: {current_revision(here.database)}, this version wants {head_revision()}")
        if here.database.engine.dialect.name == "sqlite":
            journal = "WAL" if wal_is_safe(version) else "DELETE (this SQLite can corrupt a WAL: install pysqlite3)"
            click.echo(f"SQLite {'.'.join(map(str, version))}, journal {journal}")
        click.echo(f"policy: {here.policy.version}, k_min {here.policy.counts.k_min}")
        click.echo("sound" if current else "not sound: run oryn db upgrade")
    if not current:
        ctx.exit(2)
