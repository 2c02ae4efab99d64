"""The words that the map page's script shows, by key, in the reader's language.

Promises: every key that static/src asks for is here (tests/browser/test_strings.py compares), as a literal that the
catalogue's extraction finds. `{name}` is filled in by the script. Plural forms are given for every category of the
language under `key.one`, `key.few`, `key.many`, `key.other`; the script picks one by the language's plural rules.
Does not: know which language it is; the two functions that it is given do.
"""

from __future__ import annotations

from collections.abc import Callable

import flask_babel

Gettext = Callable[[str], str]
Ngettext = Callable[[str, str, int], str]

# A number that falls into each plural category in the languages that have it; others give their general form.
_EXAMPLES = {"one": 1, "few": 2, "many": 5, "other": 100}


def client_strings(_: Gettext, ngettext: Ngettext = flask_babel.ngettext) -> dict[str, str]:
    """Return all words of the script by key, in the language that the two functions speak."""
    return {
        **_time(_, ngettext),
        **_crowding(_),
        **_ground(_),
        **_list(_, ngettext),
        **_card(_),
        **_answer(_, ngettext),
    }


def _forms(key: str, translated: Callable[[int], str]) -> dict[str, str]:
    return {f"{key}.{category}": translated(number) for category, number in _EXAMPLES.items()}


def _time(_: Gettext, ngettext: Ngettext) -> dict[str, str]:
    return {
        "age.now": _("just now"),
        **_forms("age.minutes", lambda n: ngettext("{n} minute ago", "{n} minutes ago", n)),
        **_forms("age.hours", lambda n: ngettext("{n} hour ago", "{n} hours ago", n)),
        **_forms("age.hours_minutes", lambda n: ngettext("{n} hour {m} min ago", "{n} hours {m} min ago", n)),
        **_forms("age.days", lambda n: ngettext("{n} day ago", "{n} days ago", n)),
        "time.value": _("{clock}, {age}"),
        "time.revised": _("revised"),
    }


def _crowding(_: Gettext) -> dict[str, str]:
    return {
        "crowding.level-1": _("Mostly empty"),
        "crowding.level-2": _("Room to spare"),
        "crowding.level-3": _("Busy"),
        "crowding.level-4": _("Full or nearly full"),
        "crowding.between-1-2": _("Mostly empty, or room to spare"),
        "crowding.between-2-3": _("Room to spare, or busy"),
        "crowding.between-3-4": _("Busy, or nearly full"),
        "crowding.area-only": _("Cannot tell"),
        "crowding.no-data": _("No data"),
        "crowding.closed": _("Closed now"),
    }


def _ground(_: Gettext) -> dict[str, str]:
    return {
        "density.step-1": _("Few people"),
        "density.step-2": _("Some people"),
        "density.step-3": _("Many people"),
        "density.step-4": _("Crowded"),
        "density.missing": _("No data"),
        "density.suppressed": _("Hidden"),
        "hexagon.title": _("The ground here"),
        "hexagon.under": _("Under {high} people per km²."),
        "hexagon.range": _("{low} to {high} people per km²."),
        "hexagon.over": _("{low} people per km² and more."),
        "hexagon.interval": _("Most likely between {low} and {high} people per km²."),
        "hexagon.interval_failed": _("The range could not be fetched. Tap again when you are connected."),
        "hexagon.missing": _("No mobile operator has sent numbers for this place and time."),
        "hexagon.suppressed": _("So few people are here that a number could point at a person. It is kept hidden."),
        "hexagon.note": _(
            "This counts everybody on the ground, also in homes and in passing. It says nothing about a venue."
        ),
    }


def _list(_: Gettext, ngettext: Ngettext) -> dict[str, str]:
    return {
        **_forms("list.count", lambda n: ngettext("{n} venue", "{n} venues", n)),
        **_forms("list.more", lambda n: ngettext("Show more ({n} left)", "Show more ({n} left)", n)),
        "list.none": _("No venue has such a name. Try fewer letters."),
        "distance.m": _("{n} m"),
        "distance.km": _("{n} km"),
        "near.found": _("Nearest to you first. Your position stays on this device."),
        "near.middle": _("Your position is not known, so distances are from the middle of the map."),
        "panel.back": _("Back to the list"),
    }


def _card(_: Gettext) -> dict[str, str]:
    return {
        "card.loading": _("Fetching the venue's card"),
        "card.failed": _("The card could not be fetched. Check the connection and tap the venue again."),
        "card.crowding": _("How full"),
        "card.status": _("Status"),
        "card.change": _("What would change it"),
        "card.whole": _("The whole card, with the last 24 hours and less crowded places nearby"),
        "card.interval": _("Between {low} and {high} guests"),
        "card.whose": _("Inside, or in the homes and streets around?"),
        "card.compared": _("Compared with usual"),
        "usual.title": _("The usual week"),
        "usual.loading": _("Fetching the usual week"),
        "usual.failed": _("The usual week could not be fetched. Close this and open it again when you are connected."),
        "unusual.busier": _("busier than usual"),
        "unusual.quieter": _("quieter than usual"),
    }


def _answer(_: Gettext, ngettext: Ngettext) -> dict[str, str]:
    return {
        "answer.ground": _("Around here: {step}."),
        "answer.none": _("No venue that is open lies in this part of the map."),
        **_forms(
            "answer.untold",
            lambda n: ngettext(
                "{n} venue here: nobody can tell how full it is.",
                "{n} venues here: nobody can tell how full they are.",
                n,
            ),
        ),
        **_forms(
            "answer.quiet",
            lambda n: ngettext("{n} venue here has room.", "{n} venues here have room.", n),
        ),
        **_forms(
            "answer.crowded",
            lambda n: ngettext(
                "{crowded} of {n} venue here is busy, or may be.",
                "{crowded} of {n} venues here are busy, or may be.",
                n,
            ),
        ),
        **_forms(
            "answer.and_untold",
            lambda n: ngettext("{untold} cannot be told.", "{untold} cannot be told.", n),
        ),
    }
