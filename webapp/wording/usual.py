"""A usual week in words and drawn: hour by hour, in people for who may see them, for everybody else in four steps.

Promises: nothing is called usual of which too few weeks are known; of hexagons and of the ground only steps are named
where numbers could be made of hidden ones. Heights of a drawing are no finer than its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Literal

from rules.policy import MapPolicy
from store.usual_weeks import UsualHexagon, UsualVenueWeek
from webapp.context import web
from webapp.speech import day_names_in_full, lazy_gettext, ngettext, number
from webapp.speech import gettext as _
from webapp.views import UsualDay, UsualHour, UsualView
from webapp.wording.certainty import Reader
from webapp.wording.density import FIRST_STEP, STEP_WORDS, code_densities

DAY_HOURS = 24
FULL = 100.0
RELATIVE_WORDS = (
    lazy_gettext("quiet"),
    lazy_gettext("moderate"),
    lazy_gettext("busy"),
    lazy_gettext("busiest"),
)
FIRST_STEP_TOLD = 2  # of density: below it a number could be made of hidden ones
DIGITS = 2

Of = Literal["venue", "ground", "hexagon"]
Unit = Literal["people", "people_per_km2", "relative"]


@dataclass(frozen=True, slots=True)
class _Week:
    """168 values, the step of each, and how one is said."""

    values: Sequence[float | None]
    step_of: Callable[[float], int]
    say: Callable[[float, int], str]
    unit: Unit


def venue_usual(week: UsualVenueWeek | None, reader: Reader, now: datetime, present: float | None) -> UsualView:
    """Return a venue's usual week, or that of the ground around where the venue cannot be told apart from it.

    `present`: people in the venue now, None for who may not see them or where that is not told.
    """
    policy = web().policy(now).map
    weeks = 0 if week is None else week.weeks
    if week is None or weeks < policy.usual_weeks_min or not _known(week.people + week.ground):
        return _nothing("venue", weeks, policy, now)
    if not _known(week.people):
        return _drawn("ground", _relative(week.ground, policy), weeks, now, None)
    drawn = _people(week.people, policy) if reader == "numbers" else _relative(week.people, policy)
    return _drawn("venue", drawn, weeks, now, present if reader == "numbers" else None)


def hexagon_usual(found: UsualHexagon | None, reader: Reader, now: datetime) -> UsualView:
    """Return a hexagon's usual week in density steps; in people per km² for who may see numbers."""
    policy = web().policy(now).map
    weeks = 0 if found is None else found.weeks
    if found is None or weeks < policy.usual_weeks_min or not any(found.codes):
        return _nothing("hexagon", weeks, policy, now)
    densities = code_densities(policy.frame_density_max_per_km2)
    values = [None if code < FIRST_STEP else densities[code - FIRST_STEP] for code in found.codes]
    unit: Unit = "people_per_km2" if reader == "numbers" else "relative"
    week = _Week(values, lambda value: _step(value, policy.density_steps_per_km2), _say_density, unit)
    return _drawn("hexagon", week, weeks, now, None)


def _known(values: Sequence[float | None]) -> bool:
    return any(value is not None for value in values)


def _people(values: Sequence[float | None], policy: MapPolicy) -> _Week:
    edges = _edges(values, policy)
    return _Week(values, lambda value: _step(value, edges), _say_people, "people")


def _relative(values: Sequence[float | None], policy: MapPolicy) -> _Week:
    edges = _edges(values, policy)
    return _Week(values, lambda value: _step(value, edges), lambda _value, step: _relative_words(step), "relative")


def _say_people(value: float, _step: int) -> str:
    return ngettext("about %(n)s person", "about %(n)s people", round(value), n=number(round(value)))


def _say_density(_value: float, step: int) -> str:
    return str(STEP_WORDS[step - 1])


def _relative_words(step: int) -> str:
    return str(RELATIVE_WORDS[step - 1])


def _edges(values: Sequence[float | None], policy: MapPolicy) -> list[float]:
    largest = max((value for value in values if value is not None), default=0.0)
    return [share * largest for share in policy.usual_steps]


def _step(value: float, edges: Sequence[float]) -> int:
    return 1 + sum(value >= edge and value > 0 for edge in edges)


