"""From source areas to hexagons: sparse weights, computed once for each version of a coverage.

`spread` says where an area's people go, `cover` how much of a hexagon an area stands for. Geometry only: no counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from geo import area_weights, hexagons, radio_weights
from geo.clipping import Ints
from geo.coverage import Coverage, RadioParameters
from geo.hexagons import Floats, HexIds
from geo.packing import pack_arrays, unpack_arrays
from geo.radio_weights import DEFAULT_RADIO, RadioModel

Progress = Callable[[float, str], None]

_KIND = "oryn-weights-3"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SpreadingWeights:
    """Sparse weights between A source areas and H hexagons (sorted ids).

    `spread` (A, H): the share of the area's count that goes to each hexagon; rows sum to 1.
    `cover` (A, H): the part of the hexagon that the area stands for: |h∩a|/|h| for shapes; the connection probability
    for radio cells, whose columns sum to 1. `area_km2` (A,): true area (for radio cells: Σ P_ah |h|). `masts` (M, 2):
    longitude and latitude of the radio cells, each place once; (0, 2) where there are none. `small` (S, 3): number,
    longitude and latitude of radio cells that may stand inside a building.
    """

    source_area_ids: tuple[str, ...]
    hexagons: HexIds
    spread: sparse.csr_array
    cover: sparse.csr_array
    area_km2: Floats
    masts: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    small: Floats = field(default_factory=lambda: np.zeros((0, 3)))

    def to_bytes(self) -> bytes:
        """Pack for a cache; `from_bytes` gives the same weights to the last bit."""
        arrays = {
            "hexagons": self.hexagons,
            "area_km2": self.area_km2,
            "masts": self.masts,
            "small": self.small,
            "indptr": self.spread.indptr.astype(np.int64),
            "indices": self.spread.indices.astype(np.int32),
            "spread": self.spread.data,
            "cover": self.cover.data,
        }
        return pack_arrays(_KIND, {"source_area_ids": list(self.source_area_ids)}, arrays)

    @staticmethod
    def from_bytes(packed: bytes) -> SpreadingWeights:
        """Unpack what `to_bytes` made; raise PackedBytesError on anything else."""
        heading, a = unpack_arrays(_KIND, packed)
        ids = tuple(heading["source_area_ids"])
        shape = (len(ids), len(a["hexagons"]))
        spread, cover = (
            sparse.csr_array((a[name], a["indices"], a["indptr"]), shape=shape) for name in ("spread", "cover")
        )
        return SpreadingWeights(ids, a["hexagons"], spread, cover, a["area_km2"], a["masts"], a["small"])


def compute_weights(
    coverage: Coverage, resolution: int = 9, progress: Progress | None = None, radio: RadioModel = DEFAULT_RADIO
) -> SpreadingWeights:
    """Compute the weights of a coverage at one H3 resolution.

    Polygons by area share, H3 ids by their kinship, radio cells by connection probability (under the model `radio`,
    which says nothing about the others) times hexagon area.
    `progress` is called with a fraction 0..1 and a word. Raises WeightsError when the coverage is too large.
    """
    tell = progress or _silent
    tell(0.0, "weights")
    if coverage.radio is not None:
        weights = _of_radio_cells(coverage, coverage.radio, resolution, tell, radio)
    else:
        weights = _of_areas(coverage, resolution)
    tell(1.0, "weights")
    return weights


def _silent(_fraction: float, _what: str) -> None:
    return None


def _of_areas(coverage: Coverage, resolution: int) -> SpreadingWeights:
    if coverage.grid == "h3":
        ids = hexagons.hexagon_ids(coverage.source_area_ids)
        found = area_weights.overlaps_of_hexagons(ids, resolution)
    else:
        found = area_weights.overlaps_of_shapes(coverage.shapes, resolution)
    share, area = _shares(found.row, found.area_km2, len(coverage.source_area_ids))
    return _weights(coverage, found.hexagons, (found.row, found.column), share, found.cover, area)


def _of_radio_cells(
    coverage: Coverage, cells: RadioParameters, resolution: int, tell: Progress, model: RadioModel
) -> SpreadingWeights:
    found = radio_weights.connections(cells, resolution, tell, model)
    row = found.row
    stands_for = found.probability * found.area_km2[found.column]
    share, area = _shares(row, stands_for, len(coverage.source_area_ids))
    masts = np.unique(np.column_stack([cells.longitude, cells.latitude]), axis=0)
    made = _weights(coverage, found.hexagons, (row, found.column), share, found.probability, area)
    return replace(made, masts=masts, small=radio_weights.small_cells(cells))


def _shares(row: Ints, part: Floats, areas: int) -> tuple[Floats, Floats]:
    """Divide each part by its row's total."""
    total = np.bincount(row, weights=part, minlength=areas).astype(np.float64)
    return part / total[row], total


def _weights(
    coverage: Coverage,
    ids: HexIds,
    pairs: tuple[Ints, Ints],
    share: Floats,
    cover: Floats,
    area: Floats,
) -> SpreadingWeights:
    shape = (len(coverage.source_area_ids), len(ids))
    order = np.lexsort((pairs[1], pairs[0]))
    row, column = pairs[0][order], pairs[1][order].astype(np.int32)
    starts = np.searchsorted(row, np.arange(shape[0] + 1))
    spread, covers = (sparse.csr_array((v[order], column, starts), shape=shape) for v in (share, cover))
    return SpreadingWeights(coverage.source_area_ids, ids, spread, covers, area)
