"""A carrier's coverage: which source areas there are and where they lie. What every count is spread by.

Does not read files (geo/coverage_files.py does, behind `read_coverage`) and does not spread (geo/weights.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import grids, hexagons
from geo.errors import CoverageError, CoverageNote
from geo.grids import looks_like
from geo.hexagons import Floats
from geo.packing import pack_arrays, unpack_arrays

__all__ = [
    "Coverage",
    "CoverageNote",
    "CoverageReading",
    "RadioParameters",
    "coverage_of_geohashes",
    "coverage_of_hexagons",
    "looks_like",
    "read_coverage",
]

_KIND = "oryn-coverage-1"


@dataclass(frozen=True, slots=True)
class RadioParameters:
    """Where each radio cell stands and how it radiates; arrays (A,), NaN where the file is silent.

    Degrees for positions and angles (azimuth clockwise from north, NaN: all round), metres for range and height,
    watts for power.
    """

    longitude: Floats
    latitude: Floats
    range_m: Floats
    azimuth: Floats
    beam_width: Floats
    power_w: Floats
    height_m: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The source areas of one carrier, sorted by id.

    `kind` is 'area' (then `shapes` holds (A,) polygons in WGS 84 longitude, latitude) or 'radio_cell' (then `radio`
    is set and `shapes` holds the points). `grid` is 'named', 'h3' or 'geohash'.
    """

    kind: str
    source_area_ids: tuple[str, ...]
    shapes: NDArray[Any]
    radio: RadioParameters | None = None
    grid: str = "named"

    @property
    def digest(self) -> str:
        """Hash the content (sha256, hexadecimal): the same areas give the same digest, whatever the file's order."""
        content = hashlib.sha256(f"{self.kind}|{self.grid}".encode())
        for text in self.source_area_ids:
            content.update(len(text.encode()).to_bytes(4, "little") + text.encode())
        for array in self._arrays().values():
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()

    def to_bytes(self) -> bytes:
        """Pack for a cache; `from_bytes` gives an equal coverage."""
        heading = {"kind": self.kind, "grid": self.grid, "source_area_ids": list(self.source_area_ids)}
        return pack_arrays(_KIND, heading, self._arrays())

    @staticmethod
    def from_bytes(packed: bytes) -> Coverage:
        """Unpack what `to_bytes` made; raise PackedBytesError on anything else."""
        heading, arrays = unpack_arrays(_KIND, packed)
        ends = np.cumsum(arrays["wkb_length"])
        pieces = np.split(arrays["wkb"], ends[:-1]) if len(ends) else []
        shapes = shapely.from_wkb(np.array([piece.tobytes() for piece in pieces], dtype=object))
        names = [f.name for f in fields(RadioParameters)]
        radio = RadioParameters(*(arrays[name] for name in names)) if "range_m" in arrays else None
        ids = tuple(heading["source_area_ids"])
        return Coverage(heading["kind"], ids, np.asarray(shapes, dtype=object), radio, heading["grid"])

    def _arrays(self) -> dict[str, NDArray[Any]]:
        pieces = [bytes(piece) for piece in shapely.to_wkb(self.shapes, byte_order=1)]
        arrays: dict[str, NDArray[Any]] = {
            "wkb_length": np.array([len(piece) for piece in pieces], dtype=np.int64),
            "wkb": np.frombuffer(b"".join(pieces), dtype=np.uint8),
        }
        if self.radio is not None:
            arrays |= {f.name: getattr(self.radio, f.name) for f in fields(self.radio)}
        return arrays


@dataclass(frozen=True, slots=True)
class CoverageReading:
    """A coverage read from a file, with what was repaired, assumed or left out on the way."""

    coverage: Coverage
    notes: tuple[CoverageNote, ...] = ()


def read_coverage(path: Path, id_column: str | None = None) -> CoverageReading:
    """Read source areas from GeoJSON, TopoJSON, GeoPackage, Shapefile (also zipped) or CSV, each also gzipped.

    `id_column` names the property with the source-area id where it is not one of the usual names. Invalid polygons
    are repaired and noted. Raises CoverageError naming line or feature; nothing is half read.
    """
    from geo.coverage_files import read_file

    return read_file(Path(path), id_column)


def coverage_of_hexagons(ids: Sequence[str]) -> Coverage:
    """Make a coverage of H3 ids (any mix of resolutions), which describe themselves.

    Raises CoverageError naming the first id that is no hexagon.
    """
    texts = sorted({text.strip().lower() for text in ids})
    unknown = [text for text in texts if not hexagons.is_hexagon(text)]
    if unknown:
        raise CoverageError("coverage-hexagon-unknown", {"id": unknown[0][:40]})
    shapes = hexagons.polygons(hexagons.hexagon_ids(texts))
    return Coverage("area", tuple(texts), shapes, grid="h3")


def coverage_of_geohashes(ids: Sequence[str]) -> Coverage:
    """Make a coverage of geohashes (1 to 12 characters each), which describe themselves.

    Raises CoverageError naming the first id that is no geohash.
    """
    texts = sorted({text.strip() for text in ids})
    return Coverage("area", tuple(texts), grids.geohash_shapes(texts), grid="geohash")
