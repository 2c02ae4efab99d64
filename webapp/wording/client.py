"""The words that the map's script shows: one table of its keys, in the reader's language.

Placeholders are {name}, as the script fills them; counted words come in the forms of the language (one, few, many,
other), picked by a number that stands for each.
"""

from __future__ import annotations

from webapp.speech import lazy_gettext as _l
from webapp.speech import ngettext
from webapp.wording.crowding import BYTE_CODES, crowding_words
from webapp.wording.density import STEP_WORDS

FORM_BY_EXAMPLE = {"one": 1, "few": 2, "many": 5, "other": 100}

PHRASES = {
    "age.now": _l("just now"),
    "answer.none": _l("No venues in this part of the map."),
    "card.change": _l("What would change it"),
    "card.crowding": _l("How full it is"),
    "card.failed": _l("The card did not load. Check the connection and try again."),
    "card.interval": _l("From {low} to {high} people; most likely {best}; permitted: {limit}."),
    "card.loading": _l("Loading the card…"),
    "card.status": _l("Status"),
    "card.whole": _l("The whole page of this venue"),
    "density.missing": _l("No data"),
    "density.suppressed": _l("Hidden"),
    "distance.km": _l("{n} km"),
    "distance.m": _l("{n} m"),
    "hexagon.interval": _l("Between {low} and {high} people per km², nine times out of ten."),
    "hexagon.interval_failed": _l("The range did not load."),
    "hexagon.missing": _l("No mobile operator has delivered counts for this place and time."),
    "hexagon.note": _l("Everybody in this area: at home, in the street and in venues."),
    "hexagon.over": _l("{low} people per km² and more"),
    "hexagon.range": _l("{low} to {high} people per km²"),
    "hexagon.suppressed": _l("So few people are around that their number must stay hidden."),
    "hexagon.title": _l("This part of the map"),
    "hexagon.under": _l("Fewer than {high} people per km²"),
    "list.none": _l("No venue has such a name. Try fewer letters."),
    "near.found": _l("Sorted by distance from where you are."),
    "near.middle": _l("Your place is not known; sorted by distance from the middle of the map."),
    "panel.back": _l("Back to the list"),
    "time.revised": _l("revised"),
    "time.value": _l("{clock}, {age}"),
}


def client_strings() -> dict[str, str]:
    """Return every key of the script with its words in the reader's language."""
    strings = {key: str(words) for key, words in PHRASES.items()}
    strings |= {f"crowding.{code}": crowding_words(code) for code in BYTE_CODES}
    strings |= {f"density.step-{number}": str(words) for number, words in enumerate(STEP_WORDS, start=1)}
    for form, example in FORM_BY_EXAMPLE.items():
        strings |= {f"{key}.{form}": words for key, words in _counted(example).items()}
    return strings


def _counted(n: int) -> dict[str, str]:
    return {
        "age.minutes": ngettext("{n} minute ago", "{n} minutes ago", n),
        "age.hours": ngettext("{n} hour ago", "{n} hours ago", n),
        "age.hours_minutes": ngettext("{n} h {m} min ago", "{n} h {m} min ago", n),
        "age.days": ngettext("{n} day ago", "{n} days ago", n),
        "answer.quiet": ngettext(
            "{told} venue in view, and it is not busy.", "{told} venues in view, and none of them is busy.", n
        ),
        "answer.crowded": ngettext(
            "{crowded} of {told} venue in view is busy or fuller.",
            "{crowded} of {told} venues in view are busy or fuller.",
            n,
        ),
        "answer.untold": ngettext(
            "{n} venue in view; how full it is cannot be told.",
            "{n} venues in view; how full they are cannot be told.",
            n,
        ),
        "answer.and_untold": ngettext("{untold} more cannot be told.", "{untold} more cannot be told.", n),
        "list.count": ngettext("{n} venue", "{n} venues", n),
        "list.more": ngettext("Show {n} more", "Show {n} more", n),
    }
