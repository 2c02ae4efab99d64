"""Gather the columns that matter from a piece of a table: codes for texts, a float for the count.

Nothing is judged here but the grammar of the count, because `int()` and friends would take ``1_000``, ``１２`` and
``' 12 '``, and what has the shape of an identifier, because no later step sees the columns that nothing needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.feeds import Feed
from ingest.reading.ahead import ahead
from ingest.reading.columns import Columns
from ingest.reading.findings import LISTED
from ingest.reading.identifiers import identifying, shaped_columns
from ingest.reading.lexicons import MOST_AREAS, MOST_TIMES, MOST_WORDS, Coded, Lexicon
from ingest.reading.marks import Marks, long_columns
from ingest.reading.tables import LINE, TOO_MANY, Piece, Table, blank, column

BETWEEN = "\x1f"  # joins the texts of several columns; it cannot stand in a field that is printable
WHOLE = r"^(?:0|[1-9][0-9]{0,8})$"
DECIMAL = r"^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,20})?$"
_WHOLE_AS_FLOAT = r"^(0|[1-9][0-9]{0,8})\.0{1,20}$"  # how pandas writes whole numbers of a column with gaps
_POWERS = 10 ** np.arange(1, 10, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a piece, blank lines left out. `value` (n,) float64, NaN where empty, marked or unreadable.

    `unread` holds the texts of the first LISTED unreadable counts; `identifying` the rows of each column (by position)
    whose value has the shape of an identifier.
    """

    line: np.ndarray
    too_many_fields: np.ndarray
    value: np.ndarray
    unreadable: np.ndarray
    unread: list[str]
    marked: np.ndarray
    identifying: Mapping[int, np.ndarray]
    area: Coded
    start: Coded | None
    end: Coded | None
    status: Coded | None
    revision: Coded | None
    calendar: Coded | None
    part: Coded | None


class Gatherer:
    """Turn the pieces of one file into rows; its lexicons number the distinct texts of the whole file."""

    def __init__(self, table: Table, columns: Columns, feed: Feed, known: frozenset[str] | None) -> None:
        self._table = table
        self._columns = columns
        self._feed = feed
        self._known = known or frozenset()
        self._texts = _text_columns(columns)
        self._empty = blank(len(table.names))
        self.marks = {at: Marks() for at in columns.extra}
        most = {"area": MOST_AREAS + len(self._known), "start": MOST_TIMES, "end": MOST_TIMES, "calendar": MOST_TIMES}
        self._lexicons = {role: Lexicon(_name(role, columns), most.get(role, MOST_WORDS)) for role in self._texts}

    def survey(self, role: str) -> tuple[list[str], int, int]:
        """Return (the distinct texts of a column, the number of rows, the line of the first); reads the file once."""
        rows, first = 0, 0
        for piece in self._table.pieces():
            there = piece.rows.filter(~self._empty)
            rows += len(there)
            first = first or (there[LINE][0] if len(there) else 0)
            self._lexicons[role].coded(there.select(self._texts[role].alias(role)).to_series())
        return self._lexicons[role].texts, rows, first

    def rows(self) -> Iterator[tuple[Rows, float]]:
        """Yield the rows of each piece and the share of the file that is read with them."""
        for piece in ahead(self._table.pieces()):
            yield self._rows(piece), piece.share

    def _rows(self, piece: Piece) -> Rows:
        there = piece.rows
        if (empty := there.select(self._empty.alias("blank")).to_series()).any():
            there = there.filter(~empty)
        found = there.select(LINE, TOO_MANY, **self._texts)
        texts = there.select(column(self._columns.value)).to_series()
        value, unreadable, marked = counts_of(texts, self._columns, self._feed)
        coded = {role: lexicon.coded(found[role]) for role, lexicon in self._lexicons.items()}
        return Rows(
            line=found[LINE].to_numpy(),
            too_many_fields=found[TOO_MANY].to_numpy(),
            value=value,
            unreadable=unreadable,
            unread=texts.filter(pl.Series(unreadable)).head(LISTED).to_list() if unreadable.any() else [],
            marked=marked,
            identifying=self._identifying(there, texts, unreadable),
            area=coded["area"],
            start=coded.get("start"),
            end=coded.get("end"),
            status=coded.get("status"),
            revision=coded.get("revision"),
            calendar=coded.get("calendar"),
            part=coded.get("part"),
        )

    def _identifying(self, rows: pl.DataFrame, counts: pl.Series, unreadable: np.ndarray) -> dict[int, np.ndarray]:
        looked_at = [f"c{at}" for at in (*self.marks, *self._columns.sum_over)]
        found = {int(name[1:]): identifying(rows[name], self._known) for name in shaped_columns(rows, looked_at)}
        area_at = self._columns.source_area_id
        for name in long_columns(rows, [f"c{at}" for at in self.marks]):
            self.marks[int(name[1:])].see(rows[name], None if area_at is None else rows[f"c{area_at}"])
        if unreadable.any():
            found[self._columns.value] = identifying(counts.set(pl.Series(~unreadable), None), frozenset())
        return found

    def marked_columns(self, rows: int, areas: int) -> list[int]:
        """Return the columns (positions) whose values are marks of devices, once all rows were gathered."""
        return [at for at, marks in self.marks.items() if marks.are_devices(rows, areas)]


def _name(role: str, columns: Columns) -> str | None:
    """Return what the file calls the (first) column of a role."""
    joined = {
        "area": (columns.source_area_id, columns.longitude),
        "calendar": columns.calendar,
        "part": columns.sum_over,
    }
    positions = joined[role] if role in joined else (getattr(columns, role),)
    return next((columns.name(at) for at in positions if at is not None), None)


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


def counts_of(texts: pl.Series, columns: Columns, feed: Feed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (values float64, which are unreadable, which are a mark of the carrier for "suppressed")."""
    marks = feed.suppressed_marks
    marked = texts.is_in(list(marks)).fill_null(value=False) if marks else None
    number = _whole(texts) if columns.kind == "device_count" else _decimal(texts)
    unreadable = number.is_null() & texts.is_not_null()
    if marked is not None:
        unreadable &= ~marked
        number = number.set(marked, None)
    nobody = np.zeros(len(texts), dtype=bool)
    values = number.fill_null(np.nan).to_numpy()
    return values, unreadable.to_numpy(), nobody if marked is None else marked.to_numpy()


def _whole(texts: pl.Series) -> pl.Series:
    """Return whole numbers as WHOLE has them (or with nothing but zeros behind a point); null for all else.

    As many digits as bytes: then no blank, leading zero or other sign can be among them. That is WHOLE, in a third
    of the time; the few texts that are not so simple are looked at by pattern.
    """
    number = texts.cast(pl.Int64, strict=False)
    plain = number.fill_null(-1).to_numpy()
    digits = np.searchsorted(_POWERS, plain, side="right") + 1
    simple = (plain >= 0) & (digits == texts.str.len_bytes().fill_null(0).to_numpy()) & (digits <= 9)
    if int(simple.sum()) + texts.null_count() == len(texts):
        return number.cast(pl.Float64)
    value = number.set(pl.Series(~simple), None).cast(pl.Float64)
    whole = texts.str.extract(_WHOLE_AS_FLOAT, 1).cast(pl.Int64, strict=False).cast(pl.Float64)
    return value.zip_with(pl.Series(simple), whole)


def _decimal(texts: pl.Series) -> pl.Series:
    sound = texts.str.contains(DECIMAL).fill_null(value=False)
    return texts.set(~sound, None).cast(pl.Float64, strict=False)
