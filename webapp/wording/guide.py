"""What each step of the guide for machines is for, in the reader's language."""

from __future__ import annotations

from webapp.guide_lines import AREA_PLACE, KEY_PLACE, SOME_HEXAGON
from webapp.speech import gettext as _

# Words that stand as they are in every language: headers, fields, values.
TERMS = {
    "place": KEY_PLACE,
    "area_place": AREA_PLACE,
    "hexagon": SOME_HEXAGON,
    "outcomes": "ok, note, hold, refuse, not-checked",
    "would_be": "would_be",
    "location": "Location",
    "state": "state",
    "received": "received",
    "accepted": "accepted",
    "held": "held",
    "refused": "refused",
    "key": "Idempotency-Key",
    "replayed": "replayed: true",
    "retry_after": "Retry-After",
    "languages": "lang=kk, ru, en",
    "next": "next",
    "only_held": "state=held",
}


def step_title(code: str) -> str:
    """Return the heading of a step."""
    return {
        "key": _("Keep the key"),
        "file": _("Make a small file"),
        "dry-run": _("Try it: nothing is kept"),
        "send": _("Send it"),
        "again": _("Send it twice: counted once"),
        "receipt": _("Ask for the receipt"),
        "faults": _("Get the faults as a table"),
        "correct": _("Correct it"),
        "list": _("See your last deliveries"),
        "withdraw": _("Take it back"),
        "token": _("Tokens instead of the key"),
    }[code]


def step_words(code: str, token_minutes: int) -> str:
    """Return what a step does and what comes back."""
    return _words()[code] % {**TERMS, "minutes": token_minutes}


def area_words(area: str) -> str:
    """Return whose area the lines are about, and what to put there."""
    if area == AREA_PLACE:
        words = _(
            "In place of %(area_place)s put the id of one of your areas, as your files write it. Only where no areas "
            "of yours are loaded here, an H3 hexagon will do, for example %(hexagon)s."
        )
    elif area == SOME_HEXAGON:
        words = _("No areas of yours are loaded here yet, so the lines are about a hexagon in Almaty, %(hexagon)s.")
    else:
        words = _("%(area)s is one of your own areas; any other of them does as well.")
    return words % {**TERMS, "area": area}


def _words() -> dict[str, str]:
    return {
        "key": _(
            "Make a key on the page “Keys” (or ask headquarters for one) and put it in place of %(place)s. "
            "Only you can read the file; it lies in your home folder, where the script at the end of this page looks "
            "for it too."
        ),
        "file": _(
            "One area, a quarter of an hour that is just over, one count. Time and count are new whenever you run the "
            "lines, so you can go through the steps as often as you like."
        ),
        "dry-run": _(
            "Every check runs, and the report names each with its outcome: %(outcomes)s. "
            "%(would_be)s says what would become of the file."
        ),
        "send": _(
            "When this answer comes, the file is safe on our disk. %(location)s is the address of its receipt; "
            "%(state)s is %(received)s until it has been read. The %(key)s here is the beginning of the file's "
            "SHA-256 and the time, so that you can begin again after a refusal or a withdrawal. Your own system takes "
            "the SHA-256 alone, as the script below does: then a repeat is known by its bytes."
        ),
        "again": _(
            "The same %(key)s with the same bytes gives the same receipt, %(replayed)s. So after a broken "
            "connection you simply send again. Other bytes under the same key are refused with 422."
        ),
        "receipt": _(
            "While %(state)s is %(received)s, ask again after the seconds of %(retry_after)s. Then: %(accepted)s, "
            "%(held)s (some counts wait for headquarters, the others count) or %(refused)s (nothing of it is kept; the "
            "faults say why and where)."
        ),
        "faults": _(
            "Line, column, code and a sentence for each fault, in Kazakh, Russian or English: %(languages)s. "
            "Where there is none, only the heading comes."
        ),
        "correct": _(
            "Send the rows again with the right numbers, under a new %(key)s: the later file wins. Everything "
            "that followed from the wrong numbers is computed again."
        ),
        "list": _(
            "Newest first; %(next)s leads to older ones. Add %(only_held)s to see only those of which counts wait."
        ),
        "withdraw": _(
            "Both deliveries go, the first and the correction, which is one of its own; everything that followed is "
            "computed without them. Doing it twice changes nothing."
        ),
        "token": _(
            "A token opens the same as your key for %(minutes)s minutes. Machines that are less safe get tokens only, "
            "and the key stays where it is kept."
        ),
    }
