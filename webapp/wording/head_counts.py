"""Head counts in words."""

from __future__ import annotations

from store.records import VenueCrowding
from webapp.speech import gettext as _
from webapp.speech import ngettext, number


def people_words(people: int) -> str:
    """Return how many people: "120 people"."""
    return ngettext("%(people)s person", "%(people)s people", people, people=number(people))


def counter_words(counted_by: str) -> str:
    """Return who counted: the person's name of an account, else the text that a file gave."""
    kind, _space, name = counted_by.partition(" ")
    return name if kind.startswith("account:") and name else counted_by


def compared_words(row: VenueCrowding | None) -> str:
    """Return what the map said of the moment of a count, once the count is in."""
    if row is None:
        return _("No map is released for that time yet. The count is compared with it as soon as it is.")
    if row.low is None or row.high is None:
        return _("The map could not tell this venue's people then.")
    if row.best is None:
        return _("The map said %(low)s to %(high)s people then.", low=number(row.low), high=number(row.high))
    return _(
        "The map said %(low)s to %(high)s people then, most likely %(best)s.",
        low=number(row.low),
        high=number(row.high),
        best=number(row.best),
    )
