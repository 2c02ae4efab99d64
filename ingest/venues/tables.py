"""Read a registry in CSV: comma, semicolon or tab, quoted fields with line breaks, a place as columns or as WKT.

Promises: every fault carries the physical line on which its record begins.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping

from geo.errors import GeoError
from geo.venue_shapes import VenuePlace, place_of_point, place_of_wkt
from ingest.faults import Fault, FileRefused, quoted
from ingest.venues.columns import Row, has_any
from ingest.venues.drafts import Record

_DELIMITERS = (",", ";", "\t")


def table_records(text: str) -> tuple[list[Record], list[Fault]]:
    """Return the records and the faults of single lines. Raises FileRefused for a header that cannot serve."""
    records: list[Record] = []
    faults: list[Fault] = []
    for line, values in raw_rows(text, delimiter_of(text), _refuse_header, faults):
        number = len(records) + 1
        records.append(Record(number, values, _place(values, number, line, faults), line))
    return records, faults


def raw_rows(
    text: str, delimiter: str, refuse_header: Callable[[list[str], int], None], faults: list[Fault]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, column -> text) of the rows; a row of another length is a fault and is left out.

    `refuse_header` raises FileRefused when the columns cannot serve; so does this where quotes do not end.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    header: list[str] = []
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(one.strip() for one in cells):
                continue
            if not header:
                header = cells
                _refuse_repeated(header, line)
                refuse_header(header, line)
            elif len(cells) != len(header):
                faults.append(Fault("venues-row-length", line, params={"found": len(cells), "expected": len(header)}))
            else:
                yield line, dict(zip(header, cells, strict=True))
    except csv.Error as broken:
        raise FileRefused([Fault("venues-csv-broken", begins, params={"problem": str(broken)})]) from broken


def delimiter_of(text: str) -> str:
    """Return the delimiter that occurs most in the first line."""
    first = text.lstrip().split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count)


def _refuse_header(header: list[str], line: int) -> None:
    if not any(has_any(header, word) for word in ("name", "name_ru", "name_kk", "address")):
        present = quoted(", ".join(header))
        raise FileRefused([Fault("venues-missing-column", line, params={"column": "name", "present": present})])


def _refuse_repeated(header: list[str], line: int) -> None:
    if len({name.strip().casefold() for name in header}) != len(header):
        raise FileRefused([Fault("venues-repeated-column", line, params={"present": quoted(", ".join(header))})])


def _place(values: Mapping[str, str], number: int, line: int, faults: list[Fault]) -> VenuePlace | None:
    row = Row(values)
    outline = row.text("wkt")
    longitude, latitude = row.text("longitude"), row.text("latitude")
    column = row.named("wkt") if outline else row.named("longitude")
    try:
        if outline:
            return place_of_wkt(outline)
        return place_of_point(float(longitude), float(latitude)) if longitude and latitude else None
    except ValueError:
        params: dict[str, str | int | float] = {"record": number, "value": quoted(f"{longitude} {latitude}")}
        faults.append(Fault("venues-not-a-coordinate", line, column, params))
    except GeoError as error:
        faults.append(Fault(error.code, line, column, {"record": number, **error.params}))
    return None
