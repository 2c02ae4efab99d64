"""Checks of a file in words: what each looks at, how it ended, and what would become of the file."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.delivery_views import Sign
from webapp.speech import gettext as _

SIGN_OF_STATE: dict[str, Sign] = {"accepted": "ok", "held": "hold", "refused": "refuse"}


def check_words(check: str) -> str:
    """Return what a check looks at."""
    words = {
        "schema": _("Columns and values"),
        "identifiers": _("Nothing that could point at a subscriber"),
        "time-zone": _("Time zone"),
        "gaps": _("Gaps in time"),
        "duplicates": _("Rows that stand twice"),
        "clock": _("Clock of your system"),
        "source-areas": _("Source areas are known"),
        "coverage-share": _("Share of your areas that has counts"),
        "drift": _("Beside the same hour of past weeks"),
        "small-counts": _("Counts below the agreed minimum"),
        "differencing": _("Nothing small can be worked out by subtraction"),
    }
    return words.get(check, check)


def others_words(idle: int, checks: int) -> str:
    """Return how checks that could not run are called together: so many of all."""
    return _("All checks") if idle == checks else _("All other checks")


def names_words(codes: Iterable[str]) -> str:
    """Return the names of checks in one line."""
    return "; ".join(check_words(code) for code in codes) + "."


def outcome_words(outcome: str) -> str:
    """Return how a check ended."""
    words = {
        "ok": _("in order"),
        "note": _("a remark"),
        "hold": _("would be held"),
        "refuse": _("would be refused"),
        "not-checked": _("not checked"),
    }
    return words.get(outcome, outcome)


def would_be_words(state: str, rows_accepted: int) -> str:
    """Return what would become of the file, of which so many rows would count, as the first line of the report."""
    words = {
        "accepted": _("This file would be accepted."),
        "held": _("This file would be accepted in part; the rest would wait for headquarters.")
        if rows_accepted
        else _("All rows of this file would wait for headquarters; none would count yet."),
        "refused": _("This file would be refused."),
    }
    return words.get(state, state)


def would_be_meaning(state: str) -> str:
    """Return what to do now."""
    words = {
        "accepted": _("Nothing of it was kept. Send it when you are ready."),
        "held": _("Nothing of it was kept. If the numbers are right, send it: a person looks at what is unusual."),
        "refused": _("Nothing of it was kept. Mend what is listed here and check again."),
    }
    return words.get(state, "")
