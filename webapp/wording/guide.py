"""What each step of the guide for machines is for, in the reader's language."""

from __future__ import annotations

from webapp.speech import gettext as _


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
    return {
        "key": _(
            "Make a key on the page “Keys” (or ask headquarters for one) and put it in place of %(place)s. "
            "The file can be read by you alone.",
            place="PASTE-YOUR-KEY-HERE",
        ),
        "file": _(
            "One area, one quarter of an hour, one count. If your areas are loaded here, write one of their ids in the "
            "first column instead of the hexagon."
        ),
        "dry-run": _(
            "Every check runs, and the report names each with its outcome: ok, note, hold, refuse or not-checked. "
            "would_be says what would become of the file."
        ),
        "send": _(
            "When this answer comes, the file is safe on our disk. Location is the address of its receipt; state is "
            "“received” until it has been read."
        ),
        "again": _(
            "The same Idempotency-Key with the same bytes gives the same receipt, replayed: true. So after a broken "
            "connection you simply send again. Other bytes under the same key are refused with 422."
        ),
        "receipt": _(
            "While state is “received”, ask again after the seconds of Retry-After. Then: accepted, held (some counts "
            "wait for headquarters, the others count) or refused (nothing of it is kept; faults say why and where)."
        ),
        "faults": _(
            "Line, column, code and a sentence for each fault, in Kazakh, Russian or English: lang=kk, ru, en."
        ),
        "correct": _(
            "Send the rows again with the right numbers, under a new Idempotency-Key: the later file wins. Everything "
            "that followed from the wrong numbers is computed again."
        ),
        "list": _("Newest first; next leads to older ones. Add state=held to see only those that wait."),
        "withdraw": _(
            "Its counts go, and everything that followed is computed without them. Doing it twice changes nothing. The "
            "correction above is a delivery of its own: take it back in the same way."
        ),
        "token": _(
            "A token opens the same as your key for %(minutes)s minutes. Machines that are less safe get tokens only, "
            "and the key stays where it is kept.",
            minutes=token_minutes,
        ),
    }[code]
