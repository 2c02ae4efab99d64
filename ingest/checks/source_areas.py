"""Are the file's source areas the carrier's? Rows of unknown ones, areas that were never delivered before."""

from __future__ import annotations

from ingest.checks.from_reading import said_of
from ingest.checks.outcomes import CheckResult
from ingest.checks.past import Past
from ingest.faults import Fault, quoted
from ingest.reading import CountsReading


def source_areas(reading: CountsReading, past: Past) -> CheckResult:
    """Say which rows were rejected for their area, and which tiles are new; named areas are known or refused."""
    found = list(said_of("source-areas", reading.faults))
    before = past.codes(past.carrier.id)
    if reading.grid != "named" and before:
        fresh = [one for one in reading.area_ids if one not in before]
        if fresh:
            first = quoted(fresh[0])
            found.append(Fault("check-areas-new", params={"count": len(fresh), "area": first, "known": len(before)}))
    return CheckResult("source-areas", "note" if found else "ok", tuple(found))
