"""Put good rows into groups: sort them, find rows that contradict each other, sum what a feed sums over.

Promises: linear time where keys are dense (a day of 30,000 areas x 96 bins is 2.88 M rows); identical rows count once;
rows that contradict each other are all faulty, so that the order of the file decides nothing. Memory is that of
AT_ONCE rows: the intervals of a file are merged a few at a time, a heavy one by a range of its areas at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.feeds import CountKind
from ingest.reading.ahead import ahead
from ingest.reading.counts import COUNTED, NO_COVERAGE, SUPPRESSED, CountsFile
from ingest.reading.findings import LISTED
from ingest.reading.spill import Spill, SpilledRows, joined
from ingest.reading.states import hidden

AT_ONCE = 250_000
_DENSE = 4

Counts = tuple[np.ndarray, np.ndarray, np.ndarray]  # area ranks, values, states


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows by key (n,) int64 in ascending order of key; `row` (n,) is each one's index in the rows given."""

    key: np.ndarray
    row: np.ndarray
    unique: bool


def by_key(key: np.ndarray, size: int) -> Keyed:
    """Return rows in the order of `key` (0 <= key < size); rows of one key in the order given."""
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
class Repeats:
    """What rows of equal key say about each other. `dropped`: rows (indices) that are no counts of their own.

    `again`: how many of them only repeat another; `torn`: how many contradict one, `first_torn` the first LISTED of
    those as (line, line of another). `devices`: one count has so many rows that say 1 that each must be a device.
    """

    dropped: np.ndarray
    again: int
    torn: int
    first_torn: np.ndarray
    devices: bool


def repeats_of(keyed: Keyed, rows: SpilledRows, k_min: int) -> Repeats:
    """Return what `rows` of equal key say about each other; of rows that say the same the first in the file counts."""
    if keyed.unique:
        return Repeats(np.zeros(0, dtype=np.int64), 0, 0, np.zeros((0, 2), dtype=np.int64), devices=False)
    edges = np.flatnonzero(np.append(True, keyed.key[1:] != keyed.key[:-1]))
    sizes = np.diff(np.append(edges, len(keyed.key)))
    values = np.nan_to_num(rows.value[keyed.row], copy=False, nan=-1.0)
    torn = _differ(values, edges) | _differ(rows.state[keyed.row], edges)
    devices = bool(np.add.reduceat(values == 1, edges, dtype=np.int32).max() >= k_min)
    again = int((sizes[~torn] - 1).sum())
    first_torn = _first_torn(keyed, rows.line, edges, sizes, torn)
    dropped = np.ones(len(keyed.key), dtype=bool)
    dropped[edges[~torn]] = False
    return Repeats(keyed.row[dropped], again, int(sizes[torn].sum()), first_torn, devices)


def _first_torn(keyed: Keyed, line: np.ndarray, edges: np.ndarray, sizes: np.ndarray, torn: np.ndarray) -> np.ndarray:
    """Return (line, line of another row of its key) of the first LISTED rows of torn runs."""
    at = np.flatnonzero(np.repeat(torn, sizes))
    if len(at) > LISTED:
        at = at[np.argpartition(line[keyed.row[at]], LISTED)[:LISTED]]
    run = np.searchsorted(edges, at, side="right") - 1
    row, first, last = keyed.row[at], keyed.row[edges[run]], keyed.row[edges[run] + sizes[run] - 1]
    return np.stack([line[row], line[np.where(row == first, last, first)]], axis=1).astype(np.int64)


