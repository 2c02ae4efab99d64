"""`oryn serve`: the production server."""

from __future__ import annotations

import click

from webapp.commands.installation import installation

THREADS = 16  # bodies of deliveries take at most eight of them (webapp/upload_slots.py), so that the map has the others


@click.command()
@click.option("--host", help="Address to listen on; else ORYN_HOST, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; else PORT, else 8000.")
def command(host: str | None, port: int | None) -> None:
    """Serve the pages and the API until stopped."""
    with installation() as here:
        address = host or here.settings.host, port or here.settings.port
    serve(*address)


def serve(host: str, port: int) -> None:
    """Serve in one worker process with several threads; returns when stopped."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "webapp.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    )
    server.serve()
