"""Which intervals of a file are made of others: an hour of its quarters, all days of weekdays and holidays.

Promises: a relation names a whole group and groups that fill its time exactly, without overlap, with their shares of
the time as weights. Does not: read a count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from ingest.reading.counts import CountGroup, Span


@dataclass(frozen=True, slots=True)
class Relation:
    """Group `whole` is the mean over time of `parts`, (group, weight) pairs whose weights add up to 1."""

    whole: CountGroup
    parts: tuple[tuple[CountGroup, float], ...]
    is_calendar: bool


def relations_of(groups: Sequence[CountGroup]) -> Iterator[Relation]:
    """Yield every relation between groups of one revision."""
    by_revision: dict[int, list[CountGroup]] = defaultdict(list)
    for one in groups:
        by_revision[one.revision].append(one)
    for some in by_revision.values():
        yield from _of_intervals([one for one in some if one.precision == 0 and len(one.spans) == 1])
        if any(one.precision for one in some):
            yield from _of_calendar(some)


def revisions_of(groups: Sequence[CountGroup]) -> Iterator[tuple[CountGroup, CountGroup]]:
    """Yield pairs of groups that say different revisions of the same times."""
    same: dict[tuple[tuple[Span, ...], int], list[CountGroup]] = defaultdict(list)
    for one in groups:
        same[one.spans, one.precision].append(one)
    for some in same.values():
        yield from combinations(sorted(some, key=lambda one: one.revision), 2)


def _of_intervals(groups: Sequence[CountGroup]) -> Iterator[Relation]:
    by_length: dict[int, list[CountGroup]] = defaultdict(list)
    for one in sorted(groups, key=lambda one: one.spans[0]):
        by_length[_length(one)].append(one)
    lengths = sorted(by_length)
    for at, length in enumerate(lengths):
        for shorter in lengths[:at]:
            if length % shorter == 0:
                yield from _tiled(by_length[length], by_length[shorter], length // shorter)


def _tiled(wholes: Sequence[CountGroup], parts: Sequence[CountGroup], count: int) -> Iterator[Relation]:
    at_start = {one.spans[0][0]: one for one in parts}
    for whole in wholes:
        start, end = whole.spans[0]
        width = (end - start) // count
        found = [at_start.get(start + number * width) for number in range(count)]
        there = tuple((one, 1 / count) for one in found if one is not None)
        if len(there) == count:
            yield Relation(whole, there, is_calendar=False)


def _of_calendar(groups: Sequence[CountGroup]) -> Iterator[Relation]:
    for whole in groups:
        inside = [one for one in groups if one is not whole and _time(one) < _time(whole) and _within(one, whole)]
        for one, other in combinations(inside, 2):
            if _time(one) + _time(other) == _time(whole) and not _overlapping(one, other):
                parts = ((one, _time(one) / _time(whole)), (other, _time(other) / _time(whole)))
                yield Relation(whole, parts, is_calendar=True)


def _length(group: CountGroup) -> int:
    start, end = group.spans[0]
    return end - start


def _time(group: CountGroup) -> int:
    return sum(end - start for start, end in group.spans)


def _within(part: CountGroup, whole: CountGroup) -> bool:
    first, last = min(whole.spans)[0], max(end for _start, end in whole.spans)
    if min(part.spans)[0] < first or max(end for _start, end in part.spans) > last:
        return False
    return all(any(start <= one[0] and one[1] <= end for start, end in whole.spans) for one in part.spans)


def _overlapping(one: CountGroup, other: CountGroup) -> bool:
    ordered = sorted((*one.spans, *other.spans))
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))
