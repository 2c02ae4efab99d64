"""What is left of a hidden count beside its whole: never less than the truth, exactly what trying all values gives."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.checks.bounding import Wholes, known_wholes, values_left
from ingest.checks.relations import relations_of, revisions_of
from ingest.reading.counts import CountGroup

MOST = 5  # small, so that all values can be tried
PARTS = st.lists(st.one_of(st.integers(1, MOST), st.integers(20, 40)), min_size=2, max_size=4)
HOUR = 3_600_000_000


def wholes(low: float, high: float, counted: float, hidden: float, *, complete: bool = True) -> Wholes:
    one = {"low": low, "high": high, "counted": counted, "hidden": hidden}
    return Wholes(**{name: np.array([value], float) for name, value in one.items()}, complete=np.array([complete]))


@given(PARTS, st.integers(-60, 60))
def test_a_sum_leaves_exactly_the_values_that_fit(parts: list[int], error: int) -> None:
    hidden, counted = [one for one in parts if one <= MOST], [one for one in parts if one > MOST]
    whole = sum(parts) + error
    if hidden:
        trials = product(range(1, MOST + 1), repeat=len(hidden))
        tried = {values[0] for values in trials if sum(values) + sum(counted) == whole}
        (left,) = values_left(wholes(whole, whole, sum(counted), len(hidden)), 1.0, MOST)
        assert left == len(tried)


@given(PARTS, st.booleans())
def test_a_rounded_mean_never_excludes_the_truth(parts: list[int], complete: bool) -> None:
    hidden = [one for one in parts if one <= MOST]
    weight, mean = 1 / len(parts), round(sum(parts) / len(parts))
    counted = weight * sum(one for one in parts if one > MOST)
    one = wholes(mean - 0.5, mean + 0.5, counted, weight * len(hidden), complete=complete)
    if hidden:
        assert values_left(one, weight, MOST)[0] >= 1


def test_a_missing_part_leaves_only_an_upper_bound() -> None:
    (whole,) = values_left(wholes(31, 31, 30, 1), 1.0, MOST)
    (open_below,) = values_left(wholes(33, 33, 30, 1, complete=False), 1.0, MOST)
    assert (whole, open_below) == (1, 3)


def test_a_hidden_whole_is_told_only_by_parts_that_are_all_counted() -> None:
    assert known_wholes(wholes(1, MOST, 3, 0), MOST)[0]
    assert not known_wholes(wholes(1, MOST, 0, 0), MOST)[0], "nobody is no hidden count"
    assert not known_wholes(wholes(1, MOST, 3, 1), MOST)[0]
    assert not known_wholes(wholes(1, MOST, 3, 0, complete=False), MOST)[0]


def group(*spans: tuple[float, float], precision: int = 0, revision: int = 0) -> CountGroup:
    return CountGroup(tuple((int(a * HOUR), int(b * HOUR)) for a, b in spans), precision, revision, 0, 1)


def test_an_hour_is_made_of_its_quarters_and_a_day_of_hours() -> None:
    quarters = [group((10 + number / 4, 10.25 + number / 4)) for number in range(4)]
    hours = [group((10, 11)), group((11, 12))]
    both = group((10, 12))
    found = [(one.whole, len(one.parts)) for one in relations_of([both, *hours, *quarters])]
    assert found == [(hours[0], 4), (both, 2)]
    assert list(relations_of([*hours, *quarters[1:]])) == [], "a quarter is missing"


def test_all_days_are_made_of_weekdays_and_holidays() -> None:
    every = group((0, 24), (24, 48), (48, 72))
    week, holiday = group((0, 24), (24, 48), precision=1), group((48, 72), precision=1)
    (relation,) = relations_of([every, week, holiday])
    assert relation.is_calendar
    assert [(one, round(weight, 3)) for one, weight in relation.parts] == [(week, 0.667), (holiday, 0.333)]


def test_revisions_of_the_same_time_belong_together() -> None:
    first, second, other = group((1, 2)), group((1, 2), revision=3), group((2, 3), revision=3)
    assert list(revisions_of([second, other, first])) == [(first, second)]
