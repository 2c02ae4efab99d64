"""Gather the columns that matter from a table of text, in one streaming pass.

Promises: memory for a row is a few bytes (codes for texts, a float for the count). Nothing is judged here but the
grammar of the count, because `int()` and friends would take ``1_000``, ``１２`` and ``' 12 '``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl

from ingest.feeds import Feed
from ingest.reading.columns import Columns
from ingest.reading.findings import Coded
from ingest.reading.tables import LINE, TOO_MANY, Table, column

BETWEEN = "\x1f"  # joins the texts of several columns; it cannot stand in a field that is printable
WHOLE = r"^(?:0|[1-9][0-9]{0,8})$"
DECIMAL = r"^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,20})?$"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file, blank lines left out. `value` (n,) float64, NaN where empty, marked or unreadable."""

    line: np.ndarray
    too_many_fields: np.ndarray
    value: np.ndarray
    unreadable: np.ndarray
    marked: np.ndarray
    area: Coded
    start: Coded | None
    end: Coded | None
    status: Coded | None
    revision: Coded | None
    calendar: Coded | None
    part: Coded | None


def gathered(table: Table, columns: Columns, feed: Feed) -> Rows:
    """Return the rows of `table`; reads the file once."""
    texts = _text_columns(columns)
    blank = pl.all_horizontal(column(i).is_null() for i in range(len(table.names)))
    wanted = [pl.col(LINE), pl.col(TOO_MANY), blank.alias("blank"), *_value(columns, feed)]
    # Each column gets categories of its own: they are numbered 0, 1, … by it alone and go when it goes.
    coded = [text.cast(pl.Categorical(pl.Categories.random())).alias(role) for role, text in texts.items()]
    found = table.rows.select(*wanted, *coded).collect(engine="streaming")
    if found["blank"].any():
        found = found.filter(~pl.col("blank"))
    by_role = {role: _coded(found[role]) for role in texts}
    return Rows(
        line=found[LINE].to_numpy(),
        too_many_fields=found[TOO_MANY].to_numpy(),
        value=found["value"].fill_null(np.nan).to_numpy(),
        unreadable=found["unreadable"].to_numpy(),
        marked=found["marked"].to_numpy(),
        area=by_role["area"],
        start=by_role.get("start"),
        end=by_role.get("end"),
        status=by_role.get("status"),
        revision=by_role.get("revision"),
        calendar=by_role.get("calendar"),
        part=by_role.get("part"),
    )


def _text_columns(columns: Columns) -> dict[str, pl.Expr]:
    single = ("start", "end", "status", "revision")
    texts = {role: column(at) for role in single if (at := getattr(columns, role)) is not None}
    if columns.source_area_id is not None:
        texts["area"] = column(columns.source_area_id)
    else:
        texts["area"] = _joined((columns.longitude, columns.latitude, columns.radius_m))
    if columns.calendar:
        texts["calendar"] = _joined(columns.calendar)
    if columns.sum_over:
        texts["part"] = _joined(columns.sum_over)
    return texts


def _joined(positions: tuple[int | None, ...]) -> pl.Expr:
    empty = pl.lit("")
    parts = [empty if at is None else column(at).fill_null("") for at in positions]
    return pl.concat_str(parts, separator=BETWEEN)


def _value(columns: Columns, feed: Feed) -> list[pl.Expr]:
    text = column(columns.value)
    whole = columns.kind == "device_count"
    sound = text.str.contains(WHOLE if whole else DECIMAL)
    number = pl.when(sound).then(text)
    # By way of Int64: a direct cast to Float64 would let "inf" and "1e3" through if the grammar ever loosened.
    value = number.cast(pl.Int64, strict=False).cast(pl.Float64) if whole else number.cast(pl.Float64, strict=False)
    marks = feed.suppressed_marks
    marked = text.is_in(list(marks)).fill_null(value=False) if marks else pl.lit(value=False)
    unreadable = ~sound.fill_null(value=True) & ~marked
    return [value.alias("value"), unreadable.alias("unreadable"), marked.alias("marked")]


def _coded(texts: pl.Series) -> Coded:
    dtype = cast("pl.Categorical", texts.dtype)
    categories = dtype.categories.to_series().to_list()
    empty = np.iinfo(np.uint32).max  # reads as -1 in int32
    return Coded(texts.to_physical().cast(pl.UInt32).fill_null(empty).to_numpy().view(np.int32), categories)
