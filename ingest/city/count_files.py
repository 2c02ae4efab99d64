"""The carriers' count files, each carrier in its own manner, byte for byte the same for the same counts.

tulpar: oryn-csv with `cell_id`, gzipped. jusan: semicolons, local time without offset and columns of its own, told by
a feed. samal: Parquet with typed times. A suppressed count is empty with status `suppressed`; an area off air has no
row.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from ingest.city.carriers import Carrier
from ingest.city.counting import K_MIN, BinCounts
from ingest.city.rhythms import TIMEZONE

LATE_CARRIER, LATE_HOUR, LATE_BY = "samal", 6, timedelta(minutes=90)

SQUARES_FEED = f"""\
description = "Squares of 500 m by local time; less than {K_MIN} phones are hidden by the carrier."
kind = "device_count"
timezone = "Asia/Almaty"
time_format = "local"
delimiter = ";"
thresholded_at = {K_MIN}

[columns]
source_area_id = "zone_id"
start = "period_begin"
end = "period_end"
device_count = "subscribers_total"
status = "mark"
"""


def write_feed(carrier: Carrier, folder: Path) -> Path | None:
    """Write the feed that tells how to read a carrier's files; None where the columns speak for themselves."""
    if carrier.delivery != "squares":
        return None
    path = folder / f"{carrier.code}-feed.toml"
    path.write_text(SQUARES_FEED, encoding="utf-8")
    return path


def write_counts(carrier: Carrier, folder: Path, name: str, bins: Sequence[BinCounts], width: timedelta) -> Path:
    """Write the counts of some intervals of one width into one file of `folder`; return its path."""
    counts_df = _counts_df(carrier, bins)
    if carrier.delivery == "multimno":
        return _write_gzipped_csv(counts_df, bins, width, folder / f"{name}.csv.gz")
    if carrier.delivery == "squares":
        return _write_local_csv(counts_df, bins, width, folder / f"{name}.csv")
    return _write_parquet(counts_df, bins, width, folder / f"{name}.parquet")


def file_name(carrier: Carrier, start: datetime, end: datetime, note: str = "") -> str:
    """Name a delivery by its carrier and its span in UTC, without a suffix."""
    first, last = (moment.astimezone(UTC).strftime("%Y%m%dT%H%MZ") for moment in (start, end))
    return f"{carrier.code}-{first}-{last}{note}"


def _counts_df(carrier: Carrier, bins: Sequence[BinCounts]) -> pl.DataFrame:
    """Return rows `area`, `bin` (its number among `bins`), `device_count`, `status`, ordered by bin, then area."""
    areas = len(carrier.source_area_ids)
    suppressed = np.concatenate([one.suppressed for one in bins])
    counts_df = pl.DataFrame(
        {
            "area": pl.Series(carrier.source_area_ids).gather(np.tile(np.arange(areas), len(bins))),
            "bin": np.repeat(np.arange(len(bins)), areas),
            "device_count": np.concatenate([one.device_count for one in bins]),
            "suppressed": suppressed,
            "on_air": np.concatenate([one.on_air for one in bins]),
        }
    )
    hidden = pl.col("suppressed")
    return counts_df.filter("on_air").select(
        "area",
        "bin",
        device_count=pl.when(hidden).then(None).otherwise(pl.col("device_count")),
        status=pl.when(hidden).then(pl.lit("suppressed")),
    )


def _write_gzipped_csv(counts_df: pl.DataFrame, bins: Sequence[BinCounts], width: timedelta, path: Path) -> Path:
    starts = [one.start.astimezone(TIMEZONE).isoformat() for one in bins]
    ends = [(one.start + width).astimezone(TIMEZONE).isoformat() for one in bins]
    text = _timed(counts_df, "cell_id", ("start", starts), ("end", ends), ("device_count", "status")).write_csv()
    path.write_bytes(gzip.compress(text.encode(), compresslevel=5, mtime=0))
    return path


def _write_local_csv(counts_df: pl.DataFrame, bins: Sequence[BinCounts], width: timedelta, path: Path) -> Path:
    starts = [f"{one.start.astimezone(TIMEZONE):%Y-%m-%d %H:%M}" for one in bins]
    ends = [f"{(one.start + width).astimezone(TIMEZONE):%Y-%m-%d %H:%M}" for one in bins]
    columns = ("subscribers_total", "mark")
    _timed(counts_df, "zone_id", ("period_begin", starts), ("period_end", ends), columns).write_csv(path, separator=";")
    return path


def _write_parquet(counts_df: pl.DataFrame, bins: Sequence[BinCounts], width: timedelta, path: Path) -> Path:
    starts = [one.start.astimezone(UTC) for one in bins]
    ends = [one.start.astimezone(UTC) + width for one in bins]
    timed_df = _timed(counts_df, "cell_id", ("start", starts), ("end", ends), ("device_count", "status"))
    timed_df.write_parquet(path, compression="zstd", statistics=False)
    return path


def _timed(
    counts_df: pl.DataFrame,
    area: str,
    start: tuple[str, Sequence[str] | Sequence[datetime]],
    end: tuple[str, Sequence[str] | Sequence[datetime]],
    columns: tuple[str, str],
) -> pl.DataFrame:
    """Name the columns as the carrier does and put the times of the bins in."""
    times = [pl.Series(name, values).gather(counts_df["bin"]) for name, values in (start, end)]
    values = [counts_df[ours].alias(theirs) for ours, theirs in zip(("device_count", "status"), columns, strict=True)]
    return pl.DataFrame([counts_df["area"].alias(area), *times, *values])


def is_late(carrier: Carrier, start: datetime) -> bool:
    """Tell whether a live bin belongs to the hour that this carrier delivers late, every day."""
    return carrier.code == LATE_CARRIER and start.astimezone(TIMEZONE).hour == LATE_HOUR
