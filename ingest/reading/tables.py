"""Bring every format to one shape: pieces of text columns with the physical line of each row.

Promises: text in, text out; nothing is converted here, so that every later message can quote what the file says.
A line of a text file keeps its physical number, whatever stands in it. One piece is held at a time.
Does not: know what the columns mean.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from ingest.faults import Fault, FileRefused
from ingest.feeds import Feed
from ingest.reading.columns import MOST_COLUMNS
from ingest.reading.findings import LISTED, Place
from ingest.reading.pieces import PieceSize, TextPiece, text_pieces
from ingest.reading.sources import LONGEST_LINE, Source

LINE, TOO_MANY = "line", "too_many_fields"
_DELIMITERS = (",", ";", "\t", "|")


def line_and_column(line: int, column: str | None) -> tuple[int | None, str | None]:
    """Return the place of a text file as it is."""
    return line, column


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows as text: `line` (UInt32), `too_many_fields` (bool) and a text column `c0`, `c1`, … per name.

    `share` of the file (0..1) is read when these rows are.
    """

    rows: pl.DataFrame
    share: float


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file. `pieces` reads it from the start each time it is called.

    `place` turns a row's line and column into what a person can find in the file.
    """

    names: tuple[str, ...]
    pieces: Callable[[], Iterator[Piece]]
    place: Place = line_and_column


def column(position: int) -> pl.Expr:
    """Return the text column at `position`."""
    return pl.col(f"c{position}")


def blank(width: int) -> pl.Expr:
    """Return whether a row has nothing in any of its `width` columns."""
    return pl.all_horizontal(column(i).is_null() for i in range(width))


def row_count(table: Table) -> int:
    """Return how many rows the file has, blank lines left out."""
    empty = blank(len(table.names))
    return sum(len(piece.rows) - piece.rows.select(empty.sum()).item() for piece in table.pieces())


def text_table(source: Source, feed: Feed, size: PieceSize) -> Table:
    """Return the rows of a delimited text file (comma, semicolon, tab or bar; with or without BOM, quotes, header).

    Raises FileRefused: text-not-utf8 (header), quotes-unbalanced, too-many-columns.
    """
    first = _first_line(source)
    delimiter = feed.delimiter or _delimiter_of(first)
    fields = _fields(first, delimiter)
    names = tuple(fields) if feed.header else feed.column_names
    if len(names) > MOST_COLUMNS:  # before a schema of that width is built
        raise FileRefused([Fault("too-many-columns", 1, params={"count": len(names), "limit": MOST_COLUMNS})])
    if source.has_quotes:
        _refuse_unbalanced_quotes(source, delimiter, size)
    quote = '"' if source.has_quotes else None
    header_lines = 1 if feed.header else 0

    def pieces() -> Iterator[Piece]:
        for piece in text_pieces(source.path, header_lines, len(names), size):
            yield Piece(_rows(piece, delimiter, quote, len(names)), piece.share)

    return Table(names, pieces)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as problem:  # a carriage return in the middle of the line
        raise FileRefused([Fault("line-ends-old", 1)]) from problem


def _first_line(source: Source) -> str:
    with source.path.open("rb") as raw:
        line = raw.readline(LONGEST_LINE + 1)
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise FileRefused([Fault("text-not-utf8", 1)]) from error


def _delimiter_of(line: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=unquoted.count)


def _rows(piece: TextPiece, delimiter: str, quote: str | None, width: int) -> pl.DataFrame:
    schema = dict.fromkeys([*(f"c{i}" for i in range(width)), "_extra"], pl.String())
    rows = pl.scan_csv(
        piece.data,
        has_header=False,
        skip_lines=1,
        schema=schema,
        separator=delimiter,
        missing_columns="insert",
        extra_columns="ignore",  # beyond the one that shows that there are too many
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        quote_char=quote,
        row_index_name=LINE,
        row_index_offset=piece.line,
        infer_schema=False,
    )
    texts = [f"c{i}" for i in range(width)]
    too_many = pl.col("_extra").is_not_null().alias(TOO_MANY)
    return rows.select(pl.col(LINE).cast(pl.UInt32), too_many, *texts).collect()


def _refuse_unbalanced_quotes(source: Source, delimiter: str, size: PieceSize) -> None:
    """Refuse lines on which a quoted field does not end, or that are quoted wrongly.

    A field over two lines would shift every later line number, and an unclosed quote swallows the rows behind it.
    """
    mark = re.escape(delimiter)
    field = rf'(?:"(?:[^"]|"")*"|[^"{mark}]*)'
    sound = rf"^\x{{FEFF}}?{field}(?:{mark}{field})*\r?$"
    text = pl.col("text")
    wrong = text.str.contains('"', literal=True) & ~text.str.contains(sound)
    found: list[int] = []
    for piece in text_pieces(source.path, 0, 1, size):
        if b'"' in piece.data and len(found) < LISTED:
            found += _lines(piece).filter(wrong)[LINE].to_list()
    if found:
        raise FileRefused([Fault("quotes-unbalanced", line) for line in found[:LISTED]])


def _lines(piece: TextPiece) -> pl.DataFrame:
    return pl.scan_csv(
        piece.data,
        has_header=False,
        skip_lines=1,
        schema={"text": pl.String()},
        separator="\x01",
        quote_char=None,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        row_index_name=LINE,
        row_index_offset=piece.line,
    ).collect()
