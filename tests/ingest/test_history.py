"""What past weeks say about a bin: the median, gaps that are named, holidays apart, and what follows from changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from ingest.bin_inputs import WITH_HISTORY, WITHOUT_HISTORY, BinInputs
from ingest.estimating import Estimator
from ingest.faults import FileRefused
from ingest.history import centre
from ingest.retention import erase_expired
from ingest.world import World
from store import releases
from tests.ingest.town import CENTRE, HEADER, HEXAGONS, NOW, QUARTER, START, Town, span_table, table

WEEK = timedelta(weeks=1)


def delivery(at: datetime, count: int, areas: Sequence[str] = HEXAGONS) -> str:
    return span_table(*((area, at, at + QUARTER, count) for area in areas), header=HEADER)


def inputs_at(town: Town, at: datetime = START) -> BinInputs:
    with town.database.read() as connection:
        world = World(connection, town.place.cache)
        [found] = Estimator(connection, world, town.place.policy, town.place.memory).inputs([at])
    assert found is not None
    return found


def people(town: Town, at: datetime = START) -> float:
    told = town.people(at, "estimate")[CENTRE].people
    assert told is not None
    return told


def with_weeks(town: Town, weeks: Sequence[int] = (1, 2, 3, 4), count: int = 200) -> None:
    town.carrier()
    for week in weeks:
        town.accept(delivery(START - week * WEEK, count))
    town.accept(delivery(START, 200))
    town.process()


def test_the_centre_is_the_median_of_what_is_known() -> None:
    nan = np.nan
    weeks = np.array([[1, 1, nan, 5], [9, 2, nan, nan], [3, 900, nan, nan], [4, nan, nan, nan]], np.float32)
    assert np.array_equal(centre(list(weeks)), [3.5, 2, nan, 5], equal_nan=True)


def test_from_three_weeks_on_there_is_history(town: Town) -> None:
    with_weeks(town, weeks=(1, 2))
    assert (inputs_at(town).method, len(inputs_at(town).past)) == (WITHOUT_HISTORY, 0)
    town.receive(delivery(START - 3 * WEEK, 200))
    found = inputs_at(town)
    assert (found.method, len(found.past)) == (WITH_HISTORY, 3)
    assert [(one.start, one.reason) for one in found.gaps] == [(START - 4 * WEEK, "missing")]
    with town.database.read() as connection:
        ref = releases.find_release(connection, START)
    assert ref is not None
    assert (ref.method, ref.input_digest) == (WITH_HISTORY, found.digest)


def test_a_holiday_is_left_out_of_history_and_has_that_of_sundays(town: Town) -> None:
    """Republic Day, 25 October 2026, is a Sunday; Independence Day, 16 December 2026, a Wednesday."""
    town.carrier()
    after = datetime(2026, 11, 1, 7, 0, tzinfo=START.tzinfo)  # the Sunday after Republic Day
    for at in (after, after - WEEK, after - 2 * WEEK, after - 3 * WEEK, after - 4 * WEEK):
        town.accept(delivery(at, 200))
    town.process()
    found = inputs_at(town, after)
    assert [(one.start, one.reason) for one in found.gaps] == [(after - WEEK, "holiday")]
    assert [one.start for one in found.past] == [after - number * WEEK for number in (2, 3, 4)]


def test_a_past_count_that_changes_has_the_released_bins_after_it_estimated_again(town: Town) -> None:
    with_weeks(town)
    before = inputs_at(town).digest
    correction = table(header=HEADER + ",revision") + "".join(
        f"{area},{(START - WEEK).isoformat()},{(START - WEEK + QUARTER).isoformat()},230,,1\n" for area in HEXAGONS
    )
    receipt = town.accept(correction)
    town.process()
    changed = inputs_at(town).digest
    assert changed != before
    with town.database.read() as connection:
        ref = releases.find_release(connection, START)
    assert ref is not None
    assert ref.input_digest == changed
    town.withdraw(receipt)
    with town.database.read() as connection:
        again = releases.find_release(connection, START)
    assert again is not None
    assert again.input_digest == before


def test_bins_with_equal_inputs_share_one_estimate_over_the_weeks(town: Town) -> None:
    """An hourly feed: the four quarters of an hour have the same counts and the same history."""
    town.carrier()
    hour = timedelta(hours=1)
    for week in range(5):
        at = START - week * WEEK
        town.accept(span_table(*((area, at, at + hour, 200) for area in HEXAGONS)))
    town.process()
    assert len({inputs_at(town, START + number * QUARTER).digest for number in range(4)}) == 1


def test_a_bin_whose_history_was_erased_stays_as_published_until_its_own_counts_change(town: Town) -> None:
    town.carrier()
    for week in (4, 3, 2, 1):
        assert town.send(delivery(START - week * WEEK, 200), now=NOW - week * WEEK).state == "accepted"
    town.accept(delivery(START, 220))
    town.process()
    published = town.released()[START]
    with town.database.read() as connection:
        before = releases.find_release(connection, START)
    erase_expired(town.intake.door, town.place.policy, NOW - 4 * WEEK + timedelta(days=91))
    assert [(one.start, one.reason) for one in inputs_at(town).gaps] == [(START - 4 * WEEK, "erased")]
    mark(town)
    with town.database.read() as connection:
        assert releases.find_release(connection, START) == before
    with pytest.raises(FileRefused) as refusal:
        town.exported(stage="estimate")
    assert refusal.value.faults[0].code == "counts-gone"
    town.receive(delivery(START, 250))
    assert town.released()[START] != published
    assert people(town) > 220


def mark(town: Town) -> None:
    """Note everything, as a new coverage does, and process it."""
    from ingest.pipeline import mark_everything_dirty

    with town.database.begin() as connection:
        mark_everything_dirty(connection)
    town.process()
