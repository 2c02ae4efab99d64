"""Turn the times of a file into moments: microseconds since 1970 in UTC.

Promises: a time without an offset is refused unless the feed names a timezone; a local time that happens twice
(clocks set back, Almaty on 29 February 2024) or never is refused instead of guessed.
Does not: look at rows; each distinct text is read once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from ingest.feeds import Feed

NOT_A_TIME = np.iinfo(np.int64).min
_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ReadMoments:
    """`microseconds` (n,) int64, NOT_A_TIME where `codes` (n,) names the fault."""

    microseconds: np.ndarray
    codes: tuple[str | None, ...]


def moments_of(texts: Sequence[str], feed: Feed) -> ReadMoments:
    """Return the moment of each text in the feed's time format (default RFC 3339 with offset)."""
    given = pl.Series("text", texts, dtype=pl.String)
    if feed.time_format in ("epoch_s", "epoch_ms"):
        return _moments(_epoch(given, 1_000_000 if feed.time_format == "epoch_s" else 1000), {})
    if "%" in feed.time_format:
        return _patterned(given, feed)
    return _written(texts, feed)


def offset_of(text: str) -> int | None:
    """Return the minutes east of UTC that a text in RFC 3339 says, None where it says none."""
    parts = _RFC_3339.fullmatch(text)
    return _offset_minutes(parts.group(8)) if parts is not None and parts.group(8) else None


def _epoch(given: pl.Series, unit: int) -> pl.Series:
    digits = given.str.contains(r"^(0|[1-9][0-9]{0,12})$")
    longest = 10_000_000_000 if unit == 1_000_000 else 10_000_000_000_000
    number = given.set(~digits, None).cast(pl.Int64)
    return number.set(number >= longest, None) * unit


def _patterned(given: pl.Series, feed: Feed) -> ReadMoments:
    try:
        read = given.str.to_datetime(feed.time_format, strict=False, time_unit="us")
    except pl.exceptions.PolarsError:
        return _moments(pl.Series([None] * len(given), dtype=pl.Int64), {})
    if isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone:
        return _moments(read.dt.epoch("us"), {})
    return _local(read, feed.timezone or "UTC")


def _written(texts: Sequence[str], feed: Feed) -> ReadMoments:
    """Read RFC 3339, one text at a time: a piece of a file has but a few new ones."""
    zone = ZoneInfo(feed.timezone) if feed.timezone else None
    read = [_moment(text, zone) for text in texts]
    codes = tuple(None if isinstance(one, int) else one for one in read)
    return ReadMoments(np.array([one if isinstance(one, int) else NOT_A_TIME for one in read], dtype=np.int64), codes)


def _moment(text: str, zone: ZoneInfo | None) -> int | str:
    """Return the moment in microseconds since 1970, or the code of what is wrong with it."""
    parts = _RFC_3339.fullmatch(text)
    if parts is None:
        return "time-unreadable"
    *numbers, fraction, offset = parts.groups(default="")
    try:
        moment = datetime(*(int(number or 0) for number in numbers), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return "time-unreadable"
    since = (moment - _EPOCH) // _MICROSECOND + int(fraction[:6].ljust(6, "0"))
    if offset:
        return since - _offset_minutes(offset) * 60_000_000
    if zone is None:
        return "time-without-offset"
    shifts = {moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    if len(shifts) > 1:  # the clocks were set back over it, or forward
        return "time-ambiguous"
    return since - (shifts.pop() or timedelta()) // _MICROSECOND


def _offset_minutes(offset: str) -> int:
    if offset in "Zz":
        return 0
    size = int(offset[1:3]) * 60 + int(offset[-2:])
    return -size if offset[0] == "-" else size


def _local(naive: pl.Series, timezone: str) -> ReadMoments:
    placed = naive.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    twice = (naive.is_not_null() & placed.is_null()).arg_true().to_list()
    return _moments(placed.dt.epoch("us"), dict.fromkeys(twice, "time-ambiguous"))


def _moments(microseconds: pl.Series, codes: dict[int, str]) -> ReadMoments:
    unread = set(microseconds.is_null().arg_true().to_list())
    named = tuple(codes.get(at, "time-unreadable" if at in unread else None) for at in range(len(microseconds)))
    values = microseconds.cast(pl.Int64).fill_null(NOT_A_TIME).to_numpy()
    return ReadMoments(np.where([code is not None for code in named], NOT_A_TIME, values) if codes else values, named)
