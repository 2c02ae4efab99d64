"""`oryn doctor`: say whether this installation is sound."""

from __future__ import annotations

from datetime import timedelta

import click

from webapp.commands.installation import Installation, installation

NOT_SOUND = 2
LONG_WAIT = timedelta(minutes=10)  # a worker asks every second


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
        dead = _jobs(here) if current else 0
    if not current:
        click.echo("not sound: run oryn db upgrade")
    else:
        click.echo("not sound: oryn jobs list says why" if dead else "sound")
    if dead or not current:
        ctx.exit(NOT_SOUND)


def _jobs(here: Installation) -> int:
    """Say how many jobs wait and how long; return how many are dead."""
    from ingest.faults import sentence
    from store import jobs

    with here.database.read() as connection:
        counts = jobs.counts_by_state(connection)
        waiting_since, now = jobs.oldest_waiting(connection), jobs.database_now(connection)
    total = {state: sum(count for (_kind, one), count in counts.items() if one == state) for state in jobs.STATES}
    numbers = {"waiting": total["queued"], "running": total["running"], "dead": total["dead"]}
    click.echo(sentence("doctor-jobs", numbers, here.language))
    if waiting_since is not None and now - waiting_since > LONG_WAIT:
        minutes = (now - waiting_since) // timedelta(minutes=1)
        click.echo(sentence("doctor-waiting", {"minutes": minutes}, here.language))
    return total["dead"]
