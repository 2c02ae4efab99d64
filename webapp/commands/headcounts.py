"""`oryn headcounts`: what somebody counted in venues, and what it says of the intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.installation import EXISTING_FILE, Installation, installation, progress_bar

if TYPE_CHECKING:
    from store.calibrations import CalibrationRecord
    from store.database import Connection


@click.group()
def command() -> None:
    """Load head counts; see what they say of the intervals."""


@command.command()
@click.argument("file", type=EXISTING_FILE)
def load(file: Path) -> None:
    """Load head counts from FILE (CSV: venue,counted_at,people,counted_by[,note]); loading it again adds nothing."""
    from ingest.calibrating import recalibrate
    from ingest.faults import FileRefused, sentence
    from ingest.head_count_files import Registry, Told, read_head_counts
    from ingest.head_counts import Bounds
    from store import head_counts
    from store.venues import list_venues

    with installation() as here, progress_bar(here.language) as progress:
        with here.database.read() as connection:
            bounds = Bounds.now(connection, here.policy, here.now)
            standing = head_counts.standing_counts(connection)
            told = Told(Registry.of(list_venues(connection)), standing, bounds, here.policy)
        counted, faults = read_head_counts(file, told)
        if faults:
            raise FileRefused(faults, file.name)
        with here.database.begin() as connection:
            fresh = head_counts.load(connection, counted, "command", file.name, here.now)
        numbers = {"counts": len(counted), "fresh": fresh, "same": len(counted) - fresh}
        click.echo(sentence("headcounts-loaded", {"file": file.name, **numbers}, here.language))
        if recalibrate(here.database, here.policy, here.now):
            with here.own_worker(progress) as worker:
                worker.run_follow_ups()
        with here.database.read() as connection:
            click.echo(_calibration_words(connection, here))


@command.command()
def show() -> None:
    """Say what the head counts say of the venues' intervals now."""
    with installation() as here, here.database.read() as connection:
        click.echo(_calibration_words(connection, here))


def _calibration_words(connection: Connection, here: Installation) -> str:
    from ingest.faults import sentence
    from store.calibrations import newest_calibration
    from store.head_counts import tally

    record: CalibrationRecord | None = newest_calibration(connection)
    if record is None or not tally(connection).counts:
        return sentence("headcounts-none", {}, here.language)
    details, asked = record.details, here.policy.calibration
    numbers = {"pairs": record.pairs, "told": details["told_pairs"], "needed": asked.pairs_min}
    numbers |= {"venues": asked.venues_min, "bins": asked.bins_min}
    return sentence(f"headcounts-{details['state']}", {**numbers, "factors": _factors(details)}, here.language)


def _factors(details: Mapping[str, Any]) -> str:
    """Return the factors by band of capacity, of venues that can be told apart and of the others: "1.2 1.4 - -"."""
    kinds = ((one, details[one]) for one in ("told", "untold"))
    return "; ".join(f"{kind} {' '.join('-' if one is None else str(one) for one in bands)}" for kind, bands in kinds)
