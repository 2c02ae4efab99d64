"""Roles in words."""

from __future__ import annotations

from webapp.roles import CARRIER, GROUP, HEADQUARTERS, OWNER
from webapp.speech import gettext as _


def role_words(role: str) -> str:
    """Return a role as people say it."""
    words = {
        GROUP: _("monitoring group"),
        OWNER: _("venue owner"),
        CARRIER: _("mobile operator"),
        HEADQUARTERS: _("headquarters"),
    }
    return words.get(role, role)
