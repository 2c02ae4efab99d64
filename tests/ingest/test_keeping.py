"""What is kept of a reading: counts that count, counts that wait, and how many rows of the file each of them are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from ingest import checks, intake, keeping
from ingest.checks import Examination, Hold
from ingest.counts import unpack_counts
from ingest.grids import grid_ids
from ingest.keeping import RowsOfCounts
from store import audit, uploads
from store.blobs import read_blob
from store.held import held_of, held_slice
from store.records import Receipt
from store.schema import count_slice
from tests.ingest.town import CENTRE, HEXAGONS, Town, quarter, table

A, B = HEXAGONS[0], HEXAGONS[1]


def holding(monkeypatch: pytest.MonkeyPatch, *found: tuple[int, list[str] | None]) -> None:
    """Let the examination hold these quarters, whole or for some areas."""
    real = checks.examine

    def examine(reading: Any, past: Any) -> Examination:
        holds = []
        for number, areas in found:
            index = None if areas is None else np.array(sorted(reading.area_ids.index(one) for one in areas), np.uint32)
            [one] = [one for one in reading.slices() if one.start == quarter(number)]
            holds.append(Hold(one.start, one.end, one.precision, one.revision, index, "held-area", {"count": 1}))
        return replace(real(reading, past), holds=tuple(holds))

    monkeypatch.setattr(intake, "examine", examine)


def rows_of(receipt: Receipt) -> tuple[str, int, int, int]:
    assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected + receipt.rows_held
    return receipt.state, receipt.rows_in, receipt.rows_accepted, receipt.rows_held


def totals(town: Town, of: sa.Table) -> list[tuple[float, int, int]]:
    with town.database.read() as connection:
        columns = of.c.counted_total, of.c.counted_areas, of.c.suppressed_areas
        return [tuple(one) for one in connection.execute(sa.select(*columns).order_by(of.c.start, of.c.id))]


def test_a_slice_says_its_total_and_how_many_areas_are_counted_and_suppressed(any_town: Town) -> None:
    any_town.carrier()
    any_town.accept(table((A, 0, 500), (B, 0, 7), (CENTRE, 0, 30), (A, 1, "no_coverage")))
    assert totals(any_town, count_slice) == [(530.0, 2, 1), (0.0, 0, 0)]


def test_what_an_operator_hides_itself_is_kept_as_hidden_below_its_own_limit(any_town: Town) -> None:
    any_town.carrier("alpha", feed="thresholded_at = 100")
    any_town.carrier("beta")
    counts = table((A, 0, 500), (B, 0, "suppressed"))
    for code in ("alpha", "beta"):
        any_town.accept(counts, code)
    with any_town.database.read() as connection:
        digests = connection.execute(sa.select(count_slice.c.blob_digest).order_by(count_slice.c.id)).scalars().all()
        first, second = (unpack_counts(read_blob(connection, one)) for one in digests)
    assert sorted(first.values.tolist()) == [100.0, 500.0]
    assert np.nansum(second.values) == 500.0
    assert np.isnan(second.values).sum() == 1


def test_held_counts_are_kept_apart_and_the_rest_counts(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.carrier()
    holding(monkeypatch, (0, [A]), (1, None))
    receipt = any_town.send(table((A, 0, 9000), (B, 0, 50), (A, 1, 60), (B, 1, 70), (B, 2, 80)))
    assert rows_of(receipt) == ("held", 5, 2, 3)
    assert totals(any_town, count_slice) == [(50.0, 1, 0), (80.0, 1, 0)]
    assert totals(any_town, held_slice) == [(9000.0, 1, 0), (130.0, 2, 0)]
    with any_town.database.read() as connection:
        assert [one.row_count for one in held_of(connection, receipt.id)] == [1, 2]
    assert any_town.dirty() == [quarter(0), quarter(2)]


def test_areas_of_held_counts_alone_do_not_enlarge_the_map(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = any_town.carrier()
    holding(monkeypatch, (0, [A]))
    any_town.send(table((A, 0, 9000), (B, 0, 50)))
    with any_town.database.read() as connection:
        assert grid_ids(connection, carrier.id) == {B}
    any_town.process()
    assert set(any_town.people()) == {B}


def test_a_file_that_is_held_as_a_whole_changes_no_map(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.carrier()
    holding(monkeypatch, (0, None))
    receipt = any_town.send(table((A, 0, 9000), (B, 0, 50)))
    assert rows_of(receipt) == ("held", 2, 0, 2)
    assert any_town.dirty() == []
    any_town.process()
    assert any_town.released() == {}


def test_rows_that_only_repeat_wait_with_what_they_repeat(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.carrier()
    holding(monkeypatch, (0, None))
    receipt = any_town.send(table((A, 0, 90), (A, 0, 90), (A, 0, 90)))
    assert rows_of(receipt) == ("held", 3, 0, 3)


@given(
    rows=st.integers(1, 10_000),
    parts=st.lists(st.integers(1, 50), min_size=1, max_size=30),
    held=st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_shares_of_rows_are_never_negative_never_too_many_and_all_together_all(
    rows: int, parts: list[int], held: list[bool]
) -> None:
    shares = RowsOfCounts(rows, sum(parts))
    some = [shares.next_share(part) for part, is_held in zip(parts, held, strict=False) if is_held]
    assert all(one >= 0 for one in some)
    assert sum(some) <= rows
    assert not some or some[0] >= 1
    everything = RowsOfCounts(rows, sum(parts))
    assert sum(everything.next_share(part) for part in parts) == rows


def test_where_each_row_is_a_count_a_share_is_the_number_of_counts() -> None:
    shares = RowsOfCounts(100, 100)
    assert [shares.next_share(one) for one in (3, 0, 7, 90)] == [3, 0, 7, 90]


def test_slices_are_written_in_batches_so_that_memory_stays_flat(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.carrier()
    monkeypatch.setattr(keeping, "BATCH_BYTES", 1)
    real, sizes = uploads.add_slices, []

    def add(connection: Any, carrier_id: int, upload_id: int, payloads: Any) -> None:
        sizes.append(len(payloads))
        real(connection, carrier_id, upload_id, payloads)

    monkeypatch.setattr(uploads, "add_slices", add)
    town.accept(table(*((A, number, 50) for number in range(10))))
    assert sizes == [1] * 10
    assert len(totals(town, count_slice)) == 10


def test_the_end_of_a_file_that_is_held_is_in_the_audit_log(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.carrier()
    holding(monkeypatch, (0, None))
    receipt = town.send(table((A, 0, 90)))
    with town.database.read() as connection:
        [event] = audit.events_of(connection, f"upload:{receipt.id}")
    assert event.action == "upload-held"


def test_a_file_outside_of_the_folder_of_deliveries_is_never_named(town: Town) -> None:
    town.carrier()
    receipt = town.accept(table((A, 0, 90)))
    assert intake.raw_path(town.intake.door, receipt).parent == town.intake.door.folder
    with pytest.raises(FileNotFoundError):
        intake.raw_path(town.intake.door, replace(receipt, raw_name=None))
