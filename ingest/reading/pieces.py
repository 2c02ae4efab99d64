"""Cut a text file into pieces of whole lines, so that nothing that reads it ever holds more than one.

Promises: every physical line is in exactly one piece and keeps its number; a piece is at most `PieceSize.bytes` and
one line long and has at most `PieceSize.cells` fields, so a file of empty lines is no bomb. The size of the pieces
changes nothing of what is read (a property test demands it).
Does not: know what a field is. Quoted fields over several lines are refused before (`tables`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

BOM = b"\xef\xbb\xbf"
_NEWLINE = 10
_STRIDE = 1 << 18  # so that what is compared stays in the processor's cache
_TAIL = 1 << 12  # most lines are shorter, so the end of a piece is found in its last 4 KiB


@dataclass(frozen=True, slots=True)
class PieceSize:
    """How much of a file is looked at in one go: bytes of text, fields (rows x columns), and rows.

    4 MiB of text become some 20 MB of columns, small beside the libraries, and big enough to hide what a call costs.
    """

    bytes: int = 4 << 20
    cells: int = 400_000
    rows: int = 250_000

    def rows_of(self, width: int) -> int:
        """Return the rows of a piece whose rows have `width` fields."""
        return max(1, min(self.rows, self.cells // max(1, width)))


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Some lines of a file. `data` begins with one line that does not belong to it; `line` is the number of the next.

    `share` of the file (0..1) is read when the piece is done.
    """

    data: bytes
    line: int
    share: float


def text_pieces(path: Path, header_lines: int, width: int, size: PieceSize) -> Iterator[TextPiece]:
    """Yield the lines of the file at `path` below its header (0 or 1 lines)."""
    whole = path.stat().st_size
    line, at = 1, 0
    with path.open("rb", buffering=0) as file:
        while at < whole:
            data, end = _block(file, at, size.bytes, whole)
            if at == 0:
                data = data.removeprefix(BOM)
                data = data if header_lines else b"\n" + data
                line += header_lines
            lines = _lines(data)
            for part, first in _parts(data, line, lines, size.rows_of(width)) if _says_something(data) else ():
                if _says_something(part):
                    yield TextPiece(part, first, end / whole)
            line += lines
            at = end


def _block(file: BinaryIO, at: int, length: int, whole: int) -> tuple[bytes, int]:
    """Return (the line end before `at` and whole lines from there on, where they end)."""
    end = _end_of_line(file, at, min(at + length, whole), whole)
    start = max(0, at - 1)
    file.seek(start)
    data = file.read(end - start)
    if len(data) < end - start:
        raise OSError("the file became shorter while it was read")
    return data, end


def _end_of_line(file: BinaryIO, at: int, end: int, whole: int) -> int:
    """Return the last place after a line end in `(at, end]`; behind `end` where a single line is longer."""
    if end == whole:
        return whole
    reach = _TAIL
    while True:
        start = max(at, end - reach)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        if start == at:
            end, reach = min(whole, end + reach), 2 * reach
            if end == whole:
                return _first_end(file, at, whole)
        reach *= 4


def _first_end(file: BinaryIO, at: int, whole: int) -> int:
    file.seek(at)
    found = file.read(whole - at).find(b"\n")
    return whole if found < 0 else at + found + 1


def _says_something(data: bytes) -> bool:
    """Return whether there is anything but line ends."""
    return not data.isspace() or bool(data.strip(b"\r\n"))


def _lines(data: bytes) -> int:
    """Return how many lines begin in `data` behind its first line end."""
    signs = np.frombuffer(data, np.uint8)
    ends = sum(int(np.count_nonzero(signs[at : at + _STRIDE] == _NEWLINE)) for at in range(0, len(data), _STRIDE))
    return ends - data.endswith(b"\n") if ends else 0


def _parts(data: bytes, line: int, lines: int, most: int) -> Iterator[tuple[bytes, int]]:
    """Yield (part, number of its first line); each part has at most `most` lines behind its first line end."""
    if lines <= most:
        yield data, line
        return
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
    for first in range(0, len(ends), most):
        last = first + most
        stop = int(ends[last]) + 1 if last < len(ends) else len(data)
        if (part := data[int(ends[first]) : stop]) != b"\n":
            yield part, line + first
