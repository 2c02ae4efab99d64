"""Turn the times of a file into moments: microseconds since 1970 in UTC.

Promises: a time without an offset is refused unless the feed names a timezone; a local time that happens twice
(clocks set back, Almaty on 29 February 2024) or never is refused instead of guessed.
Does not: look at rows; each distinct text is read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.feeds import Feed

NOT_A_TIME = np.iinfo(np.int64).min
_DAY_AND_TIME = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?"
_OFFSET = r"([Zz]|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])$"


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
    return _written(given, feed)


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


def _written(given: pl.Series, feed: Feed) -> ReadMoments:
    parts = given.to_frame().select(
        day=pl.col("text").str.extract(_DAY_AND_TIME, 1),
        clock=pl.col("text").str.extract(_DAY_AND_TIME, 2),
        seconds=pl.col("text").str.extract(_DAY_AND_TIME, 3).fill_null(":00"),
        fraction=pl.col("text").str.extract(_DAY_AND_TIME, 4).fill_null(""),
        offset=pl.col("text").str.extract(_DAY_AND_TIME + _OFFSET, 5),
        bare=pl.col("text").str.contains(_DAY_AND_TIME + "$"),
    )
    joined = parts.select(pl.concat_str([pl.col("day"), pl.lit("T"), "clock", "seconds", "fraction"])).to_series()
    naive = joined.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    aware = naive.dt.epoch("us") - _offset_minutes(parts["offset"]) * 60_000_000
    bare = parts["bare"].fill_null(value=False) & naive.is_not_null()
    if feed.timezone is None:
        return _moments(aware, dict.fromkeys(bare.arg_true().to_list(), "time-without-offset"))
    local = _local(naive.set(~bare, None), feed.timezone)
    twice = {at: "time-ambiguous" for at in bare.arg_true() if local.codes[at] == "time-ambiguous"}
    return _moments(aware.zip_with(~bare, pl.Series(local.microseconds).replace(NOT_A_TIME, None)), twice)


def _offset_minutes(offset: pl.Series) -> pl.Series:
    digits = offset.str.replace_all(r"[^0-9]", "")
    hours = digits.str.slice(0, 2).cast(pl.Int64, strict=False)
    minutes = digits.str.slice(2, 2).cast(pl.Int64, strict=False)
    east = hours * 60 + minutes
    size = east.zip_with(~offset.str.starts_with("-").fill_null(value=False), -east)
    zulu = offset.str.to_lowercase() == "z"
    return size.set(zulu.fill_null(value=False), 0)


def _local(naive: pl.Series, timezone: str) -> ReadMoments:
    placed = naive.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    twice = (naive.is_not_null() & placed.is_null()).arg_true().to_list()
    return _moments(placed.dt.epoch("us"), dict.fromkeys(twice, "time-ambiguous"))


def _moments(microseconds: pl.Series, codes: dict[int, str]) -> ReadMoments:
    unread = set(microseconds.is_null().arg_true().to_list())
    named = tuple(codes.get(at, "time-unreadable" if at in unread else None) for at in range(len(microseconds)))
    values = microseconds.cast(pl.Int64).fill_null(NOT_A_TIME).to_numpy()
    return ReadMoments(np.where([code is not None for code in named], NOT_A_TIME, values) if codes else values, named)
