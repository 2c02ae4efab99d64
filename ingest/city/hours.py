"""Opening hours of the demo's venues: texts in OSM syntax and what they mean for a week of quarters of an hour.

Only the few forms written here are read; the product's own reader lives in `rules`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingest.city.rhythms import BIN_MINUTES, BINS_OF_WEEK

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
BINS_OF_DAY = 24 * 60 // BIN_MINUTES

OPENING_HOURS = {
    "cafe": ("Mo-Su 08:00-22:00", "Mo-Fr 08:00-21:00; Sa,Su 10:00-22:00", "Mo-Su 09:00-23:00"),
    "restaurant": ("Mo-Th 11:00-23:00; Fr,Sa 11:00-01:00; Su 11:00-23:00", "Mo-Su 11:00-23:00"),
    "late": ("Mo-Su 12:00-01:00", "Mo-Th 12:00-00:30; Fr-Su 12:00-02:00"),
    "lunch": ("Mo-Fr 08:00-18:00", "Mo-Sa 08:00-20:00"),
    "mall": ("Mo-Su 10:00-22:00", "Mo-Su 10:00-21:00"),
    "market": ("Tu-Su 08:00-18:00", "Tu-Su 09:00-18:00"),
    "banquet": ("Mo-Su 11:00-01:00", "Mo-Th 11:00-23:00; Fr-Su 11:00-01:00"),
    "night": ("Mo-Th 18:00-01:00; Fr,Sa 18:00-03:00; Su 18:00-01:00", "Mo-Su 17:00-02:00"),
    "cinema": ("Mo-Su 10:00-01:00",),
    "show": ("Tu-Su 10:00-22:00", "We-Su 11:00-22:30"),
    "museum": ("Tu-Su 10:00-18:00", "We-Su 10:00-19:00"),
    "round": ("24/7",),
    "fitness": ("Mo-Fr 07:00-23:00; Sa,Su 09:00-21:00", "Mo-Su 07:00-23:00"),
    "dawn": ("Su 07:00-12:00",),
    "child": ("Mo-Fr 08:00-19:00; Sa 09:00-17:00", "Mo-Fr 08:00-20:00"),
    "shop": ("Mo-Sa 09:00-20:00; Su 10:00-18:00", "Mo-Su 10:00-20:00", "Mo-Su 09:00-21:00"),
    "grocery": ("Mo-Su 08:00-23:00", "24/7", "Mo-Su 09:00-22:00"),
    "office": ("Mo-Fr 09:00-18:00", "Mo-Fr 09:00-18:00; Sa 09:00-13:00"),
}


@cache
def open_week(text: str) -> NDArray[np.bool_]:
    """Return for each quarter of the week, (672,), whether a venue with these hours is open."""
    week = np.zeros(BINS_OF_WEEK, dtype=bool)
    if text == "24/7":
        return ~week
    for rule in text.split("; "):
        days, hours = rule.split(" ")
        for day in _days(days):
            week[_bins(day, hours)] = True
    return week


def _days(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(DAYS.index(first), DAYS.index(last or first) + 1)
    return numbers


def _bins(day: int, hours: str) -> NDArray[np.int64]:
    """Return the bins of one day's opening; what passes midnight runs into the next day, Sunday's into Monday."""
    opens, closes = (_bin_of_day(text) for text in hours.split("-"))
    if closes <= opens:
        closes += BINS_OF_DAY
    return (day * BINS_OF_DAY + np.arange(opens, closes)) % BINS_OF_WEEK


def _bin_of_day(text: str) -> int:
    hour, minute = text.split(":")
    return (int(hour) * 60 + int(minute)) // BIN_MINUTES
