"""Judge each row's count and status: counted, suppressed (known to be small) or no_coverage (missing).

Promises: `0` stays a delivered zero; `1 .. k_min - 1` devices become suppressed and the number is dropped here, so
that nothing behind can keep it (contract.md A2, A3). The comparison with k_min is `hidden` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ingest.faults import quoted
from ingest.feeds import CountKind, Feed
from ingest.reading.columns import Columns
from ingest.reading.counts import COUNTED, NO_COVERAGE, SUPPRESSED
from ingest.reading.findings import LISTED, Findings, Verdicts
from ingest.reading.gathering import Rows
from ingest.reading.identifiers import identifies
from ingest.reading.lexicons import Coded

_STATUSES: Mapping[str, int] = {"counted": COUNTED, "suppressed": SUPPRESSED, "no_coverage": NO_COVERAGE}


class States:
    """Judge counts and statuses of one file, piece by piece; each distinct status is judged once."""

    def __init__(self, columns: Columns, feed: Feed) -> None:
        self._columns = columns
        self._feed = feed
        ours = {theirs.strip().casefold(): _STATUSES[ours] for theirs, ours in feed.statuses.items()}
        self._named = {**_STATUSES, **ours}
        self._verdicts = Verdicts()
        self._by_text: list[int] = []

    def of(self, rows: Rows, findings: Findings) -> np.ndarray:
        """Return (n,) uint8 states by status, mark and emptiness; report counts and statuses that cannot be read."""
        name = self._columns.name(self._columns.value)
        state = self._by_status(rows.status, len(rows.line), findings)
        state[rows.marked] = SUPPRESSED
        empty = np.isnan(rows.value) & ~rows.unreadable & (state == COUNTED)
        if self._feed.empty_counts == "refuse":
            findings.add("count-empty", np.flatnonzero(empty), name)
        state[empty] = NO_COVERAGE if self._feed.empty_counts == "no_coverage" else COUNTED
        contradicted = (state == NO_COVERAGE) & (rows.value > 0)
        findings.add("count-without-coverage", np.flatnonzero(contradicted), name)
        _report_unreadable(rows, self._columns, findings)
        return state

    def _by_status(self, status: Coded | None, size: int, findings: Findings) -> np.ndarray:
        if status is None:
            return np.full(size, COUNTED, dtype=np.uint8)
        self._learn(status.texts[len(self._by_text) :])
        allowed = ", ".join(self._named)
        name = self._columns.name(self._columns.status)
        findings.add_texts(self._verdicts, status, name, lambda text: {"value": quoted(text), "allowed": allowed})
        return status.spread(np.array(self._by_text, dtype=np.uint8), COUNTED)

    def _learn(self, texts: Sequence[str]) -> None:
        for text in texts:
            state = self._named.get(text.strip().casefold() or "counted")
            self._by_text.append(COUNTED if state is None else state)
            stranger = "identifier-values" if identifies(text) else "status-unknown"
            self._verdicts.learn([stranger if state is None else None])


def values_of(rows: Rows, state: np.ndarray) -> np.ndarray:
    """Return (n,) float64: the value of each counted row, 0 for a counted row that is empty, NaN for all others."""
    counted = np.where(np.isnan(rows.value), 0.0, rows.value)
    return np.where(state == COUNTED, counted, np.nan)


def hidden(kind: CountKind, value: np.ndarray, k_min: int) -> np.ndarray:
    """Return which counts are too small to keep: 0 < value < k_min, for device counts only."""
    if kind != "device_count":
        return np.zeros(len(value), dtype=bool)
    return np.asarray((value > 0) & (value < k_min))


def _report_unreadable(rows: Rows, columns: Columns, findings: Findings) -> None:
    bad = np.flatnonzero(rows.unreadable)
    texts = dict(zip(bad.tolist(), rows.unread, strict=False))
    by_code: dict[str, list[int]] = {}
    for row, text in texts.items():
        by_code.setdefault(_count_code(text, columns.kind), []).append(row)
    rest = bad[LISTED:].tolist()
    if rest:
        by_code.setdefault("count-unreadable", []).extend(rest)
    name = columns.name(columns.value)
    for code, at in by_code.items():
        findings.add(code, np.array(at), name, lambda row: {"value": quoted(texts[row])})


def _count_code(text: str, kind: CountKind) -> str:
    """Return why a text is not a count, as exactly as can be said."""
    stripped = text.strip()
    if stripped.startswith("-") and stripped[1:2].isdecimal():
        return "count-negative"
    whole, _, fraction = stripped.partition(".")
    if kind == "device_count" and whole.isascii() and whole.isdecimal() and fraction.isdecimal():
        return "count-not-whole"
    return "count-unreadable"
