"""Arrays to bytes and back: a JSON heading, raw little-endian arrays, zstd around both.

No pickle, so that bytes from a cache or a backup can never run code; the same arrays always give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from geo.errors import PackedBytesError

Arrays = Mapping[str, NDArray[Any]]


def pack_arrays(kind: str, heading: Mapping[str, Any], arrays: Arrays) -> bytes:
    """Pack named arrays of plain numbers under a heading of JSON values; `kind` names and versions the content."""
    little = {name: np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    layout = [[name, a.dtype.str, list(a.shape)] for name, a in little.items()]
    text = json.dumps({"kind": kind, "heading": heading, "arrays": layout}, ensure_ascii=False)
    head = text.encode()
    body = b"".join([len(head).to_bytes(4, "little"), head, *(a.tobytes() for a in little.values())])
    return zstandard.ZstdCompressor(level=3).compress(body)


def unpack_arrays(kind: str, packed: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Unpack what `pack_arrays` made; raise PackedBytesError on anything else or another kind."""
    try:
        body = zstandard.ZstdDecompressor().decompress(packed)
        size = int.from_bytes(body[:4], "little")
        described = json.loads(body[4 : 4 + size])
        if described["kind"] != kind:
            raise PackedBytesError("packed-bytes-unknown", {"expected": kind})
        return described["heading"], _arrays_of(body, 4 + size, described["arrays"])
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as broken:
        raise PackedBytesError("packed-bytes-unknown", {"expected": kind}) from broken


def _arrays_of(body: bytes, offset: int, layout: list[Any]) -> dict[str, NDArray[Any]]:
    arrays = {}
    for name, dtype, shape in layout:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(body, dtype=np.dtype(dtype), count=count, offset=offset).reshape(shape)
        offset += arrays[name].nbytes
    return arrays
