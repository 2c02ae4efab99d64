"""What the policy says about estimates: the method, how far back history goes, which days are no ordinary days.

Types only; `rules.policy_estimation` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

Method = Literal["joint", "spread"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days that are like no other of their weekday: `yearly` as (month, day), and single dates."""

    yearly: frozenset[tuple[int, int]]
    dated: frozenset[date]

    def holds(self, day: date) -> bool:
        """Tell whether a local date is a holiday."""
        return (day.month, day.day) in self.yearly or day in self.dated


@dataclass(frozen=True, slots=True)
class EstimationPolicy:
    """How people are estimated from counts.

    `method`: `joint` (prior, variances, venues) or `spread` (each carrier spread linearly, combined by share), for
    which the two relative errors hold. `interval_z`: how many standard deviations an interval spans. The same hour of
    the `history_weeks` weeks before is the prior once at least `history_weeks_min` of them are there. A count of an
    interval of so many hours more than a base bin errs as one of the bin by `coarse_error_per_root_hour` x their root,
    at most by `coarse_error_max`. The joint estimate is cut into regions of at most `region_areas_max` source areas. An
    operator whose total is more than `believed_within` times, or less than one such part of, what all others tell is
    left out of the estimate.
    """

    method: Method
    spread_relative_error: float
    share_relative_error: float
    interval_z: float
    history_weeks: int
    history_weeks_min: int
    coarse_error_per_root_hour: float
    coarse_error_max: float
    region_areas_max: int
    believed_within: float
    holidays: Holidays
