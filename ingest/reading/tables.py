"""Bring every format to one shape: a lazy frame of text columns with the physical line of each row.

Promises: text in, text out; nothing is converted here, so that every later message can quote what the file says.
A line of a text file keeps its physical number, whatever stands in it.
Does not: know what the columns mean.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import Feed
from ingest.reading.columns import MOST_COLUMNS
from ingest.reading.sources import LONGEST_LINE, Source, is_bomb

LINE, TOO_MANY = "line", "too_many_fields"
_DELIMITERS = (",", ";", "\t", "|")

Place = Callable[[int, str | None], tuple[int | None, str | None]]


def line_and_column(line: int, column: str | None) -> tuple[int | None, str | None]:
    """Return the place of a text file as it is."""
    return line, column


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as text. `rows` has `line` (UInt32), `too_many_fields` (bool) and a text column `c0`, `c1`, … per name.

    `place` turns a row's line and column into what a person can find in the file.
    """

    names: tuple[str, ...]
    rows: pl.LazyFrame
    place: Place = line_and_column


def column(position: int) -> pl.Expr:
    """Return the text column at `position`."""
    return pl.col(f"c{position}")


def text_table(source: Source, feed: Feed) -> Table:
    """Return the rows of a delimited text file (comma, semicolon, tab or bar; with or without BOM, quotes, header).

    Raises FileRefused: text-not-utf8 (header), quotes-unbalanced, file-without-rows.
    """
    first = _first_line(source)
    delimiter = feed.delimiter or _delimiter_of(first)
    if source.has_quotes:
        _refuse_unbalanced_quotes(source, delimiter)
    fields = _fields(first, delimiter)
    names = tuple(fields) if feed.header else feed.column_names
    if len(names) > MOST_COLUMNS:  # before a schema of that width is built
        raise FileRefused([Fault("too-many-columns", 1, params={"count": len(names), "limit": MOST_COLUMNS})])
    return Table(names, _text_rows(source, delimiter, len(names), 1 if feed.header else 0))


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


def _text_rows(source: Source, delimiter: str, width: int, header_lines: int) -> pl.LazyFrame:
    schema = dict.fromkeys([*(f"c{i}" for i in range(width)), "_extra"], pl.String())
    return pl.scan_csv(
        source.path,
        has_header=False,
        skip_lines=header_lines,
        schema=schema,
        separator=delimiter,
        missing_columns="insert",
        extra_columns="ignore",  # beyond the one that shows that there are too many
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        quote_char='"' if source.has_quotes else None,
        row_index_name=LINE,
        row_index_offset=1 + header_lines,
        infer_schema=False,
    ).with_columns(pl.col(LINE).cast(pl.UInt32), pl.col("_extra").is_not_null().alias(TOO_MANY))


def _refuse_unbalanced_quotes(source: Source, delimiter: str) -> None:
    """Refuse lines on which a quoted field does not end, or that are quoted wrongly.

    A field over two lines would shift every later line number, and an unclosed quote swallows the rows behind it.
    """
    mark = re.escape(delimiter)
    field = rf'(?:"(?:[^"]|"")*"|[^"{mark}]*)'
    sound = rf"^\x{{FEFF}}?{field}(?:{mark}{field})*\r?$"
    lines = pl.scan_csv(
        source.path,
        has_header=False,
        schema={"text": pl.String()},
        separator="\x01",
        quote_char=None,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        row_index_name=LINE,
        row_index_offset=1,
    )
    text = pl.col("text")
    wrong = text.str.contains('"', literal=True) & ~text.str.contains(sound)
    found = lines.filter(wrong).select(LINE).head(1000).collect(engine="streaming")[LINE].to_list()
    if found:
        raise FileRefused([Fault("quotes-unbalanced", line) for line in found])


def parquet_table(source: Source, max_bytes: int) -> Table:
    """Return the rows of a Parquet file; a "line" is the number of the row, from 1.

    Timestamps become RFC 3339 text, numbers plain decimals. Raises FileRefused: parquet-broken,
    parquet-column-unfit, file-too-large (by rows x columns: the footer's own byte count can lie).
    """
    try:
        scanned = pl.scan_parquet(source.path, glob=False)
        schema = scanned.collect_schema()
        rows = scanned.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileRefused([Fault("parquet-broken")]) from error
    names = tuple(schema.names())
    if len(names) > MOST_COLUMNS:
        raise FileRefused([Fault("too-many-columns", params={"count": len(names), "limit": MOST_COLUMNS})])
    if (unpacked := rows * len(names) * 8) > max_bytes or is_bomb(unpacked, source.size):
        raise FileRefused([Fault("file-too-large", params={"limit_mb": min(unpacked, max_bytes) >> 20})])
    texts = [_as_text(name, kind).alias(f"c{i}") for i, (name, kind) in enumerate(schema.items())]
    numbered = scanned.with_row_index(LINE, offset=1)
    too_many = pl.lit(value=False).alias(TOO_MANY)
    return Table(names, numbered.select(pl.col(LINE).cast(pl.UInt32), too_many, *texts))


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if isinstance(kind, pl.Datetime):
        moment = value.dt.convert_time_zone("UTC") if kind.time_zone else value
        return moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("Z" if kind.time_zone else ""))
    if kind.is_float():
        # A fixed-point text, because "1e-05" would be refused as a count; NaN is how pandas writes "empty".
        fixed = value.cast(pl.Decimal(38, 12), strict=False).cast(pl.String).str.strip_chars_end("0")
        odd = pl.when(value.is_infinite()).then(pl.lit("inf")).otherwise(fixed.str.strip_chars_end("."))
        return pl.when(value.is_nan()).then(None).otherwise(odd)
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise FileRefused([Fault("parquet-column-unfit", column=quoted(name), params={"kind": str(kind)[:60]})])
    text = value.cast(pl.String)
    return pl.when(text != "").then(text)


def texts_at(table: Table, position: int, lines: Sequence[int]) -> dict[int, str]:
    """Return what the file says in one column at some lines (for messages; reads the file again)."""
    if not lines:
        return {}
    wanted = table.rows.filter(pl.col(LINE).is_in(list(lines))).select(LINE, column(position).fill_null(""))
    return dict(islice(wanted.collect(engine="streaming").iter_rows(), len(lines)))
