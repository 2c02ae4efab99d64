"""Which count holds for a source area and base bin (docs/adr/0002), whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.counts import COUNTED, NO_COVERAGE, SUPPRESSED, AreaCounts, counts_in_bin, pack_counts, unpack_counts
from store.records import CountSliceRef

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
HIDDEN, AWAY = "suppressed", "no_coverage"
Count = float | str
Held = tuple[int, float | None]


def test_of_a_suppressed_area_is_kept_below_what_it_is_hidden_also_where_parts_are_averaged() -> None:
    codes, states = np.array([0, 1], np.uint32), np.array([SUPPRESSED, COUNTED], np.uint8)
    first, second = (AreaCounts(codes, np.array([below, 40.0]), states) for below in (100.0, 50.0))
    assert unpack_counts(pack_counts(first)).values.tolist() == [100.0, 40.0]
    slices = (
        Slices()
        .add({0: HIDDEN, 1: 40.0}, START, QUARTER / 3)
        .add({0: HIDDEN, 1: 40.0}, START + QUARTER / 3, QUARTER / 3)
    )
    counts = {"digest-1": first, "digest-2": second}
    values, found = counts_in_bin(START, QUARTER, slices.refs, counts, 3)
    assert found.tolist() == [SUPPRESSED, COUNTED, NO_COVERAGE]
    assert values[:2].tolist() == [100.0, 40.0]


class Slices:
    """Accepted slices of one carrier with two source areas, in the order in which they came."""

    def __init__(self) -> None:
        self.refs: list[CountSliceRef] = []
        self.counts: dict[str, AreaCounts] = {}

    def add(
        self,
        counts: Mapping[int, Count],
        start: datetime = START,
        length: timedelta = QUARTER,
        precision: int = 0,
        revision: int = 0,
    ) -> Slices:
        number = len(self.refs) + 1
        ref = CountSliceRef(
            number, 1, number, start, start + length, precision, revision, "device_count", f"digest-{number}"
        )
        self.refs.append(ref)
        self.counts[ref.digest] = area_counts(counts)
        return self

    def held(self, start: datetime = START) -> list[Held]:
        return held(self.refs, self.counts, start)


def area_counts(counts: Mapping[int, Count]) -> AreaCounts:
    states = {HIDDEN: SUPPRESSED, AWAY: NO_COVERAGE}
    return AreaCounts(
        np.array(list(counts), np.uint32),
        np.array([np.nan if isinstance(one, str) else one for one in counts.values()], np.float64),
        np.array([states.get(one, COUNTED) if isinstance(one, str) else COUNTED for one in counts.values()], np.uint8),
    )


def held(refs: Sequence[CountSliceRef], counts: Mapping[str, AreaCounts], start: datetime = START) -> list[Held]:
    """Return (state, value) of both source areas."""
    here = [one for one in refs if one.start < start + QUARTER and one.end > start]
    values, states = counts_in_bin(start, QUARTER, here, counts, 2)
    return [
        (state, None if np.isnan(value) else value)
        for state, value in zip(states.tolist(), values.tolist(), strict=True)
    ]


def test_an_area_that_nobody_delivered_is_missing() -> None:
    assert Slices().add({0: 30}).held() == [(COUNTED, 30), (NO_COVERAGE, None)]


def test_zero_missing_and_suppressed_stay_three_things() -> None:
    assert Slices().add({0: 0, 1: HIDDEN}).held() == [(COUNTED, 0), (SUPPRESSED, None)]


def test_a_coarser_count_holds_for_each_bin_that_it_covers() -> None:
    slices = Slices().add({0: 80}, length=HOUR)
    assert [slices.held(START + n * QUARTER)[0] for n in range(5)] == [(COUNTED, 80)] * 4 + [(NO_COVERAGE, None)]


def test_the_shorter_interval_wins_over_the_longer_one_whichever_came_first() -> None:
    first = Slices().add({0: 80}, length=HOUR).add({0: 30})
    assert first.held()[0] == (COUNTED, 30)
    assert Slices().add({0: 30}).add({0: 80}, length=HOUR).held()[0] == (COUNTED, 30)


def test_a_shorter_interval_wins_for_the_areas_that_it_names_only() -> None:
    slices = Slices().add({0: 80, 1: 90}, length=HOUR).add({1: 40})
    assert slices.held() == [(COUNTED, 80), (COUNTED, 40)]


def test_finer_counts_are_averaged_because_they_are_stocks() -> None:
    five = timedelta(minutes=5)
    slices = Slices().add({0: 30}, length=five).add({0: 60}, START + five, five).add({0: 90}, START + 2 * five, five)
    assert slices.held()[0] == (COUNTED, 60)


def test_finer_counts_weigh_as_long_as_they_overlap_the_bin() -> None:
    ten = timedelta(minutes=10)
    slices = Slices().add({0: 30}, length=ten).add({0: 90}, START + ten, ten)
    assert slices.held()[0] == (COUNTED, 50)  # 10 minutes of 30, 5 minutes of 90
    assert slices.held(START + QUARTER)[0] == (COUNTED, 90)


def test_finer_counts_win_over_the_bins_own_count() -> None:
    five = timedelta(minutes=5)
    slices = Slices().add({0: 30, 1: 70}).add({0: 60}, length=five)
    assert slices.held() == [(COUNTED, 60), (COUNTED, 70)]


def test_an_area_suppressed_in_any_part_of_a_bin_is_suppressed_in_the_mean() -> None:
    five = timedelta(minutes=5)
    slices = Slices().add({0: 30}, length=five).add({0: HIDDEN}, START + five, five)
    assert slices.held()[0] == (SUPPRESSED, None)


def test_a_part_without_coverage_leaves_the_mean_to_the_other_parts() -> None:
    five = timedelta(minutes=5)
    slices = Slices().add({0: 30}, length=five).add({0: AWAY}, START + five, five)
    assert slices.held()[0] == (COUNTED, 30)


def test_a_more_precise_calendar_row_wins_over_a_general_one() -> None:
    weekday = Slices().add({0: 30}, precision=2).add({0: 90}, precision=1)
    assert weekday.held()[0] == (COUNTED, 30)


def test_the_higher_revision_wins_even_when_it_came_first() -> None:
    assert Slices().add({0: 30}, revision=2).add({0: 90}, revision=1).held()[0] == (COUNTED, 30)


def test_without_a_revision_the_later_upload_corrects_the_earlier_one() -> None:
    assert Slices().add({0: 30}).add({0: 90}).held()[0] == (COUNTED, 90)


def test_a_correction_may_take_a_count_away() -> None:
    assert Slices().add({0: 30}).add({0: AWAY}).held()[0] == (NO_COVERAGE, None)


counts = st.one_of(st.integers(20, 90).map(float), st.just(0.0), st.sampled_from([HIDDEN, AWAY]))
spans = st.sampled_from([(0, 60), (0, 15), (0, 5), (5, 5), (10, 5), (0, 30), (10, 10)])


@st.composite
def revised(draw: st.DrawFn) -> Slices:
    """Slices of which no two of one interval and precision share a revision and an area: the carrier said all."""
    slices = Slices()
    keys = draw(st.lists(st.tuples(spans, st.integers(0, 1), st.integers(0, 2)), unique=True, max_size=8))
    for (offset, minutes), precision, revision in keys:
        some = draw(st.dictionaries(st.integers(0, 1), counts, min_size=1))
        start, length = START + timedelta(minutes=offset), timedelta(minutes=minutes)
        slices.add(some, start, length, precision, revision)
    return slices


@given(revised(), st.data())
def test_the_order_of_arrival_does_not_matter_where_revisions_are_numbered(slices: Slices, data: st.DataObject) -> None:
    arrival = data.draw(st.permutations(slices.refs))
    renumbered = [replace(one, id=n, upload_id=n) for n, one in enumerate(arrival, start=1)]
    assert held(renumbered, slices.counts) == slices.held()


@given(revised())
def test_a_slice_split_by_area_holds_like_the_whole(slices: Slices) -> None:
    parts = Slices()
    for ref in slices.refs:
        whole = slices.counts[ref.digest]
        for row in range(len(whole.area_codes)):
            parts.add({}, ref.start, ref.end - ref.start, ref.precision, ref.revision)
            one = AreaCounts(whole.area_codes[[row]], whole.values[[row]], whole.states[[row]])
            parts.counts[parts.refs[-1].digest] = one
    assert parts.held() == slices.held()


@given(st.dictionaries(st.integers(0, 2**32 - 1), counts, max_size=20))
def test_packed_counts_unpack_to_the_same(some: dict[int, Count]) -> None:
    before = area_counts(some)
    after = unpack_counts(pack_counts(before))
    for name in ("area_codes", "values", "states"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_a_suppressed_count_has_no_value_in_the_packed_bytes() -> None:
    unpacked = unpack_counts(pack_counts(area_counts({0: HIDDEN, 1: AWAY})))
    assert np.isnan(unpacked.values).all()
