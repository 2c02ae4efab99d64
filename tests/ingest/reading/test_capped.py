"""Strangers' files are read in a process of their own, and nothing that they do to it reaches us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingest.faults import LANGUAGES, FileRefused, describe
from ingest.reading.capped import CappedReader, ReaderDied, ReaderLimits, ReadRequest
from ingest.reading.handover import taken_over
from tests.ingest.reading.files import KNOWN, NEXT_QUARTER, NOW, QUARTER, counts, places, read, table

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX")
ROOT = Path(__file__).parents[3]
GOOD = table(f"A1,{QUARTER},120,", f"A2,{NEXT_QUARTER},5,", f"A3,{QUARTER},,no_coverage")


def request(folder: Path, content: bytes, **terms: Any) -> ReadRequest:
    path = folder / "delivered.csv"
    path.write_bytes(content)
    return replace(ReadRequest(path, None, KNOWN, 20, 15, NOW), **terms)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CappedReader]:
    with CappedReader(ReaderLimits(), tmp_path_factory.mktemp("scratch")) as reader:
        yield reader


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_capped_reading_says_what_a_plain_one_says(reader: CappedReader, tmp_path: Path) -> None:
    plain = read(tmp_path, GOOD)
    with reader.read(request(tmp_path, GOOD)) as capped:
        assert counts(capped) == counts(plain)
        for name in ("kind", "grid", "area_ids", "rows_in", "rows_accepted", "rows_rejected", "rows_suppressed"):
            assert getattr(capped, name) == getattr(plain, name)
        assert (capped.faults, capped.notes, capped.points) == (plain.faults, plain.notes, plain.points)
        assert capped.intervals() == plain.intervals()


def test_points_feeds_and_rejected_rows_come_over_whole(reader: CappedReader, tmp_path: Path) -> None:
    rows = [f"76.95,43.24,500,{QUARTER},50", f"76.96,43.24,500,{QUARTER},x", f"76.97,43.24,500,{QUARTER},50"]
    content = table(*rows, f"76.97,43.24,500,{QUARTER},51", header="lon,lat,radius,start,end,count")
    with reader.read(
        request(tmp_path, content, feed_text='faulty_rows = "reject"', known_source_areas=None)
    ) as reading:
        assert [one.longitude for one in reading.points] == [76.95]
        assert [one.area_index.tolist() for one in reading.slices()] == [[0]]
        assert [fault.code for fault in reading.faults] == ["count-unreadable", "row-contradicts", "row-contradicts"]


def test_a_refusal_is_the_same_and_nothing_stays_on_disk(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    with CappedReader(ReaderLimits(), scratch) as reader:
        with pytest.raises(FileRefused) as refused:
            reader.read(request(tmp_path, table(f"A1,{QUARTER},x,"), file_name="march.csv"))
        assert places(refused.value.faults) == [("count-unreadable", 2, "device_count")]
        assert (refused.value.file, refused.value.rows_in) == ("march.csv", 1)
        assert files_below(scratch) == []
    assert list(scratch.iterdir()) == []


def test_an_open_reading_outlives_its_reader_and_leaves_no_file(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    with CappedReader(ReaderLimits(), scratch) as reader:
        reading = reader.read(request(tmp_path, GOOD))
        assert files_below(scratch) == []
    assert len(list(reading.slices())) == 2
    reading.close()


def test_progress_passes_through(reader: CappedReader, tmp_path: Path) -> None:
    seen: list[float] = []
    reader.read(request(tmp_path, GOOD), lambda share, _step: seen.append(share)).close()
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


def test_one_child_serves_file_after_file(reader: CappedReader, tmp_path: Path) -> None:
    reader.start()
    child = reader._child
    for _ in range(3):
        reader.read(request(tmp_path, GOOD)).close()
    assert reader._child is child


def many_rows(count: int) -> bytes:
    rows = pl.select(
        source_area_id=pl.concat_str(pl.lit("A"), pl.int_range(count)),
        start=pl.lit("2026-11-20T05:00:00Z"),
        end=pl.lit("2026-11-20T05:15:00Z"),
        count=pl.lit(50),
    )
    return rows.write_csv().encode()


def test_a_file_that_needs_more_memory_than_the_cap_is_refused_for_that_reason_again_and_again(tmp_path: Path) -> None:
    limits = ReaderLimits(memory_mb=24)
    content = many_rows(200_000)
    with CappedReader(limits, tmp_path / "scratch") as reader:
        for _ in range(2):
            with pytest.raises(FileRefused) as refused:
                reader.read(request(tmp_path, content, known_source_areas=None))
            [fault] = refused.value.faults
            assert (fault.code, fault.params["limit_mb"]) == ("file-needs-too-much-memory", 24)
            assert all("24" in describe(fault, language) for language in LANGUAGES)
        reader.read(request(tmp_path, GOOD)).close()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_file_that_takes_more_processor_time_than_the_cap_is_refused_for_that_reason(tmp_path: Path) -> None:
    content = table(*[f"A1,{QUARTER},50,{n % 7}" for n in range(1_500_000)], header="id,start,end,count,revision")
    with CappedReader(ReaderLimits(cpu_seconds=0), tmp_path / "scratch") as reader:
        with pytest.raises(FileRefused) as refused:
            reader.read(request(tmp_path, content))
        [fault] = refused.value.faults
        assert fault.code == "file-takes-too-long"
        assert all(describe(fault, language) for language in LANGUAGES)


def test_a_file_that_takes_more_time_than_the_cap_is_refused_for_that_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.csv")
    with CappedReader(ReaderLimits(wall_seconds=1), tmp_path / "scratch") as reader:
        with pytest.raises(FileRefused) as refused:
            reader.read(ReadRequest(tmp_path / "never.csv", None, KNOWN, 20, 15, NOW))
        assert [fault.code for fault in refused.value.faults] == ["file-takes-too-long"]


def test_a_child_that_is_killed_is_no_refusal_and_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.csv")
    with CappedReader(ReaderLimits(), tmp_path / "scratch") as reader:
        reader.start()
        child = reader._child
        assert child is not None

        def kill(_share: float, _step: str) -> None:
            os.kill(child._process.pid, signal.SIGKILL)

        with pytest.raises(ReaderDied):
            reader.read(ReadRequest(tmp_path / "never.csv", None, KNOWN, 20, 15, NOW), kill)
        assert files_below(tmp_path / "scratch") == []
        reader.read(request(tmp_path, GOOD)).close()
        assert reader._child is not child


def test_an_answer_that_is_not_what_it_must_be_is_no_reading(tmp_path: Path) -> None:
    said: dict[str, Any] = {"rows_in": 1, "rows_accepted": 1, "rows_rejected": 0, "rows_suppressed": 0}
    said |= {"fault_count": 0, "kind": "device_count", "grid": "named", "area_ids": ["A"], "rank": None}
    said |= {"groups": [], "points": [], "faults": [], "notes": [], "thresholded_at": None}
    lies: list[dict[str, Any]] = [
        {"rows_in": 2},
        {"rows_in": -1, "rows_accepted": -1},
        {"kind": "persons"},
        {"area_ids": [7]},
        {"groups": [[[[0, 900]], 0, 0, 0, 99]]},
        {"groups": [[[[900, 0]], 0, 0, 0, 0]]},
        {"faults": [["no-such-code", 1, None, {}]]},
        {"faults": "none"},
        {"points": [["p", "76", 43, 1]]},
        {"thresholded_at": "low"},
    ]
    for lie in [{}, *lies]:
        (tmp_path / "counts.bin").write_bytes(b"\0" * 13)
        (tmp_path / "said.json").write_text(json.dumps(said | lie))
        if lie:
            with pytest.raises(ValueError, match=r"."):
                taken_over(tmp_path)
        else:
            taken_over(tmp_path).close()
        assert files_below(tmp_path) == []


@pytest.mark.parametrize("row", ["<f8 nan, area 9", "inf", "state 7", "value beside suppressed"])
def test_arrays_that_cannot_be_are_no_counts(row: str, tmp_path: Path) -> None:
    import struct

    value, area, state = {
        "<f8 nan, area 9": (50.0, 9, 2),
        "inf": (float("inf"), 0, 2),
        "state 7": (50.0, 0, 7),
        "value beside suppressed": (7.0, 0, 1),
    }[row]
    said = {"rows_in": 1, "rows_accepted": 1, "rows_rejected": 0, "rows_suppressed": 0, "fault_count": 0}
    more = {"kind": "device_count", "grid": "named", "area_ids": ["A"], "groups": [[[[0, 900]], 0, 0, 0, 1]]}
    (tmp_path / "counts.bin").write_bytes(struct.pack("<dIB", value, area, state))
    (tmp_path / "said.json").write_text(json.dumps({**said, **more, "points": [], "faults": [], "notes": []}))
    with taken_over(tmp_path) as reading, pytest.raises(ValueError, match="file of counts"):
        list(reading.slices())


PARENT = """
import os, sys
from pathlib import Path
from datetime import datetime, UTC
from ingest.reading.capped import CappedReader, ReadRequest, ReaderLimits
assert not {"numpy", "polars"} & set(sys.modules)
with CappedReader(ReaderLimits(), Path(sys.argv[1])) as reader:
    reader.start()
    assert not {"numpy", "polars"} & set(sys.modules)
    print(reader._child._process.pid, flush=True)
    reader.read(ReadRequest(Path(sys.argv[2]), None, None, 20, 15, datetime.now(UTC)))
"""


def test_the_child_ends_with_a_killed_parent_and_the_next_reader_sweeps(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.csv")
    scratch = tmp_path / "scratch"
    command = [sys.executable, "-c", PARENT, str(scratch), str(tmp_path / "never.csv")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 10
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(child)
    assert list(scratch.iterdir()) != []
    with CappedReader(ReaderLimits(), scratch):
        assert len(list(scratch.iterdir())) == 1
    assert list(scratch.iterdir()) == []


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_child_that_does_not_start_is_said_to_have_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with CappedReader(ReaderLimits(), tmp_path) as reader, pytest.raises(ReaderDied, match="start"):
        reader.start()
