"""The prior layer in force: residents or built volume by hexagon, in its own unit; how far to believe it is learnt.

Pure but for `read_layer`. How a file becomes a layer: `ingest.prior_loading`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.packing import pack_arrays, unpack_arrays
from store import blobs, priors
from store.database import Connection

_KIND = "oryn-prior-1"


@dataclass(frozen=True, slots=True, eq=False)
class PriorLayer:
    """`values` (N,) by hexagon (res 9, sorted ids); `digest` names both."""

    hexagons: NDArray[np.uint64]
    values: NDArray[np.float64]
    digest: str = ""

    def over(self, hexagons: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the layer over other hexagons (H,) sorted; NaN where it says nothing."""
        found = np.full(len(hexagons), np.nan)
        at = np.searchsorted(hexagons, self.hexagons)
        there = (at < len(hexagons)) & (hexagons[np.minimum(at, len(hexagons) - 1)] == self.hexagons)
        found[at[there]] = self.values[there]
        return found

    def to_bytes(self) -> bytes:
        """Return hexagons and values as bytes."""
        return pack_arrays(_KIND, {}, {"hexagons": self.hexagons, "values": self.values})


def read_layer(connection: Connection) -> PriorLayer | None:
    """Return the layer that was loaded last, None without any."""
    ref = priors.newest_layer(connection)
    if ref is None:
        return None
    _heading, arrays = unpack_arrays(_KIND, blobs.read_blob(connection, ref.blob_digest))
    return PriorLayer(arrays["hexagons"], arrays["values"], ref.blob_digest)
