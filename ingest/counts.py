"""Accepted counts as bytes, and the counts that hold for one base bin.

What holds is a function of the set of accepted slices, never of the order of their arrival (contract.md B3):

1. Slices finer than the base bin win over coarser ones and are averaged over time (counts are stocks).
2. Of one upload's calendar rows only the most precise hold: a weekday's, not those for all days beside them.
3. Among slices that cover the whole bin the shorter interval wins, then the calendar's precision, then the carrier's
   own revision, then the later upload: source area by source area.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import zstandard
from numpy.typing import NDArray

from store.records import CountSliceRef

NO_COVERAGE, SUPPRESSED, COUNTED = 0, 1, 2
COMPRESSION_LEVEL = 1


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """Counts of one carrier for some of its source areas: `area_codes` uint32, `values` float64, `states` uint8.

    All of one length. A value is NaN unless counted; of a suppressed area it is below what its carrier hides counts,
    where the carrier says so.
    """

    area_codes: NDArray[np.uint32]
    values: NDArray[np.float64]
    states: NDArray[np.uint8]


def pack_counts(counts: AreaCounts) -> bytes:
    """Return the counts as compressed bytes."""
    parts = (
        counts.area_codes.astype("<u4").tobytes(),
        counts.values.astype("<f8").tobytes(),
        counts.states.astype("u1").tobytes(),
    )
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(b"".join(parts))


def unpack_counts(data: bytes) -> AreaCounts:
    """Return what `pack_counts` packed."""
    raw = zstandard.ZstdDecompressor().decompress(data)
    length = len(raw) // 13
    codes = np.frombuffer(raw, "<u4", length)
    values = np.frombuffer(raw, "<f8", length, offset=4 * length)
    return AreaCounts(codes, values, np.frombuffer(raw, "u1", length, offset=12 * length))


def counts_in_bin(
    start: datetime, width: timedelta, slices: Sequence[CountSliceRef], unpacked: Mapping[str, AreaCounts], size: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return values and states by area code (both of length `size`) that hold for `[start, start + width)`.

    Args:
        slices: one carrier's slices that overlap the bin.
        unpacked: their counts by digest.
    """
    end = start + width
    coarse = [one for one in slices if one.start <= start and one.end >= end]
    fine = [one for one in slices if not (one.start <= start and one.end >= end)]
    values, states = _overlay(coarse, unpacked, size)
    if fine:
        fine_values, fine_states = _average(fine, start, end, unpacked, size)
        delivered = fine_states != NO_COVERAGE
        values = np.where(delivered, fine_values, values)
        states = np.where(delivered, fine_states, states)
    return values, states


def winning_order(slices: Iterable[CountSliceRef]) -> list[CountSliceRef]:
    """Return slices so that each one wins over those before it."""
    return sorted(slices, key=lambda one: (one.start - one.end, one.precision, one.revision, one.upload_id, one.id))


def _most_precise(slices: Sequence[CountSliceRef]) -> list[CountSliceRef]:
    """Keep of each upload only what its calendar says most precisely: where a weekday's row is left out, it is hidden,
    and the row for all days does not stand in for it."""
    most: dict[int, int] = {}
    for one in slices:
        most[one.upload_id] = max(most.get(one.upload_id, one.precision), one.precision)
    return [one for one in slices if one.precision == most[one.upload_id]]


def _overlay(
    slices: Sequence[CountSliceRef], unpacked: Mapping[str, AreaCounts], size: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    values = np.full(size, np.nan)
    states = np.zeros(size, np.uint8)
    for one in winning_order(_most_precise(slices)):
        counts = unpacked[one.digest]
        values[counts.area_codes] = counts.values
        states[counts.area_codes] = counts.states
    return values, states


def _average(
    slices: Sequence[CountSliceRef],
    start: datetime,
    end: datetime,
    unpacked: Mapping[str, AreaCounts],
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Average over time; an area that was suppressed in any part stays suppressed: its mean would tell the part."""
    total, seconds = np.zeros(size), np.zeros(size)
    hidden, below = np.zeros(size, bool), np.full(size, np.nan)
    for interval in sorted({(one.start, one.end) for one in slices}):
        part_values, part_states = _overlay([s for s in slices if (s.start, s.end) == interval], unpacked, size)
        overlap = (min(interval[1], end) - max(interval[0], start)).total_seconds()
        counted = part_states == COUNTED
        total[counted] += part_values[counted] * overlap
        seconds[counted] += overlap
        hidden |= part_states == SUPPRESSED
        below = np.where(part_states == SUPPRESSED, np.fmax(below, part_values), below)
    states = np.where(hidden, SUPPRESSED, np.where(seconds > 0, COUNTED, NO_COVERAGE)).astype(np.uint8)
    means = np.divide(total, seconds, out=np.full(size, np.nan), where=seconds > 0)
    return np.where(states == COUNTED, means, below), states
