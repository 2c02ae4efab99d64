"""Find out which column of a file means what: by the carrier's feed first, else by well-known names.

Promises: never guesses between two candidates (that is a fault), and lists what is there when something is missing.
Names are compared without case, spaces and punctuation, so ``Tile ID``, ``tileId`` and ``tile_id`` are one name.
Does not: look at values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ingest.faults import Fault, FileRefused, quoted
from ingest.feeds import CountKind, Feed

MOST_COLUMNS = 250  # exports of whole tables have some fifty; each column that nothing needs is searched
_MOST_LISTED = 20

# The first name of each row is ours and wins over the others; "id" counts only when nothing else is there.
_ROLE_NAMES: Mapping[str, tuple[str, ...]] = {
    role: tuple(names.split())
    for role, names in {
        "source_area_id": "sourceareaid sourcearea hexagon hexagonid hexid h3 h3index h3id h3cell geohash zoneid zone"
        " cellid cell radiocellid sectorid tileid tile mesh1kmid mesh500mid mesh250mid meshid meshcode mesh square"
        " squareid gridid gridcode areaid areacode districtid districtcode code",
        "start": "start starttime startat timebinstart timestart timestamp datetime time from",
        "end": "end endtime endat timebinend timeend to until",
        "status": "status state datatype",
        "revision": "revision version rev",
        "longitude": "longitude lon lng long",
        "latitude": "latitude lat",
        "radius_m": "radiusm radius range",
    }.items()
}
_VALUE_NAMES: Mapping[str, CountKind] = {
    **dict.fromkeys(("devicecount", "devices", "count", "counts", "value", "subscribers", "users"), "device_count"),
    **dict.fromkeys(("people", "persons", "population", "presentpopulation", "peoplecount"), "people"),
    **dict.fromkeys(("densityperkm2", "density", "ppldensity", "populationdensitydata"), "density_per_km2"),
    **dict.fromkeys(("activity", "activitylevel"), "activity"),
}
_H3_NAMES = frozenset({"hexagon", "hexagonid", "hexid", "h3", "h3index", "h3id", "h3cell"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of a file's columns by meaning; None where the file has no such column."""

    names: tuple[str, ...]
    value: int
    source_area_id: int | None = None
    start: int | None = None
    end: int | None = None
    status: int | None = None
    revision: int | None = None
    longitude: int | None = None
    latitude: int | None = None
    radius_m: int | None = None
    calendar: tuple[int | None, ...] = ()
    sum_over: tuple[int, ...] = ()
    kind: CountKind = "device_count"
    grid_by_name: Literal["h3", "geohash"] | None = None

    def name(self, position: int | None) -> str | None:
        """Return the file's own name of a column, fit for a message."""
        return None if position is None else quoted(self.names[position])

    @property
    def extra(self) -> tuple[int, ...]:
        """Positions of the columns that nothing needs; they are looked at for identifiers and then ignored."""
        used = {self.value, self.source_area_id, self.start, self.end, self.status, self.revision}
        used |= {self.longitude, self.latitude, self.radius_m, *self.calendar, *self.sum_over}
        return tuple(position for position in range(len(self.names)) if position not in used)


def columns_of(names: Sequence[str], feed: Feed) -> Columns:
    """Return the meaning of each column.

    Raises FileRefused: too-many-columns, column-twice, columns-ambiguous, columns-missing.
    """
    if len(names) > MOST_COLUMNS:
        raise _refused("too-many-columns", count=len(names), limit=MOST_COLUMNS)
    plain = [plain_name(name) for name in names]
    _refuse_twins(names, plain)
    present = {name: position for position, name in enumerate(plain) if name}
    found = _by_feed(names, present, feed)
    ambiguous = [_by_name(role, options, names, present, found) for role, options in _wanted(found).items()]
    missing = _missing(found, feed)
    if missing:
        listed = ", ".join(quoted(name) for name in names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")
        raise _refused("columns-missing", missing=", ".join(missing), present=listed)
    if faults := [fault for fault in ambiguous if fault]:
        raise FileRefused(faults)
    return Columns(tuple(names), **found, **_kind_and_grid(plain, found, feed))


def plain_name(name: str) -> str:
    """Return `name` without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _refuse_twins(names: Sequence[str], plain: Sequence[str]) -> None:
    twins = sorted({names[i] for i, name in enumerate(plain) if name and plain.index(name) != i})
    if twins:
        raise FileRefused([Fault("column-twice", 1, quoted(twin), {"column": quoted(twin)}) for twin in twins])


def _by_feed(names: Sequence[str], present: Mapping[str, int], feed: Feed) -> dict[str, Any]:
    """Return what the feed says, and refuse the file if a column that it names is not there."""
    calendar = feed.calendar
    calendar_names = (calendar.year, calendar.month, calendar.day_kind, calendar.night) if calendar else ()
    asked = [*feed.columns.values(), *feed.sum_over, *(name for name in calendar_names if name)]
    absent = [name for name in asked if plain_name(name) not in present]
    if absent:
        listed = ", ".join(quoted(name) for name in names[:_MOST_LISTED])
        raise _refused("columns-missing", missing=", ".join(map(quoted, absent)), present=listed)
    found: dict[str, Any] = {role: present[plain_name(theirs)] for role, theirs in feed.columns.items()}
    found["sum_over"] = tuple(present[plain_name(name)] for name in feed.sum_over)
    found["calendar"] = tuple(present[plain_name(name)] if name else None for name in calendar_names)
    return found


def _wanted(found: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    roles = {**_ROLE_NAMES, "value": tuple(_VALUE_NAMES)}
    if found["calendar"]:
        roles = {role: options for role, options in roles.items() if role not in ("start", "end")}
    return {role: options for role, options in roles.items() if role not in found}


def _by_name(
    role: str, options: tuple[str, ...], names: Sequence[str], present: Mapping[str, int], found: dict[str, Any]
) -> Fault | None:
    taken = {*found["sum_over"], *found["calendar"], *(at for at in found.values() if isinstance(at, int))}
    there = [present[name] for name in options if name in present and present[name] not in taken]
    if not there and role == "source_area_id" and not _point(present):
        there = [present["id"]] if "id" in present else []
    if not there:
        return None
    found[role] = there[0]
    if len(there) == 1 or options[0] in present:
        return None
    both = ", ".join(quoted(names[position]) for position in there)
    return Fault("columns-ambiguous", 1, params={"columns": both, "meaning": role})


def _point(present: Mapping[str, int]) -> bool:
    return any(n in present for n in _ROLE_NAMES["longitude"]) and any(n in present for n in _ROLE_NAMES["latitude"])


def _missing(found: Mapping[str, Any], feed: Feed) -> list[str]:
    """Return our names of what cannot be done without."""
    place = "source_area_id" in found or {"longitude", "latitude"} <= found.keys()
    time = "start" in found or feed.calendar is not None
    needs = (("source_area_id", place), ("start", time), (feed.kind or "device_count", "value" in found))
    return [name for name, there in needs if not there]


def _kind_and_grid(plain: Sequence[str], found: Mapping[str, Any], feed: Feed) -> dict[str, Any]:
    kind = feed.kind or _VALUE_NAMES.get(plain[found["value"]], "device_count")
    area = plain[found["source_area_id"]] if "source_area_id" in found else ""
    grid = "h3" if area in _H3_NAMES else "geohash" if area == "geohash" else None
    return {"kind": kind, "grid_by_name": grid}


def _refused(code: str, **params: str | int) -> FileRefused:
    return FileRefused([Fault(code, 1, params=params)])
