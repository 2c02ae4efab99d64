"""A new password as it comes from a form: what is wrong with it, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.passwords import LONGEST, SHORTEST, fault_of
from webapp.speech import gettext as _


def errors_of_new_password(form: Mapping[str, str], email: str, name: str) -> dict[str, str]:
    """Return what is wrong with the fields `new_password` and `again`; nothing where the password is taken."""
    password = form.get("new_password", "")
    fault = fault_of(password, email, name)
    if fault is not None:
        words = {
            "short": _("A password has at least %(count)s characters.", count=SHORTEST),
            "long": _("This password is too long. %(count)s characters are enough.", count=LONGEST),
            "guessable": _("Guessers try such passwords first. Choose a few words that do not belong together."),
        }
        return {"new_password": words[fault]}
    return {} if form.get("again") == password else {"again": _("The two passwords differ.")}
