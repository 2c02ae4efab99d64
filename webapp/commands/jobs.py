"""`oryn jobs`: what waits, what is dead, and another try for it."""

from __future__ import annotations

import click

from store.jobs import Job
from webapp.commands.installation import installation

REFUSED = 2
LISTED = 100


@click.group()
def command() -> None:
    """See jobs that wait or are dead."""


@command.command("list")
def list_() -> None:
    """List the jobs that wait, are being done or are dead, newest first."""
    from ingest.faults import sentence
    from store import jobs

    with installation() as here, here.database.read() as connection:
        found = jobs.jobs_in(connection, ["queued", "running", "dead"], LISTED)
        for job in found:
            click.echo(_line(job, here.language))
        if not found:
            click.echo(sentence("jobs-none", {}, here.language))


@command.command()
@click.argument("job_id", type=int)
@click.pass_context
def retry(ctx: click.Context, job_id: int) -> None:
    """Queue the dead job JOB_ID again."""
    from ingest.faults import sentence
    from ingest.leasing import try_again
    from store import audit

    with installation() as here:
        with here.database.begin() as connection:
            revived = try_again(connection, job_id)
            if revived is not None:
                details = {"kind": revived.kind, "subject": revived.subject}
                audit.append(
                    connection,
                    actor="command",
                    action="job-revived",
                    subject=f"job:{job_id}",
                    details=details,
                    now=here.now,
                )
        code = "jobs-not-dead" if revived is None else "jobs-retried"
        click.echo(sentence(code, {"id": job_id}, here.language), err=revived is None)
    if revived is None:
        ctx.exit(REFUSED)


def _line(job: Job, language: str) -> str:
    from ingest.faults import sentence

    facts: dict[str, str | int | float] = {"id": job.id, "kind": job.kind, "subject": job.subject}
    facts |= {"attempt": job.attempt, "failures": job.failures, "error": job.error or ""}
    facts["state"] = sentence(f"job-state-{job.state}", {}, language)
    return sentence("jobs-line", facts, language).rstrip()
