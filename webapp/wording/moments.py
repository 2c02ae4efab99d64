"""Moments in words: how old something is, when it was on the clocks of the place, and why the public sees it late."""

from __future__ import annotations

from datetime import datetime, timedelta

from rules.policy import MapPolicy
from store.records import MapLayer
from webapp.context import web
from webapp.speech import day, ngettext
from webapp.speech import gettext as _
from webapp.views import AgeClass

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DETAILED_UNTIL = timedelta(hours=6)  # an age of more is told in whole hours
SHOWN_SPAN = timedelta(hours=24)  # what the slider shows; older than that is past, not present


def age_words(moment: datetime, now: datetime) -> str:
    """Return how long ago `moment` was: "12 minutes ago", "1 hour 35 min ago"; static/src/age.ts says the same."""
    age = max(now - moment, timedelta(0))
    if age < MINUTE:
        return _("just now")
    if age < HOUR:
        number = age // MINUTE
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", number)
    if age < DAY:
        number, minutes = age // HOUR, age % HOUR // MINUTE
        if minutes and age < DETAILED_UNTIL:
            return ngettext("%(num)d hour %(m)d min ago", "%(num)d hours %(m)d min ago", number, m=minutes)
        return ngettext("%(num)d hour ago", "%(num)d hours ago", number)
    number = age // DAY
    return ngettext("%(num)d day ago", "%(num)d days ago", number)


def age_class(moment: datetime, now: datetime, layer: MapLayer = "group") -> AgeClass:
    """Return fresh, stale (older than the layer's newest picture should be) or old (off the slider)."""
    age = now - moment
    if age > SHOWN_SPAN:
        return "old"
    return "stale" if age > stale_after(layer, web().policy(now).map) else "fresh"


def public_delay(policy: MapPolicy) -> timedelta:
    """Return how late the public sees a picture."""
    return timedelta(minutes=policy.public_bin_minutes) * policy.public_delay_bins


def stale_after(layer: MapLayer, policy: MapPolicy) -> timedelta:
    """Return the age from which a layer's newest picture is stale: what the public sees is late on purpose."""
    fresh = timedelta(minutes=policy.stale_after_minutes)
    return fresh + public_delay(policy) if layer == "public" else fresh


def delay_words(layer: MapLayer, now: datetime) -> str | None:
    """Return why the public sees older pictures of longer spans; None for groups, who see everything at once."""
    policy = web().policy(now).map
    if layer == "group":
        return None
    return _(
        "Everybody sees averages of %(span)d minutes, %(late)d minutes late, so that no single person can be "
        "picked out or followed.",
        span=policy.public_bin_minutes,
        late=public_delay(policy) // MINUTE,
    )


def seen_clock(end: datetime, now: datetime, layer: MapLayer) -> str:
    """Return when a layer's picture was seen: for the public "20:00–21:00", for groups the end of its time bin."""
    if layer == "group":
        return clock(end, now)
    start = end - timedelta(minutes=web().policy(now).map.public_bin_minutes)
    return span_words(start, end, now)


def span_words(start: datetime, end: datetime, now: datetime) -> str:
    """Return a span on the local clocks, with the date of its end where that is not today."""
    return f"{web().local(start):%H:%M}–{clock(end, now)}"


def clock(moment: datetime, now: datetime) -> str:
    """Return the local clock time, with the date where it is not today's: "20:45", "20:45, 19 November"."""
    local, today = web().local(moment), web().local(now)
    words = f"{local:%H:%M}"
    if local.date() == today.date():
        return words
    pattern = "d MMMM" if local.year == today.year else "d MMMM y"
    return f"{words}, {day(local.date(), pattern)}"
