"""Turn one record of a registry into a venue's draft, with every fault of its values.

Promises: a value is taken as it stands or refused by name; the only thing that is made up is an id, from name, address
and place, where a registry has none, and that is counted.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from geo.venue_shapes import VenuePlace
from ingest.faults import Fault, quoted
from ingest.venues.columns import UNCLASSIFIED, Row, longest, tidy_text
from rules.errors import HoursNotUnderstood
from rules.hours import parse_hours
from rules.names import fold
from store.records import Participation, VenueDraft

_MOST_PERSONS = 1_000_000
_MOST_M2 = 10_000_000
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0", "")


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the file has it: its number (1-based), its line where the format has lines, values and place."""

    number: int
    values: Mapping[str, Any]
    place: VenuePlace | None
    line: int | None = None
    feature_id: object = None
    source: str | None = None


@dataclass(slots=True)
class Tally:
    """Faults so far, and the counts that become notes."""

    faults: list[Fault] = field(default_factory=list)
    unplaced: int = 0
    made: Counter[str] = field(default_factory=Counter)
    unnamed: int = 0
    repaired: list[str] = field(default_factory=list)
    unknown_kinds: Counter[str] = field(default_factory=Counter)
    hours: list[str] = field(default_factory=list)

    def fault(self, code: str, record: Record, column: str | None = None, **params: str | int | float) -> None:
        """Note one fault of a record."""
        self.faults.append(Fault(code, record.line, column, {"record": record.number, **params}))


def draft_of(record: Record, registry: str, tally: Tally) -> VenueDraft:
    """Return the draft of a record; what is wrong with it goes to `tally`."""
    row = Row(record.values)
    values = _Values(row, record, tally)
    names = _names(values)
    source_id = values.text("source_id") or tidy_text(record.feature_id) or _made_id(names["name"], row, record, tally)
    category, said = row.category()
    if category == UNCLASSIFIED:
        tally.unknown_kinds[said or "-"] += 1
    _count_place(record, source_id, tally)
    address = values.fitting("address", row.address())
    if not names["name"]:
        tally.unnamed += 1
    return VenueDraft(
        source=values.text("source") or record.source or registry,
        source_id=source_id[: longest()["source_id"]],
        name=(names["name"] or address or source_id)[: longest()["name"]],
        name_kk=names["name_kk"] or None,
        name_ru=names["name_ru"] or None,
        category=category,
        address=address or None,
        district=values.text("district") or None,
        region=values.text("region") or None,
        longitude=record.place.longitude if record.place else None,
        latitude=record.place.latitude if record.place else None,
        outline_wkb=record.place.outline_wkb if record.place else None,
        seats=values.whole("seats"),
        area_m2=values.number("area_m2", _MOST_M2),
        licensed_capacity=values.whole("licensed_capacity"),
        opening_hours=_hours(values, tally),
        business_size=values.text("business_size") or None,
        participation=values.participation(),
        participation_since=values.day("participation_since"),
        entrances=values.whole("entrances"),
        masked=values.flag("masked"),
    )


class _Values:
    """Reads the values of one record; a wrong one is a fault and counts as not given."""

    def __init__(self, row: Row, record: Record, tally: Tally) -> None:
        self._row, self._record, self._tally = row, record, tally

    def text(self, word: str) -> str:
        return self.fitting(word, self._row.text(word))

    def fitting(self, word: str, text: str) -> str:
        most = longest().get(word)
        if most is not None and len(text) > most:
            self._fault("venues-text-too-long", word, length=len(text), most=most)
            return text[:most]
        return text

    def number(self, word: str, most: float) -> float | None:
        text = self._row.text(word)
        if not text:
            return None
        try:
            number = math.nan if "_" in text else float(text)  # Python reads 1_000, nobody writes it
        except ValueError:
            number = math.nan
        if math.isnan(number):
            self._fault("venues-not-a-number", word, value=quoted(text))
            return None
        if not 0 <= number <= most:
            code = "venues-negative" if number < 0 else "venues-too-large"
            self._fault(code, word, value=quoted(text))
            return None
        return number

    def whole(self, word: str) -> int | None:
        number = self.number(word, _MOST_PERSONS)
        if number is None:
            return None
        if number != int(number):
            self._fault("venues-not-a-whole-number", word, value=quoted(self._row.text(word)))
            return None
        return int(number)

    def day(self, word: str) -> date | None:
        text = self._row.text(word)
        if not text:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            self._fault("venues-not-a-date", word, value=quoted(text))
            return None

    def flag(self, word: str) -> bool:
        text = self._row.text(word).casefold()
        if text not in (*_TRUE, *_FALSE):
            self._fault("venues-not-yes-or-no", word, value=quoted(text))
        return text in _TRUE

    def participation(self) -> Participation:
        text = self._row.text("participation") or "not_participating"
        known: tuple[Participation, ...] = get_args(Participation)
        found = next((word for word in known if word == text), None)
        if found is None:
            self._fault("venues-unknown-participation", "participation", value=quoted(text), known=", ".join(known))
        return found or "not_participating"

    def _fault(self, code: str, word: str, **params: str | int) -> None:
        self._tally.fault(code, self._record, self._row.named(word), **params)


def _names(values: _Values) -> dict[str, str]:
    kazakh, russian = values.text("name_kk"), values.text("name_ru")
    return {"name": values.text("name") or russian or kazakh, "name_kk": kazakh, "name_ru": russian}


def _hours(values: _Values, tally: Tally) -> str | None:
    text = values.text("opening_hours")
    if not text:
        return None
    try:
        parse_hours(text)
    except HoursNotUnderstood:
        tally.hours.append(text)  # kept as the registry wrote it; whether it is open is then unknown
    return text


def _count_place(record: Record, source_id: str, tally: Tally) -> None:
    if record.place is None:
        tally.unplaced += 1
    elif record.place.repaired:
        tally.repaired.append(source_id)


def _made_id(name: str, row: Row, record: Record, tally: Tally) -> str:
    """Return an id that stays the same as long as name, address and place do; several in one place are numbered."""
    place = record.place
    where = f"{place.longitude:.5f} {place.latitude:.5f}" if place else ""
    made = hashlib.sha256("\n".join((fold(name), fold(row.address()), where)).encode()).hexdigest()[:16]
    tally.made[made] += 1
    return made if tally.made[made] == 1 else f"{made}-{tally.made[made]}"
