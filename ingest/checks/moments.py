"""How moments and intervals are written in findings: local time with its offset, to the minute."""

from __future__ import annotations

from datetime import datetime

from ingest.checks.past import Past


def written(past: Past, moment: datetime) -> str:
    """Return a moment as people of the policy's timezone read it."""
    return past.local(moment).isoformat(sep=" ", timespec="minutes")
