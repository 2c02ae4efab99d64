"""`oryn serve`: the production server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import click

from webapp.commands.installation import installation

STOP_SECONDS = 30  # a worker finishes the job at hand


@click.command()
@click.option("--host", help="Address to listen on; else ORYN_HOST, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; else PORT, else 8000.")
@click.option("--with-worker", is_flag=True, help="Run oryn worker beside it; else start it yourself.")
def command(host: str | None, port: int | None, with_worker: bool) -> None:
    """Serve the pages and the API until stopped.

    What operators deliver is read by a worker: run `oryn worker` too, or give --with-worker.
    """
    with installation() as here:
        address = host or here.settings.host, port or here.settings.port
    with beside(["worker"]) if with_worker else nullcontext():
        serve(*address)


@contextmanager
def beside(arguments: Sequence[str]) -> Iterator[None]:
    """Run another `oryn` command beside this one, and end it with the block."""
    process = subprocess.Popen([sys.executable, "-m", "webapp.commands", *arguments])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def serve(host: str, port: int) -> None:
    """Serve in one worker process with several threads (webapp/asgi.py); returns when stopped."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from webapp.asgi import SERVER

    os.environ[SERVER] = str(os.getpid())
    server = Granian(
        "webapp.asgi:create",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        factory=True,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    )
    server.serve()
