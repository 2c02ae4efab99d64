"""Shares in words, the same on every page: "0.6 %", "37 %", "less than 0.1 %"."""

from __future__ import annotations

from webapp.speech import gettext as _
from webapp.speech import number

LEAST = 0.1  # per cent; what is less, and not nothing, is said so
IN_TENTHS = 10.0  # per cent; below it, and near the whole, a tenth is worth saying
NEARLY_ALL = 99.0


def share_words(share: float) -> str:
    """Return a share 0..1 in per cent; neither a little nor a lack of a little is rounded away."""
    percent = 100 * share
    if 0 < percent < LEAST:
        return _("less than %(n)s %%", n=number(LEAST))
    if 100 - LEAST < percent < 100:
        return _("more than %(n)s %%", n=number(100 - LEAST))
    digits = 1 if percent < IN_TENTHS or percent > NEARLY_ALL else 0
    return _("%(n)s %%", n=number(round(percent, digits)))
