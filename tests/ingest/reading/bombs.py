"""Makers of hostile files. Each writes one file in a second or so and with little memory, whatever it unpacks to."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.ingest.reading.files import HEADER, QUARTER

MB = 1 << 20
ROW = f"A1,{QUARTER},120,\n".encode()
HEAD = (HEADER + "\n").encode()
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Maker = Callable[[Path], None]


def plain(*parts: bytes | Iterable[bytes]) -> Maker:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            for part in parts:
                for block in [part] if isinstance(part, bytes) else part:
                    file.write(block)

    return make


def one_member(head: bytes, block: bytes, times: int) -> Maker:
    """Return one gzip member of `head` and `times` blocks: deflated once, copied between full flushes."""

    def deflated(data: bytes) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)

    return plain(
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03", deflated(head), (deflated(block) for _ in range(1)), [deflated(block)] * times
    )


def members(head: bytes, block: bytes, times: int) -> Maker:
    return plain(gzip.compress(head), [gzip.compress(block)] * times)


def frames(head: bytes, block: bytes, times: int) -> Maker:
    return plain(zstandard.compress(head), [zstandard.compress(block)] * times)


def one_frame(head: bytes, block: bytes, times: int) -> Maker:
    packer = zstandard.ZstdCompressor().compressobj()
    return plain((packer.compress(one) for one in [head] + [block] * times), (packer.flush() for _ in range(1)))


def sparse(head: bytes, size: int) -> Maker:
    def make(path: Path) -> None:
        path.write_bytes(head)
        with path.open("r+b") as file:
            file.truncate(size)

    return make


def column_csv(header: str, rows_in: int, /, **columns: pl.Expr) -> Maker:
    """Return a CSV of `rows_in` rows whose columns are expressions of the row's number."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(header.encode() + b"\n")
            for first in range(0, rows_in, 250_000):
                rows = pl.select(at=pl.int_range(first, min(rows_in, first + 250_000)))
                rows.with_columns(**columns).select(*columns).write_csv(file, include_header=False)

    return make


def entry(name: bytes, body: bytes) -> bytes:
    return (
        struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, zlib.crc32(body), len(body), len(body), len(name), 0)
        + name
        + body
    )


def parquet(tables: Callable[[], Iterable[pa.Table]], **options: object) -> Maker:
    def make(path: Path) -> None:
        writer = None
        for table in tables():
            writer = writer or pq.ParquetWriter(path, table.schema, **options)
            writer.write_table(table)
        assert writer is not None
        writer.close()

    return make


def constant_rows(rows: int) -> pa.Table:
    columns = {"zone_id": pa.repeat("A1", rows).dictionary_encode(), "start": pa.repeat("x", rows).dictionary_encode()}
    return pa.table(columns | {"count": pa.repeat(1, rows).dictionary_encode()})


def long_cells(rows: int, size: int) -> pa.Table:
    texts = [f"{at}" + "A" * size for at in range(rows)]
    return pa.table({"zone_id": texts, "start": ["x"] * rows, "count": [1] * rows})


def random_text(size: int) -> bytes:
    choose = random.Random(3)
    return bytes(choose.choices(LATIN.encode(), k=size))


def start_of(at: pl.Expr) -> pl.Expr:
    moment = pl.datetime(2019, 1, 1, time_zone="UTC") + pl.duration(seconds=at)
    return moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


AT = pl.col("at")
START, END = pl.lit("2026-11-20T05:00:00Z").alias("start"), pl.lit("2026-11-20T05:15:00Z").alias("end")


def keys() -> bytes:
    return b",".join(b'"k%d":1' % at for at in range(1_000_000))


TILES = b'{"timedPopulationDensityData":[{"startTime":"2026-11-20T05:00:00Z","endTime":"2026-11-20T06:00:00Z",'
SHORT = "area_id,start,end,count"

# Files whose areas are not those of the coverage; for the others three areas are known.
OF_ANY_AREA = ("JSON", "a million", "contradict")

