"""The parts of a section of the site: a carrier's and headquarters' pages each have a row of tabs."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, request, url_for

from webapp.languages import language
from webapp.speech import gettext as _
from webapp.wording.uploading import upload_words

ABOVE = {
    "pages.receipt": {"pages.carriers", "pages.headquarters"},
    "pages.withdraw": {"pages.carriers"},
    "pages.send_file": {"pages.carriers"},
    "pages.check_file": {"pages.carriers"},
    "pages.revoke_key": {"pages.keys"},
    "pages.held_one": {"pages.held"},
    "pages.hq_invite": {"pages.hq_accounts"},
}  # pages that have no tab of their own: below which tabs they stand, in each section


def carrier_page(template: str, **values: Any) -> str:
    """Return a page of a mobile operator, with its tabs and the words of its script."""
    tabs = {
        "pages.carriers": _("Deliveries"),
        "pages.quality": _("Quality"),
        "pages.keys": _("Keys"),
        "pages.guide": _("Guide"),
    }
    return _page(template, tabs, values)


def headquarters_page(template: str, **values: Any) -> str:
    """Return a page of headquarters, with its tabs."""
    tabs = {
        "pages.headquarters": _("Tonight"),
        "pages.held": _("Held deliveries"),
        "pages.audit": _("Log"),
        "pages.hq_accounts": _("People"),
    }
    return _page(template, tabs, values)


def _page(template: str, tabs: dict[str, str], values: dict[str, Any]) -> str:
    here = request.endpoint or ""
    above = ABOVE.get(here, set())
    shown = [
        {"url": url_for(endpoint), "words": words, "is_here": here == endpoint, "is_above": endpoint in above}
        for endpoint, words in tabs.items()
        if endpoint in current_app.view_functions
    ]
    client = {"language": language(), "words": upload_words(_)}
    return render_template(template, tabs=shown, client=client, **values)
