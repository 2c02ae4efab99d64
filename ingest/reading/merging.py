"""Put accepted rows into slices: sort them, find rows that contradict each other, sum what a feed sums over.

Promises: linear time where keys are dense (a day of 30,000 areas x 96 bins is 2.88 M rows); identical rows count once;
rows that contradict each other are all faulty, so that the order of the file decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.reading.areas import Areas
from ingest.reading.counts import COUNTED, NO_COVERAGE, SUPPRESSED, CountGroup
from ingest.reading.findings import Coded
from ingest.reading.intervals import Intervals, compressed

_DENSE = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """What the checks made of the n rows of a file; `part` is what a feed sums over."""

    areas: Areas
    area: Coded
    intervals: Intervals
    revision: np.ndarray
    state: np.ndarray
    value: np.ndarray
    part: Coded | None


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows by key (n,) int64 in ascending order of key; `row` (n,) is each one's index in the file's rows."""

    key: np.ndarray
    row: np.ndarray
    unique: bool


def by_key(key: np.ndarray, size: int) -> Keyed:
    """Return rows in the order of `key` (0 <= key < size); rows of one key in the order of the file."""
    if size <= _DENSE * len(key) + (1 << 20):
        slot = np.full(size, -1, dtype=np.int32)
        slot[key] = np.arange(len(key), dtype=np.int32)
        there = np.flatnonzero(slot >= 0)
        if len(there) == len(key):
            return Keyed(there, slot[there], unique=True)
    row = np.argsort(key, kind="stable")
    ordered = key[row]
    return Keyed(ordered, row, unique=bool(np.all(ordered[1:] != ordered[:-1])))


@dataclass(frozen=True, slots=True)
class Packed:
    """Some rows of a file in the order of their key: (interval and revision) x area. `row`: index in the file's rows.

    `key` counts through `combination` (interval group, revision) and `area_ids`; equal keys are neighbours.
    """

    keyed: Keyed
    row: np.ndarray
    area_ids: tuple[str, ...]
    combinations: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """One count per (interval, revision, area): arrays of equal length, cut into `groups`."""

    area_index: np.ndarray
    value: np.ndarray
    state: np.ndarray
    groups: tuple[CountGroup, ...]


def pack(judged: Judged, chosen: np.ndarray) -> Packed:
    """Return the `chosen` rows (n,) bool, sorted."""
    everything = bool(chosen.all())  # the usual case, in which nothing needs to be copied
    rows = slice(None) if everything else np.flatnonzero(chosen)
    area, area_ids = _area_ranks(judged, rows)
    revisions, revision = np.unique(judged.revision, return_inverse=True)
    both = judged.intervals.group[rows] * len(revisions) + revision.reshape(-1)[rows]
    group, distinct = compressed(both, len(judged.intervals.spans) * len(revisions))
    keyed = by_key(group * len(area_ids) + area, len(distinct) * len(area_ids))
    named = [(int(one // len(revisions)), int(revisions[one % len(revisions)])) for one in distinct]
    row = keyed.row if isinstance(rows, slice) else rows[keyed.row]
    return Packed(keyed, row, area_ids, tuple(named))


def _area_ranks(judged: Judged, rows: np.ndarray | slice) -> tuple[np.ndarray, tuple[str, ...]]:
    codes = judged.area.codes[rows]
    used = np.flatnonzero(np.bincount(codes, minlength=len(judged.area.texts)))
    ids = judged.areas.ids
    area_ids = sorted({ids[code] for code in used})
    rank = {one: at for at, one in enumerate(area_ids)}
    by_code = np.full(len(ids), -1, dtype=np.int64)
    by_code[used] = [rank[ids[code]] for code in used]
    return by_code[codes], tuple(area_ids)


def repeats_of(judged: Judged, packed: Packed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (rows that repeat another, rows that contradict another, that other row), as rows of the file."""
    keyed, row = packed.keyed, packed.row
    if judged.part is not None and not keyed.unique:
        parts = len(judged.part.texts)
        finer = by_key(keyed.key * parts + judged.part.codes[row], (int(keyed.key[-1]) + 1) * parts)
        keyed, row = finer, row[finer.row]
    return _repeated(Keyed(keyed.key, row, keyed.unique), judged.value, judged.state)


def _repeated(keyed: Keyed, value: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (rows that say again what another says, rows that contradict another, that other row of each).

    `value` and `state` are those of the file's rows.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if keyed.unique:
        return nothing, nothing, nothing
    run = np.cumsum(np.append(True, keyed.key[1:] != keyed.key[:-1])) - 1
    first = keyed.row[np.flatnonzero(np.append(True, run[1:] != run[:-1]))][run]
    values, states = value[keyed.row], state[keyed.row]
    same = (states == state[first]) & ((values == value[first]) | (np.isnan(values) & np.isnan(value[first])))
    torn = np.zeros(run[-1] + 1, dtype=bool)
    torn[run[~same]] = True
    in_torn = torn[run]
    last = keyed.row[np.append(np.flatnonzero(run[1:] != run[:-1]), len(run) - 1)][run]
    other = np.where(keyed.row == first, last, first)
    again = ~in_torn & (keyed.row != first)
    return keyed.row[again], keyed.row[in_torn], other[in_torn]


def slots_of(judged: Judged, packed: Packed) -> Slots:
    """Return one count per key: the row's own, or the sum over the parts of a feed with `sum_over`."""
    key, areas = packed.keyed.key, max(1, len(packed.area_ids))
    value, state = judged.value[packed.row], judged.state[packed.row]
    if judged.part is not None:
        key, value, state = summed(key, value, state)
    firsts = np.arange(len(packed.combinations) + 1) * areas
    edges = np.searchsorted(key, firsts).tolist()
    groups = tuple(
        CountGroup(judged.intervals.spans[at], judged.intervals.precision[at], revision, edges[n], edges[n + 1])
        for n, (at, revision) in enumerate(packed.combinations)
    )
    area_index = (key - np.repeat(firsts[:-1], np.diff(edges))).astype(np.uint32)
    return Slots(area_index, value, state, groups)


def summed(key: np.ndarray, value: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (distinct keys, sums, states) over parts of one count.

    The sum is over counted parts. Without any counted part above 0 it is suppressed as soon as one part is, and
    no_coverage only when every part is: a hidden part is known to be small, an absent one is not known at all.
    """
    distinct, index = np.unique(key, return_inverse=True)
    size = len(distinct)
    total = np.bincount(index, weights=np.where(state == COUNTED, value, 0.0), minlength=size)
    counted = np.bincount(index, weights=state == COUNTED, minlength=size) > 0
    secret = np.bincount(index, weights=state == SUPPRESSED, minlength=size) > 0
    merged = np.select([secret & (total == 0), counted], [SUPPRESSED, COUNTED], default=NO_COVERAGE).astype(np.uint8)
    return distinct, np.where(merged == COUNTED, total, np.nan), merged