def _differ(said: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return for each run from edge to edge whether its rows say different things."""
    return np.asarray(np.minimum.reduceat(said, edges) != np.maximum.reduceat(said, edges))


def has_devices(rows: SpilledRows, k_min: int) -> bool:
    """Return whether one count has so many of these rows that say 1 that each of them must be a device."""
    one = rows.value == 1
    if int(one.sum()) < k_min:
        return False
    part = rows.part[one].astype(np.int64) if len(rows.part) else 0
    areas, parts = int(rows.area.max()) + 1, int(rows.part.max(initial=0)) + 1
    key = (rows.combination[one].astype(np.int64) * areas + rows.area[one]) * parts + part
    return int(np.unique(key, return_counts=True)[1].max()) >= k_min


def summed(key: np.ndarray, value: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (distinct keys, sums, states) over parts of one count; `key` ascends.

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


@dataclass(frozen=True, slots=True)
class Terms:
    """What merging follows: the kind of counts, `k_min`, the carrier's own threshold, whether parts are summed."""

    kind: CountKind
    k_min: int
    threshold: float | None
    parts: int | None


class Merger:
    """Merge the spilled rows of one file into a file of counts.

    `rank`: of each area's number, the place of its id among all ids in order. `torn`: (line, other line) of the first
    LISTED rows that contradict another.
    """

    def __init__(self, spill: Spill, rank: np.ndarray, counts: CountsFile, terms: Terms) -> None:
        self._spill = spill
        self._rank = rank
        self._counts = counts
        self._terms = terms
        self.used = np.zeros(len(rank), dtype=bool)
        self.placed: list[tuple[int, int, int]] = []
        self.repeated = self.suppressed = self.below = 0
        self.torn, self.torn_count = np.zeros((0, 2), dtype=np.int64), 0
        self.devices = False

    def merge(self) -> None:
        """Merge everything; `placed` then has (combination, offset, size) of each group of counts."""
        for first, last, rows in ahead(self._loaded()):
            if rows is None:
                self._merge_heavy(first)
            else:
                for combination, counts in self._merged(rows, first, last - first):
                    self._place(combination, counts)

    def _loaded(self) -> Iterator[tuple[int, int, SpilledRows | None]]:
        """Yield ranges of combinations with their rows; None for one that is too heavy to be loaded at once."""
        for first, last in _batches(self._spill.sizes):
            heavy = last - first == 1 and self._spill.sizes[first] > AT_ONCE
            yield first, last, None if heavy else joined(list(self._spill.load(first, last)))

    def _merge_heavy(self, combination: int) -> None:
        """Merge a combination of very many rows: repeated ones, or many parts of each count."""
        steps = -(-int(self._spill.sizes[combination]) // AT_ONCE)
        edges = np.unique(np.linspace(0, len(self._rank), steps + 1).astype(np.int64)).tolist()
        found: list[Counts] = []
        for low, high in itertools.pairwise(edges):
            loaded = (self._between(part, low, high) for part in self._spill.load(combination, combination + 1))
            rows = joined([part for part in loaded if part is not None])
            if rows is not None:
                found += [counts for _, counts in self._merged(rows, combination, 1)]
        if found:
            area, value, state = (np.concatenate(column) for column in zip(*found, strict=True))
            self._place(combination, (area, value, state))

    def _place(self, combination: int, counts: Counts) -> None:
        self.placed.append((combination, *self._counts.write(*counts)))

    def _between(self, rows: SpilledRows, low: int, high: int) -> SpilledRows | None:
        rank = self._rank[rows.area]
        inside = (rank >= low) & (rank < high)
        return rows.chosen(inside) if inside.any() else None

    def _merged(self, rows: SpilledRows, first: int, combinations: int) -> Iterator[tuple[int, Counts]]:
        """Yield each combination with the counts that its `rows` make."""
        areas = len(self._rank)
        key = (rows.combination.astype(np.int64) - first) * areas + self._rank[rows.area]
        keyed = by_key(key, combinations * areas)
        finer = keyed
        if self._terms.parts is not None and not keyed.unique:
            finer = by_key(key * self._terms.parts + rows.part, combinations * areas * self._terms.parts)
        repeats = repeats_of(finer, rows, self._terms.k_min)
        self._note(repeats)
        row, ordered = keyed.row, keyed.key
        if len(repeats.dropped):
            left = np.ones(len(key), dtype=bool)
            left[repeats.dropped] = False
            row, ordered = row[left[row]], ordered[left[row]]
        value, state = rows.value[row], rows.state[row]
        if self._terms.parts is not None:
            ordered, value, state = summed(ordered, value, state)
        yield from self._cut(ordered, *self._hidden(value, state), first, combinations)

    def _hidden(self, value: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._terms.threshold is not None:
            self.below += int(((value > 0) & (value < self._terms.threshold)).sum())
        small = hidden(self._terms.kind, value, self._terms.k_min)
        state = np.where(small, SUPPRESSED, state).astype(np.uint8)
        self.suppressed += int((state == SUPPRESSED).sum())
        return np.where(small, np.nan, value), state

    def _cut(
        self, key: np.ndarray, value: np.ndarray, state: np.ndarray, first: int, combinations: int
    ) -> Iterator[tuple[int, Counts]]:
        areas = len(self._rank)
        edges = np.searchsorted(key, np.arange(combinations + 1) * areas).tolist()
        for at, (start, stop) in enumerate(itertools.pairwise(edges)):
            if stop > start:
                rank = key[start:stop] - at * areas
                self.used[rank] = True
                yield first + at, (rank, value[start:stop], state[start:stop])

    def _note(self, repeats: Repeats) -> None:
        self.repeated += repeats.again
        self.torn_count += repeats.torn
        self.devices = self.devices or repeats.devices
        if repeats.torn:
            torn = np.concatenate([self.torn, repeats.first_torn])
            self.torn = torn[np.argsort(torn[:, 0], kind="stable")[:LISTED]]


def _batches(sizes: Sequence[int] | np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield ranges of combinations that have at most AT_ONCE rows together (or are one)."""
    first, rows = 0, 0
    for at, size in enumerate(np.asarray(sizes).tolist()):
        if rows and rows + size > AT_ONCE:
            yield first, at
            first, rows = at, 0
        rows += size
    if rows:
        yield first, len(sizes)
