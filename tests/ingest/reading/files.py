"""Builders of small delivered files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.faults import Fault, FileRefused
from ingest.feeds import Feed
from ingest.reading import CountsReading, read_counts

HEADER = "source_area_id,start,end,device_count,status"
QUARTER = "2026-11-20T10:00:00+05:00,2026-11-20T10:15:00+05:00"
NEXT_QUARTER = "2026-11-20T10:15:00+05:00,2026-11-20T10:30:00+05:00"
KNOWN = frozenset({"A1", "A2", "A3"})
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def table(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    return (end.join((header, *rows)) + end).encode()


def read(
    folder: Path, content: bytes, feed: Feed | None = None, name: str = "counts.csv", **terms: Any
) -> CountsReading:
    path = folder / name
    path.write_bytes(content)
    given: dict[str, Any] = {"known_source_areas": KNOWN, "k_min": 20, "base_bin_minutes": 15, "not_after": NOW}
    return read_counts(path, feed or Feed(), **{**given, **terms})


def refusal(
    folder: Path, content: bytes, feed: Feed | None = None, name: str = "counts.csv", **terms: Any
) -> FileRefused:
    """Return why the file was refused; fail if it was accepted."""
    try:
        reading = read(folder, content, feed, name, **terms)
    except FileRefused as refused:
        return refused
    raise AssertionError(f"accepted {reading.rows_accepted} rows")


def places(faults: Sequence[Fault]) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.line, fault.column) for fault in faults]


def counts(reading: CountsReading) -> dict[tuple[str, str], tuple[str, float | None]]:
    """Return (area, start in UTC) -> (state, value)."""
    rows = reading.counts_df.select("source_area_id", "start", "state", "value").iter_rows()
    return {(area, f"{start:%H:%M}"): (state, value) for area, start, state, value in rows}
