"""How sure an answer is, in words: of a level, of where the crowd is, of what is unusual, of people after hours.

Who may see numbers is told in how many of ten such cases an answer is right; everybody else in a word. Nothing here is
called a breach: an unusual or late crowd is a reason to look (contract D).
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal

from rules.crowding_policy import CrowdingPolicy
from store.records import VenueCrowding
from webapp.context import web
from webapp.speech import day_names_in_full
from webapp.speech import gettext as _
from webapp.views import Unusual

Reader = Literal["public", "numbers"]
CASES = 10
ALMOST_CERTAIN, VERY_LIKELY = 9, 8  # of ten cases; words for what the policy let pass, no judgement of their own


def how_sure(probability: float, reader: Reader) -> str:
    """Return a probability as people say it, never better than it is."""
    cases = min(CASES - 1, math.floor(probability * CASES + 1e-9))
    if reader == "numbers":
        return _("in at least %(num)s of 10 such cases", num=cases)
    if cases >= ALMOST_CERTAIN:
        return _("almost certainly")
    return _("very likely") if cases >= VERY_LIKELY else _("probably")


def sure_words(crowding: VenueCrowding | None, reader: Reader) -> str | None:
    """Return how sure the level is; None where there is none, or where an older record does not say."""
    if crowding is None or crowding.level is None or crowding.probability is None:
        return None
    how = how_sure(crowding.probability, reader)
    if crowding.level_high not in {None, crowding.level}:
        return _("How sure that it is one of these two: %(how)s.", how=how)
    return _("How sure: %(how)s.", how=how)


def interval_meaning(crowding: VenueCrowding, interval_z: float) -> str:
    """Return what an interval of that many standard deviations means, or that nobody has checked it here."""
    cases = round(CASES * math.erf(interval_z / math.sqrt(2)))
    if crowding.calibrated:
        return _("In %(num)s of 10 such cases the true number lies between these two.", num=cases)
    return _(
        "Uncalibrated: nobody has counted here yet. The true number should lie between these two in %(num)s of 10 such "
        "cases, but that has not been checked.",
        num=cases,
    )


def whose_words(crowding: VenueCrowding | None, reader: Reader) -> str | None:
    """Return where the crowd is: in the venue, in the homes and streets around, or that it cannot be told."""
    if crowding is None or crowding.attribution is None:
        return None
    if crowding.attribution == "cannot-tell" or crowding.attribution_probability is None:
        return _(
            "Cannot tell: the same radio cells count the people inside and those in the homes and streets around. "
            "A head count at the door would tell."
        )
    inside = crowding.attribution_probability  # that the venue holds more than half of them
    how = how_sure(inside if crowding.attribution == "venue" else 1.0 - inside, reader)
    if crowding.attribution == "venue":
        return _("Most of the people counted here are inside this place (%(how)s).", how=how)
    return _("Most of the people counted here are in the homes, streets and other places around (%(how)s).", how=how)


def unusual_of(z: float | None, most: float | None, policy: CrowdingPolicy) -> Unusual | None:
    """Return how a robust distance from the usual hour of the week is called; None where nothing is usual yet.

    `most`: the largest distance that the interval leaves possible, None unknown; "as usual" has to exclude more.
    """
    if z is None:
        return None
    if abs(z) < policy.unusual.from_z:
        return "as-usual" if most is not None and most < policy.unusual.from_z else "cannot-tell"
    return "busier" if z > 0 else "quieter"


def unusual_words(crowding: VenueCrowding | None, policy: CrowdingPolicy) -> tuple[str, ...]:
    """Return what is unusual for this hour of the week, of the venue and of the ground; says nothing of how full."""
    if crowding is None:
        return ()
    when = hour_words(crowding.time_bin_start)
    venue = {
        "busier": _("Busier than usual for this hour (%(when)s).", when=when),
        "quieter": _("Quieter than usual for this hour (%(when)s).", when=when),
        "as-usual": _("As busy as usual for this hour (%(when)s).", when=when),
        "cannot-tell": _(
            "Cannot tell whether it is as busy as usual for this hour (%(when)s): the estimate is too uncertain.",
            when=when,
        ),
    }
    ground = {
        "busier": _("More people than usual on the ground around (%(when)s).", when=when),
        "quieter": _("Fewer people than usual on the ground around (%(when)s).", when=when),
    }
    own = unusual_of(crowding.unusual_z, crowding.unusual_most, policy)
    around = unusual_of(crowding.area_unusual_z, None, policy)
    said = (venue.get(own or ""), ground.get(around or ""))
    return tuple(words for words in said if words is not None)


def after_hours_words(crowding: VenueCrowding | None, policy: CrowdingPolicy) -> str | None:
    """Return that people seem to be inside after closing time, for groups and headquarters."""
    if crowding is None or crowding.after_hours is None or crowding.after_hours < policy.after_hours.said_from:
        return None
    how = how_sure(crowding.after_hours, "numbers")
    return _(
        "People seem to be inside outside opening hours (%(how)s). That is a reason to look, not a finding.", how=how
    )


def hour_words(moment: datetime) -> str:
    """Return the day of the week and the clock of the place: "Friday, 21:00"."""
    local = web().local(moment)
    return _("%(day)s, %(clock)s", day=day_names_in_full()[local.weekday()], clock=f"{local:%H:%M}")
