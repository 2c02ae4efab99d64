"""The `oryn` command: a thin top, one file a noun. What is heavy is imported inside the command that needs it.

Exit codes: 0 done, 2 refused (nothing was changed; the sentence on stderr says what to do), 1 a fault of ours.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

# Estimates run side by side, one a core: libraries of linear algebra that took every core for each would be in the way.
ONE_THREAD_EACH = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
NOUNS = {
    "account": "Invite people; disable, enable and help their accounts.",
    "audit": "Read and verify the audit log.",
    "carrier": "Register mobile operators.",
    "coverage": "Load an operator's source areas.",
    "crowding": "Show crowding at venues.",
    "db": "Create or migrate the database.",
    "demo": "Build the demo city and serve it.",
    "doctor": "Say whether this installation is sound.",
    "estimates": "Show what an estimate stands on, and how operators agree with it.",
    "feed": "Say how an operator's files are to be read.",
    "fit": "Show parameters that were chosen from past counts.",
    "headcounts": "Load head counts; see what they say of the intervals.",
    "hexagons": "Export people per hexagon.",
    "ingest": "Take in an operator's files.",
    "jobs": "See jobs that wait or are dead.",
    "policy": "Check policy files.",
    "prior": "Load what is expected before any count: residents, built volume.",
    "regions": "Load outlines of regions; see which there are.",
    "retention": "Delete what is over its time.",
    "serve": "Serve the pages and the API.",
    "status": "Show a venue's status and why.",
    "uploads": "See, decide and take back what operators delivered.",
    "venues": "Load a registry of venues.",
    "worker": "Work off deliveries and what follows from them.",
    "zones": "Load announced epidemic zones.",
}


class Nouns(click.Group):
    """Loads the file of a noun only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        command: click.Command = import_module(f"webapp.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(NOUNS.items()))


@click.command(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
def oryn() -> None:
    """Oryn: crowding that says how sure it is, a status that explains itself."""


def main() -> None:
    """Run the command line; turn every refusal into one sentence and exit code 2."""
    for library in ONE_THREAD_EACH:
        os.environ.setdefault(library, "1")
    from webapp.commands.refusals import REFUSALS, explain

    _log_to_stderr()
    try:
        # Without standalone mode a command's exit code is returned, not raised.
        sys.exit(oryn.main(prog_name="oryn", standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except REFUSALS as refusal:
        click.echo(explain(refusal), err=True)
        sys.exit(2)


def _log_to_stderr() -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
