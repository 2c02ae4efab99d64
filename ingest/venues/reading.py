"""Read a registry of venues from a file of any known format, recognised by its bytes.

Promises: a file with any fault yields no venue, and every fault is listed with its line or its record; what a person
should know all the same (places repaired, missing, kinds not known) comes as notes. Reading the same file twice gives
the same venues.
Does not: store anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geo.errors import GeoError
from geo.file_bytes import kind_of, text_of, unpacked
from geo.venue_shapes import VenueFeatures, VenuePlace, venues_of_file, venues_of_json
from ingest.faults import Fault, FileRefused, quoted
from ingest.progress import Progress, silent
from ingest.venues.columns import longest, tidy_text
from ingest.venues.drafts import Record, Tally, draft_of
from ingest.venues.fhrs import fhrs_records
from ingest.venues.tables import table_records
from store.records import VenueDraft

_BOM = b"\xef\xbb\xbf"
_ENDINGS = (".gz", ".zst", ".zip", ".geojson", ".json", ".gpkg", ".csv", ".tsv", ".txt", ".xml", ".shp", ".topojson")
_MOST_IN_A_NOTE = 20
_TELL_EVERY = 1000


@dataclass(frozen=True, slots=True)
class VenuesReading:
    """What a registry holds. `venues` is empty when there are `faults`; `notes` have a code and params like faults."""

    venues: list[VenueDraft]
    notes: list[Fault]
    faults: list[Fault]


def read_venues(path: Path, progress: Progress = silent) -> VenuesReading:
    """Return the venues of GeoJSON, TopoJSON, GeoPackage, Shapefile, CSV (each also gz, zst or zip) or FHRS XML."""
    try:
        records, faults, notes = _records(path)
    except FileRefused as refused:
        return VenuesReading([], [], list(refused.faults))
    except GeoError as error:
        return VenuesReading([], [], [_fault(one) for one in (error, *error.others)])
    tally = Tally(faults=faults)
    drafts = _drafts(records, _registry(path), tally, progress)
    _refuse_repeated(records, drafts, tally)
    if not records and not tally.faults:
        tally.faults.append(Fault("venues-none"))
    if tally.faults:
        return VenuesReading([], [], sorted(tally.faults, key=lambda fault: fault.line or 0))
    return VenuesReading(drafts, [*notes, *_notes(tally)], [])


def _records(path: Path) -> tuple[list[Record], list[Fault], list[Fault]]:
    """Return the records, the faults of single records, and notes about the file."""
    content = unpacked(path)
    if content.removeprefix(_BOM).lstrip()[:1] == b"<":
        return *fhrs_records(content), []
    kind = kind_of(content, path.name)
    if kind == "csv":
        return *table_records(text_of(content, path.name)), []
    features = venues_of_json(text_of(content, path.name), path.name) if kind == "json" else venues_of_file(path, kind)
    return *_of_features(features), [Fault(note.code, params=note.params) for note in features.notes]


def _of_features(features: VenueFeatures) -> tuple[list[Record], list[Fault]]:
    records: list[Record] = []
    faults: list[Fault] = []
    rows = zip(features.properties, features.feature_ids, features.places, strict=True)
    for number, (properties, feature_id, place) in enumerate(rows, start=1):
        if place is not None and not isinstance(place, VenuePlace):
            faults.append(Fault(place.code, params={"record": number, **place.params}))
            continue
        records.append(Record(number, properties, place, feature_id=feature_id))
    return records, faults


def _fault(error: GeoError) -> Fault:
    return Fault(error.code, error.line, error.column, error.params)


def _drafts(records: list[Record], registry: str, tally: Tally, progress: Progress) -> list[VenueDraft]:
    drafts = []
    for place, record in enumerate(records):
        if place % _TELL_EVERY == 0:
            progress(place / len(records), "reading")
        drafts.append(draft_of(record, registry, tally))
    progress(1.0, "reading")
    return drafts


def _registry(path: Path) -> str:
    """Return the name of a registry that does not name itself: its file's, without endings."""
    name = path.name
    while name.lower().endswith(_ENDINGS):
        name = name[: name.rindex(".")]
    return tidy_text(name)[: longest()["source"]] or "registry"


def _refuse_repeated(records: list[Record], drafts: list[VenueDraft], tally: Tally) -> None:
    first: dict[tuple[str, str], Record] = {}
    for record, draft in zip(records, drafts, strict=True):
        before = first.setdefault((draft.source, draft.source_id), record)
        if before is not record:
            tally.fault("venues-repeated-id", record, None, source_id=quoted(draft.source_id), first=before.number)


def _notes(tally: Tally) -> list[Fault]:
    kinds = ", ".join(f"{kind} ({count})" for kind, count in tally.unknown_kinds.most_common(_MOST_IN_A_NOTE))
    notes: tuple[tuple[int, str, dict[str, str]], ...] = (
        (tally.unplaced, "venues-note-without-place", {}),
        (len(tally.repaired), "venues-note-repaired", {"ids": ", ".join(tally.repaired[:_MOST_IN_A_NOTE])}),
        (tally.unknown_kinds.total(), "venues-note-unclassified", {"kinds": kinds}),
        (tally.made.total(), "venues-note-ids-made", {}),
        (tally.unnamed, "venues-note-unnamed", {}),
        (len(tally.hours), "venues-note-hours", {"example": quoted(tally.hours[0]) if tally.hours else ""}),
    )
    return [Fault(code, params={"count": count, **params}) for count, code, params in notes if count]
