"""What headquarters reads: what became of an operator's delivery, and why venues have the status they have."""

from __future__ import annotations

from collections.abc import Sequence

from store.records import Receipt
from webapp.speech import gettext as _
from webapp.wording import deliveries


def state_meaning(receipt: Receipt, discarded: int = 0, later: Sequence[int] = ()) -> str:
    """Return what became of an operator's delivery; `discarded` and `later` as for the operator."""
    if receipt.state == "refused" and not discarded:
        return _("Nothing of this file is kept or counted. The operator reads the same list and sends it again mended.")
    if receipt.state == "received":
        return _("The file is kept safely and is being checked now.")
    if receipt.state == "failed":
        return _("The program could not read this file, which is not the operator's fault. Its bytes are kept.")
    if receipt.state == "held":
        waits = _("Rows that differ much from what is usual wait for a decision of headquarters.")
        return " ".join(filter(None, [waits, deliveries.later_words(later)]))
    return deliveries.state_meaning(receipt, discarded, later)


def rule_words(rule: str) -> str:
    """Return what a row of the table of statuses says; the code itself where no release words it."""
    words = {
        "S6": _("Takes no part in the programme"),
        "S7": _("Practises in its test week"),
        "S8": _("Takes part, but no inspection or declaration is on record"),
        "S11": _("What is on record does not fit together"),
    }
    return words.get(rule, rule)
