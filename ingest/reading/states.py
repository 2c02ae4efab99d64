"""Judge each row's count and status: counted, suppressed (known to be small) or no_coverage (missing).

Promises: `0` stays a delivered zero; `1 .. k_min - 1` devices become suppressed and the number is dropped here, so
that nothing behind can keep it (contract.md A2, A3). The comparison with k_min is `hidden` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ingest.faults import quoted
from ingest.feeds import CountKind, Feed
from ingest.reading.columns import Columns
from ingest.reading.counts import COUNTED, NO_COVERAGE, SUPPRESSED
from ingest.reading.findings import LISTED, Coded, Findings
from ingest.reading.gathering import Rows
from ingest.reading.tables import Table, texts_at

_STATUSES: Mapping[str, int] = {"counted": COUNTED, "suppressed": SUPPRESSED, "no_coverage": NO_COVERAGE}


def states_of(rows: Rows, table: Table, columns: Columns, feed: Feed, findings: Findings) -> np.ndarray:
    """Return (n,) uint8 states by status, mark and emptiness; report counts and statuses that cannot be read."""
    name = columns.name(columns.value)
    state = _by_status(rows.status, len(rows.line), columns, feed, findings)
    state[rows.marked] = SUPPRESSED
    empty = np.isnan(rows.value) & ~rows.unreadable & (state == COUNTED)
    if feed.empty_counts == "refuse":
        findings.add("count-empty", np.flatnonzero(empty), name)
    state[empty] = NO_COVERAGE if feed.empty_counts == "no_coverage" else COUNTED
    contradicted = (state == NO_COVERAGE) & (rows.value > 0)
    findings.add("count-without-coverage", np.flatnonzero(contradicted), name)
    _report_unreadable(rows, table, columns, findings)
    return state


def values_of(rows: Rows, state: np.ndarray) -> np.ndarray:
    """Return (n,) float64: the value of each counted row, 0 for a counted row that is empty, NaN for all others."""
    counted = np.where(np.isnan(rows.value), 0.0, rows.value)
    return np.where(state == COUNTED, counted, np.nan)


def hidden(kind: CountKind, value: np.ndarray, k_min: int) -> np.ndarray:
    """Return which counts are too small to keep: 0 < value < k_min, for device counts only."""
    if kind != "device_count":
        return np.zeros(len(value), dtype=bool)
    return np.asarray((value > 0) & (value < k_min))


def _by_status(status: Coded | None, size: int, columns: Columns, feed: Feed, findings: Findings) -> np.ndarray:
    if status is None:
        return np.full(size, COUNTED, dtype=np.uint8)
    named = {**_STATUSES, **{theirs.strip().casefold(): _STATUSES[ours] for theirs, ours in feed.statuses.items()}}
    states = [named.get(text.strip().casefold() or "counted") for text in status.texts]
    codes = ["status-unknown" if state is None else None for state in states]
    allowed = ", ".join(named)
    findings.add_texts(
        codes, status, columns.name(columns.status), lambda text: {"value": quoted(text), "allowed": allowed}
    )
    by_text = np.array([COUNTED if state is None else state for state in states], dtype=np.uint8)
    return status.spread(by_text, COUNTED)


def _report_unreadable(rows: Rows, table: Table, columns: Columns, findings: Findings) -> None:
    bad = np.flatnonzero(rows.unreadable)
    lines = rows.line[bad]
    texts = texts_at(table, columns.value, lines[:LISTED].tolist())
    by_code: dict[str, list[int]] = {}
    for row, line in zip(bad[:LISTED].tolist(), lines.tolist(), strict=False):
        by_code.setdefault(_count_code(texts[line], columns.kind), []).append(row)
    rest = bad[LISTED:].tolist()
    if rest:
        by_code.setdefault("count-unreadable", []).extend(rest)
    for code, at in by_code.items():
        params: Any = lambda row: {"value": quoted(texts[int(rows.line[row])])}  # noqa: E731
        findings.add(code, np.array(at), columns.name(columns.value), params)


def _count_code(text: str, kind: CountKind) -> str:
    """Return why a text is not a count, as exactly as can be said."""
    stripped = text.strip()
    if stripped.startswith("-") and stripped[1:2].isdecimal():
        return "count-negative"
    whole, _, fraction = stripped.partition(".")
    if kind == "device_count" and whole.isascii() and whole.isdecimal() and fraction.isdecimal():
        return "count-not-whole"
    return "count-unreadable"
