"""Read head counts from CSV: venue (id, code or the registry's id), counted_at (RFC 3339), people, counted_by, note.

Promises: every fault of the file is listed with its line, its column as the file names it, and what to do; a file with
any fault yields nothing. The same line twice is one count; another number for the same venue and moment is a fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from geo.errors import GeoError
from geo.file_bytes import kind_of, text_of, unpacked
from ingest.faults import Fault, FileRefused, quoted
from ingest.head_counts import Bounds, faults_of, holds_a_persons_number
from ingest.venues.columns import tidy_key, tidy_text
from ingest.venues.tables import delimiter_of, raw_rows
from rules.policy import Policy
from store.head_counts import LONGEST_BY, LONGEST_NOTE, CountedPeople, HeadCount
from store.records import Venue

_NEEDED = ("venue", "counted_at", "people", "counted_by")
_NAMES = {
    "venue": ("venue", "venue_id", "venue_code", "code", "id", "заведение", "объект", "орын", "нысан"),
    "counted_at": ("counted_at", "time", "moment", "observed_at", "время", "момент", "уақыт", "уақыты"),
    "people": ("people", "count", "persons", "people_count", "head_count", "людей", "человек", "адам", "адам_саны"),
    "counted_by": ("counted_by", "by", "counter", "inspector", "кем", "посчитал", "кім", "санаған"),
    "note": ("note", "comment", "remark", "примечание", "ескерту"),
}
_LONGEST = {"counted_by": LONGEST_BY, "note": LONGEST_NOTE}


@dataclass(frozen=True, slots=True)
class Registry:
    """The venues by every name that a file may give them: id, code, the registry's own id where only one has it."""

    by_name: Mapping[str, Venue]

    @staticmethod
    def of(venues: Sequence[Venue]) -> Registry:
        """Return the names of these venues; an id wins over a code, a code over a registry's id."""
        names: dict[str, Venue] = {}
        own = Counter(one.draft.source_id for one in venues)
        for one in venues:
            if own[one.draft.source_id] == 1:
                names[one.draft.source_id] = one
        names |= {one.code: one for one in venues}
        return Registry(names | {one.id: one for one in venues})


@dataclass(frozen=True, slots=True)
class Told:
    """What the reader must know to judge a line: venues, counts that stand, bounds of moments, the policy."""

    registry: Registry
    standing: Sequence[HeadCount]
    bounds: Bounds
    policy: Policy


def read_head_counts(path: Path, told: Told) -> tuple[list[CountedPeople], list[Fault]]:
    """Return the counts in the order of the file, and the faults; with any fault there is no count."""
    try:
        content = unpacked(path)
        if kind_of(content, path.name) != "csv":
            return [], [Fault("headcounts-not-csv")]
        counted, faults = _read(text_of(content, path.name), told)
    except FileRefused as refused:
        return [], list(refused.faults)
    except GeoError as error:
        return [], [Fault(error.code, error.line, error.column, error.params)]
    return ([], sorted(faults, key=lambda one: one.line or 0)) if faults else (counted, [])


def _read(text: str, told: Told) -> tuple[list[CountedPeople], list[Fault]]:
    faults: list[Fault] = []
    read: dict[tuple[str, datetime], tuple[int | None, int]] = {
        (one.venue_id, one.counted_at): (None, one.people) for one in told.standing
    }
    counted: list[CountedPeople] = []
    for line, cells in raw_rows(text, delimiter_of(text), _refuse_header, faults):
        row = _Row(line, cells)
        one = row.counted(told)
        faults += row.faults
        if one is None:
            continue
        before_line, before = read.setdefault((one.venue_id, one.counted_at), (line, one.people))
        if before != one.people:
            faults.append(_contradiction(one, row, before, before_line))
        counted.append(one)
    if not counted and not faults:
        faults.append(Fault("headcounts-empty"))
    return list(dict.fromkeys(counted)), faults


def _refuse_header(header: list[str], line: int) -> None:
    present = {tidy_key(name) for name in header}
    missing = [
        Fault("headcounts-missing-column", line, params={"column": word, "header": quoted(", ".join(header))})
        for word in _NEEDED
        if present.isdisjoint(_NAMES[word])
    ]
    if missing:
        raise FileRefused(missing)


class _Row:
    """One line of the file: its texts by our words, and what is wrong with them."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line, self.faults = line, list[Fault]()
        tidy = {tidy_key(name): (name, tidy_text(cell)) for name, cell in cells.items()}
        self._found = {
            word: next(((tidy[name]) for name in names if name in tidy), (word, "")) for word, names in _NAMES.items()
        }

    def counted(self, told: Told) -> CountedPeople | None:
        """Return the count of this line; None where a fault was noted."""
        venue, moment, people = self._venue(told.registry), self._moment(), self._people()
        by, note = self._text("counted_by"), self._text("note")
        if venue is not None and moment is not None and people is not None:
            for fault in faults_of(people, moment, venue, told.bounds, told.policy):
                self._fault(fault.code, fault.column or "people", **fault.params)
        if self.faults or venue is None or moment is None or people is None:
            return None
        return CountedPeople(venue.id, moment, people, by, note)

    def column(self, word: str) -> str:
        """Return what the file calls the column that holds `word`."""
        return self._found[word][0]

    def _venue(self, registry: Registry) -> Venue | None:
        text = self._needed("venue")
        found = registry.by_name.get(text)
        if text and found is None:
            self._fault("headcounts-unknown-venue", "venue", venue=quoted(text))
        return found

    def _moment(self) -> datetime | None:
        text = self._needed("counted_at")
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self._fault("headcounts-not-a-moment", "counted_at", value=quoted(text))
            return None
        if moment.tzinfo is None:
            self._fault("headcounts-without-offset", "counted_at", value=quoted(text))
            return None
        try:
            return moment.astimezone(UTC).replace(microsecond=0)
        except OverflowError:  # the year 1 or 9999, moved beyond what there is
            self._fault("headcounts-not-a-moment", "counted_at", value=quoted(text))
            return None

    def _people(self) -> int | None:
        text = self._needed("people")
        if not text:
            return None
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            self._fault("headcounts-not-a-number", "people", value=quoted(text))
            return None
        return int(text)

    def _text(self, word: str) -> str:
        text = self._needed(word) if word in _NEEDED else self._found[word][1]
        if len(text) > _LONGEST[word]:
            self._fault("headcounts-text-too-long", word, length=len(text), most=_LONGEST[word])
        if holds_a_persons_number(text):
            self._fault("headcounts-persons-number", word)
        return text

    def _needed(self, word: str) -> str:
        text = self._found[word][1]
        if not text:
            self._fault("headcounts-missing-value", word)
        return text

    def _fault(self, code: str, word: str, **params: str | int | float) -> None:
        self.faults.append(Fault(code, self.line, self.column(word), params))


def _contradiction(one: CountedPeople, row: _Row, before: int, before_line: int | None) -> Fault:
    params: dict[str, str | int | float] = {"people": one.people, "other": before}
    if before_line is None:
        return Fault("headcounts-stands-already", row.line, row.column("people"), params)
    return Fault("headcounts-contradiction", row.line, row.column("people"), params | {"other_line": before_line})
