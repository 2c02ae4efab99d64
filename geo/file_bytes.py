"""The bytes of a coverage file: unpacked when they are packed, within bounds, and recognised by what they hold.

Names of files lie; the first bytes do not.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from geo.errors import CoverageError

_CHUNK = 1 << 20
_MOST_BYTES = 1 << 30
_FREE_BYTES = 64 << 20
_MOST_RATIO = 100
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

_MAGIC = (
    (b"SQLite format 3\x00", "geopackage"),
    (b"PK\x03\x04", "zip"),
    (b"\x00\x00\x27\x0a", "shapefile"),
)


def unpacked(path: Path) -> bytes:
    """Read a file, unpacking gzip and zstd; raise CoverageError when it is empty, truncated, broken or a bomb."""
    if not path.is_file():
        raise CoverageError("coverage-no-file", {"file": str(path)})
    with path.open("rb") as source:
        head = source.read(4)
        source.seek(0)
        size = path.stat().st_size
        if not head:
            raise CoverageError("coverage-empty", {"file": path.name})
        if head.startswith(_GZIP):
            return _bounded(_gunzip(source, path.name), size, path.name)
        if head.startswith(_ZSTD):
            return _bounded(_unzstd(source, path.name), size, path.name)
        return _bounded(iter(lambda: source.read(_CHUNK), b""), size, path.name)


def _bounded(chunks: Iterator[bytes], packed_size: int, name: str) -> bytes:
    whole = io.BytesIO()
    for chunk in chunks:
        whole.write(chunk)
        most = min(_MOST_BYTES, max(_FREE_BYTES, _MOST_RATIO * packed_size))
        if whole.tell() > most:
            raise CoverageError("coverage-too-large", {"file": name, "megabytes": most >> 20})
    if not whole.tell():
        raise CoverageError("coverage-empty", {"file": name})
    return whole.getvalue()


def _gunzip(source: BinaryIO, name: str) -> Iterator[bytes]:
    """Unpack gzip members one after the other, in small pieces, so that a bomb is noticed early."""
    unpacker = zlib.decompressobj(wbits=31)
    pending = source.read(_CHUNK)
    while pending:
        try:
            yield unpacker.decompress(pending, _CHUNK)
        except zlib.error as broken:
            raise CoverageError("coverage-archive-broken", {"file": name}) from broken
        pending = unpacker.unconsumed_tail or unpacker.unused_data or source.read(_CHUNK)
        if unpacker.eof and pending:
            pending = pending.lstrip(b"\x00") or source.read(_CHUNK)
            unpacker = zlib.decompressobj(wbits=31)
    if not unpacker.eof:
        raise CoverageError("coverage-truncated", {"file": name})


def _unzstd(source: BinaryIO, name: str) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(source, read_across_frames=True)
    try:
        yield from iter(lambda: reader.read(_CHUNK), b"")
    except zstandard.ZstdError as broken:
        raise CoverageError("coverage-archive-broken", {"file": name}) from broken


def kind_of(content: bytes, name: str) -> str:
    """Name what the bytes are: json, csv, geopackage, zip or shapefile; raise CoverageError for anything else."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CoverageError("coverage-encoding", {"file": name}, line=1)
    head = content[:4096]
    if b"\x00" in head:
        raise CoverageError("coverage-binary", {"file": name})
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise CoverageError("coverage-empty", {"file": name})
    if start[:1] == b"<":
        raise CoverageError("coverage-format-unknown", {"file": name})
    return "json" if start[:1] in (b"{", b"[") else "csv"


def text_of(content: bytes, name: str) -> str:
    """Decode UTF-8 with or without BOM; raise CoverageError naming the line that is something else."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = content[: broken.start].count(b"\n") + 1
        raise CoverageError("coverage-encoding", {"file": name}, line=line) from broken
