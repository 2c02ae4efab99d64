"""Whatever the order, the split or the packing of a file, the same rows give the same counts."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import polars as pl
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.faults import FileRefused
from ingest.feeds import Feed
from ingest.reading import CountsReading
from ingest.reading.pieces import PieceSize
from tests.ingest.reading.files import read, table

LENIENT = Feed(faulty_rows="reject", unknown_source_areas="reject")
HEADER = "source_area_id,start,end,device_count,status,revision"

areas = st.sampled_from(["A1", "A2", "A3", "B9", "", '"A1"'])
quarters = st.integers(0, 7)
texts = st.sampled_from(["0", "1", "19", "20", "50", "-1", "x", "1e3", ""])
statuses = st.sampled_from(["", "", "", "suppressed", "no_coverage", "closed"])


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """Rows without two that contradict each other: the count follows from the key."""
    keys = draw(st.lists(st.tuples(areas, quarters, st.integers(0, 1)), max_size=25))
    given_counts = {key: (draw(texts), draw(statuses)) for key in sorted(set(keys))}
    # "A1" and A1 are one area, so they must say the same.
    plain = {(area.strip('"'), quarter, revision): said for (area, quarter, revision), said in given_counts.items()}
    return [
        _row(area, quarter, revision, *plain[area.strip('"'), quarter, revision]) for area, quarter, revision in keys
    ]


def _row(area: str, quarter: int, revision: int, count: str, status: str) -> str:
    start, end = (f"2026-11-20T{5 + at // 4:02d}:{at % 4 * 15:02d}:00Z" for at in (quarter, quarter + 1))
    return f"{area},{start},{end},{count},{status},{revision}"


def outcome(lines: list[str], pack: str = "plain") -> tuple[set[tuple[object, ...]], int, int, int]:
    """Return (counts, rows in, accepted, rejected); a refusal rejects all."""
    content = table(*lines, header=HEADER)
    packers: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
    packed = packers[pack](content)
    with tempfile.TemporaryDirectory() as folder:
        try:
            reading: CountsReading = read(Path(folder), packed, LENIENT)
        except FileRefused as refused:
            return set(), refused.rows_in, 0, refused.rows_in
    frame = reading.counts_df.with_columns(pl.col("value").fill_null(-1.0))
    return set(frame.iter_rows()), reading.rows_in, reading.rows_accepted, reading.rows_rejected


@settings(max_examples=60, deadline=None)
@given(rows(), st.data())
def test_reading_a_file_equals_reading_its_parts(lines: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(lines)))
    whole, first, second = outcome(lines), outcome(lines[:cut]), outcome(lines[cut:])
    assert whole[0] == first[0] | second[0]
    assert whole[1:] == tuple(one + other for one, other in zip(first[1:], second[1:], strict=True))


@settings(max_examples=60, deadline=None)
@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(lines: list[str], random: Random) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert outcome(shuffled) == outcome(lines)


@settings(max_examples=40, deadline=None)
@given(rows())
def test_packed_equals_plain_and_rows_in_are_accepted_or_rejected(lines: list[str]) -> None:
    plain = outcome(lines)
    assert plain == outcome(lines, "gzip") == outcome(lines, "zstd")
    assert plain[1] == len(lines)
    assert plain[1] == plain[2] + plain[3]


@settings(max_examples=40, deadline=None)
@given(rows())
def test_no_suppressed_count_keeps_its_value(lines: list[str]) -> None:
    content = table(*lines, header=HEADER)
    with tempfile.TemporaryDirectory() as folder:
        try:
            reading = read(Path(folder), content, LENIENT)
        except FileRefused:
            return
    values = [value for value in reading.counts_df["value"] if value is not None]
    assert all(value == 0 or value >= 20 for value in values)


mixed_areas = st.sampled_from(["A1", "A2", "A3", "B9", "", '"A1"', "401019876543210"])
mixed_counts = st.sampled_from(["0", "1", "1", "19", "20", "50", "50.0", "50.5", "-1", "x", ""])
starts = st.sampled_from([f"2026-11-20T05:{at:02d}:00Z" for at in (0, 15, 30, 45)] + ["2026-11-20T10:00:00+05:00", "?"])


@st.composite
def mixed_files(draw: st.DrawFn) -> tuple[bytes, Feed]:
    """Any file: rows that repeat and contradict each other, parts, blank lines, with or without an end."""
    columns = draw(st.sampled_from(["area_id,start,count,part", "area_id,start,count,note,status"]))
    cells = {"area_id": mixed_areas, "start": starts, "count": mixed_counts, "part": st.sampled_from(["7", "39", ""])}
    cells |= {"note": st.sampled_from(["", "ok", "+7 701 123 45 67"]), "status": statuses}
    row = st.tuples(*(cells[name] for name in columns.split(","))).map(",".join)
    lines = draw(st.lists(st.one_of(row, row, st.just("")), min_size=1, max_size=40))
    lines += draw(st.sampled_from([[], [f"A1,2026-11-20T05:00:00Z,1{',x' * (columns.count(',') - 2)}"] * 25]))
    feed = Feed(
        faulty_rows=draw(st.sampled_from(["refuse", "reject"])),
        unknown_source_areas=draw(st.sampled_from(["refuse", "reject"])),
        time_bin_minutes=draw(st.sampled_from([None, 15])),
        sum_over=("part",) if "part" in columns else (),
    )
    return table(*lines, header=columns, end=draw(st.sampled_from(["\n", "\r\n"]))), feed


def everything(content: bytes, feed: Feed, size: PieceSize | None) -> object:
    """Return all that a reading or a refusal says."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            reading = read(Path(folder), content, feed, piece_size=size)
        except FileRefused as refused:
            return refused.faults, refused.fault_count, refused.rows_in
        counted = reading.counts_df.with_columns(pl.col("value").fill_null(-1.0)).rows()
        rows = (reading.rows_in, reading.rows_accepted, reading.rows_rejected, reading.rows_suppressed)
        return counted, rows, reading.area_ids, reading.faults, reading.fault_count, reading.notes


@settings(max_examples=120, deadline=None)
@given(mixed_files(), st.sampled_from([PieceSize(bytes=1), PieceSize(rows=1), PieceSize(rows=7), PieceSize(bytes=200)]))
def test_the_size_of_the_pieces_changes_nothing(file: tuple[bytes, Feed], size: PieceSize) -> None:
    assert everything(*file, size) == everything(*file, None)


def verdict(content: bytes) -> CountsReading | str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return read(Path(folder), content, LENIENT)
        except FileRefused as refused:
            return str(refused)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
@example(b"zone_id,start\rcount\n1,2\n")
def test_any_bytes_are_read_or_refused_with_a_reason(content: bytes) -> None:
    assert verdict(content)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='A1,;"\t\n\r 5-:TZé\x00', max_size=200))
def test_any_text_below_a_good_header_is_read_or_refused_with_a_reason(text: str) -> None:
    said = verdict(f"{HEADER}\n{text}".encode())
    assert said if isinstance(said, str) else said.rows_in == said.rows_accepted + said.rows_rejected
