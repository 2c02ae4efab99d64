"""Moments in words: how old something is, and when it was on the clocks of the place."""

from __future__ import annotations

from datetime import datetime, timedelta

from webapp.context import web
from webapp.speech import day, ngettext
from webapp.speech import gettext as _
from webapp.views import AgeClass

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHOWN_SPAN = timedelta(hours=24)  # what the slider shows; older than that is past, not present


def age_words(moment: datetime, now: datetime) -> str:
    """Return how long ago `moment` was: "12 minutes ago"."""
    age = max(now - moment, timedelta(0))
    if age < MINUTE:
        return _("just now")
    if age < HOUR:
        number = age // MINUTE
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", number)
    if age < DAY:
        number = age // HOUR
        return ngettext("%(num)d hour ago", "%(num)d hours ago", number)
    number = age // DAY
    return ngettext("%(num)d day ago", "%(num)d days ago", number)


def age_class(moment: datetime, now: datetime) -> AgeClass:
    """Return fresh, stale (older than the policy calls fresh) or old (off the slider)."""
    age = now - moment
    if age > SHOWN_SPAN:
        return "old"
    return "stale" if age > timedelta(minutes=web().policy(now).map.stale_after_minutes) else "fresh"


def clock(moment: datetime, now: datetime) -> str:
    """Return the local clock time, with the date where it is not today's: "20:45", "20:45, 19 November"."""
    local, today = web().local(moment), web().local(now)
    words = f"{local:%H:%M}"
    if local.date() == today.date():
        return words
    pattern = "d MMMM" if local.year == today.year else "d MMMM y"
    return f"{words}, {day(local.date(), pattern)}"
