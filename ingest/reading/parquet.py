"""Read a Parquet file in batches of rows, as text: a "line" is the number of the row, from 1.

Promises: what a file unpacks to is judged by its footer before anything is unpacked, and batches are small, so a row
group of any size takes the memory of one batch. Timestamps become RFC 3339 text, numbers plain decimals.
Does not: trust the footer. It can lie, and a page may be as large as it likes: whoever reads strangers' files puts a
memory limit around the process (`capped`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.faults import Fault, FileRefused, quoted
from ingest.reading.columns import MOST_COLUMNS
from ingest.reading.pieces import PieceSize
from ingest.reading.sources import LONGEST_LINE, Source, is_bomb
from ingest.reading.tables import LINE, TOO_MANY, Piece, Table

_LARGEST_FOOTER = 8 << 20  # a thousand columns x hundreds of row groups
_BATCH_BYTES = 8 << 20
_PAGE_BUFFER = 1 << 16
_LARGEST_EXACT = float(1 << 53)  # up to here a float keeps every whole number, and an identifier among them


def parquet_table(source: Source, max_bytes: int, size: PieceSize) -> Table:
    """Return the rows of a Parquet file.

    Raises FileRefused: parquet-broken, parquet-column-unfit, too-many-columns, file-too-large (by rows x columns, or by
    what its columns unpack to).
    """
    _refuse_footer(source)
    try:
        with _opened(source.path) as file:
            metadata, schema = file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken() from error
    names = tuple(schema.names)
    if len(names) > MOST_COLUMNS:
        raise FileRefused([Fault("too-many-columns", params={"count": len(names), "limit": MOST_COLUMNS})])
    _refuse_bomb(metadata, len(names), source, max_bytes)
    _texts(pl.DataFrame(schema.empty_table()), 0)  # a column that cannot be text is refused now
    rows = _batch_rows(metadata, size.rows_of(len(names)))
    return Table(names, lambda: _pieces(source.path, rows, metadata.num_rows))


def _opened(path: Path) -> pq.ParquetFile:
    limits: dict[str, Any] = {"thrift_string_size_limit": _LARGEST_FOOTER, "thrift_container_size_limit": 100_000}
    return pq.ParquetFile(path, memory_map=False, buffer_size=_PAGE_BUFFER, pre_buffer=False, **limits)


def _refuse_footer(source: Source) -> None:
    with source.path.open("rb") as raw:
        raw.seek(max(0, source.size - 8))
        tail = raw.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or length > source.size:
        raise _broken()
    if length > _LARGEST_FOOTER:
        raise FileRefused([Fault("file-too-large", params={"limit_mb": _LARGEST_FOOTER >> 20})])


def _refuse_bomb(metadata: pq.FileMetaData, width: int, source: Source, max_bytes: int) -> None:
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
    for chunk in chunks:
        if chunk.total_uncompressed_size > max(1, chunk.num_values) * LONGEST_LINE:
            raise _too_long(chunk.path_in_schema)
    cells = metadata.num_rows * width * 8
    unpacked = max(cells, sum(max(0, chunk.total_uncompressed_size) for chunk in chunks))
    if unpacked > max_bytes or is_bomb(unpacked, source.size):
        raise FileRefused([Fault("file-too-large", params={"limit_mb": max(1, min(unpacked, max_bytes) >> 20)})])


def _batch_rows(metadata: pq.FileMetaData, most: int) -> int:
    """Return how many rows fit a batch: fewer where rows are wide."""
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    widest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=1.0)
    return max(1, min(most, int(_BATCH_BYTES / max(1.0, widest))))


def _pieces(path: Path, rows: int, total: int) -> Iterator[Piece]:
    done = 0
    try:
        with _opened(path) as file:
            for batch in file.iter_batches(batch_size=rows, use_threads=False):
                _refuse_long(batch)
                frame = pl.DataFrame(batch)
                yield Piece(_texts(frame, done), (done + len(frame)) / max(1, total))
                done += len(frame)
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise _broken() from error


def _texts(frame: pl.DataFrame, before: int) -> pl.DataFrame:
    texts = [_as_text(name, kind).alias(f"c{i}") for i, (name, kind) in enumerate(frame.schema.items())]
    too_many = pl.lit(value=False).alias(TOO_MANY)
    line = pl.int_range(before + 1, before + 1 + pl.len(), dtype=pl.UInt32).alias(LINE)
    return frame.select(line, too_many, *texts)


def _refuse_long(batch: pa.RecordBatch) -> None:
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            longest = pc.max(pc.binary_length(values)).as_py()
            if longest is not None and longest > LONGEST_LINE:
                raise _too_long(name)


def _too_long(name: str) -> FileRefused:
    return FileRefused([Fault("line-too-long", None, quoted(name), {"limit": LONGEST_LINE})])


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if isinstance(kind, pl.Datetime):
        moment = value.dt.convert_time_zone("UTC") if kind.time_zone else value
        return moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("Z" if kind.time_zone else ""))
    if kind.is_float():
        # A fixed-point text, because "1e-05" would be refused as a count; NaN is how pandas writes "empty".
        fixed = value.cast(pl.Decimal(38, 12), strict=False).cast(pl.String).str.strip_chars_end("0")
        whole = (value == value.round()) & (value.abs() < _LARGEST_EXACT)
        fixed = pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(fixed)
        odd = pl.when(value.is_infinite()).then(pl.lit("inf")).otherwise(fixed.str.strip_chars_end("."))
        return pl.when(value.is_nan()).then(None).otherwise(odd)
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise FileRefused([Fault("parquet-column-unfit", column=quoted(name), params={"kind": str(kind)[:60]})])
    text = value.cast(pl.String)
    return pl.when(text != "").then(text)


def _broken() -> FileRefused:
    return FileRefused([Fault("parquet-broken")])
