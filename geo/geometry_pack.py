"""The hexagons of an area in a few bytes each, so that the browser needs no H3 library. Immutable once published.

    4 bytes  magic b"OHX1"
    u8       resolution, u8 0, u16 0
    u32      n, hexagons (sorted by id)                            all numbers little-endian
    u32 + .. section 1: ids. Each id is shifted right by 3 * (15 - resolution), which drops the digits below the
             resolution (all ones); the first as it is, then differences, as unsigned LEB128 varints.
    u32 + .. section 2: centres in half-metres of web mercator (EPSG:3857), x = round(2 x_m), y likewise; differences
             to the hexagon before (the first: to 0), x and y interleaved, as zigzag LEB128 varints.
    48 bytes section 3: template, 12 int32: the mean offsets of the six vertices from the centre (x0, y0 .. x5, y5).
    u32 + .. section 4: 12 zigzag varints a hexagon: vertex - centre - template.

Vertices are rounded once, from their own coordinates, so that neighbours share the very same integers and no gaps
shine through. They run as h3 gives them, turned so that vertex 0 is the most northern (of equals the most eastern).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo import hexagons
from geo.errors import PackedBytesError
from geo.hexagons import Floats, HexIds

MAGIC = b"OHX1"
_HEAD = struct.Struct("<4sBBHI")
_MERCATOR_RADIUS_M = 6378137.0
_LONGEST_VARINT = 10
_BLOCK = 1 << 18  # values at once: each takes ten places before the unused ones are left out

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Hexagons unpacked: ids (n,), centres (n, 2) and vertices (n, 6, 2) in half-metres of web mercator."""

    resolution: int
    hexagons: HexIds
    centres: Ints
    vertices: Ints


def geometry_pack(ids: HexIds) -> bytes:
    """Pack hexagons of one resolution, sorted by id, in the format above; raise ValueError when they are not."""
    if not len(ids) or (np.diff(ids.astype(np.int64)) <= 0).any() or np.ptp(hexagons.resolutions(ids)):
        raise ValueError("hexagons must be of one resolution, sorted and without repeats")
    resolution = int(hexagons.resolutions(ids[:1])[0])
    centre = _half_metres(hexagons.centres(ids)[:, None, :])[:, 0]
    offsets = _north_first(_half_metres(hexagons.boundaries(ids))) - centre[:, None, :]
    template = np.rint(offsets.mean(axis=0)).astype(np.int64)
    short = (ids >> _dropped_bits(resolution)).astype(np.int64)
    sections = (
        _sized(_varints(np.diff(short, prepend=0).astype(np.uint64))),
        _sized(_varints(_zigzag(np.diff(centre, axis=0, prepend=0)))),
        template.astype("<i4").tobytes(),
        _sized(_varints(_zigzag(offsets - template))),
    )
    return _HEAD.pack(MAGIC, resolution, 0, 0, len(ids)) + b"".join(sections)


def _dropped_bits(resolution: int) -> np.uint64:
    return np.uint64(3 * (15 - resolution))


def _half_metres(places: Floats) -> Ints:
    """Project (n, m, 2) degrees to half-metres of web mercator, rounded."""
    longitude, latitude = np.radians(places[..., 0]), np.radians(places[..., 1])
    northing = np.arctanh(np.sin(latitude))
    return np.rint(2.0 * _MERCATOR_RADIUS_M * np.stack([longitude, northing], axis=-1)).astype(np.int64)


def _north_first(vertices: Ints) -> Ints:
    """Turn each ring so that it starts at its most northern vertex, of equals the most eastern."""
    rank = vertices[:, :, 1] * (1 << 28) + vertices[:, :, 0]
    turned = (rank.argmax(axis=1)[:, None] + np.arange(6)) % 6
    return np.take_along_axis(vertices, turned[:, :, None], axis=1)


def _zigzag(values: Ints) -> NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).astype(np.uint64).ravel()


def _unzigzag(codes: NDArray[np.uint64]) -> Ints:
    return (codes >> np.uint64(1)).astype(np.int64) ^ -(codes & np.uint64(1)).astype(np.int64)


def _sized(section: bytes) -> bytes:
    return struct.pack("<I", len(section)) + section


def _varints(values: NDArray[np.uint64]) -> bytes:
    """Write unsigned LEB128: seven bits a byte, lowest first, the top bit set while more follow."""
    return b"".join(_varint_block(values[at : at + _BLOCK]) for at in range(0, len(values), _BLOCK))


def _varint_block(values: NDArray[np.uint64]) -> bytes:
    shifts = np.arange(_LONGEST_VARINT, dtype=np.uint64) * np.uint64(7)
    groups = values[:, None] >> shifts
    used = (groups > 0) | (np.arange(_LONGEST_VARINT) == 0)
    more = np.concatenate([used[:, 1:], np.zeros((len(values), 1), dtype=bool)], axis=1)
    coded = (groups & np.uint64(0x7F)).astype(np.uint8) | (more.astype(np.uint8) << 7)
    return bytes(coded[used])


def _read_varints(section: bytes, count: int) -> NDArray[np.uint64]:
    coded = np.frombuffer(section, dtype=np.uint8)
    ends = np.flatnonzero(coded < 0x80)
    if len(ends) != count or (count and ends[-1] != len(coded) - 1):
        raise PackedBytesError("packed-bytes-unknown", {"expected": "OHX1"})
    starts = np.r_[0, ends[:-1] + 1]
    place = np.arange(len(coded)) - np.repeat(starts, ends - starts + 1)
    parts = (coded & 0x7F).astype(np.uint64) << (place.astype(np.uint64) * np.uint64(7))
    return np.add.reduceat(parts, starts) if count else parts


def unpack_geometry(packed: bytes) -> Geometry:
    """Unpack what `geometry_pack` made; raise PackedBytesError on anything else."""
    try:
        magic, resolution, _, _, count = _HEAD.unpack_from(packed)
        if magic != MAGIC:
            raise PackedBytesError("packed-bytes-unknown", {"expected": "OHX1"})
        ids, at = _section(packed, _HEAD.size)
        centres, at = _section(packed, at)
        template = np.frombuffer(packed, dtype="<i4", count=12, offset=at).astype(np.int64).reshape(6, 2)
        residuals, _ = _section(packed, at + 48)
    except (struct.error, ValueError) as broken:
        raise PackedBytesError("packed-bytes-unknown", {"expected": "OHX1"}) from broken
    short = np.cumsum(_read_varints(ids, count), dtype=np.uint64)
    centre = np.cumsum(_unzigzag(_read_varints(centres, 2 * count)).reshape(-1, 2), axis=0)
    offsets = _unzigzag(_read_varints(residuals, 12 * count)).reshape(-1, 6, 2) + template
    dropped = _dropped_bits(resolution)
    whole = (short << dropped) | ((np.uint64(1) << dropped) - np.uint64(1))
    return Geometry(resolution, whole, centre, offsets + centre[:, None, :])


def _section(packed: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from("<I", packed, at)
    end = at + 4 + size
    if end > len(packed):
        raise PackedBytesError("packed-bytes-unknown", {"expected": "OHX1"})
    return packed[at + 4 : end], end
