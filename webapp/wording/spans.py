"""How long something takes, in words."""

from __future__ import annotations

from webapp.speech import gettext as _
from webapp.speech import ngettext, number

MINUTES_OF_HOUR = 60
HOURS_OF_DAY = 24
SHOWN_IN_MINUTES = 120  # up to two hours minutes say more


def span_words(minutes: float) -> str:
    """Return a span in its two largest units: "12 min", "3 h 20 min", "5 days 9 h"."""
    whole = round(minutes)
    if whole <= SHOWN_IN_MINUTES:
        return _("%(n)s min", n=number(whole))
    hours, rest = divmod(whole, MINUTES_OF_HOUR)
    if hours < HOURS_OF_DAY:
        return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else _("%(hours)s h", hours=hours)
    days, hours = divmod(round(minutes / MINUTES_OF_HOUR), HOURS_OF_DAY)
    if not hours:
        return ngettext("%(num)d day", "%(num)d days", days)
    return ngettext("%(num)d day %(hours)s h", "%(num)d days %(hours)s h", days, hours=hours)
