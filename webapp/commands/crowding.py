"""`oryn crowding`: released crowding at venues."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import click

from store.records import VenueCrowding
from webapp.commands.installation import installation, moment

COLUMNS = ("venue_id", "state", "level", "low", "best", "high", "observed_at")
FACTS = tuple(one.name for one in fields(VenueCrowding))


@click.command()
@click.argument("venue", required=False)
@click.option("--at", required=True, help="A moment in the time bin: 2026-11-20T20:45:00+05:00, or now.")
@click.option("--format", "format_", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
def command(venue: str | None, at: str, format_: str) -> None:
    """Show released crowding of VENUE, or of all venues, in the time bin that holds a moment."""
    from ingest.pipeline import LIVE_WINDOW, judge_bin
    from store.crowding import crowding_at
    from store.errors import NotFound
    from store.uploads import base_bins, newest_interval_end
    from store.venues import find_venue, list_venues

    with installation() as here, here.database.read() as connection:
        width = timedelta(minutes=here.policy.counts.base_bin_minutes)
        start = base_bins(moment(at), moment(at) + timedelta(seconds=1), width)[0]
        newest_end = newest_interval_end(connection)
        is_drawn = newest_end is not None and start >= newest_end - LIVE_WINDOW
        rows = crowding_at(connection, start) if is_drawn else {}  # older rows may know of fewer head counts
        rows = rows or {one.venue_id: one for one in judge_bin(here.workplace(), start)}
        ids = [one.id for one in list_venues(connection)]
        if venue is not None:
            found = find_venue(connection, venue)
            if found is None:
                raise NotFound(what="venue", name=venue)
            ids = [found.id]
    facts = [crowding_facts(one, rows.get(one), start) for one in ids]
    if format_ == "json":
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    writer = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(one | {"level": _levels(one)} for one in facts)


def _levels(facts: dict[str, Any]) -> str | None:
    """Return `2`, or `2-3` between two levels: a column of its own for the upper one would be overlooked."""
    low, high = facts["level"], facts["level_high"]
    return None if low is None else str(low) if low == high else f"{low}-{high}"


def crowding_facts(venue_id: str, row: VenueCrowding | None, start: datetime) -> dict[str, Any]:
    """Return a venue's crowding as plain values; without a row nothing was released for it in the bin."""
    if row is None:
        empty = dict.fromkeys(FACTS) | {"reason": "nothing-released"}
        return empty | {"venue_id": venue_id, "state": "no_data", "time_bin_start": start.isoformat()}
    facts = {name: getattr(row, name) for name in FACTS}
    moments = {name: facts[name].isoformat() for name in ("time_bin_start", "observed_at")}
    return facts | moments | {"params": dict(row.params), "neighbour_ids": list(row.neighbour_ids)}
