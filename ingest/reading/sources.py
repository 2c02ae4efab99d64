"""Open a delivered file safely: unpack it under a cap, and say what kind of file it is by its bytes, never by its name.

Promises: at most `max_bytes` are ever unpacked, memory stays flat, what is unpacked lives in `scratch` only until
the `with` block ends. A file that is not text, CAMARA JSON or Parquet is refused before anything parses it.
Does not: understand columns.
"""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Literal

import zstandard

from ingest.faults import Fault, FileRefused

Form = Literal["text", "json", "parquet"]

MAX_BYTES = 4 << 30
LONGEST_LINE = 1 << 16  # as many columns as are read, each as long as anything that means something
_CHUNK = LONGEST_LINE  # a line longer than a chunk always spans a border, so borders are all that must be looked at
_BOMB_RATIO = 100  # counts compress 5..60 times; deflate at its most extreme 1,032 times
_BOMB_FROM = 32 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_OTHER_KINDS = (
    (b"PK\x03\x04", "file-is-archive", "zip/xlsx"),
    (b"PK\x05\x06", "file-is-archive", "zip"),
    (b"\xd0\xcf\x11\xe0", "file-is-archive", "xls"),
    (b"7z\xbc\xaf\x27\x1c", "file-is-archive", "7z"),
    (b"Rar!", "file-is-archive", "rar"),
    (b"BZh", "file-is-archive", "bzip2"),
    (b"\xfd7zXZ", "file-is-archive", "xz"),
    (_GZIP, "file-is-archive", "gzip"),
    (_ZSTD, "file-is-archive", "zstd"),
    (b"\xff\xfe", "file-utf16", "UTF-16"),
    (b"\xfe\xff", "file-utf16", "UTF-16"),
    (b"%PDF", "file-is-binary", "PDF"),
    (b"\x89PNG", "file-is-binary", "PNG"),
    (b"\xff\xd8\xff", "file-is-binary", "JPEG"),
    (b"SQLite format 3", "file-is-binary", "SQLite"),
    (b"ARROW1", "file-is-binary", "Arrow"),
    (b"\x7fELF", "file-is-binary", "ELF"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A plain file that may be parsed: `form`, its bytes at `path`, and whether a double quote occurs in it."""

    path: Path
    form: Form
    size: int
    has_quotes: bool


@contextmanager
def opened(path: Path, max_bytes: int = MAX_BYTES, scratch: Path | None = None) -> Iterator[Source]:
    """Yield the unpacked file. Raises FileRefused: file-empty, file-too-large, file-is-archive, and so on.

    `scratch`: folder for what has to be unpacked (default: the system's), removed at the end of the block.
    """
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        size = path.stat().st_size
        if magic.startswith(_GZIP) or magic == _ZSTD:
            with _unpacked(raw, magic, max_bytes, scratch) as source:
                yield source
        else:
            if size > max_bytes:
                raise _too_large(max_bytes)
            form, has_quotes = _inspected(_chunks(raw), raw, None)
            yield Source(path, form, size, has_quotes)


@contextmanager
def _unpacked(raw: BinaryIO, magic: bytes, max_bytes: int, scratch: Path | None) -> Iterator[Source]:
    kind = "gzip" if magic.startswith(_GZIP) else "zstd"
    chunks = _gzip_chunks(raw) if kind == "gzip" else _zstd_chunks(raw)
    with tempfile.NamedTemporaryFile("w+b", dir=scratch, prefix="oryn-", suffix=".plain") as plain:
        try:
            form, has_quotes = _inspected(_capped(chunks, raw, max_bytes), None, plain)
        except EOFError as error:
            raise _refused("packed-file-truncated", kind=kind) from error
        except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
            raise _refused("packed-file-damaged", kind=kind) from error
        plain.flush()
        yield Source(Path(plain.name), form, plain.tell(), has_quotes)


def _chunks(raw: BinaryIO) -> Iterator[bytes]:
    while chunk := raw.read(_CHUNK):
        yield chunk


def _gzip_chunks(raw: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=raw) as unpacking:
        while chunk := unpacking.read(_CHUNK):
            yield chunk


def _zstd_chunks(raw: BinaryIO) -> Iterator[bytes]:
    """Yield what every frame holds, in small bites: 3 packed bytes may unpack to 128 KiB, and all at once."""
    unpacking = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    pending: list[bytes] = []
    held, started = 0, False
    while bite := raw.read(512):
        while bite:
            if unpacking.eof:
                unpacking = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            part = unpacking.decompress(bite)
            started, bite = True, unpacking.unused_data if unpacking.eof else b""
            pending.append(part)
            held += len(part)
        if held >= _CHUNK:
            yield from _cut(b"".join(pending))
            pending, held = [], 0
    if started and not unpacking.eof:
        raise EOFError
    yield from _cut(b"".join(pending))


def _cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]


def _capped(chunks: Iterator[bytes], raw: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """Yield the chunks while they are not too many, nor too many for what has been taken of `raw` so far."""
    unpacked = 0
    for chunk in chunks:
        unpacked += len(chunk)
        if unpacked > max_bytes or is_bomb(unpacked, raw.tell()):
            raise _too_large(min(max_bytes, unpacked))
        yield chunk


def is_bomb(unpacked: int, packed: int) -> bool:
    """Return whether so few bytes that unpack to so many can only be meant to fill the memory."""
    return unpacked > _BOMB_FROM and unpacked > _BOMB_RATIO * packed


def _inspected(chunks: Iterator[bytes], raw: BinaryIO | None, copy: IO[bytes] | None) -> tuple[Form, bool]:
    """Look at every byte once, and copy it when asked. Return the form and whether a quote occurs.

    Lines are counted only when a fault needs a number: `raw` or `copy` then holds what was looked at.
    """
    form: Form | None = None
    has_quotes, looked_at, tail = False, 0, 0
    for chunk in chunks:
        if copy is not None:
            copy.write(chunk)
        form = form or _form_of(chunk)
        if form == "text":
            nul = chunk.find(b"\x00")
            tail, too_long_at = _line_carried(chunk, tail)
            if nul >= 0:
                raise _refused("file-nul-byte", _line_at(raw or copy, looked_at + nul))
            if too_long_at is not None:
                raise _refused("line-too-long", _line_at(raw or copy, looked_at + too_long_at), limit=LONGEST_LINE)
            has_quotes = has_quotes or b'"' in chunk
        looked_at += len(chunk)
    if form is None:
        raise _refused("file-empty")
    return form, has_quotes


def _line_at(file: IO[bytes] | BinaryIO | None, offset: int) -> int | None:
    """Return the physical line of a byte."""
    if file is None:
        return None
    file.seek(0)
    line, left = 1, offset
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        line += chunk.count(b"\n")
        left -= len(chunk)
    return line


def _form_of(start: bytes) -> Form:
    for magic, code, kind in _OTHER_KINDS:
        if start.startswith(magic):
            raise _refused(code, kind=kind)
    if start.startswith(b"PAR1"):
        return "parquet"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise _refused("file-empty")
    zeros = start[:200].count(b"\x00") / len(start[:200])
    if 1 / 3 < zeros < 2 / 3:
        raise _refused("file-utf16", kind="UTF-16")
    if text[:1] in (b"{", b"["):
        return "json"
    if b"\n" not in start and b"\r" in start:
        raise _refused("line-ends-old", 1)
    return "text"


def _line_carried(chunk: bytes, tail: int) -> tuple[int, int | None]:
    """Return (length of the line that `chunk` leaves open, where in it a line ends that is longer than any row)."""
    first = chunk.find(b"\n")
    opened_length = tail + (len(chunk) if first < 0 else first)
    too_long_at = max(0, first) if opened_length > LONGEST_LINE else None
    return opened_length if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1, too_long_at


def _too_large(max_bytes: int) -> FileRefused:
    return _refused("file-too-large", limit_mb=max(1, max_bytes >> 20))


def _refused(code: str, line: int | None = None, **params: str | int) -> FileRefused:
    return FileRefused([Fault(code, line, params=params)])
