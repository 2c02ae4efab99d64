"""What estimates share from bin to bin and from run to run: the ground's geometry, counts and estimates of past bins.

All of it can be computed again at any time; what is not at hand costs time only. May be used by several threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from geo.joint import Layout, layout
from geo.weights import SpreadingWeights
from ingest.areas import Area

LAYOUTS_KEPT = 4  # a coverage changes rarely; an old one is asked for by corrections and by history
BYTES_KEPT = 96 << 20  # four weeks of hours of a city


Arrays = tuple[NDArray[np.float32], ...]


class Memory:
    """Layouts by area and weights, arrays of past bins by name; what was not asked for longest goes first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._layouts: OrderedDict[tuple[str, tuple[int, ...]], Layout] = OrderedDict()
        self._arrays: OrderedDict[str, Arrays] = OrderedDict()
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

    def arrays(self, name: str) -> Arrays | None:
        """Return the arrays that were kept under a name, or None where they are not at hand."""
        with self._lock:
            if name in self._arrays:
                self._arrays.move_to_end(name)
            return self._arrays.get(name)

    def keep(self, name: str, made: Arrays) -> Arrays:
        """Keep arrays under a name and return them."""
        with self._lock:
            if name not in self._arrays:
                self._arrays[name] = made
                self._bytes += _size(made)
            while self._bytes > BYTES_KEPT and len(self._arrays) > 1:
                self._bytes -= _size(self._arrays.popitem(last=False)[1])
        return made


def _size(arrays: Arrays) -> int:
    return sum(one.nbytes for one in arrays)
