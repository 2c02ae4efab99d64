"""What estimates share from bin to bin and from run to run: the ground's geometry, and plain estimates of past bins.

All of it can be computed again at any time; what is not at hand costs time only. May be used by several threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from geo.joint import Layout, layout
from geo.weights import SpreadingWeights
from ingest.areas import Area

LAYOUTS_KEPT = 4  # a coverage changes rarely; an old one is asked for by corrections and by history
PLAIN_BYTES_KEPT = 96 << 20  # four weeks of hours of a city


@dataclass(frozen=True, slots=True, eq=False)
class PlainBin:
    """One past bin: people (H,) by its plain estimate, and the counts (A,) behind it, group by group."""

    people: NDArray[np.float32]
    counts: tuple[NDArray[np.float32], ...]

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return self.people.nbytes + sum(one.nbytes for one in self.counts)


class Memory:
    """Layouts by area and weights, plain bins by digest; what was not asked for longest goes first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._layouts: OrderedDict[tuple[str, tuple[int, ...]], Layout] = OrderedDict()
        self._plain: OrderedDict[str, PlainBin] = OrderedDict()
        self._bytes = 0

    def layout(self, area: Area, weights: Sequence[SpreadingWeights]) -> Layout:
        """Return the layout of these weights over an area, made once; its weights are those objects."""
        key = (area.digest, tuple(id(one) for one in weights))  # the layout keeps them alive, so ids stay theirs
        with self._lock:
            if key not in self._layouts:
                self._layouts[key] = layout(weights, area.hexagons)
                while len(self._layouts) > LAYOUTS_KEPT:
                    self._layouts.popitem(last=False)
            self._layouts.move_to_end(key)
            return self._layouts[key]

    def knows(self, digest: str) -> bool:
        """Tell whether a plain bin is at hand."""
        with self._lock:
            return digest in self._plain

    def plain(self, digest: str) -> PlainBin | None:
        """Return a plain bin, or None where it is not at hand."""
        with self._lock:
            if digest in self._plain:
                self._plain.move_to_end(digest)
            return self._plain.get(digest)

    def keep_plain(self, digest: str, made: PlainBin) -> PlainBin:
        """Keep a plain bin and return it."""
        with self._lock:
            if digest not in self._plain:
                self._plain[digest] = made
                self._bytes += made.size
            while self._bytes > PLAIN_BYTES_KEPT and len(self._plain) > 1:
                self._bytes -= self._plain.popitem(last=False)[1].size
        return made
