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
        **_place(_),
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
        "crowding.closed": _("Closed"),
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
        "near.found": _("Distances are from where you are. Your position stays on this device."),
        "near.middle": _("Distances are from the middle of the map."),
        "near.here": _("Distances are from this place."),
        "panel.back": _("Back to the list"),
    }


def _card(_: Gettext) -> dict[str, str]:
    return {
        "card.loading": _("Fetching the venue's card"),
        "card.failed": _("The card could not be fetched. Check the connection and tap the venue again."),
        "card.crowding": _("How full"),
        "card.nearby": _("Less crowded nearby"),
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
        "answer.none": _("No venue lies in this part of the map."),
        **_forms(
            "answer.open",
            lambda n: ngettext("{open} of {n} venue here is open.", "{open} of {n} venues here are open.", n),
        ),
        **_forms(
            "answer.unknown",
            lambda n: ngettext(
                "There are no data of the {n} venue here.", "There are no data of the {n} venues here.", n
            ),
        ),
        "answer.crowded": _("Busy, or may be"),
        "answer.roomy": _("With room"),
        "answer.untold": _("Cannot tell"),
        "answer.no_data": _("No data"),
    }


def _place(_: Gettext) -> dict[str, str]:
    return {
        "locate.denied": _(
            "Your browser does not let this page know where you are. To allow it, tap the sign beside the page's "
            "address, then tap this button again. Or move the map by hand."
        ),
        "locate.unknown": _(
            "Your device cannot find out where it is. Turn its location on, or go where it sees the sky, then tap "
            "again. Or move the map by hand."
        ),
        "locate.unavailable": _("Your browser tells this page no position. Move the map by hand."),
        "locate.outside": _("You are outside the area of this map, so it stays where it is."),
        "notice.close": _("Close"),
    }
