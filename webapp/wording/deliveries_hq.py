"""What headquarters reads beside deliveries: why venues have the status they have, by the row of the table of rules."""

from __future__ import annotations

from webapp.speech import gettext as _


def rule_words(rule: str) -> str:
    """Return what a row of the table of statuses says; the code itself where no release words it."""
    words = {
        "S6": _("Takes no part in the programme"),
        "S7": _("Practises in its test week"),
        "S8": _("Takes part, but no inspection or declaration is on record"),
        "S11": _("What is on record does not fit together"),
    }
    return words.get(rule, rule)