# name -> (how it is made, codes of which one must be the first fault)
BOMBS: dict[str, tuple[Callable[[], Maker], set[str]]] = {
    "gzip, 1 GB of rows, one member": (lambda: one_member(HEAD, ROW * 300_000, 64), {"file-too-large"}),
    "gzip, 1 GB of rows, 64 members": (lambda: members(HEAD, ROW * 300_000, 64), {"file-too-large"}),
    "zstd, 1 GB of rows, one frame": (lambda: one_frame(HEAD, ROW * 300_000, 64), {"file-too-large"}),
    "zstd, 1 GB of rows, 64 frames": (lambda: frames(HEAD, ROW * 300_000, 64), {"file-too-large"}),
    "gzip, a line of 1 GB": (lambda: one_member(HEAD, b"A" * (16 * MB), 64), {"line-too-long"}),
    "zstd, a line of 1 GB": (lambda: one_frame(HEAD, b"A" * (16 * MB), 64), {"line-too-long"}),
    "gzip, a number of a billion digits": (
        lambda: one_member(HEAD + f"A1,{QUARTER},".encode(), b"9" * (16 * MB), 60),
        {"line-too-long"},
    ),
    "gzip in gzip": (lambda: plain(gzip.compress(gzip.compress(ROW * 300_000))), {"file-is-archive"}),
    "zstd in gzip": (lambda: plain(gzip.compress(zstandard.compress(ROW * 300_000))), {"file-is-archive"}),
    "gzip cut off": (
        lambda: plain(gzip.compress(HEAD + random_text(2 * MB).replace(b"Q", b"\n"))[: -MB // 2]),
        {"packed-file-truncated"},
    ),
    "gzip damaged": (
        lambda: plain(gzip.compress(HEAD + ROW * 9000)[:-9] + b"\0" * 9),
        {"packed-file-damaged", "packed-file-truncated"},
    ),
    "zstd cut off": (
        lambda: plain(zstandard.compress(HEAD + random_text(MB).replace(b"Q", b"\n"))[:-999]),
        {"packed-file-truncated"},
    ),
    "zstd damaged": (
        lambda: plain(zstandard.compress(HEAD + ROW * 9000)[:40] + b"\xff" * 99),
        {"packed-file-damaged", "packed-file-truncated"},
    ),
    "zip of a million entries": (lambda: plain([entry(b"a", b"")] * 1_000_000), {"file-is-archive"}),
    "zip with overlapping entries": (
        lambda: plain(entry(b"a", entry(b"b", entry(b"c", zlib.compress(b"A" * 9 * MB))))),
        {"file-is-archive"},
    ),
    "zip with ../ in a name": (lambda: plain(entry(b"../../etc/passwd", ROW)), {"file-is-archive"}),
    "sparse file of 2 GB": (lambda: sparse(HEAD, 2 << 30), {"file-nul-byte"}),
    "zero bytes only": (lambda: sparse(b"", 64 * MB), {"file-nul-byte"}),
    "UTF-16": (lambda: plain(b"\xff\xfe", (HEAD + ROW * 100_000).decode().encode("utf-16-le")), {"file-utf16"}),
    "lone carriage returns": (
        lambda: plain((HEAD + ROW * 500_000).replace(b"\n", b"\r")),
        {"line-ends-old", "line-too-long"},
    ),
    "lone carriage returns below a header": (
        lambda: plain(HEAD, (ROW * 9_000).replace(b"\n", b"\r")),
        {"line-too-long"},
    ),
    "empty lines": (lambda: plain(HEAD, [b"\n" * MB] * 200), {"file-without-rows"}),
    "lines of commas": (lambda: plain(HEAD, [b",,,,\n" * 200_000] * 25), {"file-without-rows"}),
    "100,000 columns": (
        lambda: plain(",".join(f"c{at}" for at in range(100_000)).encode() + b"\n" + b"1," * 99_999 + b"1\n"),
        {"line-too-long"},
    ),
    "10,000 columns": (
        lambda: plain(",".join(f"c{at}" for at in range(10_000)).encode() + b"\n", [b"1," * 9_999 + b"1\n"] * 1000),
        {"too-many-columns"},
    ),
    "30,000 fields in each row": (lambda: plain(HEAD, [b"1," * 30_000 + b"\n"] * 1000), {"too-many-fields"}),
    "250 columns": (
        lambda: plain(
            b",".join([b"id,start,count", *(b"c%d" % at for at in range(247))]) + b"\n", [b"1," * 249 + b"\n"] * 50_000
        ),
        {"source-area-unknown"},
    ),
    "unbalanced quotes": (lambda: plain(HEAD, [ROW.replace(b"A1", b'"A1') * 10_000] * 100), {"quotes-unbalanced"}),
    "a million areas": (
        lambda: column_csv(
            SHORT, 1_000_000, area=pl.concat_str(pl.lit("area"), AT), start=START, end=END, count=pl.lit(50)
        ),
        {"too-many-values"},
    ),
    "a million long areas": (
        lambda: column_csv(
            SHORT, 120_000, area=pl.concat_str(AT, pl.lit("A" * 900)), start=START, end=END, count=pl.lit(50)
        ),
        {"too-many-values"},
    ),
    "a million starts": (
        lambda: column_csv(SHORT, 1_000_000, area=pl.lit("A1"), start=start_of(AT), end=END, count=pl.lit(50)),
        {"too-many-values"},
    ),
    "a million texts that are no times": (
        lambda: column_csv(SHORT, 1_000_000, area=pl.lit("A1"), start=AT, end=AT, count=pl.lit(50)),
        {"too-many-values"},
    ),
    "a million statuses": (
        lambda: column_csv(HEADER, 1_000_000, area=pl.lit("A1"), start=START, end=END, count=pl.lit(50), status=AT),
        {"too-many-values"},
    ),
    "3 million rows, each with five faults": (
        lambda: column_csv(
            HEADER,
            3_000_000,
            area=pl.lit("B9"),
            start=pl.lit("x"),
            end=pl.lit("y"),
            count=pl.lit("z"),
            status=pl.lit("?"),
        ),
        {"source-area-unknown"},
    ),
    "3 million rows that contradict each other": (
        lambda: column_csv(
            SHORT,
            3_000_000,
            area=pl.concat_str(pl.lit("A"), AT % 1000),
            start=START,
            end=END,
            count=AT // 1000 % 7 + 50,
        ),
        {"row-contradicts"},
    ),
    "3 million rows of one count": (
        lambda: column_csv(
            SHORT, 3_000_000, area=pl.concat_str(pl.lit("A"), AT * 0 + 1), start=START, end=END, count=AT % 1000 + 50
        ),
        {"row-contradicts", "file-needs-too-much-memory"},
    ),
    "3 million devices of one area": (
        lambda: column_csv(SHORT, 3_000_000, area=pl.lit("A1"), start=START, end=END, count=pl.lit(1)),
        {"identifier-rows"},
    ),
    "3 million marks of devices": (
        lambda: column_csv(
            SHORT + ",token",
            3_000_000,
            area=pl.concat_str(pl.lit("A"), AT % 3 + 1),
            start=START,
            end=END,
            count=pl.lit(1),
            token=(AT * 1_000_003 + 10**12),
        ),
        {"identifier-rows", "identifier-marks"},
    ),
    "nested JSON": (lambda: plain(b"[" * (15 * MB)), {"json-not-camara"}),
    "nested JSON in a tile": (
        lambda: plain(TILES, b'"cellPopulationDensityData":[{"geohash":', b"[" * (15 * MB)),
        {"json-broken"},
    ),
    "JSON with a million keys": (lambda: plain(b"{", keys(), b"}"), {"json-not-camara"}),
    "a JSON tile with a million keys": (
        lambda: plain(TILES, b'"cellPopulationDensityData":[{', keys(), b"}]}]}"),
        {"json-broken"},
    ),
    "JSON with a text of 15 MB": (lambda: plain(TILES, b'"note":"', [b"A" * MB] * 15, b'"}]}'), {"json-broken"}),
    "JSON with a number of a million digits": (
        lambda: plain(
            TILES, b'"cellPopulationDensityData":[{"geohash":"txwwj","pplDensity":', b"9" * 900_000, b"}]}]}"
        ),
        {"count-unreadable"},
    ),
    "JSON with 450,000 intervals": (
        lambda: plain(
            b'{"timedPopulationDensityData":[', b",".join([b'{"cellPopulationDensityData":[]}'] * 450_000), b"]}"
        ),
        {"too-many-values"},
    ),
    "JSON of 15 MB in tiles of faults": (
        lambda: plain(
            TILES,
            b'"cellPopulationDensityData":[',
            b",".join([b'{"geohash":"a","pplDensity":-1,"dataType":"?"}'] * 340_000),
            b"]}]}",
        ),
        {"geohash-unfit"},
    ),
    "Parquet, 1.6 GB of one value": (lambda: parquet(lambda: [constant_rows(10_000_000)] * 7), {"file-too-large"}),
    "Parquet, 1 GB of long texts": (
        lambda: parquet(lambda: [long_cells(10, 5 * MB)] * 20, compression="zstd"),
        {"line-too-long", "file-too-large"},
    ),
    "Parquet, a few long texts": (
        lambda: parquet(lambda: [long_cells(5, 5 * MB)], compression="zstd"),
        {"line-too-long", "file-too-large"},
    ),
    "Parquet with a page of 200 MB": (
        lambda: parquet(
            lambda: [
                pa.table({"zone_id": [random_text(MB).decode() * 10] * 20, "start": ["x"] * 20, "count": [1] * 20})
            ],
            compression="lz4",
            data_page_size=1 << 30,
            use_dictionary=False,
        ),
        {"line-too-long", "file-too-large"},
    ),
    "Parquet, much metadata": (
        lambda: parquet(lambda: [constant_rows(9).replace_schema_metadata({"x": "A" * (40 * MB)})]),
        {"file-too-large"},
    ),
    "Parquet, 100,000 columns": (
        lambda: parquet(lambda: [pa.table({f"c{at}": [1] for at in range(20_000)})]),
        {"too-many-columns", "file-too-large"},
    ),
    "Parquet, nested": (
        lambda: parquet(lambda: [constant_rows(9).append_column("x", pa.array([[[1]]] * 9))]),
        {"parquet-column-unfit"},
    ),
    "Parquet cut off": (lambda: plain(b"PAR1", random_text(4 * MB)), {"parquet-broken"}),
    "Parquet with a footer of nonsense": (
        lambda: plain(b"PAR1", random_text(4 * MB), struct.pack("<I", 2 * MB), b"PAR1"),
        {"parquet-broken"},
    ),
}
