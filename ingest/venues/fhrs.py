"""Read the XML of the Food Hygiene Rating Scheme as a stream of records.

Promises: a DOCTYPE is refused before anything is expanded, so no entity can explode and no address is opened; depth
and texts are capped; a broken file is refused with line and column.
Does not: read ratings, e-mail addresses or anything else that is no fact of our registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat  # stdlib; the dangerous part (DOCTYPE) is refused by the handler below

from geo.errors import GeoError
from geo.venue_shapes import VenuePlace, place_of_point
from ingest.faults import Fault, FileRefused, quoted
from ingest.venues.drafts import Record

SOURCE = "fhrs"
_ROOT, _RECORD = "FHRSEstablishment", "EstablishmentDetail"
_ADDRESS = ("AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "PostCode")
_KEPT = frozenset({"FHRSID", "BusinessName", "BusinessType", "LocalAuthorityName", "Longitude", "Latitude", *_ADDRESS})
_DEEPEST = 20
_LONGEST_TEXT = 10_000
_CUT_OFF = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
)


def fhrs_records(content: bytes) -> tuple[list[Record], list[Fault]]:
    """Return the records and the faults of single records. Raises FileRefused for a file that is no FHRS XML."""
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reading.refuse_doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    reading.parser = parser
    try:
        parser.Parse(content, True)
    except expat.ExpatError as broken:
        raise FileRefused([_broken(broken)]) from broken
    except (ValueError, LookupError, UnicodeError) as broken:  # an encoding that expat does not know
        raise FileRefused(
            [Fault("venues-xml-broken", 1, params={"problem": quoted(str(broken)), "column": 1})]
        ) from broken
    return reading.records, reading.faults


def _broken(broken: expat.ExpatError) -> Fault:
    code = "venues-xml-truncated" if broken.code in _CUT_OFF else "venues-xml-broken"
    params: dict[str, str | int | float] = {
        "problem": expat.ErrorString(broken.code) or "?",
        "column": broken.offset + 1,
    }
    return Fault(code, broken.lineno, params=params)


class _Reading:
    """Handlers of the parser, and what they have gathered."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.faults: list[Fault] = []
        self.parser: expat.XMLParserType | None = None
        self._path: list[str] = []
        self._fields: dict[str, str] | None = None
        self._line = 0
        self._parts: list[str] = []
        self._length = 0

    def refuse_doctype(self, *_: object) -> None:
        raise FileRefused([Fault("venues-xml-doctype", self._current_line())])

    def start(self, name: str, _: Mapping[str, str]) -> None:
        if not self._path and name != _ROOT:
            raise FileRefused([Fault("venues-xml-unknown", self._current_line(), params={"root": quoted(name)})])
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise FileRefused([Fault("venues-xml-too-deep", self._current_line(), params={"most": _DEEPEST})])
        self._parts, self._length = [], 0
        if name == _RECORD:
            self._fields, self._line = {}, self._current_line()

    def text(self, text: str) -> None:
        room = max(0, _LONGEST_TEXT - self._length)
        self._parts.append(text[:room])
        self._length += len(text)

    def end(self, name: str) -> None:
        self._path.pop()
        if self._fields is None:
            return
        if name in _KEPT:
            self._fields.setdefault(name, "".join(self._parts).strip())
        elif name == _RECORD:
            self._finish(self._fields)
            self._fields = None

    def _finish(self, fields: dict[str, str]) -> None:
        number = len(self.records) + 1
        values = {key: text for key, text in fields.items() if key not in _ADDRESS}
        values["address"] = ", ".join(filter(None, (fields.get(line, "") for line in _ADDRESS)))
        self.records.append(Record(number, values, self._place(fields, number), self._line, source=SOURCE))

    def _place(self, fields: Mapping[str, str], number: int) -> VenuePlace | None:
        longitude, latitude = fields.get("Longitude", ""), fields.get("Latitude", "")
        if not (longitude and latitude):
            return None
        try:
            return place_of_point(float(longitude), float(latitude))
        except ValueError:
            params: dict[str, str | int | float] = {"record": number, "value": quoted(f"{longitude} {latitude}")}
            self.faults.append(Fault("venues-not-a-coordinate", self._line, "Geocode", params))
        except GeoError as error:
            self.faults.append(Fault(error.code, self._line, "Geocode", {"record": number, **error.params}))
        return None

    def _current_line(self) -> int:
        return self.parser.CurrentLineNumber if self.parser else 0
