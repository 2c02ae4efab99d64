"""Read announced epidemic zones by region and date from CSV: date, region, zone, and optionally explicit, source, note.

Promises: lines as they stand in the file; every fault with its line; nothing is returned from a file with a fault.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from geo.errors import GeoError
from geo.file_bytes import kind_of, text_of, unpacked
from ingest.faults import Fault, FileRefused, quoted
from ingest.venues.columns import tidy_key, tidy_text
from ingest.venues.tables import delimiter_of, raw_rows
from rules.policy import ZONES
from store.records import ZoneAnnouncement

_NEEDED = ("date", "region", "zone")
_LONGEST = {"region": 40, "source": 300, "note": 300}
_NOT_EXPLICIT = ("false", "no", "0")


def read_zones(path: Path) -> tuple[list[ZoneAnnouncement], list[Fault]]:
    """Return the announcements, oldest first, and the faults; with any fault there is no announcement."""
    try:
        text = _text(path)
        announcements, faults = _read(text)
    except FileRefused as refused:
        return [], list(refused.faults)
    except GeoError as error:
        return [], [Fault(error.code, error.line, error.column, error.params)]
    return ([], faults) if faults else (announcements, [])


def _text(path: Path) -> str:
    content = unpacked(path)
    if kind_of(content, path.name) != "csv":
        raise FileRefused([Fault("zones-not-text")])
    return text_of(content, path.name)


def _read(text: str) -> tuple[list[ZoneAnnouncement], list[Fault]]:
    faults: list[Fault] = []
    read: dict[tuple[str, date, str], tuple[int, ZoneAnnouncement]] = {}
    for line, cells in raw_rows(text, delimiter_of(text), _refuse_header, faults):
        values = {tidy_key(name): tidy_text(cell) for name, cell in cells.items()}
        announcement = _announcement(values, line, faults)
        if announcement is None:
            continue
        key = (announcement.region, announcement.on, announcement.source)
        before_line, before = read.setdefault(key, (line, announcement))
        if before.zone != announcement.zone:
            faults.append(_contradiction(announcement, line, before, before_line))
    if not read and not faults:
        faults.append(Fault("zones-empty"))
    return sorted((one for _, one in read.values()), key=lambda one: (one.on, one.region)), faults


def _refuse_header(header: list[str], line: int) -> None:
    present = {tidy_key(name) for name in header}
    missing = [Fault("zones-missing-column", line, params={"column": name, "present": quoted(", ".join(header))})
               for name in _NEEDED if name not in present]  # fmt: skip
    if missing:
        raise FileRefused(missing)


def _announcement(values: dict[str, str], line: int, faults: list[Fault]) -> ZoneAnnouncement | None:
    empty = [name for name in _NEEDED if not values[name]]
    faults += [Fault("zones-missing-value", line, name, {"name": name}) for name in empty]
    if empty:
        return None
    faults += (too_long := _too_long(values, line))
    on = _date(values["date"], line, faults)
    zone = values["zone"].casefold().replace("-", "_").replace(" ", "_")
    if zone not in ZONES:
        params = {"value": quoted(values["zone"]), "known": ", ".join(ZONES)}
        faults.append(Fault("zones-unknown-zone", line, "zone", params))
        return None
    if on is None or too_long:
        return None
    explicit = values.get("explicit", "").casefold() not in _NOT_EXPLICIT
    return ZoneAnnouncement(values["region"], on, zone, explicit, values.get("source", ""), values.get("note", ""))


def _too_long(values: dict[str, str], line: int) -> list[Fault]:
    return [
        Fault("zones-text-too-long", line, name, {"length": len(values[name]), "most": most})
        for name, most in _LONGEST.items()
        if len(values.get(name, "")) > most
    ]


def _date(text: str, line: int, faults: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(Fault("zones-bad-date", line, "date", {"value": quoted(text)}))
        return None


def _contradiction(one: ZoneAnnouncement, line: int, before: ZoneAnnouncement, before_line: int) -> Fault:
    params: dict[str, str | int | float] = {"region": one.region, "date": one.on.isoformat(), "zone": one.zone}
    return Fault("zones-contradiction", line, "zone", {**params, "other": before.zone, "other_line": before_line})
