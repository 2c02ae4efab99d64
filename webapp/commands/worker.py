"""`oryn worker`: read what was delivered, keep the map up to date, delete what is over its time."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

import click

from webapp.commands.installation import installation

if TYPE_CHECKING:
    from ingest.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@click.option("--name", default="", help="What it is called in the list of jobs; else machine and process.")
def command(once: bool, name: str) -> None:
    """Work off deliveries and everything that follows from them, until stopped (SIGTERM or Ctrl+C).

    The job at hand is finished first. Any number of workers may run, on any machine that reaches database and data
    folder.
    """
    with installation() as here, here.worker(name=name) as worker:
        if once:
            worker.schedule()  # also what a run left that was killed
            while worker.run_once():
                pass
            return
        run_until_told(worker)


def run_until_told(worker: Worker) -> None:
    """Run a worker until SIGTERM or Ctrl+C comes; the job at hand is finished."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, end)
    worker.run(stop)
