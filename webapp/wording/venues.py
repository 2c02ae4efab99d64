"""A venue in words: its name, kind, place, distance and status in the reader's language."""

from __future__ import annotations

import re
from datetime import datetime

from ingest.faults import sentence
from rules.occupancy import Limit, LimitPart
from rules.status import VenueStatus
from rules.words import Words
from store.records import VenueDraft
from webapp.context import web
from webapp.languages import language
from webapp.speech import day, day_names
from webapp.speech import gettext as _
from webapp.speech import number as in_words
from webapp.views import StatusView
from webapp.wording.sources import sources_words

OSM_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
METRES_A_KM = 1000
NEAR_M = 950


def say(words: Words) -> str:
    """Return what a rule says, in the reader's language."""
    return sentence(words.code, words.params, language())


def name_of(draft: VenueDraft) -> str:
    """Return a venue's name: the Kazakh or Russian one where the reader reads that and the registry has it."""
    own = {"kk": draft.name_kk, "ru": draft.name_ru}.get(language())
    return own or draft.name


def category_label(category: str, now: datetime) -> str:
    """Return the kind of a venue in words."""
    known = web().policy(now).categories.get(category)
    if known is None:
        return _("kind not known")
    return known.names.get(language()) or known.names["en"]


def hours_words(opening_hours: str | None) -> str | None:
    """Return opening hours (OSM's notation, as registered) with the days of the reader's language."""
    if opening_hours is None:
        return None
    days = day_names()
    words = {"24/7": _("around the clock"), "off": _("closed")} | dict(zip(OSM_DAYS, days, strict=True))
    return re.sub(r"24/7|off|" + "|".join(OSM_DAYS), lambda found: words[found.group()], opening_hours)


def status_view(status: VenueStatus) -> StatusView:
    """Return a computed status in words."""
    return StatusView(
        colour=status.colour,
        word=sentence(status.word, {}, language()),
        rule=status.rule,
        reason=say(status.reason),
        what_would_change=[say(words) for words in status.what_would_change],
        valid_until_words=_until(status.valid_until),
    )


def status_lines(status: VenueStatus) -> list[str]:
    """Return what a status was computed from: rule, policy version, evidence."""
    return [
        _(
            "Row %(rule)s of the table of statuses, in the rules in force since %(date)s.",
            rule=status.rule,
            date=_in_force_since(status.policy_version),
        ),
        _("No inspection, decision or declaration is on record.")
        if not status.evidence
        else _("Evidence: %(evidence)s.", evidence=", ".join(status.evidence)),
        _("Computed from the venue's part in the programme; how crowded it is plays no role."),
    ]


def limit_lines(limit: Limit) -> list[str]:
    """Return how the permitted number came about, line by line, each with its source."""
    missing = [sentence(f"limit-missing-{fact.replace('_', '-')}", {}, language()) for fact in limit.missing]
    return [_limit_head(limit), *missing, *(_part_words(part) for part in limit.because)]


def _part_words(part: LimitPart) -> str:
    numbers = {"number": in_words(part.number), "persons": _persons(part.persons)}
    words = sentence(part.code, numbers, language())
    bibliography = web().policy(web().clock()).sources
    return _("%(words)s (source: %(sources)s)", words=words, sources=sources_words(part.sources, bibliography))


def distance_words(metres: float) -> str:
    """Return a distance: "350 m", "1.2 km"."""
    if metres < NEAR_M:
        return _("%(distance)s m", distance=in_words(round(metres, -1)))
    return _("%(distance)s km", distance=in_words(round(metres / METRES_A_KM, 1)))


def _limit_head(limit: Limit) -> str:
    if limit.closed:
        return _("Nobody may be admitted: the rules now in force keep places of this kind closed.")
    if limit.missing:
        return _("How many people are permitted now is not known.")
    if limit.persons is None:
        return _("No number of people is set for places of this kind now.")
    return _("Permitted now: %(number)s people.", number=in_words(limit.persons))


def _in_force_since(version: str) -> str:
    start = next((one.effective_from for one in web().policies if one.version == version), None)
    return version if start is None else day(web().local(start).date(), "d MMMM y")


def _until(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return _("until %(date)s", date=day(web().local(moment).date(), "d MMMM y"))


def _persons(value: int | None) -> str:
    return "–" if value is None else in_words(value)
