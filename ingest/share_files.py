"""Read a table of shares from CSV: region, hours, share, and optionally days.

Promises: every fault with its line and column; nothing is returned from a file with a fault.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from geo.errors import GeoError
from geo.file_bytes import kind_of, text_of, unpacked
from ingest.faults import Fault, FileRefused, quoted
from ingest.venues.columns import tidy_key, tidy_text
from ingest.venues.tables import delimiter_of, raw_rows
from rules.shares import DAYS, LARGEST_SHARE, ShareRow, overlap, parse_hours

_NEEDED = ("region", "hours", "share")
_MOST_KNOWN = 40


def read_shares(path: Path, known: Sequence[str]) -> tuple[tuple[ShareRow, ...], list[Fault]]:
    """Return the rows, and the faults; with any fault there is no row. `known`: codes of the regions there are."""
    try:
        lines, rows, faults = _read(_text(path), known)
    except FileRefused as refused:
        return (), list(refused.faults)
    except GeoError as error:
        return (), [Fault(error.code, error.line, error.column, error.params)]
    faults += [_overlapping(lines[at], lines[before]) for at, before in overlap(rows)]
    if not rows and not faults:
        faults.append(Fault("shares-empty"))
    return ((), sorted(faults, key=lambda one: one.line or 0)) if faults else (tuple(rows), [])


def _text(path: Path) -> str:
    content = unpacked(path)
    if kind_of(content, path.name) != "csv":
        raise FileRefused([Fault("shares-not-text")])
    return text_of(content, path.name)


def _read(text: str, known: Sequence[str]) -> tuple[list[int], list[ShareRow], list[Fault]]:
    faults: list[Fault] = []
    lines, rows = [], []
    delimiter = delimiter_of(text)
    for line, cells in raw_rows(text, delimiter, _refuse_header, faults):
        values = {tidy_key(name): tidy_text(cell) for name, cell in cells.items()}
        row = _row(values, line, known, faults, comma=delimiter != ",")
        if row is not None:
            lines.append(line)
            rows.append(row)
    return lines, rows, faults


def _refuse_header(header: list[str], line: int) -> None:
    present = {tidy_key(name) for name in header}
    missing = [one for one in _NEEDED if one not in present]
    if missing:
        there = quoted(", ".join(header))
        raise FileRefused(
            [Fault("shares-missing-column", line, params={"column": one, "present": there}) for one in missing]
        )


def _row(
    values: dict[str, str], line: int, known: Sequence[str], faults: list[Fault], *, comma: bool
) -> ShareRow | None:
    here: list[Fault] = []
    region, days = values["region"], values.get("days", "").casefold()
    if region and region not in known:
        shown = ", ".join(known[:_MOST_KNOWN]) or "-"
        here.append(Fault("shares-unknown-region", line, "region", {"region": quoted(region), "known": shown}))
    if days not in DAYS:
        here.append(Fault("shares-bad-days", line, "days", {"value": quoted(days)}))
    hours = parse_hours(values["hours"])
    if hours is None:
        here.append(Fault("shares-bad-hours", line, "hours", {"value": quoted(values["hours"])}))
    share = _share(values["share"], line, here, comma=comma)
    faults += here
    return None if here or hours is None else ShareRow(region, days, *hours, share)


def _share(text: str, line: int, faults: list[Fault], *, comma: bool) -> float:
    try:
        share = float(text.replace(",", ".") if comma else text)
    except ValueError:
        share = math.nan
    if not math.isfinite(share):
        faults.append(Fault("shares-not-a-number", line, "share", {"value": quoted(text)}))
    elif not 0.0 < share <= LARGEST_SHARE:
        faults.append(Fault("shares-out-of-range", line, "share", {"value": quoted(text), "most": LARGEST_SHARE}))
    return share


def _overlapping(line: int, other_line: int) -> Fault:
    return Fault("shares-overlap", line, "hours", {"other_line": other_line})
