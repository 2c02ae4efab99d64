"""Read the scalars of a policy: sourced values, moments, times, zones of time and of epidemic.

Promises: each reader returns a value that is safe to build with, and notes a fault when it had to invent it.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, time
from typing import get_args
from zoneinfo import ZoneInfo

from rules.policy import EpidemicZone, ZoneHours
from rules.policy_tree import Entry, Findings, Section, increasing, number_of, text_of, whole_number_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def sourced(section: Section, key: str) -> Entry | None:
    """Return the `value` of an entry {value, source, note}; its source is checked."""
    found = section.section(key)
    value = found.get("value")
    found.source()
    found.note()
    found.close()
    return value


def sourced_whole(section: Section, key: str, least: int = 0, most: float = math.inf) -> int:
    """Return a sourced whole number."""
    return whole_number_of(sourced(section, key), section.findings, least, most)


def sourced_number(section: Section, key: str, least: float = 0, most: float = math.inf) -> float:
    """Return a sourced number."""
    return number_of(sourced(section, key), section.findings, least, most)


def sourced_edges(section: Section, key: str, most: float = math.inf) -> tuple[float, float, float]:
    """Return three sourced edges that rise strictly; three rising dummies after a fault."""
    entry = sourced(section, key)
    if entry is None:
        return (1, 2, 3)
    if not isinstance(entry.value, list) or len(entry.value) != len("abc"):
        section.findings.add("policy-edges-count", entry, count=3)
        return (1, 2, 3)
    first, second, third = increasing(entry.value, section.findings, most=most)
    return (first, second, third)


def moment_of(entry: Entry | None, findings: Findings) -> datetime:
    """Return an RFC 3339 moment with its offset, in UTC."""
    text = text_of(entry, findings)
    if entry is None or not text:
        return _LONG_AGO
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _LONG_AGO.replace(tzinfo=None)
    if moment.tzinfo is None:
        findings.add("policy-not-a-moment", entry, value=text)
        return _LONG_AGO
    return moment.astimezone(UTC)


def time_of(entry: Entry | None, findings: Findings) -> time:
    """Return a local time HH:MM; 24:00 is midnight."""
    text = text_of(entry, findings)
    if entry is None or not text:
        return time()
    hours, _, minutes = text.partition(":")
    if text == "24:00":
        return time()
    if len(hours) == len(minutes) == len("00") and text.replace(":", "").isdecimal():
        try:
            return time(int(hours), int(minutes))
        except ValueError:
            pass
    findings.add("policy-not-a-time", entry, value=text)
    return time()


def closing_of(entry: Entry | None, findings: Findings) -> time | None:
    """Return a closing time, or None for the word `closed`."""
    if entry is not None and entry.value == "closed":
        return None
    return time_of(entry, findings)


def zone_hours_of(entry: Entry, findings: Findings) -> ZoneHours:
    """Return the hours of a list [opening, closing]."""
    if not isinstance(entry.value, list) or len(entry.value) != len(("opens", "closes")):
        findings.add("policy-not-hours", entry)
        return ZoneHours(time(), time())
    opens, closes = (time_of(part, findings) for part in entry.value)
    return ZoneHours(opens, closes)


def days_of(entry: Entry, findings: Findings) -> tuple[int, ...]:
    """Return weekday numbers (0 = Monday) of a list of English day names."""
    if not isinstance(entry.value, list):
        findings.add("policy-not-a-list", entry)
        return ()
    return tuple(_day_of(one, findings) for one in entry.value)


def timezone_of(entry: Entry | None, findings: Findings) -> str:
    """Return the name of a time zone that exists."""
    name = text_of(entry, findings)
    if entry is None or not name:
        return "UTC"
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # a missing, malformed or unreadable key
        findings.add("policy-unknown-timezone", entry, value=name)
        return "UTC"
    return name


def zone_of(name: str, entry: Entry, findings: Findings) -> EpidemicZone:
    """Return an epidemic zone; a fault for any other word."""
    for zone in get_args(EpidemicZone):
        if zone == name:
            return zone  # type: ignore[no-any-return]  # get_args of a Literal gives its words
    findings.add("policy-unknown-zone", entry, value=name, known=", ".join(get_args(EpidemicZone)))
    return "green"


def flag_of(entry: Entry | None, findings: Findings) -> bool:
    """Return true or false; an entry that is not there is false."""
    if entry is None:
        return False
    if entry.value not in ("true", "false"):
        findings.add("policy-not-true-or-false", entry)
    return entry.value == "true"


def _day_of(entry: Entry, findings: Findings) -> int:
    if entry.value in DAYS:
        return DAYS.index(str(entry.value))
    findings.add("policy-unknown-day", entry, value=str(entry.value), known=", ".join(DAYS))
    return 0