def _drawn(of: Of, week: _Week, weeks: int, now: datetime, present: float | None) -> UsualView:
    local = web().local(now)
    top = max([*(value for value in week.values if value is not None), present or 0.0, 1.0])
    days = [
        _day(week, weekday, name, weekday == local.weekday(), top) for weekday, name in enumerate(day_names_in_full())
    ]
    usual = week.values[local.weekday() * DAY_HOURS + local.hour]
    return UsualView(
        of=of,
        unit=week.unit,
        weeks=weeks,
        note_words=_note_words(of, weeks),
        none_words=None,
        now_hour=local.hour,
        now_words=_now_words(week, usual, present),
        now_height=None if present is None else round(FULL * present / top, 1),
        days=days,
    )


def _day(week: _Week, weekday: int, name: str, is_today: bool, top: float) -> UsualDay:
    values = week.values[weekday * DAY_HOURS : (weekday + 1) * DAY_HOURS]
    hours = [_hour(week, hour, value, top) for hour, value in enumerate(values)]
    return UsualDay(weekday, name, is_today, _day_words(name, values, hours), hours)


def _hour(week: _Week, hour: int, value: float | None, top: float) -> UsualHour:
    if value is None:
        return UsualHour(hour, None, _("not known"), None, 0.0)
    step = week.step_of(value)
    height = FULL * step / len(RELATIVE_WORDS) if week.unit == "relative" else round(FULL * value / top, 1)
    return UsualHour(hour, step, week.say(value, step), _told(week.unit, value, step), height)


def _told(unit: Unit, value: float, step: int) -> int | None:
    if unit == "people":
        return round(value)
    if unit == "people_per_km2" and step >= FIRST_STEP_TOLD:
        return int(float(f"{value:.{DIGITS}g}"))
    return None


def _day_words(name: str, values: Sequence[float | None], hours: Sequence[UsualHour]) -> str:
    """Say of a day when it is busiest: the hours around the largest that are in its step."""
    day = name[:1].upper() + name[1:]
    known = [(value, hour) for hour, value in enumerate(values) if value is not None]
    if not known:
        return _("%(day)s: not known.", day=day)
    _largest, peak = max(known, key=lambda one: (one[0], -one[1]))
    step = hours[peak].step
    if all(one.step in {None, 1} for one in hours):
        return _("%(day)s: all day %(words)s.", day=day, words=_lower(hours[peak].words))
    before = len(list(takewhile(lambda hour: hours[hour].step == step, range(peak - 1, -1, -1))))
    after = len(list(takewhile(lambda hour: hours[hour].step == step, range(peak + 1, DAY_HOURS))))
    span = {"day": day, "start": f"{peak - before:02}:00", "end": f"{peak + after + 1:02}:00"}
    if hours[peak].words == _relative_words(len(RELATIVE_WORDS)):
        return _("%(day)s: most people from %(start)s to %(end)s.", **span)
    return _("%(day)s: most people from %(start)s to %(end)s (%(words)s).", words=_lower(hours[peak].words), **span)


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _now_words(week: _Week, usual: float | None, present: float | None) -> str | None:
    if usual is None:
        return None
    said = week.say(usual, week.step_of(usual))
    if present is None:
        return _("At this hour usually: %(usual)s.", usual=_lower(said))
    return _("Now %(present)s; at this hour usually %(usual)s.", present=_say_people(present, 0), usual=_lower(said))


def _note_words(of: Of, weeks: int) -> str:
    notes = {
        "venue": ngettext(
            "The middle of what was released for this place, hour by hour, over %(num)d week.",
            "The middle of what was released for this place, hour by hour, over %(num)d weeks.",
            weeks,
        ),
        "ground": ngettext(
            "This place cannot be told apart from what is around it. So this is the usual week of the ground here, "
            "homes and streets included, from %(num)d week.",
            "This place cannot be told apart from what is around it. So this is the usual week of the ground here, "
            "homes and streets included, from %(num)d weeks.",
            weeks,
        ),
        "hexagon": ngettext(
            "What was released for this part of the map, hour by hour, over %(num)d week.",
            "What was released for this part of the map, hour by hour, over %(num)d weeks.",
            weeks,
        ),
    }
    return notes[of]


def _nothing(of: Of, weeks: int, policy: MapPolicy, now: datetime) -> UsualView:
    need = policy.usual_weeks_min
    words = ngettext(
        "Not enough weeks yet. When the operators have delivered for %(num)d week, the usual week appears here by "
        "itself; so far: %(weeks)s.",
        "Not enough weeks yet. When the operators have delivered for %(num)d weeks, the usual week appears here by "
        "itself; so far: %(weeks)s.",
        need,
        weeks=weeks,
    )
    return UsualView(of, "relative", weeks, "", words, web().local(now).hour, None, None, [])
