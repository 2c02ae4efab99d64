"""The week of the city: what share of the people does what, and how full a kind of venue is, by local hour of week.

Hours of week are local and count from Monday 00:00; curves are linear between whole hours and close at the week's end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from ingest.city.geography import read_toml
from ingest.city.noise import Floats

TIMEZONE = ZoneInfo("Asia/Almaty")
BIN_MINUTES = 15
BINS_OF_WEEK = 7 * 24 * 60 // BIN_MINUTES
ACTIVITIES = ("home", "work", "study", "trade", "leisure", "street")


def bin_of_week(moment: datetime) -> int:
    """Return the number 0..671 of the local quarter of an hour of the week that holds an aware moment."""
    local = moment.astimezone(TIMEZONE)
    return (local.weekday() * 1440 + local.hour * 60 + local.minute) // BIN_MINUTES


def week_curve(days: Mapping[str, Sequence[float]]) -> Floats:
    """Return 672 values from hourly ones; a day kind that is not given is like the one before it."""
    workday = days["workday"]
    friday = days.get("friday", workday)
    saturday = days.get("saturday", friday)
    hourly = np.concatenate([*[workday] * 4, friday, saturday, days.get("sunday", saturday)]).astype(float)
    quarters = np.arange(BINS_OF_WEEK) / 4
    curve: Floats = np.interp(quarters, np.arange(169), np.append(hourly, hourly[0]))
    return curve


@cache
def activity_shares() -> Floats:
    """Return the share of the people present at each of ACTIVITIES, (6, 672); columns sum to 1."""
    away = [week_curve(read_toml("rhythms.toml")["activities"][name]) / 100 for name in ACTIVITIES[1:]]
    return np.vstack([1.0 - np.sum(away, axis=0), *away])


@cache
def present_share() -> Floats:
    """Return the people in the city as a multiple of the residents, (672,)."""
    return week_curve(read_toml("rhythms.toml")["present"]["all"]) / 100


@cache
def venue_curve(rhythm: str) -> Floats:
    """Return how full venues of a rhythm are, (672,), as a share of their best hour."""
    return week_curve(read_toml("rhythms.toml")["venues"][rhythm]) / 100
